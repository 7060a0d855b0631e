"""The study's network, its autoencoder, the head that supervises every stack, a loss, baselines, and ViTPose."""

from shg_xai.models.autoencoder import AutoencoderNeck, LatentAutoencoder
from shg_xai.models.losses import ForegroundMSELoss
from shg_xai.models.pixels import PooledPixels
from shg_xai.models.stacked_hourglass import StackedHeatmapHead, StackedHourglass
from shg_xai.models.vitpose import TransformersViTPose

__all__ = [
    'AutoencoderNeck',
    'ForegroundMSELoss',
    'LatentAutoencoder',
    'PooledPixels',
    'StackedHeatmapHead',
    'StackedHourglass',
    'TransformersViTPose',
]

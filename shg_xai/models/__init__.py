"""The study's network, its autoencoder, the head that supervises every stack, a loss, and ViTPose of transformers."""

from shg_xai.models.autoencoder import AutoencoderNeck, LatentAutoencoder
from shg_xai.models.losses import ForegroundMSELoss
from shg_xai.models.stacked_hourglass import StackedHeatmapHead, StackedHourglass
from shg_xai.models.vitpose import TransformersViTPose

__all__ = [
    'AutoencoderNeck',
    'ForegroundMSELoss',
    'LatentAutoencoder',
    'StackedHeatmapHead',
    'StackedHourglass',
    'TransformersViTPose',
]

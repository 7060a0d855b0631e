"""The study's network, its autoencoder and other bottlenecks, its head, a loss, baselines, and ViTPose."""

from shg_xai.models.autoencoder import AutoencoderNeck, LatentAutoencoder
from shg_xai.models.bottleneck import BottleneckNeck
from shg_xai.models.losses import ForegroundMSELoss
from shg_xai.models.pixels import PooledPixels
from shg_xai.models.stacked_hourglass import StackedHeatmapHead, StackedHourglass
from shg_xai.models.topk import TopKNeck
from shg_xai.models.variational import VariationalNeck
from shg_xai.models.vitpose import TransformersViTPose

__all__ = [
    'AutoencoderNeck',
    'BottleneckNeck',
    'ForegroundMSELoss',
    'LatentAutoencoder',
    'PooledPixels',
    'StackedHeatmapHead',
    'StackedHourglass',
    'TopKNeck',
    'TransformersViTPose',
    'VariationalNeck',
]

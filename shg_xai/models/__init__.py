"""The study's network, its autoencoder, the head that supervises every stack, and ViTPose of transformers."""

from shg_xai.models.autoencoder import AutoencoderNeck, LatentAutoencoder
from shg_xai.models.stacked_hourglass import StackedHeatmapHead, StackedHourglass
from shg_xai.models.vitpose import TransformersViTPose

__all__ = ['AutoencoderNeck', 'LatentAutoencoder', 'StackedHeatmapHead', 'StackedHourglass', 'TransformersViTPose']

"""The study's network, its autoencoder, and the head that supervises every stack."""

from shg_xai.models.autoencoder import AutoencoderNeck, LatentAutoencoder
from shg_xai.models.stacked_hourglass import StackedHeatmapHead, StackedHourglass

__all__ = ['AutoencoderNeck', 'LatentAutoencoder', 'StackedHeatmapHead', 'StackedHourglass']

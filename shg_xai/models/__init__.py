"""The study's network, its autoencoder, and the head that supervises every stack."""

from shg_xai.models.autoencoder import AutoencoderNeck
from shg_xai.models.latent_autoencoder import LatentAutoencoder
from shg_xai.models.stacked_heatmap_head import StackedHeatmapHead
from shg_xai.models.stacked_hourglass import StackedHourglass

__all__ = ['AutoencoderNeck', 'LatentAutoencoder', 'StackedHeatmapHead', 'StackedHourglass']

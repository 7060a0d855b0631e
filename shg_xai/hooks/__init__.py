"""Hooks of MMEngine's Runner."""

from shg_xai.hooks.empty_heatmap import EmptyHeatmapHook
from shg_xai.hooks.fold_norm import FoldNormHook
from shg_xai.hooks.latent_dump import LatentDumpHook
from shg_xai.hooks.pca_reference import PCAReferenceHook
from shg_xai.hooks.resuming import SeedEpochsHook, ValidateResumedHook

__all__ = [
    'EmptyHeatmapHook',
    'FoldNormHook',
    'LatentDumpHook',
    'PCAReferenceHook',
    'SeedEpochsHook',
    'ValidateResumedHook',
]

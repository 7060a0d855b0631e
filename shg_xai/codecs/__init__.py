"""Keypoints to heatmaps and back."""

from shg_xai.codecs.flat_heatmaps import leave_flat_heatmaps
from shg_xai.codecs.visibility_heatmap import VisibilityHeatmap

__all__ = ['VisibilityHeatmap']

leave_flat_heatmaps()

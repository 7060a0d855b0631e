"""Keypoints to heatmaps and back."""

from shg_xai.codecs.visibility_heatmap import VisibilityHeatmap

__all__ = ['VisibilityHeatmap']

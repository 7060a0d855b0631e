"""PCK by visibility, and the loss on held-out persons."""

from shg_xai.evaluation.heatmap_loss import HeatmapLoss
from shg_xai.evaluation.visible_pck import VisiblePCK

__all__ = ['HeatmapLoss', 'VisiblePCK']

"""PCK by visibility, the loss on held-out persons, and variance of latents explained."""

from shg_xai.evaluation.explained_variance import ExplainedVariance
from shg_xai.evaluation.heatmap_loss import HeatmapLoss
from shg_xai.evaluation.visible_pck import VisiblePCK

__all__ = ['ExplainedVariance', 'HeatmapLoss', 'VisiblePCK']

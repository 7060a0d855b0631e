"""A loss for heatmaps that a network cannot please by saying nothing."""

import torch
from mmpose.registry import MODELS
from torch import Tensor, nn


@MODELS.register_module()
class ForegroundMSELoss(nn.Module):
    """Mean squared error in which a pixel counts more, the nearer it is to a joint.

    Nearly all of a heatmap is background: at a standard deviation of s pixels a joint covers about 4 pi s^2 of H x W.
    Under the plain error a network first learns to say nothing, and stays there long, or for good. Weighting a pixel of
    target t by 1 + ``foreground`` * t makes joints worth finding from the first step on, and changes nothing about
    which heatmap is the best. It is the weighted loss map of Wang, Bo and Fuxin, "Adaptive Wing Loss for Robust Face
    Alignment via Heatmap Regression" (ICCV 2019, "Weighted loss map", arxiv.org/abs/1904.07399), with the target in
    the place of its thresholded mask.

    Args:
        foreground: Weight of a joint's peak above that of the background, for targets of height 1.
        use_target_weight: Leave unlabelled joints out; otherwise they are trained towards an empty heatmap.
        loss_weight: Factor of the whole.
    """

    def __init__(self, foreground: float = 30.0, use_target_weight: bool = False, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.foreground, self.use_target_weight, self.loss_weight = foreground, use_target_weight, loss_weight

    def forward(self, output: Tensor, target: Tensor, target_weights: Tensor | None = None) -> Tensor:
        """Heatmaps and targets (N, K, H, W), weights of joints (N, K) if they are used; returns a scalar."""
        error = (1 + self.foreground * target) * (output - target).square()
        if self.use_target_weight:
            if target_weights is None:
                raise ValueError('ForegroundMSELoss: use_target_weight=True needs the weights of joints')
            error = error * target_weights[:, :, None, None]
        return torch.mean(error) * self.loss_weight

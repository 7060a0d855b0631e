"""MMPose's heatmap head, with a loss on every stack."""

import torch
from mmpose.models.heads import HeatmapHead
from mmpose.registry import MODELS
from torch import Tensor


@MODELS.register_module()
class StackedHeatmapHead(HeatmapHead):
    """HeatmapHead that also supervises the heatmaps of earlier stacks.

    The features are those of :class:`StackedHourglass`: heatmaps (N, K, H, W) of every stack but the last, then the
    last stack's features (N, C, H, W), from which HeatmapHead makes the final heatmaps. Newell et al., section 3.3:
    every stack's heatmaps get the same loss.
    """

    def forward(self, feats: tuple[Tensor, ...]) -> Tensor:
        """The last stack's heatmaps (N, K, H, W), in float32: NumPy knows no bfloat16."""
        return super().forward(feats).float()

    def loss(
        self, feats: tuple[Tensor, ...], batch_data_samples: list, train_cfg: dict | None = None
    ) -> dict[str, Tensor]:
        """HeatmapHead's losses, and ``loss_kpt_stack<i>`` for every stack but the last; MMEngine adds up ``loss*``."""
        losses = super().loss(feats, batch_data_samples, train_cfg or {})
        targets = torch.stack([sample.gt_fields.heatmaps for sample in batch_data_samples])
        weights = torch.cat([sample.gt_instance_labels.keypoint_weights for sample in batch_data_samples])
        for index, heatmaps in enumerate(feats[:-1]):
            losses[f'loss_kpt_stack{index}'] = self.loss_module(heatmaps, targets, weights)
        return losses

"""The loss on held-out persons, so that curves can show overfitting."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from mmengine.evaluator import BaseMetric
from mmpose.registry import METRICS, MODELS
from torch import nn

from shg_xai.errors import InputError


def person_loss(sample: Any, loss: nn.Module) -> float:
    """A head's loss on the heatmaps of one of MMPose's samples, as a dict; NaN where any are missing."""
    if 'pred_fields' not in sample or 'gt_fields' not in sample:
        return math.nan
    predicted = sample['pred_fields']['heatmaps'][None].float()
    target = sample['gt_fields']['heatmaps'][None].to(predicted)
    weights = sample['gt_instance_labels']['keypoint_weights'].to(predicted)
    with torch.no_grad():
        return float(loss(predicted, target, weights))


@METRICS.register_module()
class HeatmapLoss(BaseMetric):
    """Mean over persons of the head's ``loss`` (a config) on heatmaps: ``val/heatmap_error``.

    It is not named a loss, since MMEngine's LogProcessor logs of whatever has that in its name the mean over the last
    ten validations, so that curves would lag behind.

    The pipeline must make the targets (GenerateTarget) and the model must return its heatmaps
    (``model.test_cfg.output_heatmaps=True``). Of several stacks it judges the last.

    Args:
        loss: Config of the loss, that of the head.
        collect_device: Where the processes' parts are brought together, ``'cpu'`` or ``'gpu'``.
        prefix: Of the metric's name.
    """

    def __init__(self, loss: dict, collect_device: str = 'cpu', prefix: str = 'val') -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.loss_module = MODELS.build(loss)

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Compute each person's loss; InputError if predicted or target heatmaps are missing."""
        for sample in data_samples:
            if 'pred_fields' not in sample or 'gt_fields' not in sample:
                mend = 'set model.test_cfg.output_heatmaps=True and put GenerateTarget into the validation pipeline'
                raise InputError(f'HeatmapLoss needs heatmaps: {mend}')
            self.results.append(person_loss(sample, self.loss_module))

    def compute_metrics(self, results: list[float]) -> dict[str, float]:
        """Mean over the N persons' losses."""
        return dict(heatmap_error=sum(results) / len(results))

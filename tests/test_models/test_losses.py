"""The weighted error of heatmaps, by hand and beside PyTorch's and MMPose's."""

import pytest
import torch
from torch.nn.functional import mse_loss

from shg_xai import plugin  # noqa: F401

from mmpose.registry import MODELS  # isort: skip  (importable once the plugin is)


def loss_of(**options: object) -> torch.nn.Module:
    return MODELS.build(dict(type='ForegroundMSELoss', **options))


def test_a_peak_counts_more_than_background() -> None:
    target, output = torch.tensor([[[[1.0, 0.0], [0.5, 0.0]]]]), torch.tensor([[[[0.0, 1.0], [0.5, 0.0]]]])
    # (1 + 3) * 1 at the peak that was missed, 1 where there is none, 0 elsewhere; of 4 pixels.
    assert loss_of(foreground=3.0)(output, target).item() == (4 + 1) / 4
    assert loss_of(foreground=3.0, loss_weight=0.5)(output, target).item() == (4 + 1) / 8


def test_without_weight_it_is_the_plain_error_and_with_masks_mmposes() -> None:
    torch.manual_seed(0)
    output, target, weights = torch.randn(2, 3, 4, 4), torch.rand(2, 3, 4, 4), torch.tensor([[1.0, 0, 1], [0, 1, 0.5]])
    assert torch.equal(loss_of(foreground=0.0)(output, target, weights), mse_loss(output, target))
    masked = MODELS.build(dict(type='KeypointMSELoss', use_target_weight=True))(output, target, weights)
    assert loss_of(foreground=0.0, use_target_weight=True)(output, target, weights) == pytest.approx(masked)


def test_the_best_heatmap_is_the_target() -> None:
    target = torch.rand(1, 2, 4, 4)
    output = target.clone().requires_grad_()
    loss_of()(output, target).backward()
    assert output.grad is not None and not output.grad.any()


def test_a_mask_that_is_missing_is_named() -> None:
    with pytest.raises(ValueError, match='use_target_weight=True needs the weights of joints'):
        loss_of(use_target_weight=True)(torch.zeros(1, 1, 2, 2), torch.zeros(1, 1, 2, 2))

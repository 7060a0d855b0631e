"""The head: one loss a stack, computed by hand, and its gradients."""

from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample
from mmpose.testing import get_packed_inputs
from torch import Tensor

import shg_xai.plugin  # noqa: F401
from shg_xai.models import StackedHeatmapHead, StackedHourglass

CODEC = dict(type='VisibilityHeatmap', input_size=(64, 64), heatmap_size=(16, 16))


def head(channels: int = 8, loss: dict | None = None) -> StackedHeatmapHead:
    init_default_scope('mmpose')
    torch.manual_seed(0)
    return MODELS.build(
        dict(
            type='StackedHeatmapHead',
            in_channels=channels,
            out_channels=17,
            deconv_out_channels=None,
            conv_out_channels=(17,),
            conv_kernel_sizes=(1,),
            loss=loss or dict(type='KeypointMSELoss'),
            decoder=CODEC,
        )
    ).eval()


def samples() -> list[PoseDataSample]:
    """Two persons with random target heatmaps; some joints have no weight."""
    packed = get_packed_inputs(2, img_shape=(64, 64), input_size=(64, 64), heatmap_size=(16, 16))
    for sample in packed['data_samples']:
        sample.gt_instance_labels.keypoint_weights[:, ::3] = 0
    return packed['data_samples']


def random(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(2))


@pytest.mark.parametrize('config, masked', [('shg_coco.py', False), ('shg_visible_coco.py', True)])
def test_every_stack_gets_the_same_loss(repo_root: Path, config: str, masked: bool) -> None:
    loss = Config.fromfile(repo_root / 'configs' / config).loss
    module, persons = head(loss=loss), samples()
    feats = (random(2, 17, 16, 16), 2 * random(2, 17, 16, 16), random(2, 8, 16, 16))
    losses = module.loss(feats, persons)
    targets = torch.stack([person.gt_fields.heatmaps for person in persons])
    weights = torch.ones(2, 17, 1, 1)
    if masked:
        weights[:, ::3] = 0
    expected = dict(loss_kpt_stack0=feats[0], loss_kpt_stack1=feats[1], loss_kpt=module(feats))
    assert {name for name in losses if name.startswith('loss')} == set(expected)
    for name, heatmaps in expected.items():
        by_hand = ((heatmaps - targets) ** 2 * weights).sum() / (2 * 17 * 16 * 16)
        torch.testing.assert_close(losses[name], by_hand)


def test_one_stack_has_mmposes_losses_and_no_others() -> None:
    losses = head().loss((random(2, 8, 16, 16),), samples())
    assert set(losses) == {'loss_kpt', 'acc_pose'}


def test_train_cfg_is_passed_on() -> None:
    losses = head().loss((random(2, 8, 16, 16),), samples(), train_cfg=dict(compute_acc=False))
    assert set(losses) == {'loss_kpt'}


def test_the_head_is_the_studys() -> None:
    # 1x1 convolution, BN, ReLU, 1x1 convolution.
    module, features = head(), random(2, 8, 16, 16)
    conv, norm, _ = module.conv_layers
    x = torch.einsum('oi,nihw->nohw', conv.weight[..., 0, 0], features) + conv.bias[:, None, None]
    x = (x / (1 + norm.eps) ** 0.5).clamp(min=0)  # running statistics are still 0 and 1
    x = torch.einsum('oi,nihw->nohw', module.final_layer.weight[..., 0, 0], x) + module.final_layer.bias[:, None, None]
    torch.testing.assert_close(module((features,)), x)


def test_the_intermediate_loss_trains_the_first_stack() -> None:
    torch.manual_seed(0)
    backbone: Any = StackedHourglass(num_stacks=2, channels=8, depth=2, num_bottleneck_residuals=1)
    backbone.init_weights()
    losses = head().loss(backbone(random(2, 3, 64, 64)), samples())
    losses['loss_kpt_stack0'].backward()
    first, second = backbone.hourglasses
    between = backbone.intermediates[0]
    assert between.heatmaps.weight.grad.abs().sum() > 0
    assert first.downs[0].branch[2].weight.grad.abs().sum() > 0
    # What comes after those heatmaps has no part in them.
    assert between.remap_heatmaps.weight.grad is None
    assert second.downs[0].branch[2].weight.grad is None


def test_the_last_loss_trains_everything() -> None:
    torch.manual_seed(0)
    backbone: Any = StackedHourglass(num_stacks=2, channels=8, depth=2, num_bottleneck_residuals=1)
    backbone.init_weights()
    module = head()
    module.loss(backbone(random(2, 3, 64, 64)), samples())['loss_kpt'].backward()
    for name, parameter in (*backbone.named_parameters(), *module.named_parameters()):
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name


@pytest.mark.parametrize('num_stacks', [1, 2])
def test_heatmaps_and_losses_are_float32_under_bfloat16(num_stacks: int) -> None:
    torch.manual_seed(0)
    backbone = StackedHourglass(num_stacks=num_stacks, channels=8, depth=2, num_bottleneck_residuals=1)
    backbone.init_weights()
    module, images = head(), random(2, 3, 64, 64)
    expected = module.loss(backbone(images), samples())
    with torch.autocast('cpu', dtype=torch.bfloat16):
        feats = backbone(images)
        assert module(feats).dtype == torch.float32
        losses = module.loss(feats, samples())
    for name in expected:
        if name.startswith('loss'):
            assert losses[name].dtype == torch.float32
            torch.testing.assert_close(losses[name], expected[name], rtol=0.05, atol=0)


def test_the_accuracy_is_mmposes() -> None:
    from mmpose.evaluation.functional import pose_pck_accuracy

    from shg_xai.models.stacked_hourglass import heatmap_accuracy

    draw = torch.Generator().manual_seed(0)
    targets = torch.rand(40, 5, 12, 16, generator=draw)
    predicted = targets + 0.3 * torch.rand(40, 5, 12, 16, generator=draw)
    predicted[:3] = -predicted[:3]  # nothing above 0
    counts = torch.rand(40, 5, generator=draw) > 0.3
    counts[:, 4] = False  # a joint that nobody has
    _, expected, _ = pose_pck_accuracy(predicted.numpy(), targets.numpy(), counts.numpy())
    assert 0.1 < expected < 0.9
    assert float(heatmap_accuracy(predicted, targets, counts)) == pytest.approx(expected, abs=1e-6)
    assert float(heatmap_accuracy(predicted, targets, counts & False)) == 0

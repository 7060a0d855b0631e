"""Mixed precision on the processor."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.registry import OPTIM_WRAPPERS
from mmengine.structures import InstanceData, PixelData
from mmpose.registry import KEYPOINT_CODECS, MODELS
from mmpose.structures import PoseDataSample
from torch import nn

import shg_xai.plugin  # noqa: F401
from shg_xai.runner import bfloat16
from shg_xai.runner.bfloat16 import Bfloat16OptimWrapper, computes_bfloat16


def wrapper(model: nn.Module) -> Bfloat16OptimWrapper:
    return OPTIM_WRAPPERS.build(
        dict(type='Bfloat16OptimWrapper', optimizer=torch.optim.SGD(model.parameters(), lr=0.1))
    )


@pytest.fixture(autouse=True)
def any_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a processor that has the instructions."""
    monkeypatch.setattr(bfloat16, 'computes_bfloat16', lambda: True)


def test_without_instructions_it_is_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bfloat16, 'computes_bfloat16', lambda: False)
    model, x = nn.Linear(4, 3), torch.ones(2, 4)
    with wrapper(model).optim_context(model):
        assert model(x).dtype == torch.float32


@pytest.mark.skipif(not Path('/proc/cpuinfo').exists() or torch.cuda.is_available(), reason='no list of instructions')
def test_a_processor_is_asked() -> None:
    flags = set(re.findall(r'\b(avx2|avx512_bf16|amx_tile)\b', Path('/proc/cpuinfo').read_text()))
    assert computes_bfloat16.__wrapped__() is (flags != {'avx2'})


def test_layers_compute_in_bfloat16_inside_only() -> None:
    model, x = nn.Linear(4, 3), torch.ones(2, 4)
    with wrapper(model).optim_context(model):
        assert model(x).dtype == torch.bfloat16
    assert model(x).dtype == torch.float32
    assert not torch.is_autocast_enabled('cpu')


def test_autocast_ends_after_an_error() -> None:
    model = nn.Linear(4, 3)
    try:
        with wrapper(model).optim_context(model):
            raise ValueError('in the forward pass')
    except ValueError:
        pass
    assert not torch.is_autocast_enabled('cpu')


def test_weights_stay_float32_and_take_the_step_worked_out_by_hand() -> None:
    # Numbers that bfloat16 holds exactly: loss = (w x)^2, gradient 2 w x^2 = 12.
    model = nn.Linear(1, 1, bias=False)
    nn.init.constant_(model.weight, 1.5)
    optim = wrapper(model)
    with optim.optim_context(model):
        loss = model(torch.tensor([[2.0]])).float().square().sum()
    optim.update_params(loss)
    assert model.weight.dtype == torch.float32
    torch.testing.assert_close(model.weight.detach(), torch.tensor([[1.5 - 0.1 * 12]]))


def test_gradients_accumulate_as_in_optim_wrapper() -> None:
    model = nn.Linear(1, 1, bias=False)
    nn.init.constant_(model.weight, 1.5)
    optim = OPTIM_WRAPPERS.build(
        dict(type='Bfloat16OptimWrapper', accumulative_counts=2, optimizer=torch.optim.SGD(model.parameters(), lr=0.1))
    )
    for expected in (1.5, 0.3):
        with optim.optim_context(model):
            loss = model(torch.tensor([[2.0]])).float().square().sum()
        optim.update_params(loss)
        assert abs(model.weight.item() - expected) < 1e-6


@pytest.mark.parametrize(
    'head',
    [
        dict(type='HeatmapHead', in_channels=8, out_channels=2, deconv_out_channels=None),
        dict(
            type='RTMCCHead', in_channels=8, out_channels=2, input_size=(32, 32), in_featuremap_size=(8, 8),
            final_layer_kernel_size=1,
            gau_cfg=dict(
                hidden_dims=16, s=16, expansion_factor=2, dropout_rate=0.0, drop_path=0.0,
                act_fn='SiLU', use_rel_bias=False, pos_enc=False,
            ),
            loss=dict(type='KLDiscretLoss', use_target_weight=True),
        ),
    ],
    ids=lambda head: head['type'],
)  # fmt: skip
def test_heads_of_mmpose_take_a_step(head: dict) -> None:
    """Their accuracy is computed by NumPy, which has no bfloat16."""
    codec = (
        dict(type='MSRAHeatmap', input_size=(32, 32), heatmap_size=(8, 8), sigma=1)
        if head['type'] == 'HeatmapHead'
        else dict(type='SimCCLabel', input_size=(32, 32), simcc_split_ratio=2.0)
    )
    model = MODELS.build({**head, 'decoder': codec})
    net = nn.Module()
    net.head = model
    encoded = KEYPOINT_CODECS.build(codec).encode(np.array([[[8.0, 8.0], [20.0, 12.0]]]), np.ones((1, 2)))
    sample = PoseDataSample(gt_instance_labels=InstanceData(), gt_fields=PixelData())
    sample.gt_instance_labels.keypoint_weights = torch.from_numpy(encoded['keypoint_weights'])
    for name in ('keypoint_x_labels', 'keypoint_y_labels'):
        if name in encoded:
            setattr(sample.gt_instance_labels, name, torch.from_numpy(encoded[name]))
    if 'heatmaps' in encoded:
        sample.gt_fields.heatmaps = torch.from_numpy(encoded['heatmaps'])
    with wrapper(net).optim_context(net):
        losses = model.loss((torch.rand(1, 8, 8, 8),), [sample], train_cfg={})
    assert losses['loss_kpt'].dtype != torch.bfloat16 and torch.isfinite(losses['loss_kpt'])
    assert 'acc_pose' in losses
    assert 'forward' not in vars(model)


def test_a_head_that_fails_gets_its_forward_back() -> None:
    net = nn.Module()
    net.head = nn.Linear(2, 2)
    with pytest.raises(RuntimeError, match='shapes'), wrapper(net).optim_context(net):
        net.head(torch.ones(1, 3))
    assert 'forward' not in vars(net.head)

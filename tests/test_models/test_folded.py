"""Residuals for inference beside those that they were made of."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from mmcv.cnn import fuse_conv_bn
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode

import shg_xai.plugin  # noqa: F401
from shg_xai.models import folded
from shg_xai.models.folded import FoldedResidual, fits, fuse, part
from shg_xai.models.stacked_hourglass import StackedHourglass
from tests.helpers.lively import lively


def folded_network(shortcut: str) -> StackedHourglass:
    """A small network whose normalisation was lively and is folded."""
    torch.manual_seed(0)
    network = lively(StackedHourglass(num_stacks=2, channels=16, depth=2, shortcut=shortcut))
    fuse_conv_bn(network)
    return network


def plainly(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, *place: tuple[int, ...]) -> torch.Tensor:
    """What cuDNN computes in one kernel."""
    stride, padding = place or (1, 1)
    return F.conv2d(x, weight, bias, stride, padding).relu()


@torch.no_grad()
def fused(network: nn.Module, dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch) -> nn.Module:
    """The same, with all residuals and the stem computed as on a GPU, wherever it runs."""
    fuse(network, dtype)
    monkeypatch.setattr(folded, 'fits', lambda *args: True)
    monkeypatch.setattr(folded, 'convolved', plainly)
    return network


@pytest.mark.parametrize('shortcut', ['conv3x3', 'identity'])
def test_the_numbers_are_the_same(shortcut: str, monkeypatch: pytest.MonkeyPatch) -> None:
    network, images = folded_network(shortcut), torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        before = network(images)
        after = fused(network, torch.float32, monkeypatch)(images)
    for one, other in zip(after, before, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5 * float(other.abs().max()))


def test_in_bfloat16_no_more_is_lost_than_without(monkeypatch: pytest.MonkeyPatch) -> None:
    network, images = folded_network('conv3x3'), torch.randn(4, 3, 64, 64)

    def error(truth: torch.Tensor) -> float:
        with torch.autocast('cpu', torch.bfloat16):
            return float((network(images)[-1].float() - truth).norm() / truth.norm())

    with torch.no_grad():
        truth = network(images)[-1]
        plain = error(truth)
        fused(network, torch.bfloat16, monkeypatch)
        assert 0 < error(truth) < 1.25 * plain


def test_parameters_buffers_and_names_stay() -> None:
    network = folded_network('conv3x3')
    before = [(name, value.data_ptr()) for name, value in (*network.named_parameters(), *network.named_buffers())]
    layers = [name for name, _ in network.named_modules()]
    for _ in range(2):  # as for two tests
        fuse(network, torch.float32)
    after = [(name, value.data_ptr()) for name, value in (*network.named_parameters(), *network.named_buffers())]
    assert after == before and [name for name, _ in network.named_modules()] == layers
    assert sum(isinstance(one, FoldedResidual) for one in network.modules()) > 10


def test_layers_are_computed_one_by_one_again_with_new_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    network, images = folded_network('conv3x3'), torch.randn(2, 3, 64, 64)
    fuse(network, torch.float32)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(0.5)
        expected = folded_network('conv3x3')
        expected.load_state_dict(network.state_dict())
        part(network)
        monkeypatch.setattr(folded, 'fits', lambda x, dtype, layers: dtype is not None)
        torch.testing.assert_close(network(images)[-1], expected(images)[-1])


def test_a_residual_that_somebody_listens_to_keeps_its_hooks() -> None:
    network, heard = folded_network('conv3x3'), []
    network.hourglasses[0].skips[0].register_forward_hook(lambda *args: heard.append(args))
    fuse(network, torch.float32)
    network(torch.randn(1, 3, 64, 64))
    assert len(heard) == 1


def test_what_is_not_folded_stays() -> None:
    network = StackedHourglass(channels=16, depth=2)
    fuse(network, torch.float32)
    assert not any(isinstance(one, FoldedResidual) for one in network.modules())


def test_on_a_processor_layers_go_one_by_one() -> None:
    assert not fits(torch.zeros(1, 2, 3, 3).to(memory_format=torch.channels_last), torch.float32, [])


def test_on_a_gpu_all_of_them_are_fused(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyTorch knows what a GPU's tensors would be like where there is none."""
    taken: list[bool] = []

    def counted(x: torch.Tensor, *how: Any) -> torch.Tensor:
        y = plainly(x, *how)
        taken.append(all(one.is_contiguous(memory_format=torch.channels_last) for one in (x, y)))
        return y

    monkeypatch.setattr(folded, 'convolved', counted)
    monkeypatch.setattr(torch.version, 'cuda', '13.0')
    with FakeTensorMode(allow_non_fake_inputs=True), torch.device('cuda'), torch.no_grad():
        network = StackedHourglass(channels=16, depth=2, channels_last=False).eval()
        network.channels_last = True  # of what comes in; weights that are not there cannot be moved
        fuse_conv_bn(network)
        fuse(network, torch.float32)
        network(torch.rand(2, 3, 64, 64))
    assert len(taken) == 1 + sum(isinstance(one, FoldedResidual) for one in network.modules())
    assert all(taken[1:])


@pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a GPU')
@torch.no_grad()
def test_on_a_gpu_layers_go_one_by_one_where_somebody_listens() -> None:
    network = folded_network('conv3x3').cuda()
    images = torch.randn(2, 3, 64, 64, device='cuda').to(memory_format=torch.channels_last)
    before = network(images)[-1]
    fuse(network, torch.float32)
    residual, heard = network.stem[3], []
    assert isinstance(residual, FoldedResidual)
    features = torch.randn(2, 16, 8, 8, device='cuda').to(memory_format=torch.channels_last)
    assert fits(features, torch.float32, residual.within)
    torch.testing.assert_close(network(images)[-1], before, rtol=1e-2, atol=1e-2 * float(before.abs().max()))
    handle = residual.branch[2].register_forward_hook(lambda *args: heard.append(args))
    network(images)
    handle.remove()
    assert len(heard) == 1


@pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a GPU')
@torch.no_grad()
def test_what_lay_in_memory_before_has_no_say() -> None:
    """cuDNN is given the output, which nobody has written yet, as another number to add, times 0."""
    x = torch.randn(4, 16, 32, 32, device='cuda', dtype=torch.bfloat16).to(memory_format=torch.channels_last)
    weight = torch.randn(16, 16, 3, 3, device='cuda', dtype=torch.bfloat16).to(memory_format=torch.channels_last)
    bias = torch.randn(16, device='cuda', dtype=torch.bfloat16)
    for value in (torch.nan, torch.inf, 1e30):
        before = torch.full((2**24,), value, device='cuda', dtype=torch.bfloat16)
        del before
        found = [folded.convolved(x, weight, bias) for _ in range(50)]
        expected = F.conv2d(x.float(), weight.float(), bias.float(), padding=1).relu()
        for one in found:
            torch.testing.assert_close(one.float(), expected, rtol=2e-2, atol=2e-2 * float(expected.max()))

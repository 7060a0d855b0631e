"""Residuals for inference beside those that they were made of."""

import pytest
import torch
from mmcv.cnn import fuse_conv_bn
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode

import shg_xai.plugin  # noqa: F401
from shg_xai.models.folded import FoldedResidual, fits, fuse
from shg_xai.models.stacked_hourglass import StackedHourglass
from tests.helpers.lively import lively


def folded(shortcut: str) -> StackedHourglass:
    """A small network whose normalisation was lively and is folded."""
    torch.manual_seed(0)
    network = StackedHourglass(num_stacks=2, channels=16, depth=2, shortcut=shortcut).eval()
    lively(network)
    fuse_conv_bn(network)
    return network


@torch.no_grad()
def fused(network: nn.Module, dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch) -> nn.Module:
    """The same, with all residuals in fused kernels, wherever it runs."""
    fuse(network, dtype)
    monkeypatch.setattr(FoldedResidual, 'forward', FoldedResidual.fused)
    return network


@pytest.mark.parametrize('shortcut', ['conv3x3', 'identity'])
def test_the_numbers_are_the_same(shortcut: str, monkeypatch: pytest.MonkeyPatch) -> None:
    network, images = folded(shortcut), torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        before = network(images)
        after = fused(network, torch.float32, monkeypatch)(images)
    for one, other in zip(after, before, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5 * float(other.abs().max()))


def test_in_bfloat16_no_more_is_lost_than_without(monkeypatch: pytest.MonkeyPatch) -> None:
    network, images = folded('conv3x3'), torch.randn(4, 3, 64, 64)

    def error(truth: torch.Tensor) -> float:
        with torch.autocast('cpu', torch.bfloat16):
            return float((network(images)[-1].float() - truth).norm() / truth.norm())

    with torch.no_grad():
        truth = network(images)[-1]
        plain = error(truth)
        fused(network, torch.bfloat16, monkeypatch)
        assert 0 < error(truth) < 1.25 * plain


def test_parameters_buffers_and_names_stay() -> None:
    network = folded('conv3x3')
    before = [(name, value.data_ptr()) for name, value in (*network.named_parameters(), *network.named_buffers())]
    layers = [name for name, _ in network.named_modules()]
    for _ in range(2):  # as for two tests
        fuse(network, torch.float32)
    after = [(name, value.data_ptr()) for name, value in (*network.named_parameters(), *network.named_buffers())]
    assert after == before and [name for name, _ in network.named_modules()] == layers
    assert sum(isinstance(one, FoldedResidual) for one in network.modules()) > 10


def test_what_is_not_folded_stays() -> None:
    network = StackedHourglass(channels=16, depth=2)
    fuse(network, torch.float32)
    assert not any(isinstance(one, FoldedResidual) for one in network.modules())


def test_on_a_processor_layers_go_one_by_one() -> None:
    assert not fits(torch.zeros(1, 2, 3, 3).to(memory_format=torch.channels_last), torch.float32)


def test_on_a_gpu_all_of_them_are_fused(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyTorch knows what a GPU's tensors would be like where there is none."""
    taken: list[bool] = []
    fused_way = FoldedResidual.fused

    def counted(self: FoldedResidual, x: torch.Tensor) -> torch.Tensor:
        y = fused_way(self, x)
        taken.append(y.shape == x.shape and y.is_contiguous(memory_format=torch.channels_last))
        return y

    monkeypatch.setattr(FoldedResidual, 'fused', counted)
    with FakeTensorMode(allow_non_fake_inputs=True), torch.device('cuda'), torch.no_grad():
        network = StackedHourglass(channels=16, depth=2, channels_last=False).eval()
        network.channels_last = True  # of what comes in; weights that are not there cannot be moved
        fuse_conv_bn(network)
        fuse(network, torch.float32)
        network(torch.rand(2, 3, 64, 64))
    assert taken == [True] * sum(isinstance(one, FoldedResidual) for one in network.modules())


@pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a GPU')
@torch.no_grad()
def test_on_a_gpu_layers_go_one_by_one_where_somebody_listens() -> None:
    network = folded('conv3x3').cuda()
    images = torch.randn(2, 3, 64, 64, device='cuda').to(memory_format=torch.channels_last)
    before = network(images)[-1]
    fuse(network, torch.float32)
    residual, heard = network.stem[3], []
    assert isinstance(residual, FoldedResidual)
    features = torch.randn(2, 16, 8, 8, device='cuda').to(memory_format=torch.channels_last)
    assert fits(features, torch.float32, residual.branch, residual.shortcut)
    torch.testing.assert_close(network(images)[-1], before, rtol=1e-2, atol=1e-2 * float(before.abs().max()))
    handle = residual.branch[2].register_forward_hook(lambda *args: heard.append(args))
    network(images)
    handle.remove()
    assert len(heard) == 1

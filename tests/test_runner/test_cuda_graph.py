"""A backbone as a CUDA graph: the same numbers, and plain wherever it may not be one."""

import copy
from typing import Any

import pytest
import torch
from torch import nn

import shg_xai.plugin  # noqa: F401
from shg_xai.models.stacked_hourglass import StackedHourglass
from shg_xai.runner.cuda_graph import Graphs, replayed_backbone

NO_GPU = 'no GPU is here'


def model_with(backbone: nn.Module) -> nn.Module:
    model = nn.Module()
    model.backbone = backbone
    return model


def small(**changes: Any) -> StackedHourglass:
    torch.manual_seed(0)
    backbone = StackedHourglass(**{**dict(channels=8, out_channels=3, depth=2, num_bottleneck_residuals=1), **changes})
    backbone.init_weights()
    return backbone


def test_on_a_processor_it_runs_as_ever_and_nothing_is_left() -> None:
    backbone, graphs = small(), Graphs()
    images = torch.rand(2, 3, 32, 32)
    expected = copy.deepcopy(backbone)(images)
    with replayed_backbone(model_with(backbone), graphs):
        found = backbone(images)
    assert all(torch.equal(one, other) for one, other in zip(found, expected, strict=True))
    assert not graphs and 'forward' not in vars(backbone)


def test_nothing_is_left_after_an_exception() -> None:
    backbone = small()
    with pytest.raises(RuntimeError, match='stop'), replayed_backbone(model_with(backbone), Graphs()):
        raise RuntimeError('stop')
    assert 'forward' not in vars(backbone)


@pytest.mark.parametrize('graphs, backbone', [(None, small()), ({}, nn.Identity()), ({}, None)])
def test_models_that_are_left_alone(graphs: Graphs | None, backbone: nn.Module | None) -> None:
    model = nn.Module() if backbone is None else model_with(backbone)
    with replayed_backbone(model, graphs):
        assert backbone is None or 'forward' not in vars(backbone)


def steps(backbone: nn.Module, sizes: list[int], graphs: Graphs | None) -> list[torch.Tensor]:
    """Loss, sum of gradients and running means of some steps of training."""
    optimizer, found = torch.optim.SGD(backbone.parameters(), lr=1e-3), []
    generator = torch.Generator().manual_seed(1)
    for size in sizes:
        images = torch.rand(size, 3, 32, 32, generator=generator).cuda()
        optimizer.zero_grad()
        with torch.autocast('cuda', torch.bfloat16), replayed_backbone(model_with(backbone), graphs):
            loss = backbone(images)[-1].float().square().mean()
        loss.backward()
        gradients = [p.grad.double().norm() for p in backbone.parameters() if p.grad is not None]
        optimizer.step()
        buffers = [buffer.double().sum() for buffer in backbone.buffers()]
        found.append(torch.stack([loss.detach().double(), sum(gradients), *buffers]).cpu())
    return found


@pytest.mark.skipif(not torch.cuda.is_available(), reason=NO_GPU)
@pytest.mark.parametrize('changes', [{}, dict(num_stacks=2), dict(skip_connections=[True, False])])
def test_a_graph_trains_as_its_backbone(changes: dict[str, Any]) -> None:
    sizes, graphs = [4, 4, 4, 3, 4, 2], Graphs()  # the third size runs without a graph
    plain, graphed = small(**changes).cuda(), small(**changes).cuda()
    expected, found = steps(plain, sizes, None), steps(graphed, sizes, graphs)
    assert len(graphs) == 2
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=2e-2, atol=1e-3)


@pytest.mark.skipif(not torch.cuda.is_available(), reason=NO_GPU)
def test_a_hook_in_the_backbone_sees_every_batch() -> None:
    backbone, graphs, seen = small().cuda(), Graphs(), []
    steps(backbone, [4, 4], graphs)
    handle = backbone.stem.register_forward_hook(lambda *_: seen.append(1))
    steps(backbone, [4, 4], graphs)
    handle.remove()
    assert len(seen) == 2 and len(graphs) == 1

"""Passes from memory against full ones: to the last bit, on our network and on MMPose's."""

from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
import torch
from mmengine.registry import init_default_scope
from mmpose.registry import MODELS
from torch import Tensor, nn

import shg_xai.plugin  # noqa: F401
from shg_xai.errors import InputError
from shg_xai.tracing.replay import replayed
from shg_xai.tracing.tap import split_name, tap

HRNET = {
    f'stage{stage}': dict(
        num_modules=1,
        num_branches=stage,
        block='BASIC',
        num_blocks=(1,) * stage,
        num_channels=tuple(4 * 2**branch for branch in range(stage)),
    )
    for stage in (2, 3, 4)
} | dict(stage1=dict(num_modules=1, num_branches=1, block='BOTTLENECK', num_blocks=(1,), num_channels=(4,)))
HOURGLASS = dict(type='StackedHourglass', channels=8, depth=2)
NETWORKS = [
    (HOURGLASS, 'hourglasses.0.bottleneck_residuals', 'stem.3.branch.2'),
    ({**HOURGLASS, 'num_stacks': 2}, 'hourglasses.0.bottleneck_residuals', 'stem.0'),
    ({**HOURGLASS, 'num_stacks': 2}, 'hourglasses.1.bottleneck_residuals', 'hourglasses.0.ups.1.branch.2'),
    (dict(type='ResNet', depth=18), 'layer3', 'layer1.0.conv1'),
    (dict(type='ResNet', depth=18), 'layer3.0.bn1', 'layer2.1.conv2'),
    (dict(type='HRNet', extra=HRNET), 'stage3.0.branches.2', 'stage2.0.branches.1.0.conv1'),
    (dict(type='HRNet', extra=HRNET), 'stage3:1', 'stage3.0.branches.2.0.conv1'),
]


def build(network: dict[str, Any]) -> nn.Module:
    init_default_scope('mmpose')
    torch.manual_seed(0)
    model = MODELS.build(network)
    model.eval()  # of MMPose's backbones it returns nothing
    return model


def flat(output: object) -> list[Tensor]:
    if isinstance(output, Tensor):
        return [output]
    assert isinstance(output, dict | list | tuple)
    parts = output.values() if isinstance(output, dict) else output
    return [tensor for part in parts for tensor in flat(part)]


def assert_same(found: object, expected: object) -> None:
    assert type(found) is type(expected)
    for one, other in zip(flat(found), flat(expected), strict=True):
        assert torch.equal(one, other)
        assert one.stride() == other.stride()


def assert_replays(model: nn.Module, x: Tensor, layer: str, computed_once: str | None = None) -> None:
    """Every pass in the block is a full pass outside it, with and without replacement."""
    calls: Counter[str] = Counter()
    changes = (torch.zeros_like, lambda output: output.mul(2), lambda output: output.add_(1))
    with torch.no_grad():
        plain = model(x)
        expected = []
        for change in changes:
            with tap(model, replace={layer: change}):
                expected.append(model(x))
        if computed_once:
            model.get_submodule(computed_once).register_forward_hook(lambda *_: calls.update(['before']))
        model.get_submodule(split_name(layer)[0]).register_forward_hook(lambda *_: calls.update(['layer']))
        with replayed(model, until=layer):
            assert_same(model(x), plain)
            for change, one in zip(changes, expected, strict=True):
                with tap(model, replace={layer: change}):
                    assert_same(model(x), one)
            assert_same(model(x), plain)
    assert calls['layer'] >= 5
    if computed_once:
        assert calls['before'] == 1


def left_behind(model: nn.Module) -> list[str]:
    return [name for name, module in model.named_modules() if 'forward' in module.__dict__]


@pytest.mark.parametrize('network, layer, computed_once', NETWORKS)
def test_passes_equal_full_ones_and_the_encoder_is_computed_once(
    network: dict[str, Any], layer: str, computed_once: str
) -> None:
    model = build(network)
    assert_replays(model, torch.rand(2, 3, 64, 64), layer, computed_once)
    assert left_behind(model) == []


def test_what_stands_behind_the_layer_is_computed_every_time() -> None:
    model, calls = build(HOURGLASS), []
    model.get_submodule('residuals.0').register_forward_hook(lambda *_: calls.append(1))
    with torch.no_grad(), replayed(model, 'hourglasses.0.bottleneck_residuals'):
        for _ in range(4):
            model(torch.rand(1, 3, 32, 32))
    assert len(calls) == 4


class Twice(nn.Module):
    """Calls one layer twice before another, once after it, and once inside of a third."""

    def __init__(self) -> None:
        super().__init__()
        self.shared = nn.Linear(3, 3)
        self.outer = nn.Sequential(self.shared, nn.Tanh())
        self.latent = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        first = self.shared(x)
        inside = self.outer(first)
        second = self.shared(inside + 1)
        return self.shared(self.latent(second)) + first


class InPlace(nn.Module):
    """Writes over what layers put out, before and behind the latent."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.relu = nn.Linear(3, 3), nn.ReLU(inplace=True)
        self.same, self.latent, self.flat = nn.Identity(), nn.Linear(3, 3), nn.Flatten(0)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        alias, view = self.same(x), self.flat(x)
        self.relu(x)
        alias.add_(1)
        view[0] = 5
        latent = self.latent(x)
        latent.mul_(3)
        return latent + x.neg_() + alias


class Pair(NamedTuple):
    left: Tensor
    right: list[Tensor | None]


class Containers(nn.Module):
    """A layer that puts out tensors in containers, one that changes the list it is given."""

    class Parts(nn.Module):
        def forward(self, x: Tensor) -> dict[str, Any]:
            return dict(pair=Pair(x + 1, [x + 2, None]), number=3)

    class Swap(nn.Module):
        def forward(self, parts: list[Tensor]) -> Tensor:
            parts[0] = parts[0] * 10
            return parts[0] + 1

    def __init__(self) -> None:
        super().__init__()
        self.parts, self.swap, self.latent = self.Parts(), self.Swap(), nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        found = self.parts(x)
        parts = [found['pair'].left, found['pair'].right[0]]
        swapped = self.swap(parts)
        return self.latent(swapped * found['number']) + parts[0]


class Foreign(nn.Module):
    """A layer that puts out an object nobody knows how to copy."""

    class Box:
        def __init__(self, value: Tensor) -> None:
            self.value = value

    class Boxed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Sequential(nn.Linear(3, 3))

        def forward(self, x: Tensor) -> 'Foreign.Box':
            return Foreign.Box(self.linear(x))

    def __init__(self) -> None:
        super().__init__()
        self.boxed, self.latent = self.Boxed(), nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        box = self.boxed(x)
        box.value.add_(1)
        return self.latent(box.value) + box.value


class Mirrored(nn.Module):
    """Runs a network on an image and on the mirrored one, as a flip test does."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.latent, self.head = (nn.Linear(3, 3) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        return sum(self.head(self.latent(self.encoder(side))) for side in (x, x.flip(1)))


@pytest.mark.parametrize(
    'network, computed_once',
    [(Twice, 'outer.1'), (InPlace, None), (Containers, None), (Foreign, 'boxed.linear.0'), (Mirrored, None)],
)
def test_networks_that_could_go_wrong(network: Callable[[], nn.Module], computed_once: str | None) -> None:
    torch.manual_seed(0)
    assert_replays(network().eval(), torch.randn(2, 3), 'latent', computed_once)


def test_a_layer_that_is_not_reached_is_waited_for() -> None:
    class Sometimes(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.latent, self.reach = nn.Linear(3, 3), nn.Linear(3, 3), False

        def forward(self, x: Tensor) -> Tensor:
            x = self.first(x)
            return self.latent(x) if self.reach else x

    model, calls = Sometimes().eval(), []
    x = torch.randn(2, 3)
    with torch.no_grad(), replayed(model, 'latent'):
        assert torch.equal(model(x), model(x))
        model.reach = True
        expected = model(x)
        model.first.register_forward_pre_hook(lambda *_: calls.append(1))
        weight = model.first.weight.clone()
        model.first.weight.zero_()  # not looked at again
        assert torch.equal(model(x), expected)
    assert calls == [1]  # its hooks still run
    with torch.no_grad():
        assert not torch.equal(model(x), expected)
        model.first.weight.copy_(weight)
        assert torch.equal(model(x), expected)


@pytest.mark.parametrize('raised', [RuntimeError, KeyboardInterrupt])
def test_nothing_is_left_behind(raised: type[BaseException]) -> None:
    model, x = Twice().eval(), torch.randn(2, 3)
    model.latent.forward = own = lambda x: x * 2  # type: ignore[method-assign]  # as torch.compile and others do
    expected = model(x)

    def fail(output: Tensor) -> Tensor:
        raise raised

    with pytest.raises(raised), replayed(model, 'latent'):
        assert len(left_behind(model)) == len(list(model.modules()))
        with tap(model, replace={'latent': fail}):
            model(x)
    assert left_behind(model) == ['latent']
    assert model.latent.forward is own
    assert torch.equal(model(x), expected)


def test_a_pass_that_ended_in_an_error_does_not_count() -> None:
    model, x = Twice().eval(), torch.randn(2, 3)
    expected = model(x)
    with replayed(model, 'latent'):
        for _ in range(2):
            with pytest.raises(RuntimeError, match='shapes cannot be multiplied'):
                model(torch.randn(2, 5))
        for _ in range(2):
            assert torch.equal(model(x), expected)
            with tap(model, read=['shared'], stop=True):
                model(x)


def test_a_layer_that_is_not_there() -> None:
    model = Twice()
    with pytest.raises(InputError, match="no layer 'nowhere' in the model"), replayed(model, 'nowhere'):
        pass
    assert left_behind(model) == []

"""Reading and replacing outputs, on networks small enough to follow by hand."""

from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn

from shg_xai.errors import InputError
from shg_xai.tracing.tap import tap


class Pair(NamedTuple):
    first: Tensor
    second: Tensor


class Parts(nn.Module):
    """Puts out a container of x + 1 and x + 2."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def forward(self, x: Tensor) -> object:
        parts = (x + 1, x + 2)
        return {
            'tuple': parts,
            'list': list(parts),
            'dict': dict(zip('ab', parts, strict=True)),
            'named': Pair(*parts),
        }[self.kind]


def double() -> nn.Sequential:
    """x -> 2x -> ReLU in place -> 6x."""
    first, last = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
    nn.init.constant_(first.weight, 2)
    nn.init.constant_(last.weight, 3)
    return nn.Sequential(first, nn.ReLU(inplace=True), last)


def hooks(model: nn.Module) -> int:
    return sum(len(layer._forward_hooks) for layer in model.modules())


X = torch.tensor([[-1.0], [4.0]])


def test_outputs_are_read_and_safe_from_what_happens_in_place() -> None:
    model = double()
    with tap(model, read=['0', '1']) as outputs:
        result = model(X)
    assert outputs['0'][0].flatten().tolist() == [-2, 8]  # not [0, 8], what ReLU left there
    assert outputs['1'][0].flatten().tolist() == [0, 8]
    assert result.flatten().tolist() == [0, 24]
    assert not outputs['0'][0].requires_grad


def test_every_call_is_kept_in_order() -> None:
    model = double()
    with tap(model, read=['2']) as outputs:
        model(X)
        model(X + 1)
    assert [one.flatten().tolist() for one in outputs['2']] == [[0, 24], [0, 30]]


def test_an_output_is_replaced_for_the_rest_of_the_network() -> None:
    model = double()
    with tap(model, read=['0', '2'], replace={'0': lambda output: output + 5}) as outputs:
        result = model(X)
    assert outputs['0'][0].flatten().tolist() == [3, 13]
    assert result.flatten().tolist() == [9, 39]
    assert model(X).flatten().tolist() == [0, 24]


def test_gradients_flow_through_a_replacement() -> None:
    model = double()
    with tap(model, replace={'1': lambda output: output * 10}):
        model(X).sum().backward()
    # Of 3 * 10 * relu(2 x w): only x = 4 counts.
    assert model[0].weight.grad.item() == pytest.approx(120)


def test_the_pass_ends_once_all_layers_were_seen() -> None:
    model, behind = double(), []
    model[2].register_forward_hook(lambda *_: behind.append(1))
    with tap(model, read=['0', '1'], stop=True) as outputs:
        model(X)
        raise AssertionError('the pass was not ended')
    assert not behind
    assert [len(one) for one in outputs.values()] == [1, 1]


@pytest.mark.parametrize('kind, name', [('tuple', '0:1'), ('list', '0:1'), ('dict', '0:b'), ('named', '0:1')])
def test_parts_are_read_and_replaced(kind: str, name: str) -> None:
    model = nn.Sequential(Parts(kind))
    with tap(model, read=[name]) as outputs:
        model(X)
    assert outputs[name][0].flatten().tolist() == [1, 6]
    with tap(model, replace={name: torch.zeros_like}):
        changed = model(X)
    first, second = changed.values() if kind == 'dict' else changed
    assert first.flatten().tolist() == [0, 5]
    assert second.flatten().tolist() == [0, 0]
    assert type(changed) is type(model(X))


@pytest.mark.parametrize(
    'model, name, message',
    [
        (double(), 'backbone', "no layer 'backbone' in the model"),
        (double(), '', "no layer '' in the model"),
        (double(), '0:1', 'output of this layer is one tensor'),
        (nn.Sequential(Parts('tuple')), '0', 'is a tuple, name a tensor in it: 0:0, 0:1'),
        (nn.Sequential(Parts('dict')), '0:c', 'is a dict, name a tensor in it: 0:a, 0:b'),
    ],
)
def test_what_cannot_be_tapped_is_named(model: nn.Module, name: str, message: str) -> None:
    with pytest.raises(InputError, match=message), tap(model, read=[name]):
        model(X)
    assert hooks(model) == 0


@pytest.mark.parametrize('raised', [RuntimeError, KeyboardInterrupt])
def test_nothing_stays_hooked(raised: type[BaseException]) -> None:
    model = double()
    with pytest.raises(raised), tap(model, read=['0'], replace={'1': torch.zeros_like}):
        assert hooks(model) == 2
        raise raised
    assert hooks(model) == 0
    with tap(model, read=['0'], stop=True):
        model(X)
    assert hooks(model) == 0
    with pytest.raises(InputError), tap(model, read=['0', 'nowhere']):
        pass
    assert hooks(model) == 0

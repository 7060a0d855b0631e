"""Reading and replacing what layers of a network put out.

A tap lives inside a ``with`` block and leaves the network as it was, also after an exception::

    with tap(model, read=['backbone.layer4']) as outputs:
        model.test_step(batch)
    outputs['backbone.layer4']                      # a list, one tensor a call of the layer

    with tap(model, replace={'backbone.layer4': torch.zeros_like}):
        model.test_step(batch)

A layer is named as in ``model.named_modules()``; where its output is not one tensor, ``name:part`` names an index of a
tuple or list, or a key of a dict.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from torch import Tensor, nn

from shg_xai.errors import InputError

Replacement = Callable[[Tensor], Tensor]
Outputs = dict[str, list[Tensor]]


@dataclass(frozen=True)
class WithInput:
    """A replacement that is told the first argument of its layer's call, too: ``of(input, output)``."""

    of: Callable[[Tensor, Tensor], Tensor]


Change = Replacement | WithInput


class _LastLayerReached(Exception):
    """Ends a forward pass nobody needs the rest of."""


def split_name(name: str) -> tuple[str, str | None]:
    """Split ``layer:part`` into the layer and the part, which is None where there is none."""
    layer, _, part = name.partition(':')
    return layer, part or None


def find_layer(model: nn.Module, name: str) -> nn.Module:
    """The module a tap's name stands for; InputError if the model has no such layer."""
    layers: dict[str, nn.Module] = dict(model.named_modules())
    layer = split_name(name)[0]
    if layer not in layers or not layer:
        raise InputError(f'no layer {layer!r} in the model; tools/list_layers.py lists them')
    return layers[layer]


def parts_of(output: Any) -> dict[Any, Any]:
    """The parts of an output that is not one tensor, by key or index; one level deep, as far as a name reaches."""
    items = enumerate(output) if isinstance(output, Sequence) else ()
    return dict(output if isinstance(output, Mapping) else items)


def _key(output: Any, name: str) -> Any:
    """Index or key of the part that ``name`` names; None for the whole output; InputError if that is no tensor."""
    layer, part = split_name(name)
    if part is None and isinstance(output, Tensor):
        return None
    for key, value in parts_of(output).items():
        if str(key) == part and isinstance(value, Tensor):
            return key
    parts = ', '.join(f'{layer}:{known}' for known in parts_of(output))
    kind = 'one tensor' if isinstance(output, Tensor) else f'a {type(output).__name__}'
    raise InputError(f'{name}: the output of this layer is {kind}, name a tensor in it{f": {parts}" if parts else ""}')


def _replaced(output: Any, key: Any, value: Tensor) -> Any:
    """The output with one part replaced; the original container is left as it was."""
    if key is None:
        return value
    kind: Any = type(output)
    if isinstance(output, Mapping):
        return kind({**output, key: value})
    items = list(output)
    items[key] = value
    return kind(*items) if hasattr(output, '_fields') else kind(items)


@contextmanager
def tap(
    model: nn.Module, read: Sequence[str] = (), replace: Mapping[str, Change] | None = None, stop: bool = False
) -> Iterator[Outputs]:
    """Read and replace the outputs of layers while the block runs.

    Args:
        model: Any ``nn.Module``.
        read: Layers whose outputs are kept, detached, on their device: copies, taken after any replacement of the same
            layer, so that in-place operations behind the layer do not change them.
        replace: For a layer a function of its output, whose result takes the output's place; gradients flow through it.
            Where it needs the layer's input, too: :class:`WithInput`.
        stop: End the block's forward pass once every layer in ``read`` has put something out; what stands behind that
            pass in the block is not run.

    Yields:
        For each name in ``read`` the outputs so far, one tensor a call of the layer. InputError if there is no such
        layer, or its output is not one tensor and no part is named.
    """
    outputs: Outputs = {name: [] for name in read}

    def hook(name: str, change: Change | None, module: nn.Module, inputs: Any, output: Any) -> Any:
        key = _key(output, name)
        value = output if key is None else output[key]
        if change is not None:
            new = change.of(inputs[0], value) if isinstance(change, WithInput) else change(value)
            return _replaced(output, key, new)
        outputs[name].append(value.detach().clone())
        if stop and all(outputs.values()):
            raise _LastLayerReached
        return None

    with ExitStack() as hooks:
        # Replacements come first, so that a reader of the same layer sees what the rest sees.
        for name, change in [*(replace or {}).items(), *((name, None) for name in read)]:
            handle = find_layer(model, name).register_forward_hook(partial(hook, name, change))
            hooks.callback(handle.remove)
        with suppress(_LastLayerReached):
            yield outputs

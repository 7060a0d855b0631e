"""Many forward passes of one batch that differ behind one layer only, at the cost of what differs.

The first pass inside the block is recorded, the later ones compute only what stands behind the layer::

    with replayed(model, until='backbone.layer4'):
        plain = model.test_step(batch)                       # computes everything
        for replacement in replacements:
            with tap(model, replace={'backbone.layer4': replacement}):
                model.test_step(batch)                       # computes what follows layer4
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from torch import Tensor, nn

from shg_xai.tracing.tap import find_layer

Forward = Callable[..., Any]
COMPUTED = object()  # stands for the output of a call that no memory can take the place of


class _Replay:
    """Answers the calls of pass after pass; one pass ends where the whole model's call ends.

    ``calls`` are the outermost calls of the first pass that end before the layer has fired, in order: of each its
    module and output, or COMPUTED where it is to be computed in every pass. Calls inside a recorded one are not in it:
    nobody makes them again.
    """

    def __init__(self, model: nn.Module, layer: nn.Module) -> None:
        self.model, self.layer = model, layer
        self.calls: list[tuple[nn.Module, Any]] = []
        self.fired = False
        self.left: dict[nn.Module, deque[Any]] | None = None

    def call(self, module: nn.Module, forward: Forward, /, *args: Any, **options: Any) -> Any:
        """What a module puts out: from memory, or computed."""
        try:
            if self.left is not None:
                queue = self.left.get(module)
                output = queue.popleft() if queue else COMPUTED
                return forward(*args, **options) if output is COMPUTED else _copy(output)
            return forward(*args, **options) if self.fired else self._record(module, forward, args, options)
        finally:
            if module is self.model and self.fired:
                self.left = defaultdict(deque)
                for answered, output in self.calls:
                    self.left[answered].append(output)
            elif module is self.model:
                self.calls = []  # the next pass is recorded

    def _record(self, module: nn.Module, forward: Forward, args: Any, options: dict[str, Any]) -> Any:
        """Make a call and keep what it put out, if the layer has not fired by its end."""
        place = len(self.calls)
        self.calls.append((module, COMPUTED))
        before = _state((args, options))
        output = forward(*args, **options)
        # A call that changed what it was given, or hands it on, has an effect no copy of its output repeats; those
        # inside it that have none are recorded.
        alone = before == _state((args, options)) and not _storages(output) & _storages((args, options))
        if not self.fired and alone and (copy := _copy(output)) is not COMPUTED:
            self.calls[place:] = [(module, copy)]
        self.fired = self.fired or module is self.layer
        return output


@contextmanager
def replayed(model: nn.Module, until: str) -> Iterator[None]:
    """Compute what does not depend on a layer's output only once while the block runs.

    ``until`` is the layer whose output is going to be replaced, as in ``model.named_modules()``; a part of it
    (``layer:part``) stands for the layer. The first pass in which it fires is recorded: the outputs of the outermost
    modules whose calls end before it has fired, its own included. In later passes those calls are answered with copies
    of these outputs, in the order of each module's calls, and nothing inside them is run. Hooks of a module that is
    answered run as ever, so a :func:`~shg_xai.tracing.tap.tap` that replaces the layer's output works in every pass;
    hooks inside it hear nothing. What a pass does outside of modules, and whatever comes after the layer first fired
    (the mirrored pass of a flip test, too), is computed each time.

    All passes must be given the same batch, in evaluation mode, so that a module puts out the same for the same input.
    A pass is a call of ``model`` itself. InputError if the model has no such layer.
    """
    replay = _Replay(model, find_layer(model, until))
    modules = list(model.modules())
    own = {module: module.__dict__['forward'] for module in modules if 'forward' in module.__dict__}
    try:
        for module in modules:
            # nn.Module calls self.forward between the pre-hooks and the hooks.
            module.__dict__['forward'] = partial(replay.call, module, module.forward)
        yield
    finally:
        for module in modules:
            module.__dict__.pop('forward', None)
        for module, forward in own.items():
            module.__dict__['forward'] = forward


def _tensors(value: Any) -> Iterator[Tensor]:
    """The tensors in nested tuples, lists and dicts."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping | list | tuple):
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from _tensors(part)


def _state(value: Any) -> list[tuple[int, int]]:
    """Which tensors are in a value, and how often each was written to in place."""
    return [(id(tensor), 0 if tensor.is_inference() else tensor._version) for tensor in _tensors(value)]


def _storages(value: Any) -> set[int]:
    """Where the tensors of a value lie in memory; views lie where their base does."""
    return {tensor.untyped_storage().data_ptr() for tensor in _tensors(value) if tensor.numel()}


def _copy(value: Any) -> Any:
    """A copy whose tensors can be written to, with their strides, so that sums stay the same to the last bit.

    COMPUTED where a value is made of anything but tensors, plain data, dicts, lists and (named) tuples of these.
    """
    if isinstance(value, Tensor):
        return value.clone()
    if type(value) in (dict, list, tuple) or hasattr(value, '_fields'):
        parts = [_copy(part) for part in (value.values() if isinstance(value, dict) else value)]
        if any(part is COMPUTED for part in parts):
            return COMPUTED
        if isinstance(value, dict):
            return dict(zip(value, parts, strict=True))
        return type(value)(*parts) if hasattr(value, '_fields') else type(value)(parts)
    return value if value is None or isinstance(value, bool | int | float | str | bytes) else COMPUTED

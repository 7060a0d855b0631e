"""A backbone that is trained as one CUDA graph.

An hourglass is some five hundred small kernels forward and back. Launching them one by one takes a processor longer
than a large GPU takes to run them. A CUDA graph is launched as a whole: the kernels,
their order and their numbers are those of the recording. https://docs.pytorch.org/docs/stable/notes/cuda.html#cuda-graphs
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from shg_xai.tracing.lending import lent

Key = tuple[Any, ...]  # what a graph is recorded for
Graphs = dict[Key, Callable[[Tensor], tuple[Tensor, ...]]]
MOST = 2  # a batch's size and another; each keeps memory of its own
HOOKS = ('_forward_hooks', '_forward_pre_hooks', '_backward_hooks', '_backward_pre_hooks')


class _Body(nn.Module):
    """A module's own forward pass, whatever stands in its place for now."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, inputs: Tensor) -> Any:
        return type(self.module).forward(self.module, inputs)


@contextmanager
def replayed_backbone(model: nn.Module, graphs: Graphs | None) -> Iterator[None]:
    """While it is open, a model's backbone is replayed from ``graphs``, which recordings are added to.

    For a backbone on a GPU that says ``static``: the same computation for all batches of a size. Run as ever are:
    anything but training, batches of a third size, as the last one of an epoch may be, and modules with hooks in them,
    which a replay would pass over in silence.
    """
    backbone = getattr(model, 'backbone', None)
    if graphs is None or not isinstance(backbone, nn.Module) or not getattr(backbone, 'static', False):
        yield
        return

    def forward(inputs: Tensor) -> Any:
        key: Key = (inputs.shape, inputs.dtype, inputs.device, torch.is_autocast_enabled('cuda'))
        plain = not inputs.is_cuda or not backbone.training or not torch.is_grad_enabled() or _hooked(backbone)
        if plain or (key not in graphs and len(graphs) == MOST):
            return type(backbone).forward(backbone, inputs)
        if key not in graphs:
            graphs[key] = record(backbone, inputs)
        return graphs[key](inputs)

    with lent(backbone, forward=forward):
        yield


def _hooked(module: nn.Module) -> bool:
    return any(getattr(one, name) for one in module.modules() for name in HOOKS)


def record(module: nn.Module, inputs: Tensor) -> Callable[[Tensor], tuple[Tensor, ...]]:
    """A module's forward pass on such inputs, and the backward pass that belongs to it, as graphs."""
    kept = [buffer.clone() for buffer in module.buffers()]
    dtype, enabled = torch.get_autocast_dtype('cuda'), torch.is_autocast_enabled('cuda')
    # Weights that are cast once and remembered would be remembered beyond the recording.
    with torch.autocast('cuda', dtype, enabled, cache_enabled=False):
        body: Any = torch.cuda.make_graphed_callables(_Body(module), (inputs.clone(),), allow_unused_input=True)
    # The runs before the recording were of no batch: they count for no running mean.
    with torch.no_grad():
        for buffer, before in zip(module.buffers(), kept, strict=True):
            buffer.copy_(before)
    replay: Callable[[Tensor], tuple[Tensor, ...]] = body
    return replay

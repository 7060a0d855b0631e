"""Mixed precision that runs on processors too."""

import platform
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import torch
from mmengine.device import get_device
from mmengine.logging import print_log
from mmengine.optim import OptimWrapper
from mmengine.registry import OPTIM_WRAPPERS
from mmengine.runner.amp import autocast
from torch import Tensor, nn
from torch.utils._pytree import tree_map_only

from shg_xai.runner.building import unwrapped
from shg_xai.runner.cuda_graph import Graphs, replayed_backbone
from shg_xai.tracing.lending import lent


@cache
def computes_bfloat16() -> bool:
    """Whether the device of this process has instructions for bfloat16.

    Intel's and AMD's processors have them since Cooper Lake (2020) and Zen 4 (2022), but not all; the others take twice
    as long as for float32 (the demo's network).
    """
    if get_device() != 'cpu' or platform.machine() not in ('x86_64', 'AMD64'):
        return True
    asked = ('_is_avx512_bf16_supported', '_is_amx_tile_supported')
    return any(getattr(torch.cpu, name, lambda: True)() for name in asked)


@OPTIM_WRAPPERS.register_module()
class Bfloat16OptimWrapper(OptimWrapper):
    """Train with autocast to bfloat16, on CPU or GPU; in float32, saying so, where that is faster.

    MMEngine's AmpOptimWrapper refuses the CPU and scales the loss, which bfloat16, with float32's exponents, needs not.
    Arguments are OptimWrapper's, and one more.

    Args:
        cuda_graph: On a GPU, record a backbone that allows it once and replay it (:mod:`shg_xai.runner.cuda_graph`);
            not where gradients of several steps add up.
    """

    def __init__(self, *args: Any, cuda_graph: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.graphs: Graphs | None = Graphs() if cuda_graph and self._accumulative_counts == 1 else None
        if not computes_bfloat16():
            print_log('This processor has no instructions for bfloat16: float32, which is faster on it', 'current')

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """The forward pass runs in here."""
        with (
            super().optim_context(model),
            autocast(dtype=torch.bfloat16, enabled=computes_bfloat16()),
            replayed_backbone(model, self.graphs),
            float32_from_head(unwrapped(model)),
        ):
            yield


@contextmanager
def float32_from_head(model: nn.Module) -> Iterator[None]:
    """While it is open, what a model's head predicts is float32.

    MMPose's heads hand it to NumPy for the accuracy they log, and NumPy has no bfloat16; losses are better off, too.
    They call their own ``forward``, which hooks do not hear of.
    """
    head = getattr(model, 'head', None)
    if not isinstance(head, nn.Module):
        yield
        return

    def forward(*args: Any, **kwargs: Any) -> Any:
        return tree_map_only(Tensor, Tensor.float, type(head).forward(head, *args, **kwargs))

    with lent(head, forward=forward):
        yield

"""Mixed precision that runs on processors too."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from mmengine.optim import OptimWrapper
from mmengine.registry import OPTIM_WRAPPERS
from mmengine.runner.amp import autocast
from torch import nn


@OPTIM_WRAPPERS.register_module()
class Bfloat16OptimWrapper(OptimWrapper):
    """Train with autocast to bfloat16, on CPU or GPU; arguments are OptimWrapper's.

    MMEngine's AmpOptimWrapper refuses the CPU and scales the loss, which bfloat16, with float32's exponents, needs not.
    """

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """The forward pass runs in here."""
        with super().optim_context(model), autocast(dtype=torch.bfloat16):
            yield

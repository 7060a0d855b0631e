"""Normalisation that does something."""

from typing import TypeVar

import torch
from torch import nn

M = TypeVar('M', bound=nn.Module)


def lively(module: M) -> M:
    """The module in evaluation mode, every normalisation with parameters and running statistics that do something."""
    torch.manual_seed(0)
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.uniform_(layer.weight, 0.5, 1.5)
            nn.init.normal_(layer.bias)
            assert layer.running_mean is not None and layer.running_var is not None
            nn.init.normal_(layer.running_mean)
            nn.init.uniform_(layer.running_var, 0.5, 2)
    return module.eval()

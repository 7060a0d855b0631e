"""An hourglass for inference on a GPU, with less between its convolutions.

A large GPU multiplies faster than it reads and writes: in bfloat16 a quarter of the study's forward pass went to
biases, ReLUs and additions, each of which passes over all features. Shapes: N persons, C channels, D = C / 2 of them
within a residual, H x W the resolution.
"""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from shg_xai.models.hourglass import Residual
from shg_xai.models.stacked_hourglass import StackedHourglass


class FoldedResidual(Residual):
    """A :class:`~shg_xai.models.hourglass.Residual` for inference, (N, C, H, W) -> (N, C, H, W).

    Its layers are the residual's own, by the same names. Features that :func:`fits` refuses go through them one by one;
    others are computed by :meth:`fused`, with the same numbers but for rounding.

    Args:
        residual: What mmcv's ``fuse_conv_bn`` leaves of one.
        dtype: Of the features that are computed faster.
    """

    inner: tuple[Tensor, Tensor]
    middle: tuple[Tensor, Tensor]
    outer: tuple[Tensor, Tensor]
    beside: Tensor | None
    dtype: torch.dtype | None

    def __init__(self, residual: Residual, dtype: torch.dtype) -> None:
        super(Residual, self).__init__()
        self.branch, self.shortcut, self.dtype = residual.branch, residual.shortcut, dtype
        self.within = (*self.branch.modules(), *self.shortcut.modules())
        self.norm_and_relu = self.branch[0], self.branch[1]
        first, middle, last = (layer for layer in self.branch if isinstance(layer, nn.Conv2d))
        assert first.bias is not None and middle.bias is not None and last.bias is not None
        bias, self.beside = last.bias, None
        if isinstance(self.shortcut, nn.Conv2d):
            assert self.shortcut.bias is not None
            bias, self.beside = bias + self.shortcut.bias, self.shortcut.weight.detach().to(dtype)
        # Plain tensors: parameters and buffers would be expected in an average of weights, too.
        self.inner = first.weight.flatten(1).T.to(dtype), first.bias.to(dtype)
        self.middle = middle.weight.to(dtype), middle.bias.to(dtype)
        self.outer = last.weight.flatten(1).to(dtype), bias.to(dtype)

    def forward(self, x: Tensor) -> Tensor:
        return self.fused(x) if fits(x, self.dtype, self.within) else super().forward(x)

    def fused(self, x: Tensor) -> Tensor:
        """The residual of features with channels innermost.

        Biases and ReLUs between convolutions are taken while a product is written; the last convolution's bias is the
        shortcut's, too.
        """
        norm, relu = self.norm_and_relu
        inner = relu(norm(x)).permute(0, 2, 3, 1)
        pixels = torch._addmm_activation(self.inner[1], inner.flatten(0, 2), self.inner[0])
        y = convolved(pixels.unflatten(0, inner.shape[:3]).permute(0, 3, 1, 2), *self.middle)
        added = F.linear(y.permute(0, 2, 3, 1), *self.outer).permute(0, 3, 1, 2)
        return added.add_(x if self.beside is None else F.conv2d(x, self.beside, padding=1))


class FoldedStem(nn.Sequential):
    """The stem of a folded :class:`~shg_xai.models.stacked_hourglass.StackedHourglass`, in the same way."""

    first: tuple[Tensor, Tensor, tuple[int, ...], tuple[int, ...]]  # weight, bias, stride, padding
    dtype: torch.dtype | None

    def __init__(self, stem: nn.Sequential, dtype: torch.dtype) -> None:
        super().__init__(*stem)
        conv: Any = self[0]
        self.dtype, self.first = dtype, (conv.weight.to(dtype), conv.bias.to(dtype), conv.stride, conv.padding)

    def forward(self, input: Tensor) -> Tensor:
        """Images (N, 3, 4H, 4W) to features (N, C, H, W)."""
        layers, lowered = list(self), torch.is_autocast_enabled('cuda')
        x = input.to(self.dtype) if self.dtype and lowered and torch.get_autocast_dtype('cuda') == self.dtype else input
        if not fits(x, self.dtype, layers[:3]):
            return super().forward(input)
        x = convolved(x, *self.first)
        for layer in layers[3:]:
            x = layer(x)
        return x


def convolved(
    x: Tensor, weight: Tensor, bias: Tensor, stride: tuple[int, ...] = (1, 1), padding: tuple[int, ...] = (1, 1)
) -> Tensor:
    """ReLU of a convolution, in one kernel of cuDNN's."""
    return torch.cudnn_convolution_relu(x, weight, bias, stride, padding, (1, 1), 1)


def fits(x: Tensor, dtype: torch.dtype | None, layers: Sequence[nn.Module]) -> bool:
    """Whether fused kernels are there for features and pay, and nobody listens to a layer that they pass over."""
    if not x.is_cuda or torch.version.cuda is None or x.dtype != dtype or torch.is_grad_enabled():
        return False
    heard = any(one._forward_hooks or one._forward_pre_hooks for one in layers)
    return not heard and torch.backends.cudnn.enabled and x.is_contiguous(memory_format=torch.channels_last)


@torch.no_grad()
def fuse(model: nn.Module, dtype: torch.dtype) -> None:
    """Have a model's hourglasses computed in this way where features are of ``dtype``; in place, for inference only.

    Their normalisation must have been folded by mmcv's ``fuse_conv_bn``. To be called again when weights have changed.
    """
    for module in list(model.modules()):
        for name, child in list(module.named_children()):
            heard = child._forward_hooks or child._forward_pre_hooks  # which another module would not have
            if isinstance(child, Residual) and isinstance(child.branch[3], nn.Identity) and not heard:
                setattr(module, name, FoldedResidual(child, dtype))
    for module in model.modules():
        if isinstance(module, StackedHourglass) and isinstance(module.stem[1], nn.Identity):
            module.stem = FoldedStem(module.stem, dtype)


def part(model: nn.Module) -> None:
    """Have layers computed one by one again, with the weights that they have then; what :func:`fuse` did is undone."""
    for module in model.modules():
        if isinstance(module, FoldedResidual | FoldedStem):
            module.dtype = None

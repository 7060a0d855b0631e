"""Residuals for inference on a GPU, with less between their convolutions.

A large GPU multiplies faster than it reads and writes: in bfloat16 a quarter of the study's forward pass went to
biases, ReLUs and additions, each of which passes over all features. Shapes: N persons, C channels, D = C / 2 of them
within a residual, H x W the resolution.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from shg_xai.models.hourglass import Residual


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

    def __init__(self, residual: Residual, dtype: torch.dtype) -> None:
        super(Residual, self).__init__()
        self.branch, self.shortcut, self.dtype = residual.branch, residual.shortcut, dtype
        first, middle, last = (layer for layer in self.branch if isinstance(layer, nn.Conv2d))
        assert first.bias is not None and middle.bias is not None and last.bias is not None
        # Plain tensors: parameters and buffers would be expected in an average of weights, too.
        self.inner = first.weight.flatten(1).T.to(dtype), first.bias.to(dtype)
        lowest = -middle.bias.to(dtype)
        self.middle = middle.weight.to(dtype), lowest[:, None, None]
        weight = last.weight.flatten(1).to(dtype)
        bias, self.beside = last.bias - weight.float() @ lowest.float(), None
        if isinstance(self.shortcut, nn.Conv2d):
            assert self.shortcut.bias is not None
            bias, self.beside = bias + self.shortcut.bias, self.shortcut.weight.detach().to(dtype)
        self.outer = weight, bias.to(dtype)

    def forward(self, x: Tensor) -> Tensor:
        return self.fused(x) if fits(x, self.dtype, self.branch, self.shortcut) else super().forward(x)

    def fused(self, x: Tensor) -> Tensor:
        """The residual of features with channels innermost.

        The first ReLU between convolutions is taken while a product is written. The second, ReLU(y + b), is
        max(y, -b) + b, of which the last convolution takes + b into its bias; and it takes the shortcut's.
        """
        norm, relu = self.branch[:2]
        inner = relu(norm(x)).permute(0, 2, 3, 1)
        pixels = torch._addmm_activation(self.inner[1], inner.flatten(0, 2), self.inner[0])
        y = F.conv2d(pixels.unflatten(0, inner.shape[:3]).permute(0, 3, 1, 2), self.middle[0], padding=1)
        inner = torch.maximum(y, self.middle[1]).permute(0, 2, 3, 1)
        added = F.linear(inner, *self.outer).permute(0, 3, 1, 2)
        return added.add_(x if self.beside is None else F.conv2d(x, self.beside, padding=1))


def fits(x: Tensor, dtype: torch.dtype, *layers: nn.Module) -> bool:
    """Whether fused kernels pay for features, and nobody listens to a layer that they pass over."""
    if not x.is_cuda or x.dtype != dtype or torch.is_grad_enabled():
        return False
    heard = any(one._forward_hooks or one._forward_pre_hooks for layer in layers for one in layer.modules())
    return not heard and x.is_contiguous(memory_format=torch.channels_last)


@torch.no_grad()
def fuse(model: nn.Module, dtype: torch.dtype) -> None:
    """Put :class:`FoldedResidual` in the place of a model's residuals, for features of ``dtype``; for inference only.

    Their normalisation must have been folded by mmcv's ``fuse_conv_bn``. To be called again when weights have changed.
    """
    for module in list(model.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, Residual) and isinstance(child.branch[3], nn.Identity):
                setattr(module, name, FoldedResidual(child, dtype))

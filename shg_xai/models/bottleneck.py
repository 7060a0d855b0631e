"""What every bottleneck has in common, whatever it squeezes a latent through.

Shapes: N persons, C channels, H x W the resolution, D units of the code.
"""

import math
from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import torch
from mmengine.model import BaseModule
from torch import Tensor

from shg_xai.errors import InputError


def multiplicative_noise(x: Tensor, scale: float) -> Tensor:
    """x + scale * x * n with n ~ N(0, 1), i.e. noise N(0, (scale * x)^2); any shape."""
    return x + scale * x * torch.randn_like(x)


class BottleneckNeck(BaseModule):
    """What every bottleneck is: (N, C, H, W) -> code (N, D) -> (N, C, H, W), by ``encode`` and ``decode``.

    It can stand in the hourglass, after any MMPose backbone, or be trained alone on latents (LatentAutoencoder); of
    several feature maps it takes the last, as HeatmapHead does, and passes the others on. ``SETTINGS`` names the
    arguments that decide what it computes and that no weight tells of.

    Args:
        in_channels: C.
        in_featuremap_size: [W, H].
        code_channels: D, width of the code.
        noise: Scale of the multiplicative noise on the input, in training only; see :func:`multiplicative_noise`.
        init_cfg: Glorot normal unless given.

    Raises:
        InputError: A size below 1, or a feature map of another shape.
    """

    SETTINGS: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        in_channels: int,
        in_featuremap_size: tuple[int, int],
        code_channels: int,
        noise: float,
        init_cfg: dict | list[dict] | None,
    ) -> None:
        glorot = dict(type='Xavier', layer=['Conv2d', 'Linear'], distribution='normal')
        names = 'in_channels, in_featuremap_size and code_channels'
        self.check_sizes(names, in_channels, code_channels, *in_featuremap_size)
        super().__init__(glorot if init_cfg is None else init_cfg)
        width, height = in_featuremap_size
        self.in_shape = (in_channels, height, width)
        self.code_channels, self.noise = code_channels, noise

    @classmethod
    def check_sizes(cls, names: str, *sizes: int) -> None:
        """Refuse (InputError) sizes below 1."""
        if any(size < 1 for size in sizes):
            raise InputError(f'{cls.__name__}: {names} must be at least 1')

    def check_shape(self, x: Tensor) -> None:
        """Refuse (InputError) feature maps of another shape."""
        if x.shape[1:] != self.in_shape:
            shapes = f'(C, H, W) = {self.in_shape}, got {tuple(x.shape[1:])}'
            mend = 'set in_channels and in_featuremap_size=[W, H]'
            raise InputError(f'{type(self).__name__} expects feature maps {shapes}: {mend}')

    def check_no_wider(self) -> None:
        """Refuse (InputError) a code that is wider than the latent."""
        if self.code_channels > math.prod(self.in_shape):
            fault = f'is a width larger than the latent, which has {math.prod(self.in_shape)} values'
            name = type(self).__name__
            raise InputError(f'{name}: code_channels={self.code_channels} {fault}; choose a smaller one')

    @abstractmethod
    def encode(self, x: Tensor) -> Tensor:
        """Feature map (N, C, H, W) to code (N, D)."""

    @abstractmethod
    def decode(self, code: Tensor) -> Tensor:
        """Code (N, D) to feature map (N, C, H, W)."""

    def noisy(self, x: Tensor) -> Tensor:
        """A feature map as training sees it; elsewhere as it is."""
        return multiplicative_noise(x, self.noise) if self.training and self.noise else x

    def reconstruct(self, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Reconstruct a feature map (N, C, H, W); with it what training adds to the loss, scalars by name."""
        return self.decode(self.encode(self.noisy(x))), {}

    def forward(self, x: Tensor | Sequence[Tensor]) -> Tensor | tuple[Tensor, ...]:
        """Reconstruct a feature map (N, C, H, W), or the last of several."""
        return self.reconstruct(x)[0] if isinstance(x, Tensor) else (*x[:-1], self(x[-1]))

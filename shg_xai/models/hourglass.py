"""One hourglass: down to a small latent, and up again with the help of skip connections.

Newell, Yang and Deng, "Stacked Hourglass Networks for Human Pose Estimation", section 3, arxiv.org/abs/1603.06937.
Shapes: N persons, C channels, H x W the resolution the hourglass works at, h x w = H x W divided by 2**depth. Level 0
is the finest, H x W.
"""

from collections.abc import Callable, Sequence

import torch.nn.functional as F
from mmcv.cnn import build_norm_layer
from mmengine.model import BaseModule
from torch import Tensor, nn

from shg_xai.models.pointwise import PointwiseConv2d

Skips = tuple[Tensor | None, ...]

SHORTCUTS = ('conv3x3', 'identity')


class Residual(BaseModule):
    """Pre-activation bottleneck residual, (N, C, H, W) -> (N, C, H, W), with half of C (even) inside.

    ``shortcut`` is ``'conv3x3'``, the study's, or ``'identity'``, Newell et al.'s, which costs less than half.
    """

    def __init__(self, channels: int, shortcut: str, norm_cfg: dict) -> None:
        super().__init__()
        half = channels // 2
        layers: list[nn.Module] = []
        for in_channels, out_channels, kernel in ((channels, half, 1), (half, half, 3), (half, channels, 1)):
            layers += [
                build_norm_layer(norm_cfg, in_channels)[1],
                nn.ReLU(inplace=True),
                PointwiseConv2d(in_channels, out_channels)
                if kernel == 1
                else nn.Conv2d(in_channels, out_channels, kernel, padding=1),
            ]
        self.branch = nn.Sequential(*layers)
        self.shortcut = nn.Identity() if shortcut == 'identity' else nn.Conv2d(channels, channels, 3, padding=1)

    @property
    def last(self) -> nn.Conv2d:
        """The layer whose output is added to the shortcut."""
        layer = self.branch[-1]
        assert isinstance(layer, nn.Conv2d)  # as it is made
        return layer

    def forward(self, x: Tensor) -> Tensor:
        return self.shortcut(x) + self.branch(x)


class Hourglass(BaseModule):
    """Encoder, bottleneck and decoder, (N, C, H, W) -> (N, C, H, W).

    Skips are values, not state: ``encode`` returns them and ``decode`` takes any, so a latent can be decoded with its
    own skips, with none or with another person's.

    Args:
        residual: Makes one residual of C channels.
        skip_connections: For each level whether its skip is used; a branch that is off keeps its weights.
        num_bottleneck: Residuals at h x w; the last one's output is the latent.
        bottleneck: What the latent passes before it is decoded.
    """

    def __init__(
        self,
        residual: Callable[[], Residual],
        skip_connections: Sequence[bool],
        num_bottleneck: int,
        bottleneck: nn.Module,
    ) -> None:
        super().__init__()
        self.skip_connections = tuple(skip_connections)
        self.skips = nn.ModuleList(residual() for _ in skip_connections)
        self.downs = nn.ModuleList(residual() for _ in skip_connections)
        self.bottleneck_residuals = nn.Sequential(*(residual() for _ in range(num_bottleneck)))
        self.bottleneck = bottleneck
        # Level 0 has no residual after the addition.
        self.ups = nn.ModuleList([nn.Identity(), *(residual() for _ in skip_connections[1:])])

    def encode(self, x: Tensor) -> tuple[Tensor, Skips]:
        """Features (N, C, H, W) to the latent (N, C, h, w) and each level's skip, finest first; None where off."""
        skips: list[Tensor | None] = []
        for skip, down, is_on in zip(self.skips, self.downs, self.skip_connections, strict=True):
            skips.append(skip(x) if is_on else None)
            x = down(F.max_pool2d(x, 2))
        return self.bottleneck_residuals(x), tuple(skips)

    def decode(self, latent: Tensor, skips: Skips) -> Tensor:
        """A latent (N, C, h, w) up to features (N, C, H, W), with skips as ``encode`` returns them (None: nothing)."""
        x = latent
        for up, skip in zip(reversed(self.ups), reversed(skips), strict=True):
            x = F.interpolate(x, scale_factor=2, mode='nearest')
            x = up(x if skip is None else x + skip)
        return x

    def forward(self, x: Tensor) -> Tensor:
        latent, skips = self.encode(x)
        return self.decode(self.bottleneck(latent), skips)

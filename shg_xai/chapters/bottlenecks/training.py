"""Bottlenecks of one width, trained alone on latents in memory.

Latents of networks differ in size by orders of magnitude, and by how far their mean is from 0: a rate of learning that
suits one diverges or stands still on another. So what is trained sees deviations from the mean latent in units of their
standard deviation, and is handed out as something that takes and gives latents as they are (:class:`Standardised`).

Shapes: N persons, C channels, H x W the resolution, W units of the code, D = C H W values of a latent.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from mmengine.registry import init_default_scope
from mmpose.registry import MODELS
from numpy.typing import NDArray
from torch import Tensor, nn

import shg_xai.plugin  # noqa: F401  (the bottlenecks are registered)
from shg_xai.chapters.bottlenecks.options import BottlenecksOptions, Kind
from shg_xai.errors import InputError
from shg_xai.models import BottleneckNeck, TopKNeck

BATCH, RATE, WARM_UP = 32, 3e-3, 0.1
AT_ONCE = 2048  # persons encoded at a time
Shape = tuple[int, int, int]  # C, H, W


def shape_of(shape: Sequence[int]) -> Shape:
    """C, H and W of a layer's output, which may be without positions; InputError where it is neither."""
    if len(shape) not in (1, 3):
        raise InputError(f'--layer: its output has {len(shape)} dimensions; name one of (C, H, W) or (C,)')
    channels, height, width = (*shape, 1, 1)[:3]
    return channels, height, width


def configs(options: BottlenecksOptions, shape: Shape) -> dict[Kind, dict[str, object]]:
    """The config of each kind of bottleneck that is asked for."""
    channels, height, width = shape
    hidden = options.hidden or (min(channels, 64),) * 3
    common = dict(in_channels=channels, in_featuremap_size=(width, height), code_channels=options.width)
    dense = dict(type='AutoencoderNeck', code_relu=False, output_relu=False)
    known: Mapping[Kind, dict[str, object]] = {
        'linear': dict(dense, hidden_channels=(), noise=0.0),
        'plain': dict(dense, hidden_channels=hidden),
        'topk': dict(type='TopKNeck', active=options.active),
        'variational': dict(type='VariationalNeck', hidden_channels=hidden),
    }
    return {kind: common | known[kind] for kind in options.kinds}


def build(config: Mapping[str, object], seed: int) -> BottleneckNeck:
    """A bottleneck as it starts."""
    init_default_scope('mmpose')
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        neck: BottleneckNeck = MODELS.build(dict(config))
        neck.init_weights()
    return neck


class Standardised(nn.Module):
    """A bottleneck of deviations from a mean latent (C, H, W), in units of a standard deviation."""

    center: Tensor

    def __init__(self, neck: BottleneckNeck, center: Tensor, scale: float) -> None:
        super().__init__()
        self.neck, self.scale = neck, scale
        self.register_buffer('center', center)

    def encode(self, x: Tensor) -> Tensor:
        """Latents (N, C, H, W) to codes (N, W)."""
        return self.neck.encode((x - self.center) / self.scale)

    def decode(self, code: Tensor) -> Tensor:
        """Codes (N, W) to latents (N, C, H, W)."""
        return self.neck.decode(code) * self.scale + self.center

    def forward(self, x: Tensor) -> Tensor:
        """Latents (N, C, H, W) as they come back."""
        return self.decode(self.encode(x))


def train(config: Mapping[str, object], latents: Tensor, steps: int, seed: int) -> Standardised:
    """A bottleneck trained on latents (N, C, H, W), in evaluation mode; the same for the same seed.

    The mean latent is taken off where there are no convolutions, which could not put it into their weights later.

    Adam, whose rate rises for a tenth of the steps and then falls along a cosine. A unit of a dictionary counts as dead
    after a tenth of the training without firing.
    """
    neck = build(config, seed).train()
    if isinstance(neck, TopKNeck):
        neck.dead_after = max(1, steps * BATCH // 10)
    plain = any(isinstance(layer, nn.Conv2d) for layer in neck.modules())
    center = torch.zeros(latents.shape[1:]) if plain else latents.mean(0)
    scale = float((latents - center).square().mean().sqrt()) or 1.0
    optimizer = torch.optim.Adam(neck.parameters(), lr=RATE)
    rise = max(1, int(WARM_UP * steps))
    rates = torch.optim.lr_scheduler.LambdaLR(
        optimizer,
        lambda step: min((step + 1) / rise, 0.5 + 0.5 * math.cos(math.pi * max(0, step - rise) / max(1, steps - rise))),
    )
    random = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.manual_seed(seed)
        for _ in range(steps):
            batch = latents[torch.randint(len(latents), (BATCH,), generator=random)]
            batch = (batch - center) / scale
            made, more = neck.reconstruct(batch)
            loss = (made - batch).square().mean() + sum(more.values())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            rates.step()
    return Standardised(neck.eval(), center, scale)


@dataclass(frozen=True)
class Answers:
    """What a bottleneck says of N persons, in the order of their latents."""

    codes: NDArray[np.float32]  # (N, W)
    errors: NDArray[np.float64]  # squared, summed over values, (N,)


@torch.no_grad()
def answers(neck: Standardised, latents: Tensor) -> Answers:
    """Codes and errors of latents (N, C, H, W)."""
    codes, errors = [], []
    for part in torch.split(latents, AT_ONCE):
        code = neck.encode(part)
        codes.append(code.float().numpy())
        errors.append((neck.decode(code) - part).flatten(1).double().square().sum(1).numpy())
    return Answers(np.concatenate(codes), np.concatenate(errors))


@torch.no_grad()
def directions(neck: Standardised, codes: NDArray[np.float32]) -> NDArray[np.float64]:
    """What each unit adds to a latent, per unit of it, about the mean code: (D, W), by a difference of one standard
    deviation to either side; of what decodes linearly it is the unit's direction.
    """
    mean, spread = torch.from_numpy(codes.mean(0)), torch.from_numpy(codes.std(0))
    step = torch.diag(torch.where(spread > 0, spread, 1))
    ends = [neck.decode(mean + way * step).flatten(1).double() for way in (0.5, -0.5)]
    found: NDArray[np.float64] = ((ends[0] - ends[1]) / step.diagonal()[:, None]).T.numpy()
    return found

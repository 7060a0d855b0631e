"""How many channels a layer needs: its spectrum over channels, and where it stands in a network.

Each position of each person is one sample of C values, so what is found is what a 1x1 convolution to fewer channels
would keep.

Shapes: N persons, C channels, H x W the resolution of a layer, M = N H W samples.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from shg_xai.stats.moments import Moments, joined
from shg_xai.stats.pca import Components, components_for, participation_ratio

SHARE = 0.95
# The stages of StackedHourglass, by the part of the network they are; level 0 of ups computes
# nothing of its own.
STAGES = {
    'skip': re.compile(r'backbone\.hourglasses\.(\d+)\.skips\.(\d+)'),
    'encoder': re.compile(r'backbone\.hourglasses\.(\d+)\.downs\.(\d+)'),
    'bottleneck': re.compile(r'backbone\.hourglasses\.(\d+)\.bottleneck_residuals'),
    'decoder': re.compile(r'backbone\.hourglasses\.(\d+)\.ups\.([1-9]\d*)'),
    'after': re.compile(r'backbone\.residuals\.(\d+)'),
}


@dataclass(frozen=True)
class Place:
    """Where a layer stands in a StackedHourglass; all None where it is no stage of one.

    Attributes:
        stack: Which hourglass, from 0.
        part: ``encoder``, ``skip``, ``bottleneck``, ``decoder`` or ``after``.
        level: 0 is the finest; None where the part has no levels.
    """

    stack: int | None = None
    part: str | None = None
    level: int | None = None


def place_of(layer: str) -> Place:
    """Where a layer of a StackedHourglass stands, by its name."""
    for part, name in STAGES.items():
        found = name.fullmatch(layer)
        if found:
            stack, *level = map(int, found.groups())
            return Place(stack, part, level[0] if level else None)
    return Place()


def channel_ladder(channels: int) -> list[int]:
    """Numbers of components to try: 0, the powers of two below C, and C, ascending."""
    powers = {2**exponent for exponent in range(channels.bit_length())}
    return sorted({0, channels, *(k for k in powers if k < channels)})


def channel_moments(outputs: np.ndarray, before: Moments | None = None) -> Moments:
    """Mean and scatter over channels, in float64, of a batch and of all batches before it.

    Args:
        outputs: What a layer put out, any float type, shape (N, C, H, W).
        before: Of earlier batches.

    Returns:
        ``count`` is the number of samples so far, D is C.
    """
    found = before
    for person in outputs:  # one at a time bounds the memory float64 takes
        samples = person.reshape(len(person), -1).T.astype(np.float64)
        mean = samples.mean(axis=0)
        centred = samples - mean
        own = Moments(len(samples), mean, centred.T @ centred)
        found = own if found is None else joined(found, own)
    return found


def spectrum_over_channels(components: Components) -> dict[str, Any]:
    """``explained_variance_ratio``, ``components_95`` and ``participation_ratio`` for the results.

    A layer that puts out the same everywhere has no variance to share out: all are None then.

    Args:
        components: Of C channels.
    """
    values = components.eigenvalues
    if not values.sum() > 0:
        return dict(explained_variance_ratio=None, components_95=None, participation_ratio=None)
    return dict(
        explained_variance_ratio=components.ratio.tolist(),
        components_95=components_for(values, SHARE),
        participation_ratio=participation_ratio(values),
    )


def explained_by(components: Components, k: int) -> float | None:
    """Share of the variance that the first k components hold; None where nothing varies."""
    total = components.eigenvalues.sum()
    if not total > 0:
        return None
    return min(float(components.eigenvalues[:k].sum() / total), 1.0)


def most_redundant(layers: Sequence[Mapping[str, Any]]) -> list[str]:
    """The layers whose suggested k is the smallest share of their channels; several if equal.

    Args:
        layers: Each with ``name``, ``channels`` and ``suggestion``'s ``k``.

    Returns:
        Names, in the given order.
    """
    shares = [layer['suggestion']['k'] / layer['channels'] for layer in layers]
    return [layer['name'] for layer, share in zip(layers, shares, strict=True) if share == min(shares)]

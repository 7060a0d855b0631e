"""How many channels a layer needs: its spectrum over channels, and where it stands in a network.

Each position of each person is one sample of C values, so what is found is what a 1x1 convolution to fewer channels
would keep.

Shapes: N persons, C channels, H x W the resolution of a layer, M = N H W samples.
"""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from shg_xai.chapters.channel_redundancy.results import ChannelSpectrum, LayerChannels, Part
from shg_xai.stats.moments import Moments, joined
from shg_xai.stats.pca import Components, components_for, participation_ratio

SHARE = 0.95
# The stages of StackedHourglass, by the part of the network they are; level 0 of ups computes nothing of its own.
STAGES: dict[Part, re.Pattern[str]] = {
    'skip': re.compile(r'backbone\.hourglasses\.(\d+)\.skips\.(\d+)'),
    'encoder': re.compile(r'backbone\.hourglasses\.(\d+)\.downs\.(\d+)'),
    'bottleneck': re.compile(r'backbone\.hourglasses\.(\d+)\.bottleneck_residuals'),
    'decoder': re.compile(r'backbone\.hourglasses\.(\d+)\.ups\.([1-9]\d*)'),
    'after': re.compile(r'backbone\.residuals\.(\d+)'),
}


class Place(NamedTuple):
    """Where a layer stands in a StackedHourglass, see :class:`LayerChannels`; all None where it is no stage of one."""

    stack: int | None = None
    part: Part | None = None
    level: int | None = None


def place_of(layer: str) -> Place:
    """Where a layer of a StackedHourglass stands, by its name."""
    for part, name in STAGES.items():
        if found := name.fullmatch(layer):
            stack, *level = map(int, found.groups())
            return Place(stack, part, level[0] if level else None)
    return Place()


def channel_moments(outputs: NDArray[np.floating[Any]], before: Moments | None = None) -> Moments:
    """Mean and scatter over channels, in float64, of a layer's outputs (N, C, H, W) and of all batches before them."""
    for person in outputs:  # one at a time bounds the memory float64 takes
        samples = person.reshape(len(person), -1).T.astype(np.float64)
        mean = samples.mean(axis=0)
        centred = samples - mean
        own = Moments(len(samples), mean, centred.T @ centred)
        before = own if before is None else joined(before, own)
    assert before is not None, 'a batch has a person'
    return before


def spectrum_over_channels(components: Components, ks: Sequence[int]) -> ChannelSpectrum | None:
    """How C channel components share out the variance; None where nothing varies, so that there is none."""
    values = components.eigenvalues
    total = values.sum()
    if not total > 0:
        return None
    return ChannelSpectrum(
        explained_variance_ratio=components.ratio.tolist(),
        cumulative=[min(float(values[:k].sum() / total), 1.0) for k in ks],
        components_95=components_for(values, SHARE),
        participation_ratio=participation_ratio(values),
    )


def most_redundant(layers: Sequence[LayerChannels]) -> list[LayerChannels]:
    """The layers whose suggested k is the smallest share of their channels; several if equal, in their order."""
    shares = [layer.suggestion.k / layer.channels for layer in layers]
    return [layer for layer, share in zip(layers, shares, strict=True) if share == min(shares)]

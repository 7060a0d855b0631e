"""Edits: what takes the place of what a layer puts out, in a field's words.

- ``zero`` and ``constant`` (mean ablation): the layer says nothing, or what it says on average. Zero takes the network
  far from anything it has seen; the mean stays near, and still tells nothing about the person.
- ``resample`` (resample ablation, also called interchange intervention): the output of another person, of another
  image. What the network then gets is real but of the wrong person: what it loses was information.
- ``project`` (component projection): the output as its first k principal components leave it.
- ``shift`` (steering): the output, or a start that all share, moved along a direction.

Zhang and Nanda, Towards Best Practices of Activation Patching in Language Models (2024), section 2, compare them.
An edit is given the batch at hand and a place and returns the function of the layer's output that :func:`tap` wants.
Shapes: N persons of a batch, C channels, H x W the resolution of a layer, D = C H W values of a latent, k components.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from shg_xai.tracing.tap import Change, Outputs, Replacement


@dataclass(frozen=True)
class Batch:
    """The persons whose outputs are edited, by their numbers (N,) in the data set.

    ``donors`` is what each place that is resampled put out for the donors of these persons, a tensor (N, ...) a call.
    """

    persons: NDArray[np.int64]
    donors: Outputs = field(default_factory=dict)


Edit = Callable[[Batch, str], Change]


def zero(batch: Batch, place: str) -> Replacement:
    """Zeros."""
    return torch.zeros_like


def resample(batch: Batch, place: str) -> Replacement:
    """What the place put out for each person's donor."""
    return given(batch.donors[place])


def constant(values: Sequence[Tensor]) -> Edit:
    """The same for everybody, as the mean over persons: a tensor (1, ...) for each call of the layer in a pass."""
    return lambda batch, place: given(values)


def project(mean: Tensor, vectors: Tensor) -> Edit:
    """What the first k principal components V (D, k) leave: mean + V V^T (x - mean), by the mean latent (D,)."""
    return _in_float32(lambda x: _projected(x.flatten(1), mean, vectors).reshape(x.shape))


def project_channels(mean: Tensor, vectors: Tensor) -> Edit:
    """The same at each position of a feature map (N, C, H, W), by mean (C,) and components (C, k) over channels."""
    return _in_float32(lambda x: _projected(x.movedim(1, -1), mean, vectors).movedim(-1, 1))


def shift(offset: Tensor, start: Tensor | None = None) -> Edit:
    """Latents moved by an offset (D,), each from where it is, or all from one start (D,)."""
    return _in_float32(
        lambda x: ((x.flatten(1) if start is None else start) + offset).expand(len(x), -1).reshape(x.shape)
    )


def shift_each(offsets: Tensor) -> Edit:
    """Latents moved, each person's by its own of the offsets of the whole data set, float32, (persons, D)."""
    return lambda batch, place: shift(offsets[torch.from_numpy(batch.persons)])(batch, place)


def through(change: Replacement) -> Edit:
    """What a function, as an autoencoder, makes of the output; it is given float32."""
    return _in_float32(change)


def always(change: Change) -> Edit:
    """The same function of what the layer puts out in every batch."""
    return lambda batch, place: change


def _in_float32(change: Replacement) -> Edit:
    """An edit by a function of what the layer puts out, in float32 whatever the network computes in."""

    def changed(x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            return _like(x, change(x.float()))

    return always(changed)


def _projected(x: Tensor, mean: Tensor, vectors: Tensor) -> Tensor:
    return mean + ((x - mean) @ vectors) @ vectors.T


def given(values: Sequence[Tensor]) -> Replacement:
    """Answers the calls of a layer in one pass with these values, one after the other."""
    left = iter(values)
    return lambda x: _like(x, next(left))


def _like(x: Tensor, values: Tensor) -> Tensor:
    """Values in the shape, type and memory format of what they take the place of."""
    return torch.empty_like(x).copy_(values)

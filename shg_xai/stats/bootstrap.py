"""Intervals by drawing images anew: persons of one photo are not independent of each other.

A cluster bootstrap (Davison and Hinkley, Bootstrap Methods and their Application, 1997, section 3.8): images are drawn
with replacement, as many as there are, and every person of an image comes along as often as the image was drawn. A
resample is so N whole numbers, the persons' weights.

Shapes: N persons in G images, V values a person.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from shg_xai.random_streams import stream
from shg_xai.results import Estimate, Over
from shg_xai.stats.arrays import Float, Floats, Int, Ints, NDArray, Shaped, Singles

FEWEST_IMAGES = 2
HELD = 2**22  # images in resamples that are held in memory: 16 MB
Groups = Shaped[NDArray[Any], ' N']  # the image of each person, any values


def resample_weights(groups: Groups, resamples: int | range, seed: int, parts: int = 1) -> Iterator[Int[Ints, ' N']]:
    """How often each person is in a resample of images, one resample after another; none of a single image, which says
    nothing about how images differ. Each depends on its number and the seed alone, so parts can be drawn anywhere.

    As many images are drawn as there are, or so many ``parts`` fewer: half as many with 2. Such a resample is as far
    from the sample as another sample of its size would be, as two samples differ with twice the variance of one.
    """
    images, image_of = np.unique(groups, return_inverse=True)
    if len(images) < FEWEST_IMAGES:
        return
    for place in range(resamples) if isinstance(resamples, int) else resamples:
        drawn = stream(seed, 'bootstrap', place).integers(0, len(images), -(-len(images) // parts))
        yield np.bincount(drawn, minlength=len(images))[image_of]


def _image_weights(images: int, resamples: int, seed: int) -> Iterator[Float[Floats, 's G']]:
    """How often each image is in the resamples, some resamples at a time; see :func:`resample_weights`. Those of few
    images are drawn once: a study asks for hundreds of intervals over the same ones.
    """
    if images < FEWEST_IMAGES:
        return
    if images * resamples <= HELD:
        yield _held_weights(images, resamples, seed).astype(float)
        return
    step = max(HELD // images, 1)
    for start in range(0, resamples, step):
        some = range(start, min(start + step, resamples))
        yield np.array(list(resample_weights(np.arange(images), some, seed)), float)


@lru_cache(maxsize=4)
def _held_weights(images: int, resamples: int, seed: int) -> Float[Singles, 'S G']:
    """Whole numbers, in float32 exact and half the size."""
    return np.array(list(resample_weights(np.arange(images), resamples, seed)), np.float32).reshape(-1, images)


def interval(samples: ArrayLike, confidence: float) -> tuple[float, float]:
    """Percentile interval of values from resamples, NaN where one had no value; both ends are NaN where less than half
    of them had one, as these would no longer stand for all.
    """
    samples = np.asarray(samples, dtype=float)
    known = samples[np.isfinite(samples)]
    if not len(known) or 2 * len(known) < len(samples):
        return math.nan, math.nan
    low, high = np.quantile(known, [(1 - confidence) / 2, (1 + confidence) / 2]).tolist()
    return low, high


def number(value: float) -> float | None:
    """A number for the results: None for what is not known."""
    return float(value) if math.isfinite(value) else None


def estimated(
    value: float, samples: Float[Floats, ' S'], confidence: float, n: int | None = None, over: Over = 'images'
) -> Estimate:
    """A number with the percentile interval of its samples; see :class:`~shg_xai.results.Estimate`."""
    low, high = interval(samples, confidence) if math.isfinite(value) else (math.nan, math.nan)
    return Estimate(value=number(value), low=number(low), high=number(high), n=n, over=over)


def mean_interval(
    values: Float[Floats | Singles, 'N ...'], groups: Groups, resamples: int, confidence: float, seed: int
) -> tuple[Floats, Floats, Floats]:
    """Means over persons and their intervals over images: mean, low and high end, each of shape () or (V,); NaN where
    nobody has a value, ends also where all persons are in one image. A resample costs G numbers and not N.
    """
    shape = np.shape(values)[1:]
    columns = np.asarray(values, dtype=float).reshape(len(values), -1).T
    images, image_of = np.unique(groups, return_inverse=True)
    known = np.isfinite(columns)
    both = (np.where(known, columns, 0), known)
    sums, counts = (np.stack([np.bincount(image_of, own, len(images)) for own in part], 1) for part in both)
    drawn, start = np.full((resamples, len(columns)), math.nan), 0
    with np.errstate(invalid='ignore', divide='ignore'):
        mean = sums.sum(0) / counts.sum(0)
        for times in _image_weights(len(images), resamples, seed):
            drawn[start : start + len(times)] = (times @ sums) / (times @ counts)
            start += len(times)
    ends = np.array([interval(column, confidence) for column in drawn.T])
    return mean.reshape(shape), ends[:, 0].reshape(shape), ends[:, 1].reshape(shape)


@dataclass(frozen=True)
class Bootstrap:
    """How intervals are drawn for one set of persons: a cluster bootstrap over their images, ``groups``."""

    groups: Groups
    resamples: int = 1000
    confidence: float = 0.95
    seed: int = 0

    def weights(self, some: range | None = None, parts: int = 1) -> Iterator[Int[Ints, ' N']]:
        """The persons' weights in all resamples, or in some; see :func:`resample_weights`."""
        return resample_weights(self.groups, self.resamples if some is None else some, self.seed, parts)

    def estimate(self, value: float, samples: Float[Floats, ' S'], n: int | None = None) -> Estimate:
        """A number, with what it was in the resamples."""
        return estimated(value, samples, self.confidence, n)

    def estimates(self, drawn: Float[Floats, '1+S V'], n: int | None = None) -> list[Estimate]:
        """V numbers, in the first row without resampling, with what they were in the resamples."""
        return [self.estimate(column[0], column[1:], n) for column in drawn.T]

    def means(self, values: Float[Floats | Singles, 'N V']) -> list[Estimate]:
        """Mean over persons of each column; of NaN nobody knows anything, and they do not count."""
        columns = np.asarray(values, dtype=float)
        counts = np.isfinite(columns).sum(0).tolist()
        if not len(columns):
            return [Estimate(value=None, n=count) for count in counts]
        ends = mean_interval(columns, self.groups, self.resamples, self.confidence, self.seed)
        told = [map(number, column) for column in zip(*ends, strict=True)]
        return [Estimate(value=at, low=low, high=high, n=n) for (at, low, high), n in zip(told, counts, strict=True)]

    def mean(self, values: Float[Floats | Singles, ' N']) -> Estimate:
        """Mean over persons, and its interval."""
        return self.means(np.asarray(values, dtype=float)[:, None])[0]

    def difference(self, a: Float[Floats, ' N'], b: Float[Floats, ' N']) -> Estimate:
        """Mean over persons of a - b, over those who have both: what makes persons easy or hard for both goes out, so
        the interval is that of the difference and not of two means.
        """
        return self.mean(np.asarray(a, dtype=float) - b)

    def of(self, chosen: NDArray[np.bool_] | Ints) -> 'Bootstrap':
        """The same for some of the persons, by mask or number."""
        return replace(self, groups=self.groups[chosen])

"""Many means at once: intervals that hold together, and one-sided ends, from resamples of images.

Of 100 intervals at 95 %, five leave out the truth though nothing is there, and whoever reports those that leave out
zero reports chance. Simultaneous intervals widen all alike until *every one* holds with 95 %: in each resample of
images the largest of all standardised deviations, max |t|, is noted, and its 95 % quantile takes the place of 1.96.
What goes together in the same persons is so allowed for, and costs little (Romano and Wolf, Exact and Approximate
Stepdown Methods for Multiple Hypothesis Testing, JASA 2005, section 3; Davison and Hinkley, 1997, section 4.2).

A standard error from R resamples of G images is itself uncertain, as if it had 1 / (1 / (G - 1) + 1 / (R - 1)) degrees
of freedom; Student's t at the same tail probability takes the place of the normal distribution, as in a t interval.
Fewer than :data:`FEWEST_IMAGES` tell nothing: there, what all of them share would look sure.

Shapes: N persons in G images, R resamples, V numbers a person; in ``1+R`` rows the first is without resampling.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm, skew
from scipy.stats import t as student

from shg_xai.results import Estimate
from shg_xai.stats.arrays import Bools, Float, Floats, Int, Ints, Singles
from shg_xai.stats.bootstrap import Bootstrap, number, resample_weights

FEWEST_IMAGES = 20
FEWEST_FOR_END = 150  # a rare loss that none of fewer images has seen is not ruled out by them
ROUNDING = 1e-12  # what spreads less is the same in all resamples
TOGETHER = 64  # resamples a matrix product; bounds memory


@dataclass(frozen=True)
class Drawn:
    """V means over persons as they are and in R resamples, and on how many persons and images each stands."""

    means: Float[Floats, '1+R V']
    persons: Int[Ints, ' V']
    images: Int[Ints, ' V']


class Resamples:
    """R resamples of images, drawn once for many sets of numbers of the same persons; R x G bytes.

    They are those of :meth:`~shg_xai.stats.bootstrap.Bootstrap.means`, and the same for all, so what two calls of
    :meth:`means` return can be subtracted: differences are paired by person.
    """

    def __init__(self, how: Bootstrap) -> None:
        images, self._image_of = np.unique(how.groups, return_inverse=True)
        self._count = len(images)
        weights = resample_weights(np.arange(self._count), how.resamples, how.seed)
        self._times = np.array([own.astype(np.uint8) for own in weights], dtype=np.uint8).reshape(-1, self._count)

    def means(self, values: Float[Floats | Singles, 'N V']) -> Drawn:
        """Means over the persons who have a value (others have NaN), as they are and in each resample."""
        known = np.isfinite(values)
        sums, counts = (
            np.stack([np.bincount(self._image_of, own, self._count) for own in part.T], axis=1)
            for part in (np.where(known, values, 0), known.astype(float))
        )
        with np.errstate(invalid='ignore', divide='ignore'):
            rows = [(sums.sum(0) / counts.sum(0))[None]]
            for start in range(0, len(self._times), TOGETHER):
                times = self._times[start : start + TOGETHER].astype(float)
                rows.append((times @ sums) / (times @ counts))
        return Drawn(np.concatenate(rows), known.sum(0), (counts > 0).sum(0))


def standard_errors(drawn: Float[Floats, '1+R V'], images: Int[Ints, ' V']) -> Float[Floats, ' V']:
    """Spread over the resamples, NaN where nothing can be told: fewer than :data:`FEWEST_IMAGES`, a resample without
    the number, or no resamples. Resampling G images spreads by a factor (G - 1) / G too little in variance.
    """
    if len(drawn) < 3:
        return np.full(drawn.shape[1], math.nan)
    told = _told(drawn, images)
    few = np.maximum(images, 2)
    spread = np.where(told, drawn[1:], 0).std(0, ddof=1) * np.sqrt(few / (few - 1))
    return np.where(told, np.where(spread > ROUNDING, spread, 0), math.nan)


def simultaneous(drawn: Float[Floats, '1+R V'], images: Int[Ints, ' V'], confidence: float) -> list[Estimate]:
    """V numbers with intervals that all hold at once with this confidence, symmetrical about each number.

    A number that is the same in every resample has an interval without width.
    """
    spread = standard_errors(drawn, images)
    varies = spread > 0
    reach = np.zeros_like(spread)
    if varies.any():
        moved = np.abs(drawn[1:, varies] - drawn[0, varies]) / spread[varies]
        share = min(confidence * len(drawn) / len(moved), 1)  # the deviation itself is one of R + 1
        largest = np.quantile(moved.max(axis=1), share, method='higher')
        reach = student.isf(norm.sf(largest), _degrees(drawn, images))
    far = np.where(varies, reach * spread, spread)  # NaN where nothing is told
    return [
        Estimate(value=number(value), low=number(value - own), high=number(value + own))
        for value, own in zip(drawn[0].tolist(), far.tolist(), strict=True)
    ]


def upper_ends(drawn: Float[Floats, '1+R V'], images: Int[Ints, ' V'], confidence: float) -> Float[Floats, ' V']:
    """Below which each of V numbers is with this confidence, one by one; NaN where nothing can be told.

    Nothing is told by fewer than :data:`FEWEST_FOR_END` images.

    Student's one-sided end, moved for skewness: a mean of mostly zeros and a few losses looks smaller and surer than it
    is where losses happen to be missing, so an end that is blind to it is too low. By the first term of the expansion,
    ``t + s (1 + 2 t^2) / 6`` standard errors, where s is the skewness of the mean (Johnson, Modified t Tests and
    Confidence Intervals for Asymmetrical Populations, JASA 1978), here of its resamples, and never downwards. Another s
    is one loss more: of X equal losses s standard errors are one, and the exact end of a count is about that of X + 1.
    """
    spread = np.where(images >= FEWEST_FOR_END, standard_errors(drawn, images), math.nan)
    t = student.ppf(confidence, _degrees(drawn, images))
    told = spread > 0
    lean = np.zeros_like(spread)
    lean[told] = np.maximum(skew(drawn[1:, told], axis=0), 0)
    ends: Floats = drawn[0] + (t + lean * (1 + (1 + 2 * t**2) / 6)) * spread
    return ends


def _degrees(drawn: Float[Floats, '1+R V'], images: Int[Ints, ' V']) -> Float[Floats, ' V']:
    """Degrees of freedom of standard errors."""
    return 1 / (1 / np.maximum(images - 1, 1) + 1 / max(len(drawn) - 2, 1))


def _told(drawn: Float[Floats, '1+R V'], images: Int[Ints, ' V']) -> Bools:
    return np.isfinite(drawn).all(axis=0) & (images >= FEWEST_IMAGES)

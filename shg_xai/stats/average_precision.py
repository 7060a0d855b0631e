"""Average precision of a ranked list, as COCO computes it, and in resamples of images.

Who is listed is gone through from the highest score down. Precision is the share of those so far that are right, recall
the share of all there are to be found. Precision at a recall is the best at that recall or a higher one, and 0 where it
is never reached; its mean over 101 recalls from 0 to 1, and over thresholds of what counts as right, is the average
precision, from 0 to 1. It asks for good predictions and for scores that tell the better from the worse.

pycocotools, cocoeval.py, ``accumulate``. Shapes: n listed, T thresholds, V variants of who is right, S resamples, G
images.
"""

from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

import numpy as np

from shg_xai.stats.arrays import Float, Floats, Int, Ints, Labels, NDArray, Shaped, Singles
from shg_xai.stats.executors import ordered

RECALLS = np.linspace(0, 1, 101)
SLICES = 2000  # of a list in resamples: precision is looked up at the ends of so many parts of it
TOGETHER = 50  # resamples
Bits = NDArray[np.uint16]  # of each listed person bit t says whether it is right at threshold t
Weights = Shaped[Labels, 'S G']  # how often each image was drawn


def average_precision(right: Float[Floats, 'T n'], listed: Float[Floats, ' n'], all_there: float) -> float:
    """Average precision of a list from the highest score down: of the weight ``listed`` at each place so much is
    ``right``, and ``all_there`` is the weight that could be. NaN where there is nothing to be found.
    """
    if not all_there:
        return np.nan
    found, so_far = right.cumsum(-1), listed.cumsum()
    precision = found / np.where(so_far > 0, so_far, 1)
    best = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    best = np.concatenate([best, np.zeros((len(best), 1))], axis=1)  # of recalls that are never reached
    places = [np.searchsorted(own, RECALLS) for own in found / all_there]
    return float(np.mean([own[at] for own, at in zip(best, places, strict=True)]))


def unpacked(bits: Shaped[Bits, ' n'], thresholds: int) -> Float[Floats, 'T n']:
    """Who is right at each threshold, as 0 and 1."""
    return ((bits >> np.arange(thresholds, dtype=np.uint16)[:, None]) & 1).astype(float)


@dataclass(frozen=True)
class Ranking:
    """A list from the highest score down, in V variants of who is right, and all who could be found."""

    right: Shaped[Bits, 'V n']
    image_of: Int[Ints, ' n']  # of each listed person, its number from 0 to G - 1
    there: Int[Ints, ' G']  # how many could be found in each image
    thresholds: int  # T

    def exactly(self) -> Float[Floats, ' V']:
        """The average precision of each variant."""
        once, total = np.ones(self.right.shape[1]), float(self.there.sum())
        return np.array([average_precision(unpacked(own, self.thresholds), once, total) for own in self.right])

    def in_resamples(self, weights: Weights, pool: Executor) -> Float[Floats, 'S V']:
        """The same where images are drawn anew. Of more than :data:`SLICES` listed, precision is looked up only at the
        ends of slices of equal length; what that changes of the list as it is, some thousandths at most, is taken out.
        """
        parts = [weights[start : start + TOGETHER] for start in range(0, len(weights), TOGETHER)]
        found = np.concatenate([np.empty((0, len(self.right))), *ordered(pool, partial(_resampled, self), parts)])
        as_is = _resampled(self, np.ones((1, len(self.there)), np.uint8))
        return found - as_is + self.exactly()


def _resampled(ranking: Ranking, weights: Weights) -> Floats:
    """The average precision in some resamples, (S, V)."""
    size = max(1, -(-ranking.right.shape[1] // SLICES))
    rest = -ranking.right.shape[1] % size
    drawn = np.pad(weights[:, ranking.image_of].astype(np.float32), ((0, 0), (0, rest)))
    drawn = np.ascontiguousarray(drawn.reshape(len(weights), -1, size).transpose(1, 2, 0))  # (slices, size, S)
    listed = drawn.sum(1, dtype=float).T
    there = weights.astype(float) @ ranking.there.astype(float)
    found = list(_variants(ranking, drawn, listed, there, size, rest))
    return np.array(found).reshape(-1, len(weights)).T


def _variants(
    ranking: Ranking, drawn: Singles, listed: Floats, there: Floats, size: int, rest: int
) -> Iterator[list[float]]:
    """For each variant the average precision in each resample."""
    for bits in ranking.right:
        right = np.pad(unpacked(bits, ranking.thresholds).astype(np.float32), ((0, 0), (0, rest)))
        sums = right.reshape(ranking.thresholds, -1, size).transpose(1, 0, 2) @ drawn  # (slices, T, S)
        each = np.moveaxis(sums.astype(float), 2, 0).swapaxes(1, 2)
        yield [average_precision(*one) for one in zip(each, listed, there.tolist(), strict=True)]

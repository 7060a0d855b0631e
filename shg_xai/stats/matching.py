"""Components of two trainings of one network, told which is which.

Another training gives components in another order, with another sign, or turned into one another. So persons' scores
along the components of one are correlated with those along the components of the other, and each component gets one
partner, so that the absolute correlations are as large as they can be together (Kuhn 1955; for units of networks Li and
others, "Convergent learning", 2016). A partner is always found: what matching alone gives is known from persons who
exchange their scores (:class:`Exchanged`).

An axis of nearly the variance of the next one is drawn by lot, in either training, and the lot is the same where both
look at the same persons. So axes of the first stay as they are reported, and those of the other are fitted anew in each
resample (:func:`in_resamples`), as in :mod:`shg_xai.stats.axes`: found again is what another training *and* other
persons give. A resample has half as many images. Where axes are but a lot, both samples' lots count: one of as many
images as there are stays nearer to the axes of these than other persons' would, and claims too much.

Shapes: N persons, A and B scores of theirs, the strongest component first, K components that are matched, S resamples.
"""

import math
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.optimize import linear_sum_assignment

from shg_xai.stats.arrays import Float, Float32, Floats, Int, Ints, Singles
from shg_xai.stats.bootstrap import Bootstrap
from shg_xai.stats.executors import ordered
from shg_xai.stats.pca import FLAT
from shg_xai.stats.simultaneous import simultaneous

BLOCK = 25  # resamples a task; fixed, so that nothing depends on the number of workers
PARTS = 2  # of the images a resample has one


def match(correlations: Float[Floats, 'K K']) -> tuple[Float[Floats, ' K'], Int[Ints, ' K']]:
    """Absolute correlation of each component (row) with its partner (column), and the number of that, from 0."""
    size = np.minimum(np.abs(correlations), 1)  # but for rounding
    partners = linear_sum_assignment(size, maximize=True)[1]
    return size[np.arange(len(size)), partners], partners


def with_refitted(
    scores: Float[Floats | Singles, 'N A'], others: Float[Floats | Singles, 'N B'], most: int, weights: Int[Ints, ' N']
) -> Float[Floats, 'K K']:
    """Correlations of the first K = ``most`` axes as they are with the first of the other training as these are fitted
    to weighted persons; 0 where an axis has no variance.

    Axes are fitted within the B components that are known, more than K: one that falls back behind the K-th is missed.
    """
    both = np.hstack([scores[:, :most], others]).astype(float)
    both -= np.average(both, axis=0, weights=weights)
    products = (both * weights[:, None]).T @ both
    variances, axes = np.linalg.eigh(products[most:, most:])
    own, other = products.diagonal()[:most], variances[::-1][:most]
    varies = np.outer(own > FLAT * own.max(), other > FLAT * other.max())
    spread = np.sqrt(np.outer(own, np.where(other > 0, other, 0)))
    cross = products[:most, most:] @ axes[:, ::-1][:, :most]
    return np.divide(cross, spread, out=np.zeros_like(cross), where=varies)


def in_resamples(
    scores: Float[Floats | Singles, 'N A'],
    others: Float[Floats | Singles, 'N B'],
    most: int,
    bootstrap: Bootstrap,
    executor: Executor,
) -> Float[Floats, 'S K']:
    """Absolute correlation of each of the first K axes with its partner in each resample of half as many images."""
    count = bootstrap.resamples
    parts = [range(start, min(start + BLOCK, count)) for start in range(0, count, BLOCK)]
    found = ordered(executor, partial(_some, scores, others, most, bootstrap), parts)
    return np.concatenate([np.empty((0, most)), *found])


def _some(
    scores: Floats | Singles, others: Floats | Singles, most: int, bootstrap: Bootstrap, part: range
) -> Float[Floats, 'S K']:
    drawn = [match(with_refitted(scores, others, most, weights))[0] for weights in bootstrap.weights(part, PARTS)]
    return np.array(drawn).reshape(-1, most)


def lower_ends(drawn: Float[Floats, 'S V'], images: int, confidence: float) -> Float[Floats, ' V']:
    """Above which V correlations lie, all at once, with this confidence; NaN where nothing can be told. There are
    ``images`` in all, of which each resample has half.

    Ends of simultaneous intervals (:func:`~shg_xai.stats.simultaneous.simultaneous`) of the angles whose cosines the
    correlations are: an axis that turns a little makes angles about as a normal number without its sign, while
    correlations, and Fisher's z of them still more, pile up at 1. Intervals are about the mean of the resamples and not
    about the value: an axis that turns can only lose, which is no bias to be taken away but what is asked for.
    """
    if len(drawn) < 2:
        return np.full(drawn.shape[1], math.nan)
    angles = np.arccos(np.minimum(drawn, 1))
    about = np.concatenate([angles.mean(0, keepdims=True), angles])
    ends = simultaneous(about, np.full(drawn.shape[1], images // PARTS), confidence)
    return np.array([math.nan if end.high is None else math.cos(min(end.high, math.pi / 2)) for end in ends])


@dataclass(frozen=True)
class Exchanged:
    """Matched correlations with T other trainings where persons exchange their scores, of mean 0 and variance 1."""

    scores: Float32[Singles, 'N K']
    others: Float32[Singles, 'N T*K']

    @classmethod
    def of(cls, scores: Singles, others: Sequence[Singles], most: int) -> 'Exchanged':
        """Of the first K = ``most`` components of each."""
        return cls(_scaled(scores[:, :most]), np.hstack([_scaled(other[:, :most]) for other in others]))

    def matched(self, source: Int[Ints, ' N']) -> Float[Floats, ' T*K']:
        """Absolute correlations with the partners, where each person has the scores of another one."""
        count, most = self.scores.shape
        found = (self.scores[source].T @ self.others).astype(float) / count
        return np.concatenate([match(own)[0] for own in np.split(found, found.shape[1] // most, axis=1)])


def _scaled(scores: Singles) -> Singles:
    """Columns of mean 0 and variance 1, or 0 where they do not vary."""
    apart = scores - scores.mean(0, dtype=float)
    variances = (apart**2).mean(0)
    varies = variances > FLAT * variances.max()
    return np.where(varies, apart / np.sqrt(np.where(varies, variances, 1)), 0).astype(np.float32)

"""Midranks under weights, and correlations of them in resamples of images.

In a resample a person counts as often as its image was drawn. Ranking the repeated persons would sort them each time;
instead each column is sorted once, and in a resample the midrank of a distinct value follows from cumulative weights in
sorted order, ties included. Numbers here are twice a midrank, less their mean: whole numbers, so exact, and neither
factor nor mean matters to a correlation.

Shapes: n persons ranked, P columns, S resamples.
"""

import math
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

import numpy as np

from shg_xai.stats.arrays import Float, Floats, Int, Ints
from shg_xai.stats.bootstrap import Bootstrap
from shg_xai.stats.executors import ordered

BLOCK = 50  # resamples a task; fixed, so that nothing depends on the number of workers
LEAST_LEFT = 1e-9  # share of a variance; less is rounding


@dataclass(frozen=True)
class Ranker:
    """The order of one column of values, from which ranks under any weights follow: persons by ascending value, the
    place in that order of the last of each distinct value (None if all differ), and the number of each person's value.
    """

    order: Int[Ints, ' n']
    ends: Ints | None
    value_of: Int[Ints, ' n']

    @classmethod
    def of(cls, values: Float[Floats, ' n']) -> 'Ranker':
        """Sort values, none of them NaN."""
        order = np.argsort(values, kind='stable')
        new = np.diff(values[order]) != 0
        value_of = np.empty(len(values), np.int64)
        value_of[order] = np.concatenate([np.zeros(min(len(values), 1), np.int64), np.cumsum(new)])
        ends = np.append(np.flatnonzero(new), len(values) - 1)
        return cls(order, None if len(ends) == len(values) else ends, value_of)

    def ranks(self, weights: Int[Ints, ' n'], work: Int[Ints, '3 n'] | None = None) -> Int[Ints, ' n']:
        """Twice the midrank of each person, less the mean, as if each person were there as often as its weight says.

        One of weight 0 gets the rank it would have between the others. The result lies in the last row of ``work``: new
        memory for every call would take longer than the ranking.
        """
        here, upto, ranks = np.empty((3, len(weights)), np.int64) if work is None else work
        np.take(weights, self.order, out=here, mode='clip')  # without a check, so without a copy
        np.cumsum(here, out=upto)
        total = upto[-1]
        if self.ends is None:
            # A value's persons are those after the sum before and up to its own: the midrank is (before + 1 + sum) / 2,
            # the mean of all (total + 1) / 2.
            np.add(upto, upto, out=upto)
            np.subtract(upto, here, out=upto)
        else:
            sums = upto[self.ends]
            upto = sums.copy()
            upto[1:] += sums[:-1]
        upto -= total
        return np.take(upto, self.value_of, out=ranks, mode='clip')


def rank_correlations(
    rankers: Sequence[Ranker], rows: Int[Ints, ' n'], bootstrap: Bootstrap, executor: Executor
) -> Float[Floats, '1+S P P']:
    """Spearman's rho between all P columns, of the n persons ``rows`` as they are and then in resamples of images.

    NaN for a column without variance; of a single image there are no resamples. Images are drawn from those of all N
    persons of the bootstrap, so how many of the n are known varies too.
    """
    count = bootstrap.resamples
    parts = [range(start, min(start + BLOCK, count)) for start in range(0, count, BLOCK)]
    return np.concatenate(list(ordered(executor, partial(_correlations, rankers, rows, bootstrap), [None, *parts])))


def _correlations(rankers: Sequence[Ranker], rows: Ints, bootstrap: Bootstrap, part: range | None) -> Floats:
    """Correlations (s, P, P) in s resamples; None stands for the persons as they are."""
    drawn = iter([np.ones(len(bootstrap.groups), np.int64)]) if part is None else bootstrap.weights(part)
    columns, work = np.empty((len(rankers), len(rows))), np.empty((3, len(rows)), np.int64)
    found = [np.empty((0, len(rankers), len(rankers)))]
    for every in drawn:
        weights = every[rows]
        root = np.sqrt(weights)
        for ranker, column in zip(rankers, columns, strict=True):
            np.multiply(ranker.ranks(weights, work), root, out=column)
        products = columns @ columns.T
        size = np.sqrt(np.where(products.diagonal() > 0, products.diagonal(), math.nan))
        found.append((products / size / size[:, None])[None])
    return np.concatenate(found)


def partial_correlations(
    correlations: Float[Floats, 'S P P'], left: Sequence[int], right: int, controls: Sequence[int]
) -> Float[Floats, 'S L']:
    """Correlations of L columns with another one after least squares on controls; NaN where these leave nothing of
    either column. A control without variance holds nothing fixed.
    """
    between = np.nan_to_num(correlations[:, controls][:, :, controls])
    # Controls may determine one another; the pseudo-inverse then projects just the same.
    inverse = np.linalg.pinv(between, rcond=1e-10, hermitian=True)
    from_left = np.nan_to_num(correlations[:, left][:, :, controls])
    from_right = np.nan_to_num(correlations[:, right][:, controls, None])
    projected = from_left @ inverse
    common = correlations[:, left, right] - (projected @ from_right)[..., 0]
    rest = 1 - np.sum(projected * from_left, axis=2)
    other = 1 - (from_right.swapaxes(1, 2) @ inverse @ from_right)[:, :, 0]
    enough = (rest > LEAST_LEFT) & (other > LEAST_LEFT)
    return np.where(enough, common / np.sqrt(np.where(enough, rest * other, 1)), math.nan)

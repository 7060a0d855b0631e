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

from shg_xai.stats.bootstrap import resample_weights
from shg_xai.stats.executors import ordered

BLOCK = 50  # resamples a task; fixed, so that nothing depends on the number of workers
LEAST_LEFT = 1e-9  # share of a variance; less is rounding


@dataclass(frozen=True)
class Ranker:
    """The order of one column of values, from which ranks under any weights follow.

    Attributes:
        order: Persons by ascending value, int64, shape (n,).
        ends: Place in ``order`` of the last person of each distinct value, or None if all values differ.
        value_of: Number of each person's distinct value, int64, shape (n,).
    """

    order: np.ndarray
    ends: np.ndarray | None
    value_of: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray) -> 'Ranker':
        """Sort values (n,), none of them NaN."""
        order = np.argsort(values, kind='stable')
        new = np.diff(values[order]) != 0
        value_of = np.empty(len(values), np.int64)
        value_of[order] = np.concatenate([np.zeros(min(len(values), 1), np.int64), np.cumsum(new)])
        ends = np.append(np.flatnonzero(new), len(values) - 1)
        return cls(order, None if len(ends) == len(values) else ends, value_of)

    def ranks(self, weights: np.ndarray, work: np.ndarray | None = None) -> np.ndarray:
        """Twice the midrank of each person, less the mean: int64, shape (n,).

        As if each person were there as often as its weight says; one of weight 0 gets the rank it would have between
        the others.

        Args:
            weights: Whole numbers, int64, shape (n,).
            work: Memory to work in, int64, shape (3, n); the result lies in its last row. New memory for every call
                would take longer than the ranking.
        """
        here, upto, ranks = np.empty((3, len(weights)), np.int64) if work is None else work
        np.take(weights, self.order, out=here, mode='clip')  # without a check, so without a copy
        np.cumsum(here, out=upto)
        total = upto[-1]
        if self.ends is None:
            # A value's persons are those after the sum before and up to its own: the midrank is
            # (before + 1 + sum) / 2, the mean of all (total + 1) / 2.
            np.add(upto, upto, out=upto)
            np.subtract(upto, here, out=upto)
        else:
            sums = upto[self.ends]
            upto = sums.copy()
            upto[1:] += sums[:-1]
        upto -= total
        return np.take(upto, self.value_of, out=ranks, mode='clip')


def rank_correlations(
    rankers: Sequence[Ranker], groups: np.ndarray, rows: np.ndarray, resamples: int, seed: int, executor: Executor
) -> np.ndarray:
    """Spearman's rho between all columns, of the persons as they are and in resamples of images.

    Args:
        rankers: P columns of the n persons in ``rows``.
        groups: The image of each of all N persons, shape (N,).
        rows: Which n persons the columns hold, shape (n,). Images are drawn from those of all persons, so how many of
            these are known varies too.
        resamples: S.
        seed: Seed, 0 or more.
        executor: Who computes.

    Returns:
        float64, shape (1 + S, P, P); the first without resampling. NaN for a column without variance. Without resamples
        of a single image, see ``resample_weights``.
    """
    task = partial(_correlations, rankers, groups, rows, seed)
    parts = [range(start, min(start + BLOCK, resamples)) for start in range(0, resamples, BLOCK)]
    return np.concatenate(list(ordered(executor, task, [None, *parts])))


def _correlations(
    rankers: Sequence[Ranker], groups: np.ndarray, rows: np.ndarray, seed: int, part: range | None
) -> np.ndarray:
    """Correlations (s, P, P) in s resamples; None stands for the persons as they are."""
    drawn = iter([np.ones(len(groups), np.int64)]) if part is None else resample_weights(groups, part, seed)
    columns = np.empty((len(rankers), len(rows)))
    work = np.empty((3, len(rows)), np.int64)
    found = [np.empty((0, len(rankers), len(rankers)))]
    for every in drawn:
        weights = every[rows]
        root = np.sqrt(weights)
        for ranker, column in zip(rankers, columns, strict=True):
            np.multiply(ranker.ranks(weights, work), root, out=column)
        products = columns @ columns.T
        size = np.sqrt(products.diagonal())
        size = np.where(size > 0, size, math.nan)
        found.append((products / size / size[:, None])[None])
    return np.concatenate(found)


def partial_correlations(
    correlations: np.ndarray, left: Sequence[int], right: int, controls: Sequence[int]
) -> np.ndarray:
    """Correlations of columns with another one after least squares on controls.

    Args:
        correlations: Between all columns, shape (S, P, P).
        left: L columns.
        right: The other.
        controls: Columns held fixed; one without variance holds nothing.

    Returns:
        Shape (S, L); NaN where the controls leave nothing of either column.
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

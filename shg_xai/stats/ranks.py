"""Midranks under weights, and what follows from their correlations.

In a resample a person counts as often as its image was drawn. Ranking the repeated persons would sort them each time;
instead each column is sorted once, and in a resample the midrank of a distinct value follows from cumulative weights in
sorted order, ties included. Numbers here are twice a midrank, less their mean: whole numbers, so exact, and neither
factor nor mean matters to a correlation.

Shapes: n persons ranked, P columns, S sets of correlations.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shg_xai.stats.arrays import Bools, Float, Floats, Int, Ints

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
        """Sort values, none of them NaN; in which order the same ones come matters to no rank."""
        order = np.argsort(values)
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

    def ranks_among(self, present: 'Present', sets: Float[Floats, 'W m']) -> Float[Floats, 'W m']:
        """The same as :meth:`ranks` under W sets of weights at once, of the m persons who are there in any of them."""
        rows = self.order[present.there[self.order]]
        order = present.place[rows]
        here = np.take(sets, order, axis=1)
        upto = np.cumsum(here, axis=1)
        total = upto[:, -1:].copy()
        if self.ends is None:
            upto *= 2
            upto -= here
        else:
            new = np.diff(self.value_of[rows]) != 0
            sums = upto[:, np.append(np.flatnonzero(new), len(rows) - 1)]
            sums[:, 1:] += sums[:, :-1].copy()
            upto = np.take(sums, np.concatenate([[0], np.cumsum(new)]), axis=1)
        upto -= total
        place = np.empty(len(order), np.int64)
        place[order] = np.arange(len(order))
        return np.take(upto, place, axis=1)

    def less_below(self, weights: Float[Floats, 'n R'], marked: Bools) -> Float[Floats, ' R']:
        """For R sets of weights the sum of the marked persons' ranks, as often as each is there; ranks as of
        :meth:`ranks`, which is: pairs that they win against the others less those that they lose.
        """
        sorted_weights = weights[self.order]
        upto = np.cumsum(sorted_weights, axis=0)
        total = upto[-1].copy()
        if self.ends is None:
            upto *= 2
            upto -= sorted_weights
        else:
            sums = upto[self.ends]
            sums[1:] += sums[:-1].copy()
            upto = sums[self.value_of[self.order]]
        own = marked[self.order]
        return np.einsum('nr,nr->r', upto[own] - total, sorted_weights[own])


@dataclass(frozen=True)
class Present:
    """Who of n persons is there at all: a mask, and the number of each among those m who are."""

    there: Bools
    place: Int[Ints, ' n']

    @classmethod
    def of(cls, weights: Int[Ints, ' n']) -> 'Present':
        """Those of any weight."""
        there = weights > 0
        return cls(there, np.cumsum(there) - 1)


def partial_correlations(
    correlations: Float[Floats, 'S P P'], left: Sequence[int], right: int, controls: Sequence[int]
) -> Float[Floats, 'S L']:
    """Correlations of L columns with another one after least squares on controls; NaN where these leave nothing of
    either column. A control without variance holds nothing fixed.
    """
    inverse = _inverse(correlations, controls)
    from_left = np.nan_to_num(correlations[:, left][:, :, controls])
    from_right = np.nan_to_num(correlations[:, right][:, controls, None])
    projected = from_left @ inverse
    common = correlations[:, left, right] - (projected @ from_right)[..., 0]
    rest = 1 - np.sum(projected * from_left, axis=2)
    other = 1 - explained(correlations, right, controls)[:, None]
    enough = (rest > LEAST_LEFT) & (other > LEAST_LEFT)
    return np.where(enough, common / np.sqrt(np.where(enough, rest * other, 1)), math.nan)


def explained(correlations: Float[Floats, 'S P P'], one: int, others: Sequence[int]) -> Float[Floats, ' S']:
    """Share of a column's variance that least squares on other columns explains, R squared."""
    with_one = np.nan_to_num(correlations[:, one][:, others])
    return np.einsum('si,sij,sj->s', with_one, _inverse(correlations, others), with_one)


def _inverse(correlations: Floats, columns: Sequence[int]) -> Floats:
    """Of the correlations between some columns; these may determine one another: the pseudo-inverse then projects just
    the same.
    """
    between = np.nan_to_num(correlations[:, columns][:, :, columns])
    return np.linalg.pinv(between, rcond=1e-10, hermitian=True)

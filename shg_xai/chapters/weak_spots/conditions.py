"""Conditions a person may meet: a flag is set or not, a number is among the highest or lowest, a cluster is the own.

Numbers are cut at shares of the persons, so that nothing about how well they are met decides where. Of a number with
few values each value is a cut.

Shapes: N persons.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from shg_xai.chapters.weak_spots import results
from shg_xai.chapters.weak_spots.columns import Column
from shg_xai.stats.arrays import Bools, Float, Floats

# Each twice as large as the one before, so that of a group of another size the nearest still has most of it.
TAILS = (0.05, 0.1, 0.2)
FEW = 10  # distinct values, each of which is a cut
MOST = 0.5  # share of the persons; more are the rule and not a spot
# Of fewer a mean says little, and nobody mends a network for fewer than one in fifty (SliceLine has 32, or one in
# a hundred: Sagadeeva and Boehm, SIGMOD 2021).
LEAST_SHARE, LEAST = 0.02, 30


@dataclass(frozen=True)
class Condition:
    """A test of one column, by its number among all columns; see :class:`~.results.Condition`."""

    column: int
    side: Literal['high', 'low', 'equal']
    at: float

    def met(self, values: Float[Floats, ' N']) -> Bools:
        """Who meets it; nobody of whom the value is not known (NaN)."""
        if self.side == 'equal':
            return values == self.at
        return values >= self.at if self.side == 'high' else values <= self.at

    def told(self, column: Column, values: Float[Floats, ' N']) -> results.Condition:
        """The same for the results, with its share of the persons of whom the value is known."""
        share = float(self.met(values).sum() / max(np.isfinite(values).sum(), 1))
        name = f'{self.at:.0f}' if column.kind == 'cluster' else column.name
        title = f'cluster {name} {column.title}' if column.kind == 'cluster' else column.title
        return results.Condition(name=name, title=title, kind=column.kind, side=self.side, at=self.at, share=share)


def least(persons: int) -> int:
    """How many persons a group needs, of so many."""
    return max(LEAST, int(np.ceil(LEAST_SHARE * persons)))


def conditions_of(columns: Sequence[Column], some: Bools) -> list[Condition]:
    """All conditions that neither too few nor too many of some persons, by a mask (N,), meet."""
    fewest = least(int(some.sum()))
    found = []
    for place, column in enumerate(columns):
        values = column.values[some]
        known, met_before = int(np.isfinite(values).sum()), set[tuple[str, int]]()
        for side, at in cuts(column, values):
            condition = Condition(place, side, at)
            count = int(condition.met(values).sum())
            again = side != 'equal' and (side, count) in met_before  # ties make two cuts one
            if fewest <= count <= MOST * known and not again:
                met_before.add((side, count))
                found.append(condition)
    return found


def cuts(column: Column, values: Float[Floats, ' N']) -> Iterator[tuple[Literal['high', 'low', 'equal'], float]]:
    """Sides and places to cut a column at."""
    known = values[np.isfinite(values)]
    distinct = np.unique(known)
    if column.kind == 'cluster':
        yield from (('equal', float(value)) for value in distinct)
    elif len(distinct) <= FEW:
        yield from (('high', float(value)) for value in distinct[1:])
        yield from (('low', float(value)) for value in distinct[:-1])
    else:
        for share in TAILS:
            yield 'low', float(np.quantile(known, share))
            yield 'high', float(np.quantile(known, 1 - share))

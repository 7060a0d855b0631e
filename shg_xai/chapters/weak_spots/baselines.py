"""What a plainer search finds, for comparison: the worst cluster, and the worst value of a single concept.

Each takes what has the lowest mean PCK in the first half of the images, large enough or not how sure, as one reads it
off a table; its gap is that in the second half.
"""

from collections.abc import Callable

import numpy as np

from shg_xai.chapters.weak_spots.columns import Column
from shg_xai.chapters.weak_spots.conditions import TAILS, Condition
from shg_xai.chapters.weak_spots.gaps import gap_of
from shg_xai.chapters.weak_spots.judging import Persons
from shg_xai.chapters.weak_spots.results import Baseline
from shg_xai.chapters.weak_spots.search import Group, Search
from shg_xai.results import Estimate

FIFTH = TAILS[-1]


def baselines(persons: Persons, search: Search, confidence: float) -> list[Baseline]:
    """The worst cluster, and the worst fifth of a number or side of a flag; ``search`` is of the first half."""

    def is_cluster(column: Column, condition: Condition) -> bool:
        return column.kind == 'cluster'

    def is_plain(column: Column, condition: Condition) -> bool:
        if column.kind == 'flag':
            return condition.side == 'high'
        values = column.values[search.some]
        share = condition.met(values).sum() / max(np.isfinite(values).sum(), 1)
        return column.kind == 'number' and share >= FIFTH * 0.99

    return [
        _worst('worst cluster', persons, search, is_cluster, confidence),
        _worst('worst fifth of a concept, or flag', persons, search, is_plain, confidence),
    ]


def _worst(
    name: str, persons: Persons, search: Search, fits: Callable[[Column, Condition], bool], confidence: float
) -> Baseline:
    pck = persons.pck[search.some]
    means = {
        place: float(pck[search.met[:, place]].mean())
        for place, condition in enumerate(search.conditions)
        if fits(persons.columns[condition.column], condition)
    }
    if not means:
        return Baseline(name=name, conditions=[], persons=0, gap=Estimate(value=None))
    condition = search.conditions[min(means, key=lambda place: means[place])]
    column, half = persons.columns[condition.column], (1 - confidence) / 2
    gap = gap_of(persons.pck, *Group((condition,)).sides(persons.columns, persons.half(2)), persons.image_of)
    return Baseline(
        name=name,
        conditions=[condition.told(column, column.values[persons.half(1)])],
        persons=gap.persons,
        gap=gap.estimate(half, half),
    )

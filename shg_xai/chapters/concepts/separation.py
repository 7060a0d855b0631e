"""What tells clusters of persons apart: effect sizes and mutual information of each concept.

Two clusters: the AUC, the chance that a person of cluster 1 has more of the concept than one of cluster 0, ties
counting half (Mann and Whitney, Annals of Mathematical Statistics 18, 1947). More: epsilon squared of Kruskal and
Wallis' test, H / (n - 1) with H corrected for ties (Tomczak and Tomczak, Trends in Sport Sciences 1(21), 2014), which
is the share of the variance of ranks that lies between clusters. Mutual information is in bits, of the cluster and the
concept cut into bins.

Intervals come from resamples of images (``shg_xai.stats.bootstrap``); clusters and bins stay. Epsilon squared and
mutual information are never below 0, so chance raises them, and in a resample once more: the mean over resamples less
the value says by how much, and the interval is moved down by that.

Shapes: N persons, K clusters, B bins, C concepts, S resamples.
"""

import math
from collections.abc import Collection, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Literal, NamedTuple

import numpy as np

from shg_xai.chapters.concepts.chosen import allowed_for
from shg_xai.chapters.concepts.family import Chance, LabelsByK, Look, varies
from shg_xai.chapters.concepts.results import Separation
from shg_xai.latents.concepts import Concept
from shg_xai.random_streams import stream
from shg_xai.results import Estimate
from shg_xai.stats.arrays import Float, Floats, Int, Ints
from shg_xai.stats.bootstrap import Bootstrap, interval, number
from shg_xai.stats.executors import ordered
from shg_xai.stats.permutation import Exchange
from shg_xai.stats.ranks import Ranker

MOST_BINS = 10
EXCHANGES = 99  # of images, behind what chance gives of mutual information
BLOCK = 25  # resamples or exchanges a task; fixed, so that nothing depends on the number of workers
Measure = Literal['auc', 'epsilon_squared']


def bins(values: Float[Floats, ' n']) -> Int[Ints, ' n']:
    """Number of the bin of each value, from 0 on without gaps.

    Distinct values if there are at most 10; else cut at the deciles, where equal values stay together, so there may be
    fewer than 10 bins and of unequal size.
    """
    distinct, places = np.unique(values, return_inverse=True)
    if len(distinct) > MOST_BINS:
        edges = np.quantile(values, np.arange(1, MOST_BINS) / MOST_BINS)
        _, places = np.unique(np.searchsorted(np.unique(edges), values), return_inverse=True)
    return places


def entropy(counts: Float[Floats, '*any B']) -> Float[Floats, '*any']:
    """Entropy in bits of counts over the last axis: 0 where all are in one bin, log2 B where they are even."""
    shares = counts / counts.sum(-1, keepdims=True)
    return -np.sum(shares * np.log2(np.where(shares > 0, shares, 1)), axis=-1)


def mutual_information(tables: Float[Floats, '*any K B']) -> Float[Floats, '*any']:
    """Mutual information in bits of rows and columns of tables of counts."""
    joint = entropy(tables.reshape(*tables.shape[:-2], -1))
    # Rounding may leave a trace below 0.
    return np.maximum(entropy(tables.sum(-1)) + entropy(tables.sum(-2)) - joint, 0)


def separate(
    labels: LabelsByK,
    concepts: Sequence[Concept],
    bootstrap: Bootstrap,
    executor: Executor,
    chances: dict[Look, Chance],
) -> list[Separation]:
    """How each concept differs between clusters, by K, and by what chance; the intervals of what is
    claimed allow for its having been chosen.

    There is no value for fewer than 8 persons, or if concept or cluster never varies.
    """
    told = list(ordered(executor, partial(_Told.of, dict(labels)), concepts))
    # What has two clusters and two bins at least; a column of what is drawn each.
    columns = [(k, at) for at, own in enumerate(told) for k in own.cells]
    parts, exchanges = _parts(bootstrap.resamples), _parts(EXCHANGES)
    drawn = np.concatenate(list(ordered(executor, partial(_measures, told, bootstrap), [None, *parts])))
    exchange = partial(_exchanged, told, dict(labels), Exchange.of(bootstrap.groups), bootstrap.seed)
    chance = np.concatenate(list(ordered(executor, exchange, exchanges)))
    found = []
    for k, (at, concept) in product(labels, enumerate(concepts)):
        own, measure, by = told[at], _measure_of(k), chances.get(('clusters', k, concept.name))
        entry = Separation(
            k=k,
            concept=concept.name,
            measure=measure,
            effect=Estimate(value=None, n=len(own.rows)),
            mutual_information=Estimate(value=None, n=len(own.rows)),
            entropy_share=None,
            shuffled=Estimate(value=None, over='permutations'),
            p=by and by.p,
        )
        if k in own.cells:
            column = columns.index((k, at))
            (effect, information), samples, dealt = drawn[0, column], drawn[1:, column].T, chance[:, column]
            moved = samples[0] if measure == 'auc' else _moved(effect, samples[0])
            plain = bootstrap.estimate(effect, moved, len(own.rows))
            entry.effect = allowed_for(plain, by, bootstrap.confidence, 0.5 if measure == 'auc' else None)
            entry.mutual_information = bootstrap.estimate(information, _moved(information, samples[1]), len(own.rows))
            entry.entropy_share = number(information / entropy(own.cells[k].table.sum(1)))
            high = number(interval(dealt, bootstrap.confidence)[1])
            entry.shuffled = Estimate(value=number(dealt.mean()), high=high, n=len(dealt), over='permutations')
        found.append(entry)
    return found


def _measure_of(k: int) -> Measure:
    return 'auc' if k == 2 else 'epsilon_squared'


def _parts(count: int) -> list[range]:
    """Numbers of resamples or exchanges, a task each."""
    return [range(start, min(start + BLOCK, count)) for start in range(0, count, BLOCK)]


class _Cells(NamedTuple):
    """The cell (cluster and bin) of each of n persons, by its number in a table of shape (K, B)."""

    numbers: Ints
    shape: tuple[int, int]

    def sums(self, values: Floats | Ints) -> Floats:
        """Sums over the persons of each cell, shape (K, B)."""
        table = np.bincount(self.numbers, values, math.prod(self.shape)).reshape(self.shape)
        return table.astype(float, copy=False)

    @property
    def table(self) -> Floats:
        """How many persons are in each cell, shape (K, B)."""
        return self.sums(np.ones(len(self.numbers)))


@dataclass(frozen=True)
class _Told:
    """One concept: of whom it is known (n,), how they are ranked, their bins, and for each K their cells."""

    rows: Ints
    ranker: Ranker
    places: Ints
    cells: dict[int, _Cells]

    @classmethod
    def of(cls, labels: LabelsByK, concept: Concept) -> '_Told':
        """A concept beside clusters; there are cells where both vary."""
        rows = np.flatnonzero(np.isfinite(concept.values))
        values, cells = concept.values[rows], dict[int, _Cells]()
        places = bins(values)
        for k, own in labels.items():
            if varies(values) and own[rows].min() < own[rows].max():
                width = int(places.max()) + 1
                cells[k] = _Cells(own[rows].astype(np.int64) * width + places, (k, width))
        return cls(rows, Ranker.of(values), places, cells)


def _measures(told: Sequence[_Told], bootstrap: Bootstrap, part: range | None) -> Floats:
    """Effect and mutual information (s, columns, 2) in some resamples; None stands for the persons as they are."""
    draws = iter([np.ones(len(bootstrap.groups), np.int64)]) if part is None else bootstrap.weights(part)
    work, effects, tables = np.empty((3, len(bootstrap.groups)), np.int64), list[list[float]](), list[list[Floats]]()
    for weights in draws:
        measured = [
            pair
            for own in told
            if own.cells
            for pair in _measure(own.cells.values(), weights[own.rows], own.ranker, work[:, : len(own.rows)])
        ]
        effects.append([effect for effect, _ in measured])
        tables.append([table for _, table in measured])
    width = sum(len(own.cells) for own in told)
    found = np.array(effects, float).reshape(len(effects), width)
    return np.stack([found, np.where(np.isfinite(found), _informations(tables, width), math.nan)], axis=-1)


def _informations(tables: Sequence[Sequence[Floats]], width: int) -> Floats:
    """Mutual information (s, width) of so many tables in each of s draws; those of a column have one shape."""
    columns = [mutual_information(np.array(own)) for own in zip(*tables, strict=True)]
    return np.array(columns).reshape(width, len(tables)).T


def _exchanged(told: Sequence[_Told], labels: LabelsByK, exchange: Exchange, seed: int, part: range) -> Floats:
    """Mutual information (s, columns) with clusters exchanged between images."""
    tables = []
    for source in (exchange.source(stream(seed, 'separation_shuffles', place)) for place in part):
        dealt = {k: own[source].astype(np.int64) for k, own in labels.items()}
        moved = (
            cells._replace(numbers=dealt[k][own.rows] * cells.shape[1] + own.places)
            for own in told
            for k, cells in own.cells.items()
        )
        tables.append([cells.table for cells in moved])
    return _informations(tables, sum(len(own.cells) for own in told))


def _measure(told: Collection[_Cells], weights: Ints, ranker: Ranker, work: Ints) -> list[tuple[float, Floats]]:
    """Effect and counts (K, B) for each K under weights (n,); without an effect, counts say nothing."""
    if not weights.any():
        return [(math.nan, np.ones(cells.shape)) for cells in told]
    ranks = ranker.ranks(weights, work)
    weighted = ranks * weights
    total = float(np.dot(weighted.astype(float), ranks))
    found = list[tuple[float, Floats]]()
    for cells in told:
        counts = cells.sums(weights)
        sums, sizes = cells.sums(weighted).sum(1), counts.sum(1)
        if (sizes > 0).sum() < 2 or not total:
            found.append((math.nan, counts))
            continue
        if len(sizes) == 2:
            # U = sum of ranks - n1 (n1 + 1) / 2; ranks here are doubled and less their mean.
            effect = 0.5 + sums[1] / (2 * sizes[0] * sizes[1])
        else:
            effect = np.sum(sums**2 / np.maximum(sizes, 1)) / total
        found.append((float(effect), counts))
    return found


def _moved(value: float, samples: Floats) -> Floats:
    """Samples (S,) less what a resample adds by chance, at least 0."""
    known = samples[np.isfinite(samples)]
    return np.maximum(samples - (known.mean() - value), 0) if len(known) else samples

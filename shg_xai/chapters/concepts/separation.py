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
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from scipy.stats import random_table

from shg_xai.latents.concepts import Concept
from shg_xai.stats.bootstrap import estimate, interval, number, resample_weights
from shg_xai.stats.executors import ordered
from shg_xai.stats.ranks import Ranker

FEWEST_PERSONS = 8
MOST_BINS = 10
STREAM = 3  # keeps these random numbers apart from others of the same seed


def bins(values: np.ndarray) -> np.ndarray:
    """Number of the bin of each value, from 0 on without gaps, int64, shape (n,).

    Distinct values if there are at most 10; else cut at the deciles, where equal values stay together, so there may be
    fewer than 10 bins and of unequal size.
    """
    distinct, places = np.unique(values, return_inverse=True)
    if len(distinct) > MOST_BINS:
        edges = np.quantile(values, np.arange(1, MOST_BINS) / MOST_BINS)
        _, places = np.unique(np.searchsorted(np.unique(edges), values), return_inverse=True)
    return places


def entropy(counts: np.ndarray) -> np.ndarray:
    """Entropy in bits of counts over the last axis: (..., B) to (...)."""
    shares = counts / counts.sum(-1, keepdims=True)
    return -np.sum(shares * np.log2(np.where(shares > 0, shares, 1)), axis=-1)


def mutual_information(tables: np.ndarray) -> np.ndarray:
    """Mutual information in bits of rows and columns of tables of counts: (..., K, B) to (...)."""
    joint = entropy(tables.reshape(*tables.shape[:-2], -1))
    # Rounding may leave a trace below 0.
    return np.maximum(entropy(tables.sum(-1)) + entropy(tables.sum(-2)) - joint, 0)


def separate(
    labels: Mapping[int, np.ndarray],
    concepts: Sequence[Concept],
    groups: np.ndarray,
    *,
    seed: int,
    executor: Executor,
    resamples: int = 1000,
    permutations: int = 1000,
    confidence: float = 0.95,
) -> list[dict[str, Any]]:
    """How each concept differs between clusters.

    Args:
        labels: By K the cluster of each person, 0 to K - 1, shape (N,).
        concepts: C concepts.
        groups: The image of each person, shape (N,).
        seed: Seed, 0 or more.
        executor: Who computes.
        resamples: Resamples of images behind each interval.
        permutations: How often clusters are dealt anew to persons, for ``shuffled``: mean and upper percentile of the
            mutual information where there is nothing to find.
        confidence: Of intervals; ``shuffled`` takes the upper end of such a range.

    Returns:
        An entry for each K and concept, by K: ``k``, ``concept``, ``persons``, ``effect``, ``mutual_information``,
        ``entropy_share`` (of the cluster's entropy) and ``shuffled``. None is what cannot be said: of fewer than 8
        persons, or if concept or cluster never varies.
    """
    settings = _Settings(groups, resamples, permutations, confidence, seed)
    tasks = [(place, concept.values) for place, concept in enumerate(concepts)]
    found = list(ordered(executor, partial(_separate, dict(labels), settings), tasks))
    return [
        {'k': k, 'concept': concept.name, **entries[k]}
        for k in labels
        for concept, entries in zip(concepts, found, strict=True)
    ]


@dataclass(frozen=True)
class _Settings:
    """What all concepts share."""

    groups: np.ndarray
    resamples: int
    permutations: int
    confidence: float
    seed: int


@dataclass(frozen=True)
class _Cells:
    """Persons sorted by cluster and bin, so that sums over cells are sums of neighbours.

    Attributes:
        order: The n persons by cell, int64, shape (n,).
        starts: Where each cell that is not empty starts in ``order``.
        cells: Number of these cells in the table.
        shape: K and B.
    """

    order: np.ndarray
    starts: np.ndarray
    cells: np.ndarray
    shape: tuple[int, int]

    @classmethod
    def of(cls, clusters: np.ndarray, places: np.ndarray, k: int) -> '_Cells':
        shape = k, int(places.max()) + 1
        numbers = clusters.astype(np.int64) * shape[1] + places
        order = np.argsort(numbers, kind='stable')
        cells, starts = np.unique(numbers[order], return_index=True)
        return cls(order, starts, cells, shape)

    def sums(self, values: np.ndarray) -> np.ndarray:
        """Sums over the persons of each cell, shape (K, B)."""
        table = np.zeros(self.shape)
        table.flat[self.cells] = np.add.reduceat(values.take(self.order), self.starts)
        return table


def _separate(
    labels: Mapping[int, np.ndarray], settings: _Settings, task: tuple[int, np.ndarray]
) -> dict[int, dict[str, Any]]:
    """The entries of one concept, by K."""
    place, values = task
    rows = np.flatnonzero(np.isfinite(values))
    values = values[rows]
    varies = len(rows) >= FEWEST_PERSONS and values.min() < values.max()
    clusters = {k: labels[k][rows] for k in labels}
    told = {
        k: _Cells.of(clusters[k], bins(values), k) for k in labels if varies and clusters[k].min() < clusters[k].max()
    }
    drawn = np.array(list(_draw(list(told.values()), Ranker.of(values), rows, settings)))
    entries = {k: _nothing(k, len(rows)) for k in labels}
    for at, (k, cells) in enumerate(told.items()):
        counts = cells.sums(np.ones(len(rows)))
        random = np.random.default_rng([settings.seed, STREAM, place, k])
        entries[k] = _entry(k, counts, drawn[:, at], settings, random)
    return entries


def _draw(
    told: Sequence[_Cells], ranker: Ranker, rows: np.ndarray, settings: _Settings
) -> Iterator[list[tuple[float, float]]]:
    """Effect and mutual information for each K: of the persons as they are, then of resamples."""
    if not told:
        return
    work = np.empty((3, len(rows)), np.int64)
    yield _measure(told, np.ones(len(rows), np.int64), ranker, work)
    for weights in resample_weights(settings.groups, settings.resamples, settings.seed):
        yield _measure(told, weights[rows], ranker, work)


def _measure(
    told: Sequence[_Cells], weights: np.ndarray, ranker: Ranker, work: np.ndarray
) -> list[tuple[float, float]]:
    """Effect and mutual information for each K under weights (n,)."""
    if not weights.any():
        return [(math.nan, math.nan)] * len(told)
    ranks = ranker.ranks(weights, work)
    weighted = ranks * weights
    total = float(np.dot(weighted.astype(float), ranks))
    found = []
    for cells in told:
        counts = cells.sums(weights)
        sums, sizes = cells.sums(weighted).sum(1), counts.sum(1)
        if (sizes > 0).sum() < 2 or not total:
            found.append((math.nan, math.nan))
            continue
        if len(sizes) == 2:
            # U = sum of ranks - n1 (n1 + 1) / 2; ranks here are doubled and less their mean.
            effect = 0.5 + sums[1] / (2 * sizes[0] * sizes[1])
        else:
            effect = np.sum(sums**2 / np.maximum(sizes, 1)) / total
        found.append((float(effect), float(mutual_information(counts))))
    return found


def _entry(
    k: int, counts: np.ndarray, drawn: np.ndarray, settings: _Settings, random: np.random.Generator
) -> dict[str, Any]:
    """One entry from the table (K, B) and measures (1 + S, 2), the first without resampling."""
    (effect, information), samples = drawn[0], drawn[1:].T
    effects = samples[0] if k == 2 else _moved(effect, samples[0])
    counts = counts[counts.any(1)].astype(np.int64)
    # Dealing clusters anew keeps both margins of the table; drawing tables is the same, and quick.
    dealt = mutual_information(
        random_table(counts.sum(1), counts.sum(0)).rvs(settings.permutations, random_state=random)
    )
    return {
        **_nothing(k, int(counts.sum())),
        'effect': {'measure': _measure_of(k), **estimate(effect, effects, settings.confidence)},
        'mutual_information': estimate(information, _moved(information, samples[1]), settings.confidence),
        'entropy_share': number(information / entropy(counts.sum(1))),
        'shuffled': {'value': number(dealt.mean()), 'high': number(interval(dealt, settings.confidence)[1])},
    }


def _moved(value: float, samples: np.ndarray) -> np.ndarray:
    """Samples (S,) less what a resample adds by chance, at least 0."""
    known = samples[np.isfinite(samples)]
    return np.maximum(samples - (known.mean() - value), 0) if len(known) else samples


def _measure_of(k: int) -> str:
    return 'auc' if k == 2 else 'epsilon_squared'


def _nothing(k: int, persons: int) -> dict[str, Any]:
    """The entry of a concept that says nothing."""
    nothing = {'value': None, 'low': None, 'high': None}
    return {
        'persons': persons,
        'effect': {'measure': _measure_of(k), **nothing},
        'mutual_information': dict(nothing),
        'entropy_share': None,
        'shuffled': {'value': None, 'high': None},
    }

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
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Executor
from functools import partial
from itertools import chain
from typing import Literal, NamedTuple

import numpy as np
from scipy.stats import random_table

from shg_xai.chapters.concepts.association import varies
from shg_xai.chapters.concepts.results import Separation
from shg_xai.latents.concepts import Concept
from shg_xai.random_streams import stream
from shg_xai.results import Estimate
from shg_xai.stats.arrays import Float, Floats, Int, Ints, Labels
from shg_xai.stats.bootstrap import Bootstrap, interval, number
from shg_xai.stats.executors import ordered
from shg_xai.stats.ranks import Ranker

MOST_BINS = 10
Measure = Literal['auc', 'epsilon_squared']
LabelsByK = Mapping[int, Int[Labels, ' N']]  # by K the cluster of each person, 0 to K - 1


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
    labels: LabelsByK, concepts: Sequence[Concept], bootstrap: Bootstrap, executor: Executor, permutations: int = 1000
) -> list[Separation]:
    """How each concept differs between clusters, by K; ``shuffled`` has clusters dealt anew to persons so often.

    There is no value for fewer than 8 persons, or if concept or cluster never varies.
    """
    task = partial(_separate, dict(labels), bootstrap, permutations)
    found = list(ordered(executor, task, enumerate(concepts)))
    return [entries[k] for k in labels for entries in found]


class _Cells(NamedTuple):
    """The cell (cluster and bin) of each of n persons, by its number in a table of shape (K, B)."""

    numbers: Ints
    shape: tuple[int, int]

    def sums(self, values: Floats | Ints) -> Floats:
        """Sums over the persons of each cell, shape (K, B)."""
        table = np.bincount(self.numbers, values, math.prod(self.shape)).reshape(self.shape)
        return table.astype(float, copy=False)


def _separate(
    labels: LabelsByK, bootstrap: Bootstrap, permutations: int, task: tuple[int, Concept]
) -> dict[int, Separation]:
    """What is said of one concept, by K; samples are of the persons as they are, then of resamples."""
    place, concept = task
    rows = np.flatnonzero(np.isfinite(concept.values))
    values, nothing = concept.values[rows], Estimate(value=None, n=len(rows))
    told, found = {}, {}
    for k, every in labels.items():
        own = every[rows]
        measure: Measure = 'auc' if k == 2 else 'epsilon_squared'
        common = dict(effect=nothing, mutual_information=nothing, shuffled=Estimate(value=None, over='permutations'))
        found[k] = Separation(k=k, concept=concept.name, measure=measure, entropy_share=None, **common)
        if varies(values) and own.min() < own.max():
            places = bins(values)
            width = int(places.max()) + 1
            told[k] = _Cells(own.astype(np.int64) * width + places, (k, width))
    draws = chain([np.ones(len(concept.values), np.int64)], bootstrap.weights()) if told else ()
    ranker, work = Ranker.of(values), np.empty((3, len(rows)), np.int64)
    drawn = np.array([_measure(told.values(), weights[rows], ranker, work) for weights in draws])
    for at, (k, cells) in enumerate(told.items()):
        entry, (effect, information), samples = found[k], drawn[0, at], drawn[1:, at].T
        entry.effect = bootstrap.estimate(effect, samples[0] if k == 2 else _moved(effect, samples[0]), len(rows))
        entry.mutual_information = bootstrap.estimate(information, _moved(information, samples[1]), len(rows))
        table = cells.sums(np.ones(len(rows)))
        table = table[table.any(1)]
        entry.entropy_share = number(information / entropy(table.sum(1)))
        # Dealing clusters anew keeps both margins of the table; drawing tables is the same, and quick.
        margins = (table.sum(axis).astype(np.int64) for axis in (1, 0))
        random = stream(bootstrap.seed, 'separation_shuffles', place, k)
        dealt = mutual_information(random_table(*margins).rvs(permutations, random_state=random))
        high = interval(dealt, bootstrap.confidence)[1]
        entry.shuffled = Estimate(value=number(dealt.mean()), high=number(high), n=len(dealt), over='permutations')
    return found


def _measure(told: Collection[_Cells], weights: Ints, ranker: Ranker, work: Ints) -> list[tuple[float, float]]:
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


def _moved(value: float, samples: Floats) -> Floats:
    """Samples (S,) less what a resample adds by chance, at least 0."""
    known = samples[np.isfinite(samples)]
    return np.maximum(samples - (known.mean() - value), 0) if len(known) else samples

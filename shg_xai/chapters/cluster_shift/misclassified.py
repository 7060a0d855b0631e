"""Persons whose cluster goes with one side of a concept while they are on the other.

A concept has two sides: 0 and 1 of a flag, up to the median and above it of a number. Each of K clusters gets the side
most of its persons, of N in all, are on; who is on the other one is misclassified.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from shg_xai.chapters.cluster_shift.options import AUTO
from shg_xai.errors import InputError
from shg_xai.latents.selection import Selection
from shg_xai.random_streams import stream

Array = NDArray[Any]
UNKNOWN = -1
SHOWN = 20


@dataclass(frozen=True)
class Split:
    """A concept cut in two: values above ``at`` are on side 1, others on 0, -1 where not known, int8, shape (N,)."""

    kind: Literal['flag', 'number']
    at: float
    sides: Array


@dataclass(frozen=True)
class Found:
    """The side of each cluster (K,), -1 if all persons of it are unknown, and who agrees with it and who not, (N,)."""

    majority: Array
    agree: Array
    disagree: Array


def split_concept(values: Array) -> Split | None:
    """Cut values (N,), NaN where not known, in two; None where all known ones are the same, or none is known.

    A flag is cut between 0 and 1, a number at its median, or below the largest value if that is the median.
    """
    has = np.isfinite(values)
    known = np.unique(values[has])
    if len(known) < 2:
        return None
    flag = known.tolist() == [0, 1]
    at = 0.5 if flag else float(np.median(values[has]))
    at = float(known[-2]) if known[-1] <= at else at
    return Split('flag' if flag else 'number', at, np.where(has, values > at, UNKNOWN).astype(np.int8))


def counted(labels: Array, sides: Array, clusters: int) -> Array:
    """Persons of each cluster on each side, int64, shape (K, 2)."""
    known = sides != UNKNOWN
    return np.bincount(2 * labels[known].astype(np.int64) + sides[known], minlength=2 * clusters).reshape(clusters, 2)


def association(table: Array) -> float:
    """Cramer's V of clusters and sides, by counts (K, 2): 0 (nothing to do with each other) to 1 (the same).

    The root of chi squared over the number of persons (Cramer, Mathematical Methods of Statistics, 1946, section 21.9).
    """
    table = table[table.sum(axis=1) > 0].astype(float)
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    if len(table) < 2 or not expected.all():
        return 0.0
    return float(np.sqrt(((table - expected) ** 2 / expected).sum() / table.sum()))


def choose_concept(name: str, known: Mapping[str, Array], labels: Array, clusters: int) -> tuple[str, Split, float]:
    """The concept to judge the clusters (N,), 0 to K - 1, by: its name, its two sides, and Cramer's V.

    Named ``auto``, it is that of the largest V among those known of at least half of the persons; of fewer, chance
    makes V large. InputError: no such concept, its value is the same for all, or none fits.
    """
    if name != AUTO and name not in known:
        near = ' or '.join(difflib.get_close_matches(name, known, n=3, cutoff=0.4) or known)
        mend = f'no such concept of these persons; did you mean {near}?'
        raise InputError(f'--concept {name}: {mend if near else "nothing is known of these persons"}')
    found = []
    for own in known if name == AUTO else [name]:
        split = split_concept(known[own])
        if split and (name != AUTO or 2 * (split.sides != UNKNOWN).sum() >= len(labels)):
            found.append((own, split, association(counted(labels, split.sides, clusters))))
    if not found:
        if name == AUTO:
            raise InputError(f'--concept {AUTO}: no concept that varies is known of half of the persons; name one')
        raise InputError(f'--concept {name}: is the same for all persons it is known of; choose another')
    return max(found, key=lambda entry: entry[2])  # the first of equal ones


def misclassified(labels: Array, sides: Array, clusters: int) -> Found:
    """Who disagrees with the majority of their cluster, by the cluster and the side of each person, (N,).

    As many persons on both sides of a cluster make it one of side 1.
    """
    table = counted(labels, sides, clusters)
    majority = np.where(table.sum(axis=1) > 0, table[:, 1] >= table[:, 0], UNKNOWN).astype(np.int8)
    known, same = sides != UNKNOWN, majority[labels] == sides
    return Found(majority, known & same, known & ~same)


def targets(labels: Array, sides: Array, majority: Array, means: Array) -> Array:
    """The cluster each person is moved to, (N,): the other one; of several that of the right side.

    Who disagrees goes to the nearest cluster, by the means (K, D), NaN for an empty one, among those of their own side;
    who agrees to the nearest of those of the opposite side; where there is no such cluster, to the nearest other one.
    """
    distances = np.linalg.norm(means[:, None] - means[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    distances = np.where(np.isnan(distances), np.inf, distances)[labels]
    wanted = np.where(majority[labels] != sides, sides, 1 - sides)
    # Clusters of another side come after all of the wanted one.
    return np.lexsort((distances, majority[None] != wanted[:, None], np.isinf(distances)), axis=1)[:, 0]


def cluster_means(selection: Selection, labels: Array, clusters: int) -> Array:
    """Mean latent of each cluster over all its persons, float64, (K, D); NaN for an empty one."""
    sums = np.zeros((clusters, selection.dimensions))
    for block in selection.blocks():
        values = block.values().astype(np.float64)
        own = labels[block.start : block.start + len(values)]
        sums += (own[None] == np.arange(clusters)[:, None]).astype(float) @ values
    counts = np.bincount(labels, minlength=clusters)[:, None]
    return np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)


def random_directions(selection: Selection, count: int, seed: int) -> Array | None:
    """Directions of length 1 from one person's latent to that of another, of another image, drawn at random, (n, D).

    They have the covariance of the latents, as moves between real persons do. None where all are of one image.
    """
    images, random = selection.image_ids, stream(seed, 'random_moves')
    if len(np.unique(images)) < 2:
        return None
    start = random.integers(0, len(images), count)
    end = [random.choice(np.flatnonzero(images != images[person])) for person in start]
    ends = (selection.array[selection.rows[own]].reshape(count, -1).astype(np.float64) for own in (end, start))
    apart = np.subtract(*ends)
    length = np.linalg.norm(apart, axis=1, keepdims=True)
    return np.divide(apart, length, out=np.zeros_like(apart), where=length > 0)


def worst(annotation_ids: Array, values: Array, chosen: Array) -> list[int]:
    """At most 20 annotation ids of chosen persons with the lowest known values, lowest first."""
    order = np.lexsort((annotation_ids, values))
    return annotation_ids[order[(chosen & np.isfinite(values))[order]][:SHOWN]].tolist()

"""Persons whose cluster goes with one side of a concept while they are on the other.

A concept has two sides: 0 and 1 of a flag, up to the median and above it of a number. Each cluster gets the side most
of its persons are on; who is on the other one is misclassified.

Shapes: N persons, K clusters, D values of a latent.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from shg_xai.chapters.cluster_shift.options import AUTO
from shg_xai.errors import InputError
from shg_xai.latents.selection import Selection
from shg_xai.results import Estimate
from shg_xai.stats.bootstrap import Bootstrap, resample_weights

UNKNOWN = -1
SHOWN = 20


@dataclass(frozen=True)
class Split:
    """A concept cut in two.

    Attributes:
        kind: ``flag`` or ``number``.
        at: Values above it are on side 1.
        sides: 0 or 1, -1 where the concept is not known, int8, shape (N,).
    """

    kind: Literal['flag', 'number']
    at: float
    sides: np.ndarray


@dataclass(frozen=True)
class Found:
    """Who agrees with their cluster.

    Attributes:
        majority: The side of each cluster, -1 for one of unknown persons only, shape (K,).
        agree: bool, shape (N,).
        disagree: bool, shape (N,); who is in neither has no known side.
    """

    majority: np.ndarray
    agree: np.ndarray
    disagree: np.ndarray


def split_concept(values: np.ndarray) -> Split | None:
    """Cut a concept in two.

    A flag is cut between 0 and 1, a number at its median. Where nobody is above the median, the cut is at the largest
    value below it.

    Args:
        values: Shape (N,), NaN where not known.

    Returns:
        None where all known values are the same, or none is known.
    """
    known = np.unique(values[np.isfinite(values)])
    if len(known) < 2:
        return None
    kind: Literal['flag', 'number'] = 'flag' if known.tolist() == [0, 1] else 'number'
    at = 0.5 if kind == 'flag' else float(np.median(values[np.isfinite(values)]))
    if known[-1] <= at:
        at = float(known[-2])
    sides = np.where(np.isfinite(values), values > at, UNKNOWN).astype(np.int8)
    return Split(kind, at, sides)


def counted(labels: np.ndarray, sides: np.ndarray, clusters: int) -> np.ndarray:
    """Persons of each cluster on each side, int64, shape (K, 2)."""
    known = sides != UNKNOWN
    return np.bincount(2 * labels[known].astype(np.int64) + sides[known], minlength=2 * clusters).reshape(clusters, 2)


def association(table: np.ndarray) -> float:
    """Cramer's V of clusters and sides, 0 (nothing to do with each other) to 1 (the same).

    The root of chi squared over the number of persons; the smaller side of the table has two categories (Cramer,
    Mathematical Methods of Statistics, 1946, section 21.9).

    Args:
        table: Counts, shape (K, 2).
    """
    table = table[table.sum(axis=1) > 0].astype(float)
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    if len(table) < 2 or not expected.all():
        return 0.0
    return float(np.sqrt(((table - expected) ** 2 / expected).sum() / table.sum()))


def choose_concept(
    name: str, known: Mapping[str, np.ndarray], labels: np.ndarray, clusters: int
) -> tuple[str, Split, float]:
    """The concept to judge clusters by, cut in two, and how well it goes with them.

    Args:
        name: Name of a concept, or ``auto`` for that of the largest Cramer's V among those known of at least half of
            the persons; of fewer, chance makes V large.
        known: Values (N,) of each concept.
        labels: The cluster of each person, 0 to K - 1, shape (N,).
        clusters: K.

    Returns:
        Name, sides, Cramer's V.

    Raises:
        InputError: There is no such concept, its value is the same for all, or none fits.
    """
    if name != AUTO and name not in known:
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.4) or list(known)
        raise InputError(
            f'--concept {name}: no such concept of these persons; did you mean {" or ".join(near)}?'
            if near
            else f'--concept {name}: nothing is known of these persons'
        )
    found = []
    for own in known if name == AUTO else [name]:
        split = split_concept(known[own])
        if split is not None and (name != AUTO or 2 * (split.sides != UNKNOWN).sum() >= len(labels)):
            found.append((own, split, association(counted(labels, split.sides, clusters))))
    if not found:
        if name == AUTO:
            raise InputError(f'--concept {AUTO}: no concept that varies is known of half of the persons; name one')
        raise InputError(f'--concept {name}: is the same for all persons it is known of; choose another')
    return max(found, key=lambda entry: entry[2])  # the first of equal ones


def misclassified(labels: np.ndarray, sides: np.ndarray, clusters: int) -> Found:
    """Who disagrees with the majority of their cluster.

    As many persons on both sides of a cluster make it one of side 1.

    Args:
        labels: The cluster of each person, shape (N,).
        sides: The side of each person, see :class:`Split`.
        clusters: K.
    """
    table = counted(labels, sides, clusters)
    majority = np.where(table.sum(axis=1) > 0, table[:, 1] >= table[:, 0], UNKNOWN).astype(np.int8)
    known = sides != UNKNOWN
    same = majority[labels] == sides
    return Found(majority, known & same, known & ~same)


def targets(labels: np.ndarray, sides: np.ndarray, majority: np.ndarray, means: np.ndarray) -> np.ndarray:
    """The cluster each person is moved to: the other one; of several that of the right side.

    Who disagrees goes to the nearest cluster, by the means, among those of their own side; who agrees to the nearest
    among those of the opposite side; where there is no such cluster, to the nearest other one.

    Args:
        labels: The cluster of each person, shape (N,).
        sides: The side of each person, shape (N,).
        majority: The side of each cluster, shape (K,).
        means: Mean latent of each cluster, shape (K, D); NaN for an empty one.

    Returns:
        Shape (N,).
    """
    distances = np.linalg.norm(means[:, None] - means[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    distances = np.where(np.isnan(distances), np.inf, distances)
    disagree = majority[labels] != sides
    wanted = np.where(disagree, sides, 1 - sides)
    # Clusters of another side come after all of the wanted one.
    order = np.lexsort((distances[labels], majority[None] != wanted[:, None], np.isinf(distances[labels])), axis=1)
    return order[:, 0]


def cluster_means(selection: Selection, labels: np.ndarray, clusters: int) -> np.ndarray:
    """Mean latent of each cluster over all its persons, float64, (K, D); NaN for an empty one."""
    sums = np.zeros((clusters, selection.dimensions))
    for block in selection.blocks():
        values = block.values().astype(np.float64)
        own = labels[block.start : block.start + len(values)]
        sums += (own[None] == np.arange(clusters)[:, None]).astype(float) @ values
    counts = np.bincount(labels, minlength=clusters)[:, None]
    return np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)


def unpaired_difference(values: np.ndarray, first: np.ndarray, second: np.ndarray, bootstrap: Bootstrap) -> Estimate:
    """Mean of one group of persons less that of another, and its interval over images.

    Both groups are in every resample of images, as two persons of one image may be in either.

    Args:
        values: Shape (N,); NaN where a person has no value.
        first: Who is in the first group, bool, shape (N,).
        second: Who is in the second, bool, shape (N,).
        bootstrap: How the interval is drawn, of the N persons.
    """
    known = np.isfinite(values) & (first | second)
    values, first, images = values[known], first[known], bootstrap.groups[known]
    if not first.any() or first.all():
        return Estimate(value=None, n=len(values))

    def difference(weights: np.ndarray) -> float:
        a, b = weights * first, weights * ~first
        if not a.any() or not b.any():
            return np.nan
        return float((a @ values) / a.sum() - (b @ values) / b.sum())

    drawn = np.array([difference(weights) for weights in resample_weights(images, bootstrap.resamples, bootstrap.seed)])
    return bootstrap.estimate(difference(np.ones(len(values))), drawn, n=len(values))


def worst(annotation_ids: np.ndarray, values: np.ndarray, chosen: np.ndarray) -> list[int]:
    """At most 20 annotation ids of chosen persons with the lowest known values, lowest first."""
    persons = np.flatnonzero(chosen & np.isfinite(values))
    order = np.lexsort((annotation_ids[persons], values[persons]))
    return annotation_ids[persons[order][:SHOWN]].tolist()

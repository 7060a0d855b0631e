"""Exact Euclidean silhouettes of several clusterings, in one pass over all pairs of persons.

Rousseeuw 1987, "Silhouettes: a graphical aid to the interpretation and validation of cluster analysis", section 2.
Distances are taken in the first d of D principal components. What is cut enters by its norm: with r_i the cut part of
person i, the squared distance is that in d dimensions plus |r_i|^2 + |r_j|^2 - 2 r_i.r_j, and only the last term is
left out. It is at most 2 |r_i| |r_j|, so a distance e instead of e' is wrong by at most 2 |r_i| |r_j| / e, and a mean
distance of person i to a cluster by at most 2 |r_i| mean |r_j| / (distance of i to its nearest person).
"""

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from itertools import combinations_with_replacement

import numpy as np

from shg_xai.stats.arrays import Float, Float32, Floats, Int, Ints, Labels, Singles
from shg_xai.stats.executors import ordered
from shg_xai.stats.projection import Scores, reserve

BLOCK = 2048  # persons a block: one tile of distances is then 16 MiB
Side = tuple[int, Labels, Singles]  # a block of persons: its first, labels (S, n) and residuals (n,)


@dataclass(frozen=True)
class Silhouettes:
    """Silhouettes of one clustering, in [-1, 1], 0 in a cluster of one; and by how much each can be wrong at most."""

    values: Float32[Singles, ' N']
    bounds: Float32[Singles, ' N']


def silhouettes(
    scores: Scores, residuals: Float[Floats, ' N'], labelings: Sequence[Int[Labels, ' N']], pool: Executor
) -> list[Silhouettes]:
    """Silhouettes of several clusterings, labels 0 to K - 1, of the same persons, from their first d components and the
    squared norms of what was cut. Sums of distances to every cluster take more memory than all results together; until
    they are complete they are in a file beside the scores.
    """
    sizes = [int(labels.max()) + 1 for labels in labelings]
    file = scores.file.with_name(f'sums-{scores.file.name}')
    reserve(file, np.float64, (scores.rows, sum(sizes)))
    nearest = np.full(scores.rows, np.inf, np.float32)
    together, cut_squares = np.stack(labelings), residuals.astype(np.float32)
    sides = [(start, together[:, start:stop], cut_squares[start:stop]) for start, stop in scores.blocks(BLOCK)]
    for tile in ordered(pool, partial(_tile_sums, scores, sizes), combinations_with_replacement(sides, 2)):
        for start, sums, least in tile:
            rows = slice(start, start + len(sums))
            np.load(file, mmap_mode='r+')[rows] += sums
            np.minimum(nearest[rows], least, out=nearest[rows])
    cut = np.sqrt(residuals)
    results = []
    for labels, stop in zip(labelings, np.cumsum(sizes), strict=True):
        counts = np.bincount(labels)
        cut_mean = float((np.bincount(labels, cut) / np.maximum(counts - 1, 1)).max())
        values, bounds = np.empty((2, scores.rows), np.float32)
        for first, last in scores.blocks(BLOCK):
            here = slice(first, last)
            # Mapped anew each time, so that none of it stays in memory.
            sums = np.load(file, mmap_mode='r')[here, stop - len(counts) : stop]
            wrong = 2 * cut[here] * cut_mean
            values[here], bounds[here] = _silhouettes(sums, labels[here], counts, wrong, nearest[here].astype(float))
        results.append(Silhouettes(values, bounds))
    file.unlink()
    return results


def _silhouettes(sums: Floats, labels: Labels, counts: Ints, cut: Floats, nearest: Floats) -> tuple[Floats, Floats]:
    """Silhouettes and their bounds, from sums of distances by cluster (n, K), labels (n,), sizes of clusters (K,).

    The bounds follow from 2 |r_i| times the largest mean of |r_j| in a cluster (n,), and the distance to the nearest.
    """
    persons = np.arange(len(labels))
    alone = counts[labels] == 1
    own = sums[persons, labels] / np.maximum(counts[labels] - 1, 1)
    means = sums / np.maximum(counts, 1)
    means[:, counts == 0] = np.inf
    means[persons, labels] = np.inf
    other = means.min(axis=1)
    larger = np.maximum(own, other)
    known = ~alone & np.isfinite(other) & (larger > 0)
    values = np.zeros(len(labels))
    values[known] = (other - own)[known] / larger[known]
    with np.errstate(divide='ignore', invalid='ignore'):
        # Of a mean distance; own and other may both be wrong by it. Cut nowhere is exact.
        wrong = np.where(cut > 0, cut / nearest, 0)
        # s is 1 - smaller / larger in size: both change, the larger one also beneath.
        bounds = np.where(larger > wrong, 2 * wrong / (larger - wrong), 2)
    return values, np.where(known, np.minimum(bounds, 2), 0)


def _tile_sums(scores: Scores, sizes: Sequence[int], tile: tuple[Side, Side]) -> list[tuple[int, Singles, Singles]]:
    """For one block or two: first person, sums of distances (n, sum of K), least distance (n,)."""
    (start, labels, cut), (other, other_labels, other_cut) = tile
    a = scores.read(start, start + len(cut))
    b = a if start == other else scores.read(other, other + len(other_cut))
    distances = a @ b.T  # squared, at first
    distances *= -2
    distances += (np.einsum('nd,nd->n', a, a) + cut)[:, None]
    distances += np.einsum('md,md->m', b, b) + other_cut
    np.sqrt(np.maximum(distances, 0, out=distances), out=distances)
    if start == other:
        np.fill_diagonal(distances, 0)
        sums = distances @ _members(labels, sizes)
        np.fill_diagonal(distances, np.inf)
        return [(start, sums, distances.min(axis=1))]
    return [
        (start, distances @ _members(other_labels, sizes), distances.min(axis=1)),
        (other, distances.T @ _members(labels, sizes), distances.min(axis=0)),
    ]


def _members(labels: Labels, sizes: Sequence[int]) -> Singles:
    """A 1 for each clustering in the column of the person's cluster: (n, sum of K)."""
    columns = labels + np.cumsum([0, *sizes[:-1]])[:, None]
    member = np.zeros((labels.shape[1], sum(sizes)), np.float32)
    member[np.arange(len(member)), columns] = 1
    return member

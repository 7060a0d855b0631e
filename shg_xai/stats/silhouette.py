"""Exact Euclidean silhouettes of several clusterings, in one pass over all pairs of persons.

Rousseeuw 1987, "Silhouettes: a graphical aid to the interpretation and validation of cluster analysis", section 2.
Distances are taken in the first d of D principal components. What is cut enters by its norm: with r_i the cut part of
person i, the squared distance is that in d dimensions plus |r_i|^2 + |r_j|^2 - 2 r_i.r_j, and only the last term is
left out. It is at most 2 |r_i| |r_j|, so a distance e instead of e' is wrong by at most 2 |r_i| |r_j| / e, and a mean
distance of person i to a cluster by at most 2 |r_i| mean |r_j| / (distance of i to its nearest person).
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from shg_xai.stats.arrays import Float, Float32, Floats, Int, Ints, Labels, Singles
from shg_xai.stats.executors import ordered
from shg_xai.stats.projection import Scores, reserve

BLOCK = 2048  # persons a block: one tile of distances is then 16 MiB


@dataclass(frozen=True)
class Silhouettes:
    """Silhouettes of one clustering, in [-1, 1], 0 in a cluster of one; and by how much each can be wrong at most."""

    values: Float32[Singles, ' N']
    bounds: Float32[Singles, ' N']


def silhouettes(
    scores: Scores, residuals: Float[Floats, ' N'], labelings: Sequence[Int[Labels, ' N']], pool: Executor
) -> list[Silhouettes]:
    """Silhouettes of several clusterings, labels 0 to K - 1, of the same persons, from their first d components and the
    squared norms of what was cut.

    Sums of distances to every cluster take more memory than all results together; until they are complete they are in a
    file beside the scores.
    """
    sizes = [int(labels.max()) + 1 for labels in labelings]
    file = scores.file.with_name(f'sums-{scores.file.name}')
    nearest = _pair_sums(scores, residuals, np.stack(labelings), sizes, file, pool)
    cut = np.sqrt(residuals)
    results = []
    for labels, stop in zip(labelings, np.cumsum(sizes), strict=True):
        counts = np.bincount(labels)
        cut_mean = float((np.bincount(labels, cut) / np.maximum(counts - 1, 1)).max())
        values, bounds = np.empty((2, scores.rows), np.float32)
        for first, last in scores.blocks(BLOCK):
            here = slice(first, last)
            sums, wrong = _mapped(file)[here, stop - len(counts) : stop], 2 * cut[here] * cut_mean
            values[here], bounds[here] = _silhouettes(sums, labels[here], counts, wrong, nearest[here])
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


def _pair_sums(
    scores: Scores, residuals: Floats, labels: Labels, sizes: Sequence[int], file: Path, pool: Executor
) -> Floats:
    """Distance of each person to the nearest, (N,); sums of distances by cluster, (N, sum of K), go into a file."""
    reserve(file, np.float64, (scores.rows, sum(sizes)))
    nearest = np.full(scores.rows, np.inf, np.float32)
    for tile in ordered(pool, _tile_sums, _tiles(scores, residuals, labels, sizes)):
        for start, sums, least in tile:
            rows = slice(start, start + len(sums))
            _mapped(file, 'r+')[rows] += sums
            np.minimum(nearest[rows], least, out=nearest[rows])
    return nearest.astype(np.float64)


def _mapped(file: Path, mode: Literal['r', 'r+'] = 'r') -> Floats:
    """An array in a file; mapped anew each time, so that none of it stays in memory."""
    mapped: Floats = np.load(file, mmap_mode=mode, allow_pickle=False)
    return mapped


@dataclass(frozen=True)
class _Side:
    """One block of persons: its first person, labels (S, n) and residuals (n,)."""

    start: int
    labels: Labels
    residuals: Singles

    def values(self, scores: Scores) -> Singles:
        return scores.read(self.start, self.start + len(self.residuals))

    def members(self, sizes: Sequence[int]) -> Singles:
        """A 1 for each clustering in the column of the person's cluster: (n, sum of K)."""
        offsets = np.cumsum([0, *sizes[:-1]])
        member = np.zeros((len(self.residuals), sum(sizes)), np.float32)
        member[np.arange(len(member)), self.labels.astype(np.int64) + offsets[:, None]] = 1
        return member


Tile = tuple[Scores, tuple[int, ...], _Side, _Side]


def _tiles(scores: Scores, residuals: Floats, labels: Labels, sizes: Sequence[int]) -> Iterator[Tile]:
    """Each pair of blocks once."""
    cut, blocks = residuals.astype(np.float32), scores.blocks(BLOCK)
    sides = [_Side(start, labels[:, start:stop], cut[start:stop]) for start, stop in blocks]
    for number, first in enumerate(sides):
        for second in sides[number:]:
            yield scores, tuple(sizes), first, second


def _tile_sums(tile: Tile) -> list[tuple[int, Singles, Singles]]:
    """For one block or two: first person, sums of distances (n, sum of K), least distance (n,)."""
    scores, sizes, first, second = tile
    same = first.start == second.start
    a = first.values(scores)
    b = a if same else second.values(scores)
    distances = _distances(a, b, first.residuals, second.residuals)
    if same:
        np.fill_diagonal(distances, 0)
    results = [(first.start, distances @ second.members(sizes))]
    if not same:
        results.append((second.start, distances.T @ first.members(sizes)))
    if same:
        np.fill_diagonal(distances, np.inf)
    return [(start, sums, distances.min(axis=1 - side)) for side, (start, sums) in enumerate(results)]


def _distances(a: Singles, b: Singles, cut_a: Singles, cut_b: Singles) -> Singles:
    """Euclidean distances (n, m) of (n, d) and (m, d), with the squared norms of what was cut."""
    squares = a @ b.T
    squares *= -2
    squares += (np.einsum('nd,nd->n', a, a) + cut_a)[:, None]
    squares += np.einsum('md,md->m', b, b) + cut_b
    np.maximum(squares, 0, out=squares)
    return np.sqrt(squares, out=squares)

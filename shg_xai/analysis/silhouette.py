"""Exact Euclidean silhouettes of several clusterings, in one pass over all pairs of persons.

Rousseeuw 1987, "Silhouettes: a graphical aid to the interpretation and validation of cluster
analysis", section 2. Distances are taken in the first d of D principal components. What is cut
enters by its norm: with r_i the cut part of person i, the squared distance is that in d dimensions
plus |r_i|^2 + |r_j|^2 - 2 r_i.r_j, and only the last term is left out. It is at most 2 |r_i| |r_j|,
so a distance e instead of e' is wrong by at most 2 |r_i| |r_j| / e, and a mean distance of person i
to a cluster by at most 2 |r_i| mean |r_j| / (distance of i to its nearest person).
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from shg_xai.analysis.executors import ordered
from shg_xai.analysis.scores import Scores

BLOCK = 2048  # persons a block: one tile of distances is then 16 MiB


@dataclass(frozen=True)
class Silhouettes:
    """Silhouettes of one clustering.

    Attributes:
        values (np.ndarray): Of each person, in [-1, 1]; 0 in a cluster of one. float64, (N,).
        bounds (np.ndarray): By how much each can be wrong at most, shape (N,).
    """

    values: np.ndarray
    bounds: np.ndarray


@dataclass(frozen=True)
class _Sums:
    """Sums over all others: of distances by cluster (N, sum of K), and the least distance (N,)."""

    distances: np.ndarray
    nearest: np.ndarray


def silhouettes(scores: Scores, residuals: np.ndarray, labelings: Sequence[np.ndarray],
                pool: Executor) -> list[Silhouettes]:
    """Silhouettes of several clusterings of the same persons.

    Args:
        scores (Scores): N persons, d components.
        residuals (np.ndarray): Squared norm of what was cut, of each person, shape (N,).
        labelings (Sequence[np.ndarray]): For each clustering the labels 0 to K - 1, shape (N,).
        pool (Executor): Who computes.
    """
    sizes = [int(labels.max()) + 1 for labels in labelings]
    sums = _pair_sums(scores, residuals, np.stack(labelings), sizes, pool)
    results, start = [], 0
    for labels, size in zip(labelings, sizes, strict=True):
        results.append(_silhouettes(sums.distances[:, start:start + size], sums.nearest, labels,
                                    np.sqrt(residuals)))
        start += size
    return results


def _silhouettes(sums: np.ndarray, nearest: np.ndarray, labels: np.ndarray, cut: np.ndarray
                 ) -> Silhouettes:
    """Silhouettes from sums of distances to each cluster (N, K); cut is |r_i|, (N,)."""
    persons = np.arange(len(labels))
    counts = np.bincount(labels, minlength=sums.shape[1])
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

    if not cut.any():
        return Silhouettes(values, np.zeros(len(labels)))
    cut_means = np.bincount(labels, cut, len(counts)) / np.maximum(counts - 1, 1)
    with np.errstate(divide='ignore', invalid='ignore'):
        # Of a mean distance; own and other may both be wrong by it. A person cut nowhere is exact.
        wrong = np.where(cut > 0, 2 * cut * cut_means.max() / nearest, 0)
        # s is 1 - smaller / larger in size: both change, the larger one also beneath.
        bounds = np.where(larger > wrong, 2 * wrong / (larger - wrong), 2)
    return Silhouettes(values, np.where(known, np.minimum(bounds, 2), 0))


def _pair_sums(scores: Scores, residuals: np.ndarray, labels: np.ndarray, sizes: Sequence[int],
               pool: Executor) -> _Sums:
    """Sums over all pairs; labels (S, N) of S clusterings with these numbers of clusters."""
    distances = np.zeros((scores.rows, sum(sizes)))
    nearest = np.full(scores.rows, np.inf, np.float32)
    tasks = _tiles(scores, residuals, labels, sizes)
    for tile in ordered(pool, _tile_sums, tasks):
        for start, sums, least in tile:
            rows = slice(start, start + len(sums))
            distances[rows] += sums
            np.minimum(nearest[rows], least, out=nearest[rows])
    return _Sums(distances, nearest.astype(np.float64))


@dataclass(frozen=True)
class _Side:
    """One block of persons: its first person, labels (S, n) and residuals (n,)."""

    start: int
    labels: np.ndarray
    residuals: np.ndarray

    def values(self, scores: Scores) -> np.ndarray:
        return scores.read(self.start, self.start + len(self.residuals))

    def members(self, sizes: Sequence[int]) -> np.ndarray:
        """A 1 for each clustering in the column of the person's cluster: (n, sum of K)."""
        offsets = np.cumsum([0, *sizes[:-1]])
        member = np.zeros((len(self.residuals), sum(sizes)), np.float32)
        member[np.arange(len(member)), self.labels.astype(np.int64) + offsets[:, None]] = 1
        return member


Tile = tuple[Scores, tuple[int, ...], _Side, _Side]


def _tiles(scores: Scores, residuals: np.ndarray, labels: np.ndarray, sizes: Sequence[int]
           ) -> Iterator[Tile]:
    """Each pair of blocks once."""
    sides = [_Side(start, labels[:, start:stop], residuals[start:stop].astype(np.float32))
             for start, stop in scores.blocks(BLOCK)]
    for number, first in enumerate(sides):
        for second in sides[number:]:
            yield scores, tuple(sizes), first, second


def _tile_sums(tile: Tile) -> list[tuple[int, np.ndarray, np.ndarray]]:
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
    return [(start, sums, distances.min(axis=1 - side))
            for side, (start, sums) in enumerate(results)]


def _distances(a: np.ndarray, b: np.ndarray, cut_a: np.ndarray, cut_b: np.ndarray) -> np.ndarray:
    """Euclidean distances (n, m) of (n, d) and (m, d), with the squared norms of what was cut."""
    squares = a @ b.T
    squares *= -2
    squares += (np.einsum('nd,nd->n', a, a) + cut_a)[:, None]
    squares += np.einsum('md,md->m', b, b) + cut_b
    np.maximum(squares, 0, out=squares)
    return np.sqrt(squares, out=squares)

"""K-Means over blocks of persons: many runs side by side in each pass over the data.

Conventions are scikit-learn's: greedy k-means++ starts with 2 + ln K candidates a centroid (Arthur and Vassilvitskii
2007), Lloyd's iterations until no label changes or the centroids move by less than ``TOLERANCE`` times the mean
variance, an empty cluster takes the person farthest away.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from shg_xai.random_streams import stream
from shg_xai.stats.arrays import Float, Floats, Int, Ints, Labels, Singles
from shg_xai.stats.executors import ordered

TOLERANCE = 1e-4
MOST_ITERATIONS = 300


@dataclass(frozen=True)
class Source:
    """Persons by block, as K-Means reads them: ``read`` gives the values (n, D) of one of the tasks, picklable, of
    ``size`` persons each but the last; ``norms`` are squared, ``spread`` is the mean variance of a dimension.
    """

    tasks: Sequence[Any]
    read: Callable[[Any], Singles]
    norms: Float[Floats, ' N']
    size: int
    spread: float

    def with_norms(self) -> Iterator[tuple[Any, Floats]]:
        """The tasks, each with the norms of its persons."""
        for number, task in enumerate(self.tasks):
            yield task, self.norms[number * self.size : (number + 1) * self.size]


@dataclass(frozen=True)
class Clustering:
    """One finished run: means of clusters, labels, sum of squared distances to the own mean, and the passes it took."""

    centroids: Float[Floats, 'K D']
    labels: Int[Labels, ' N']
    inertia: float
    iterations: int


def lloyd(source: Source, starts: Sequence[Float[Floats | Singles, 'K D']], pool: Executor) -> list[Clustering]:
    """Run Lloyd's iterations from several sets of centroids at once, K may differ between them; labels and inertia are
    those of the centroids that come back.
    """
    centroids = [np.asarray(start, np.float64) for start in starts]
    labels = [np.full(len(source.norms), 255, np.uint8) for _ in starts]
    done, settled = dict[int, Clustering](), set[int]()
    for iteration in range(1, MOST_ITERATIONS + 2):
        running = [run for run in range(len(starts)) if run not in done]
        passed = _assign(source, [centroids[run] for run in running], pool)
        for run, (new_labels, inertia, moved) in zip(running, passed, strict=True):
            still = run in settled or (new_labels == labels[run]).all()
            if still or iteration > MOST_ITERATIONS:
                # A copy, since a row would keep the labels of all runs of this pass in memory.
                done[run] = Clustering(centroids[run], new_labels.copy(), inertia, iteration)
                continue
            if ((moved - centroids[run]) ** 2).sum() <= TOLERANCE * source.spread:
                settled.add(run)  # one more pass gives the labels of the last centroids
            centroids[run], labels[run] = moved, new_labels
        if len(done) == len(starts):
            break
    return [done[run] for run in range(len(starts))]


def _assign(source: Source, sets: Sequence[Floats], pool: Executor) -> list[tuple[Labels, float, Floats]]:
    """For each set of centroids (K, D): labels (N,), inertia, and the means of its clusters."""
    sizes = [len(centroids) for centroids in sets]
    together = np.concatenate(sets).astype(np.float32)
    task = partial(_assigned, source.read, together, tuple(sizes))
    labels = np.empty((len(sets), len(source.norms)), np.uint8)
    inertia, sums, far, start = np.zeros(len(sets)), np.zeros(together.shape), [], 0
    for label, squares, total, distance, persons in ordered(pool, task, source.with_norms()):
        labels[:, start : start + source.size] = label
        start += source.size
        inertia += squares
        sums += total
        far.append((distance, persons))
    results, start = [], 0
    for run, size in enumerate(sizes):
        counts = np.bincount(labels[run], minlength=size)
        means = sums[start : start + size] / np.maximum(counts, 1)[:, None]
        farthest = max(range(len(far)), key=lambda block: far[block][0][run])
        for empty in np.flatnonzero(counts == 0)[:1]:  # another one has its turn in the next pass
            means[empty] = far[farthest][1][run]
        results.append((labels[run], float(inertia[run]), means))
        start += size
    return results


def _assigned(
    read: Callable[[Any], Singles], centroids: Singles, sizes: tuple[int, ...], task: tuple[Any, Floats]
) -> tuple[Labels, Floats, Floats, Floats, Singles]:
    """One block against S sets of centroids, (sum of K, D)."""
    values, norms = read(task[0]), task[1]
    offsets = np.einsum('kd,kd->k', centroids, centroids)
    # Half the squared distance without the person's own norm, which decides nothing.
    near = values @ centroids.T
    np.subtract(0.5 * offsets, near, out=near)
    persons = np.arange(len(values))
    labels = np.empty((len(sizes), len(values)), np.uint8)
    member = np.zeros(near.shape, np.float32)
    inertia, distance = np.empty((2, len(sizes)))
    far = np.empty((len(sizes), values.shape[1]), np.float32)
    start = 0
    for run, size in enumerate(sizes):
        own = near[:, start : start + size]
        labels[run] = nearest = own.argmin(axis=1)
        squares = np.maximum(norms + 2.0 * own[persons, nearest], 0)
        inertia[run], distance[run] = squares.sum(), squares.max()
        far[run] = values[squares.argmax()]
        member[persons, start + nearest] = 1  # not of the labels, whose 8 bits end at 255
        start += size
    return labels, inertia, member.T @ values, distance, far


def seeded(source: Source, k: int, restarts: int, seed: int, pool: Executor) -> list[Float[Singles, 'K D']]:
    """Starts for K-Means by greedy k-means++, all restarts side by side: for each, K persons of the N."""
    generators, trials = [stream(seed, 'kmeans', k, restart) for restart in range(restarts)], 2 + int(np.log(k))
    first = np.array([generator.integers(len(source.norms)) for generator in generators])
    centroids = _persons(source, first, pool)[:, None]
    closest = _distances(source, centroids[:, 0], pool)
    for _ in range(1, k):
        drawn = []
        for near, generator in zip(closest, generators, strict=True):  # chances are as squared distances
            running = np.cumsum(near, dtype=np.float64)
            places = np.searchsorted(running, generator.random(trials) * running[-1])
            drawn.append(np.minimum(places, len(near) - 1))
        candidates = _persons(source, np.concatenate(drawn), pool)
        distances = _distances(source, candidates, pool).reshape(restarts, trials, -1)
        np.minimum(distances, closest[:, None], out=distances)
        best = np.arange(restarts), distances.sum(axis=2, dtype=np.float64).argmin(axis=1)
        closest = distances[best]
        added = candidates.reshape(restarts, trials, -1)[best]
        centroids = np.concatenate([centroids, added[:, None]], axis=1)
    return list(centroids)


def _persons(source: Source, numbers: Ints, pool: Executor) -> Singles:
    """Values (n, D) of persons by their numbers."""
    size = source.size
    wanted = sorted(set((numbers // size).tolist()))
    tasks = [source.tasks[block] for block in wanted]
    read = dict(zip(wanted, ordered(pool, source.read, tasks, ahead=1), strict=True))
    return np.stack([read[number // size][number % size] for number in numbers.tolist()])


def _distances(source: Source, centroids: Singles, pool: Executor) -> Singles:
    """Squared distances (M, N), float32, of all persons to M points."""
    near = ordered(pool, partial(_near, source.read, centroids), source.with_norms())
    return np.concatenate(list(near), axis=1)


def _near(read: Callable[[Any], Singles], centroids: Singles, task: tuple[Any, Floats]) -> Singles:
    """Squared distances (M, n) of a block to M points."""
    offsets = np.einsum('kd,kd->k', centroids, centroids)[:, None]
    near = centroids @ read(task[0]).T
    return np.maximum(task[1].astype(np.float32) + offsets - 2 * near, 0)

"""Groups among latents: K-Means for several K, exact silhouettes, and who sits where."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from typing import Any

import numpy as np
from sklearn.metrics import adjusted_rand_score

from shg_xai.chapters.nearest_walk.measure import nearest
from shg_xai.explain.options import Options
from shg_xai.latents.selection import BLOCK, Block, Selection
from shg_xai.stats.bootstrap import mean_interval, number
from shg_xai.stats.executors import ordered
from shg_xai.stats.kmeans import Clustering, Source, lloyd, seeded
from shg_xai.stats.pca import Components
from shg_xai.stats.projection import Projections, Scores
from shg_xai.stats.silhouette import Silhouettes

CENTRAL = 6  # persons shown for each centroid
MISFITS = 12
SCORE_BLOCK = 8192


@dataclass(frozen=True)
class Clusters:
    """The best of several runs for one K, biggest cluster first.

    Attributes:
        best: Its centroids (K, D) lie about the mean latent.
        restart_inertia: Inertia of each restart.
        stability: Adjusted Rand index between restarts: mean and least.
    """

    best: Clustering
    restart_inertia: tuple[float, ...]
    stability: tuple[float, float]


@dataclass(frozen=True)
class Plan:
    """How to cluster.

    Attributes:
        ks: The numbers of clusters.
        restarts: Restarts for each.
        dimensions: How many components the restarts use.
        seed: Of the starts.
    """

    ks: tuple[int, ...]
    restarts: int
    dimensions: int
    seed: int


def cluster(
    selection: Selection, components: Components, projections: Projections, plan: Plan, pool: Executor
) -> dict[int, Clusters]:
    """K-Means for several K, the best of several restarts.

    Restarts run on the first components; from the best of each K, Lloyd's iterations go on over all D dimensions until
    they end there, so that what is cut decides about no label.

    Args:
        selection: N persons.
        components: Their principal components.
        projections: Their scores.
        plan: How.
        pool: Who computes.
    """
    variance = float(projections.norms.mean() / selection.dimensions)
    scores = projections.scores.leading(plan.dimensions)
    tasks = list(scores.blocks(SCORE_BLOCK))
    norms = np.concatenate(list(ordered(pool, _Norms(scores), tasks)))
    short = Source(tasks, _Scores(scores), norms, SCORE_BLOCK, variance)
    # All runs of all K side by side: the data are read once for the many passes this takes.
    begun = [(k, start) for k in plan.ks for start in seeded(short, k, plan.restarts, plan.seed, pool)]
    runs = lloyd(short, [start for _, start in begun], pool)
    rounds = {k: [run for (of, _), run in zip(begun, runs, strict=True) if of == k] for k in plan.ks}
    back = components.vectors[:, : plan.dimensions].T
    starts = [min(runs, key=lambda run: run.inertia).centroids @ back for runs in rounds.values()]
    full = Source(
        list(selection.blocks(BLOCK)), _Centred(components.mean.astype(np.float32)), projections.norms, BLOCK, variance
    )
    finished = dict(zip(plan.ks, lloyd(full, starts, pool), strict=True))
    # What was cut counts in no inertia of the short runs: it is added as for one cluster.
    cut = float(projections.norms.sum() - norms.sum())
    scores.file.unlink()
    return {
        k: Clusters(
            _biggest_first(finished[k]),
            tuple(run.inertia + cut for run in runs),
            _stability([run.labels for run in runs]),
        )
        for k, runs in rounds.items()
    }


@dataclass(frozen=True)
class _Scores:
    """Reads the scores of a block of persons."""

    scores: Scores

    def __call__(self, task: tuple[int, int]) -> np.ndarray:
        return self.scores.read(*task)


@dataclass(frozen=True)
class _Norms:
    """Squared norms of the scores of a block of persons, float64, (n,)."""

    scores: Scores

    def __call__(self, task: tuple[int, int]) -> np.ndarray:
        return (self.scores.read(*task).astype(np.float64) ** 2).sum(axis=1)


@dataclass(frozen=True)
class _Centred:
    """Reads all dimensions of a block of persons, about the mean."""

    mean: np.ndarray

    def __call__(self, block: Block) -> np.ndarray:
        return block.values() - self.mean


def _biggest_first(run: Clustering) -> Clustering:
    """Clusters numbered by size, so that numbers mean something from run to run."""
    counts = np.bincount(run.labels, minlength=len(run.centroids))
    order = np.argsort(-counts, kind='stable')
    place = np.argsort(order).astype(np.uint8)
    return replace(run, centroids=run.centroids[order], labels=place[run.labels])


def _stability(labelings: Sequence[np.ndarray]) -> tuple[float, float]:
    """Adjusted Rand index (Hubert and Arabie 1985) over all pairs: mean and least."""
    values = [adjusted_rand_score(a, b) for a, b in combinations(labelings, 2)]
    return (float(np.mean(values)), float(min(values))) if values else (1.0, 1.0)


def central_persons(
    selection: Selection, mean: np.ndarray, found: Sequence[Clusters], pool: Executor
) -> list[list[list[dict[str, Any]]]]:
    """For each clustering and each of its centroids the nearest persons, over all dimensions."""
    centroids = np.concatenate([clusters.best.centroids for clusters in found])
    task = _Nearest(_Centred(mean.astype(np.float32)), centroids, selection.annotation_ids)
    kept = [entry for entries in ordered(pool, task, selection.blocks()) for entry in entries]
    ids, distances = (np.stack(part, axis=1) for part in zip(*kept, strict=True))
    persons = [nearest(distance, id_, CENTRAL) for id_, distance in zip(ids, distances, strict=True)]
    starts = np.cumsum([0, *(len(clusters.best.centroids) for clusters in found)])
    return [persons[start:stop] for start, stop in pairwise(starts)]


@dataclass(frozen=True)
class _Nearest:
    """The persons of a block that are nearest to each of M points: ids (M,) and distances (M,)."""

    read: Callable[[object], np.ndarray]
    points: np.ndarray
    annotation_ids: np.ndarray

    def __call__(self, block: Block) -> list[tuple[np.ndarray, np.ndarray]]:
        values = self.read(block).astype(np.float64)
        ids = self.annotation_ids[block.start : block.start + len(values)]
        squares = (values**2).sum(axis=1)[:, None] + (self.points**2).sum(axis=1)
        squares -= 2 * (values @ self.points.T)
        order = np.lexsort((np.broadcast_to(ids[:, None], squares.shape), squares), axis=0)
        return [
            (ids[rank], np.sqrt(np.maximum(squares[rank, np.arange(len(self.points))], 0))) for rank in order[:CENTRAL]
        ]


def cluster_results(
    k: int,
    found: Clusters,
    silhouettes: Silhouettes,
    central: list[list[dict[str, Any]]],
    selection: Selection,
    options: Options,
) -> dict[str, Any]:
    """One entry of ``clusters.k`` of the results."""
    annotation_ids = selection.annotation_ids
    values, labels = silhouettes.values, found.best.labels
    mean, low, high = mean_interval(values, selection.image_ids, options.bootstrap, options.confidence, options.seed)
    worst = np.lexsort((annotation_ids, values))[:MISFITS]
    return dict(
        k=k,
        inertia=found.best.inertia,
        restart_inertia=list(found.restart_inertia),
        stability=dict(value=found.stability[0], low=found.stability[1]),
        silhouette=dict(
            value=float(mean), low=number(low), high=number(high), error_bound=float(silhouettes.bounds.mean())
        ),
        negative_share=float((values < 0).mean()),
        sizes=np.bincount(labels, minlength=k).tolist(),
        silhouette_by_cluster=[
            float(values[labels == own].mean(dtype=float)) if (labels == own).any() else None for own in range(k)
        ],
        centroids=central,
        misfits=[
            dict(
                annotation_id=int(annotation_ids[person]), cluster=int(labels[person]), silhouette=float(values[person])
            )
            for person in worst
            if values[person] < 0
        ],
    )

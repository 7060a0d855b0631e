"""Groups among latents: K-Means for several K, exact silhouettes, and who sits where."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations, pairwise

import numpy as np
from sklearn.metrics import adjusted_rand_score

from shg_xai.chapters.clusters.results import Clusters, Fit, Misfit
from shg_xai.chapters.nearest_walk.measure import nearest
from shg_xai.chapters.nearest_walk.results import NearPerson
from shg_xai.explain.decomposition import CLUSTER_CUT, Decomposition, Work, decompose, rotate, working
from shg_xai.explain.options import Options
from shg_xai.latents.selection import BLOCK, Block, Selection
from shg_xai.results import Estimate
from shg_xai.stats.arrays import Floats, Ints, Singles
from shg_xai.stats.executors import ordered
from shg_xai.stats.kmeans import Clustering, Source, lloyd, seeded
from shg_xai.stats.pca import Components
from shg_xai.stats.projection import Projections, Scores, dimensions_for
from shg_xai.stats.silhouette import Silhouettes, silhouettes

CENTRAL = 6  # persons shown for each centroid
MISFITS = 12
SCORE_BLOCK = 8192
Centroids = list[list[NearPerson]]  # of each the nearest persons


def measure(selection: Selection, options: Options | None = None) -> Clusters:
    """The clusters of one layer of a store; InputError if its latents cannot be analysed (``stats.moments.look``)."""
    with working(selection, options) as work:
        return clusters(selection.layer, work, structure(work))


def clusters(of: str, work: Work, found: 'Structure') -> Clusters:
    """The same where persons have been clustered already; ``of`` is the name of the analysis."""
    selection, options, sils = work.selection, work.options, found.silhouettes
    central = central_persons(selection, found.components.mean, list(found.clusters.values()), work.pool)
    order = found.ranking
    return Clusters(
        of=of,
        confidence=options.confidence,
        restarts=options.restarts,
        tolerance=options.tolerance,
        fits=[fit_of(found.clusters[k], sils[k], persons, work) for k, persons in zip(sils, central, strict=True)],
        best_k=order[0],
        second_k=order[1] if len(order) > 1 else None,
        margin=work.bootstrap.mean(sils[order[0]].values - sils[order[1]].values) if len(order) > 1 else None,
    )


@dataclass(frozen=True)
class Runs:
    """The best of several runs for one K, biggest cluster first, centroids about the mean; and how restarts agree."""

    best: Clustering
    restart_inertia: tuple[float, ...]
    stability: Estimate


@dataclass(frozen=True)
class Structure(Decomposition):
    """The same, and what groups there are, by K."""

    clusters: dict[int, Runs]
    silhouettes: dict[int, Silhouettes]

    @property
    def ranking(self) -> list[int]:
        """Numbers of clusters, that with the highest mean silhouette first."""
        means = {k: float(own.values.mean(dtype=float)) for k, own in self.silhouettes.items()}
        return sorted(means, key=lambda k: (-means[k], k))


def structure(work: Work) -> Structure:
    """Components, scores, clusters and silhouettes of the persons; raises what :func:`decompose` does."""
    found = decompose(work)
    options, projections = work.options, found.projections
    plan = Plan(options.ks, options.restarts, dimensions_for(found.components.eigenvalues, CLUSTER_CUT), options.seed)
    with work.stage('clusters') as pool:
        runs = cluster(work.selection, found.components, projections, plan, pool)
    values = _silhouettes(work, projections, runs)
    if max(own.bounds.mean() for own in values.values()) > options.tolerance:
        # More was cut than the tolerance allows for: nothing is then.
        projections = rotate(work, found.components, work.selection.dimensions)
        values = _silhouettes(work, projections, runs)
    return Structure(found.constant, found.components, found.variances, found.halves, projections, runs, values)


def _silhouettes(work: Work, projections: Projections, runs: Mapping[int, Runs]) -> dict[int, Silhouettes]:
    labels = [own.best.labels for own in runs.values()]
    with work.stage('silhouettes', work.blocks * (work.blocks + 1) // 2) as pool:
        values = silhouettes(projections.scores, projections.residuals, labels, pool)
    return dict(zip(runs, values, strict=True))


@dataclass(frozen=True)
class Plan:
    """How to cluster: numbers of clusters, restarts for each, how many components these use, and the seed of starts."""

    ks: tuple[int, ...]
    restarts: int
    dimensions: int
    seed: int


def cluster(
    selection: Selection, components: Components, projections: Projections, plan: Plan, pool: Executor
) -> dict[int, Runs]:
    """K-Means for several K, the best of several restarts.

    Restarts run on the first components; from the best of each K, Lloyd's iterations go on over all D dimensions until
    they end there, so that what is cut decides about no label.
    """
    variance = float(projections.norms.mean() / selection.dimensions)
    scores = projections.scores.leading(plan.dimensions)
    tasks = list(scores.blocks(SCORE_BLOCK))
    norms = np.concatenate(list(ordered(pool, partial(_norms, scores), tasks)))
    short = Source(tasks, partial(_scores, scores), norms, SCORE_BLOCK, variance)
    # All runs of all K side by side: the data are read once for the many passes this takes.
    begun = [(k, start) for k in plan.ks for start in seeded(short, k, plan.restarts, plan.seed, pool)]
    runs = lloyd(short, [start for _, start in begun], pool)
    rounds = {k: [run for (of, _), run in zip(begun, runs, strict=True) if of == k] for k in plan.ks}
    back = components.vectors[:, : plan.dimensions].T
    starts = [min(runs, key=lambda run: run.inertia).centroids @ back for runs in rounds.values()]
    read = partial(_centred, components.mean.astype(np.float32))
    full = Source(list(selection.blocks(BLOCK)), read, projections.norms, BLOCK, variance)
    finished = dict(zip(plan.ks, lloyd(full, starts, pool), strict=True))
    # What was cut counts in no inertia of the short runs: it is added as for one cluster.
    cut = float(projections.norms.sum() - norms.sum())
    scores.file.unlink()
    inertia = {k: tuple(run.inertia + cut for run in runs) for k, runs in rounds.items()}
    return {k: Runs(_biggest_first(finished[k]), inertia[k], _stability(runs)) for k, runs in rounds.items()}


def _scores(scores: Scores, task: tuple[int, int]) -> Singles:
    return scores.read(*task)


def _norms(scores: Scores, task: tuple[int, int]) -> Floats:
    return (scores.read(*task).astype(np.float64) ** 2).sum(axis=1)


def _centred(mean: Singles, block: Block) -> Singles:
    return block.values() - mean


def _biggest_first(run: Clustering) -> Clustering:
    """Clusters numbered by size, so that numbers mean something from run to run."""
    counts = np.bincount(run.labels, minlength=len(run.centroids))
    order = np.argsort(-counts, kind='stable')
    place = np.argsort(order).astype(np.uint8)
    return replace(run, centroids=run.centroids[order], labels=place[run.labels])


def _stability(runs: Sequence[Clustering]) -> Estimate:
    """Adjusted Rand index (Hubert and Arabie 1985) over all pairs: mean and least."""
    values = [adjusted_rand_score(a.labels, b.labels) for a, b in combinations(runs, 2)] or [1.0]
    return Estimate(value=float(np.mean(values)), low=float(min(values)), n=len(runs), over='restarts')


def central_persons(selection: Selection, mean: Floats, found: Sequence[Runs], pool: Executor) -> list[Centroids]:
    """For each clustering and each of its centroids the nearest persons, over all dimensions."""
    centroids = np.concatenate([runs.best.centroids for runs in found])
    task = partial(_nearest, mean.astype(np.float32), centroids, selection.annotation_ids)
    kept = [entry for entries in ordered(pool, task, selection.blocks()) for entry in entries]
    ids, distances = (np.stack(part, axis=1) for part in zip(*kept, strict=True))
    persons = [nearest(distance, id_, CENTRAL) for id_, distance in zip(ids, distances, strict=True)]
    starts = np.cumsum([0, *(len(runs.best.centroids) for runs in found)])
    return [persons[start:stop] for start, stop in pairwise(starts)]


def _nearest(mean: Singles, points: Floats, annotation_ids: Ints, block: Block) -> list[tuple[Ints, Floats]]:
    """The persons of a block that are nearest to each of M points: ids (M,) and distances (M,)."""
    values = _centred(mean, block).astype(np.float64)
    ids = annotation_ids[block.start : block.start + len(values)]
    squares = (values**2).sum(axis=1)[:, None] + (points**2).sum(axis=1)
    squares -= 2 * (values @ points.T)
    order = np.lexsort((np.broadcast_to(ids[:, None], squares.shape), squares), axis=0)[:CENTRAL]
    return [(ids[rank], np.sqrt(np.maximum(squares[rank, np.arange(len(points))], 0))) for rank in order]


def fit_of(runs: Runs, found: Silhouettes, central: Centroids, work: Work) -> Fit:
    """What is told of one K: its best run, the silhouettes of that, the persons nearest to its centroids."""
    ids = work.selection.annotation_ids
    values, labels, k = found.values, runs.best.labels, len(runs.best.centroids)
    worst = [person for person in np.lexsort((ids, values))[:MISFITS] if values[person] < 0]
    within = [values[labels == own] for own in range(k)]
    return Fit(
        k=k,
        inertia=runs.best.inertia,
        restart_inertia=list(runs.restart_inertia),
        stability=runs.stability,
        silhouette=work.bootstrap.mean(values),
        error_bound=float(found.bounds.mean()),
        negative_share=float((values < 0).mean()),
        sizes=np.bincount(labels, minlength=k).tolist(),
        silhouette_by_cluster=[float(own.mean(dtype=float)) if len(own) else None for own in within],
        centroids=central,
        misfits=[
            Misfit(annotation_id=int(ids[person]), cluster=int(labels[person]), silhouette=float(values[person]))
            for person in worst
        ],
    )

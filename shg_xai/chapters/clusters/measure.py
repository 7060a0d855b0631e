"""Groups among latents: K-Means for several K, exact silhouettes, and who sits where."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
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
from shg_xai.stats.arrays import Floats, Ints, Labels, Singles
from shg_xai.stats.executors import ordered
from shg_xai.stats.kmeans import Clustering, Source, lloyd, seeded
from shg_xai.stats.moments import Overview
from shg_xai.stats.pca import Components
from shg_xai.stats.projection import Projections, Scores, dimensions_for
from shg_xai.stats.silhouette import Silhouettes, silhouettes

CENTRAL = 6  # persons shown for each centroid
MISFITS = 12
SCORE_BLOCK = 8192


def measure(selection: Selection, options: Options | None = None) -> Clusters:
    """The clusters of one layer of a store.

    Raises:
        InputError: Its latents cannot be analysed, see :func:`~shg_xai.stats.moments.look`.
    """
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
        fits=[
            fit_of(runs, sils[k], persons, work)
            for (k, runs), persons in zip(found.clusters.items(), central, strict=True)
        ],
        best_k=order[0],
        second_k=order[1] if len(order) > 1 else None,
        margin=work.bootstrap.mean(sils[order[0]].values - sils[order[1]].values) if len(order) > 1 else None,
    )


@dataclass(frozen=True)
class Runs:
    """The best of several runs for one K, biggest cluster first.

    Attributes:
        best: Its centroids (K, D) lie about the mean latent.
        restart_inertia: Inertia of each restart.
        stability: Adjusted Rand index between pairs of restarts: mean, and as low end the least.
    """

    best: Clustering
    restart_inertia: tuple[float, ...]
    stability: Estimate


@dataclass(frozen=True)
class Structure(Decomposition):
    """The same, and what groups there are.

    Attributes:
        clusters: By K.
        silhouettes: By K.
    """

    clusters: dict[int, Runs]
    silhouettes: dict[int, Silhouettes]

    @property
    def ranking(self) -> list[int]:
        """Numbers of clusters, that with the highest mean silhouette first."""
        means = {k: float(own.values.mean(dtype=float)) for k, own in self.silhouettes.items()}
        return sorted(means, key=lambda k: (-means[k], k))


def structure(work: Work, overview: Overview | None = None) -> Structure:
    """Components, scores, clusters and silhouettes of the persons.

    Args:
        work: Whose, and how.
        overview: What a look at all values said, if it was taken already.

    Raises:
        InputError: Latents that cannot be analysed, see :func:`~shg_xai.stats.moments.look`.
    """
    found = decompose(work, overview)
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
) -> dict[int, Runs]:
    """K-Means for several K, the best of several restarts.

    Restarts run on the first components; from the best of each K, Lloyd's iterations go on over all D dimensions until
    they end there, so that what is cut decides about no label.
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
        k: Runs(
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

    def __call__(self, task: tuple[int, int]) -> Singles:
        return self.scores.read(*task)


@dataclass(frozen=True)
class _Norms:
    """Squared norms of the scores of a block of persons, float64, (n,)."""

    scores: Scores

    def __call__(self, task: tuple[int, int]) -> Floats:
        return (self.scores.read(*task).astype(np.float64) ** 2).sum(axis=1)


@dataclass(frozen=True)
class _Centred:
    """Reads all dimensions of a block of persons, about the mean."""

    mean: Singles

    def __call__(self, block: Block) -> Singles:
        return block.values() - self.mean


def _biggest_first(run: Clustering) -> Clustering:
    """Clusters numbered by size, so that numbers mean something from run to run."""
    counts = np.bincount(run.labels, minlength=len(run.centroids))
    order = np.argsort(-counts, kind='stable')
    place = np.argsort(order).astype(np.uint8)
    return replace(run, centroids=run.centroids[order], labels=place[run.labels])


def _stability(labelings: Sequence[Labels]) -> Estimate:
    """Adjusted Rand index (Hubert and Arabie 1985) over all pairs: mean and least."""
    values = [adjusted_rand_score(a, b) for a, b in combinations(labelings, 2)] or [1.0]
    return Estimate(value=float(np.mean(values)), low=float(min(values)), n=len(labelings), over='restarts')


def central_persons(
    selection: Selection, mean: Floats, found: Sequence[Runs], pool: Executor
) -> list[list[list[NearPerson]]]:
    """For each clustering and each of its centroids the nearest persons, over all dimensions."""
    centroids = np.concatenate([runs.best.centroids for runs in found])
    task = _Nearest(_Centred(mean.astype(np.float32)), centroids, selection.annotation_ids)
    kept = [entry for entries in ordered(pool, task, selection.blocks()) for entry in entries]
    ids, distances = (np.stack(part, axis=1) for part in zip(*kept, strict=True))
    persons = [nearest(distance, id_, CENTRAL) for id_, distance in zip(ids, distances, strict=True)]
    starts = np.cumsum([0, *(len(runs.best.centroids) for runs in found)])
    return [persons[start:stop] for start, stop in pairwise(starts)]


@dataclass(frozen=True)
class _Nearest:
    """The persons of a block that are nearest to each of M points: ids (M,) and distances (M,)."""

    read: Callable[[Block], Singles]
    points: Floats
    annotation_ids: Ints

    def __call__(self, block: Block) -> list[tuple[Ints, Floats]]:
        values = self.read(block).astype(np.float64)
        ids = self.annotation_ids[block.start : block.start + len(values)]
        squares = (values**2).sum(axis=1)[:, None] + (self.points**2).sum(axis=1)
        squares -= 2 * (values @ self.points.T)
        order = np.lexsort((np.broadcast_to(ids[:, None], squares.shape), squares), axis=0)
        return [
            (ids[rank], np.sqrt(np.maximum(squares[rank, np.arange(len(self.points))], 0))) for rank in order[:CENTRAL]
        ]


def fit_of(runs: Runs, found: Silhouettes, central: list[list[NearPerson]], work: Work) -> Fit:
    """What is told of one K: its best run, the silhouettes of that, the persons nearest to its centroids."""
    ids = work.selection.annotation_ids
    values, labels, k = found.values, runs.best.labels, len(runs.best.centroids)
    worst = np.lexsort((ids, values))[:MISFITS]
    return Fit(
        k=k,
        inertia=runs.best.inertia,
        restart_inertia=list(runs.restart_inertia),
        stability=runs.stability,
        silhouette=work.bootstrap.mean(values),
        error_bound=float(found.bounds.mean()),
        negative_share=float((values < 0).mean()),
        sizes=np.bincount(labels, minlength=k).tolist(),
        silhouette_by_cluster=[
            float(values[labels == own].mean(dtype=float)) if (labels == own).any() else None for own in range(k)
        ],
        centroids=central,
        misfits=[
            Misfit(annotation_id=int(ids[person]), cluster=int(labels[person]), silhouette=float(values[person]))
            for person in worst
            if values[person] < 0
        ],
    )

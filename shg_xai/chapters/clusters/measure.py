"""Groups among latents: are there any, K-Means for several K, exact silhouettes, and who sits where."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import pairwise

import numpy as np

from shg_xai.chapters.clusters.results import Clusters, Fit, Groups, Misfit, Parted
from shg_xai.chapters.nearest_walk.measure import nearest, nearest_of
from shg_xai.chapters.nearest_walk.results import NearPerson
from shg_xai.drawing.text import listed
from shg_xai.explain.decomposition import CLUSTER_CUT, Decomposition, Work, decompose, rotate, working
from shg_xai.explain.options import Options
from shg_xai.latents.selection import BLOCK, Block, Selection
from shg_xai.random_streams import stream
from shg_xai.results import Estimate
from shg_xai.stats.arrays import Float32, Floats, Ints, Singles
from shg_xai.stats.bootstrap import number
from shg_xai.stats.executors import ordered
from shg_xai.stats.groups import DEALS, DRAWS, Halves, beside_gaussian, by_halves, corrected, one_an_image, parted
from shg_xai.stats.kmeans import Clustering, Source, lloyd, seeded
from shg_xai.stats.pca import Components
from shg_xai.stats.projection import Projections, Scores, dimensions_for
from shg_xai.stats.silhouette import Silhouettes, blocks, silhouettes

CENTRAL = 6  # persons shown for each centroid
MISFITS = 12
ASKED = 2000  # persons at most, one an image, who are asked whether there are groups
SCORE_BLOCK = 8192
RESTARTED = 20_000  # persons at most whom restarts of K-Means see
Centroids = list[list[NearPerson]]  # of each the nearest persons


def measure(selection: Selection, options: Options | None = None) -> Clusters:
    """The clusters of one layer of a store; InputError if its latents cannot be analysed (``stats.moments.look``)."""
    with working(selection, options) as work:
        return of_layer(selection.layer, work, structure(work))


def of_layer(of: str, work: Work, found: 'Structure') -> Clusters:
    """The same where persons have been clustered already; ``of`` is the name of the analysis."""
    options, sils, (best, *others) = work.options, found.silhouettes, found.ranking
    groups, halves = found.groups
    central = central_persons(work.selection, found.components.mean, list(found.clusters.values()), work.pool)
    fits = [
        fit_of(found.clusters[k], sils[k], persons, stability_of(halves.get(k)), work)
        for k, persons in zip(sils, central, strict=True)
    ]
    return Clusters(
        of=of,
        confidence=options.confidence,
        warnings=empty_warnings(fits),
        restarts=options.restarts,
        tolerance=options.tolerance,
        groups=groups,
        fits=fits,
        best_k=best,
        second_k=others[0] if others else None,
        margin=work.bootstrap.mean(sils[best].parts - sils[others[0]].parts) if others else None,
    )


def empty_warnings(fits: Sequence[Fit]) -> list[str]:
    """A sentence about clusters that nobody is in."""
    empty = {fit.k: fit.sizes.count(0) for fit in fits if 0 in fit.sizes}
    if not empty:
        return []
    told = listed([f'{count} of {k}' for k, count in empty.items()])
    fault = 'there are not as many different persons, so these numbers of clusters say nothing of their own'
    return [f'Nobody is in {told} clusters: {fault}.']


@dataclass(frozen=True)
class Runs:
    """The best of several runs for one K, biggest cluster first, centroids about the mean; and inertia of all."""

    best: Clustering
    restart_inertia: tuple[float, ...]


@dataclass(frozen=True)
class Structure(Decomposition):
    """The same, and the clusters by K; whether they are groups is looked up when somebody asks."""

    work: Work
    clusters: dict[int, Runs]
    silhouettes: dict[int, Silhouettes]

    @property
    def ranking(self) -> list[int]:
        """Numbers of clusters: that of the groups, if there are any, then those with the highest mean silhouette."""
        means = {k: float(own.values.mean(dtype=float)) for k, own in self.silhouettes.items()}
        number = self.groups[0].number
        return sorted(means, key=lambda k: (k != number, -means[k], k))

    @cached_property
    def groups(self) -> tuple[Groups, dict[int, Halves]]:
        """How many groups there are, and what halves of the persons say of each K."""
        return find_groups(self.leading, self.work)


def structure(work: Work) -> Structure:
    """Components, scores, clusters and silhouettes of the persons; raises what :func:`decompose` does."""
    found = decompose(work)
    projections, dimensions = found.projections, dimensions_for(found.components.eigenvalues, CLUSTER_CUT)
    runs = cluster(work, found.components, projections, dimensions)
    values = _silhouettes(work, projections, runs)
    if max(own.bounds.mean() for own in values.values()) > work.options.tolerance:
        # More was cut than the tolerance allows for: nothing is then.
        projections = rotate(work, found.components, found.components.vectors.shape[1])
        values = _silhouettes(work, projections, runs)
    kept = found.constant, found.components, found.variances, found.halves, projections
    return Structure(*kept, work, runs, values)


def find_groups(leading: Float32[Singles, 'N M'], work: Work) -> tuple[Groups, dict[int, Halves]]:
    """How many groups persons fall into, by their scores along the first components.

    Groups are claimed if valleys part them, at an error of one less the confidence over all K that were tried, and a
    Gaussian of the same covariance falls into clusters as tight that rarely, too.
    """
    options, selection = work.options, work.selection
    asked = one_an_image(selection.image_ids, ASKED, options.seed)
    values, alpha = leading[asked].astype(float), 1 - options.confidence
    with work.stage('groups', DEALS + DRAWS) as pool:
        halves = by_halves(values, options.ks, options.seed, pool)
        if not halves:
            return Groups(persons=len(asked), number=None, gaussian_k=None, gaussian_p=None, parted=[]), halves
        p, with_valleys = corrected(halves), parted(halves, alpha)
        valleys = max(with_valleys, default=1)
        gaussian_k = max(valleys, 2)
        gaussian_p = beside_gaussian(values, gaussian_k, options.seed, pool)
    told = [Parted(k=k, parted=k in with_valleys, p=p[k], midway=number(own.midway)) for k, own in halves.items()]
    count = valleys if gaussian_p <= alpha else 1
    return Groups(persons=len(asked), number=count, gaussian_k=gaussian_k, gaussian_p=gaussian_p, parted=told), halves


def stability_of(halves: Halves | None) -> Estimate:
    """How halves agree: mean and least; not known where there are too few persons for so many clusters."""
    if halves is None:
        return Estimate(value=None)
    return Estimate(value=float(halves.agreement.mean()), low=float(halves.agreement.min()), n=len(halves.agreement))


def _silhouettes(work: Work, projections: Projections, runs: Mapping[int, Runs]) -> dict[int, Silhouettes]:
    labels = [own.best.labels for own in runs.values()]
    with work.stage('silhouettes', blocks(projections.scores.rows)) as pool:
        values = silhouettes(projections.scores, projections.residuals, labels, pool, work.options.seed)
    return dict(zip(runs, values, strict=True))


def cluster(work: Work, components: Components, projections: Projections, dimensions: int) -> dict[int, Runs]:
    """K-Means for several K, the best of several restarts.

    Restarts run on the first components, so many, and on so many persons at most; from the best of each K, Lloyd's
    iterations go on over all persons and all D until they end there, so that who and what is left out decides about no
    label.
    """
    selection, restarts, ks = work.selection, work.options.restarts, work.options.ks
    variance = float(projections.norms.mean() / selection.dimensions)
    some = None
    if len(selection) > RESTARTED:
        random = stream(work.options.seed, 'restarted_persons')
        some = np.sort(random.choice(len(selection), RESTARTED, replace=False))
    scores = projections.scores.part(some, dimensions)
    tasks = list(scores.blocks(SCORE_BLOCK))
    with work.stage('clusters') as pool:
        norms = np.concatenate(list(ordered(pool, partial(_norms, scores), tasks)))
        short = Source(tasks, partial(_scores, scores), norms, SCORE_BLOCK, variance)
        # All runs of all K side by side: the data are read once for the many passes this takes.
        runs = lloyd(short, [start for k in ks for start in seeded(short, k, restarts, work.options.seed, pool)], pool)
        rounds = [runs[start : start + restarts] for start in range(0, len(runs), restarts)]
        back = components.vectors[:, :dimensions].T
        starts = [min(own, key=lambda run: run.inertia).centroids @ back for own in rounds]
        read = partial(_centred, components.mean.astype(np.float32))
        finished = lloyd(Source(list(selection.blocks()), read, projections.norms, BLOCK, variance), starts, pool)
    scores.file.unlink()
    # What was cut counts in no inertia of the short runs: it is added as for one cluster.
    whole = projections.norms if some is None else projections.norms[some]
    cut, each = float(whole.sum() - norms.sum()), len(selection) / len(norms)
    return {
        k: Runs(_biggest_first(best), tuple(each * (run.inertia + cut) for run in own))
        for k, best, own in zip(ks, finished, rounds, strict=True)
    }


def _scores(scores: Scores, task: tuple[int, int]) -> Singles:
    return scores.read(*task)


def _norms(scores: Scores, task: tuple[int, int]) -> Floats:
    return (scores.read(*task).astype(np.float64) ** 2).sum(axis=1)


def _centred(mean: Singles, block: Block) -> Singles:
    return block.values() - mean


def _biggest_first(run: Clustering) -> Clustering:
    """Clusters numbered by size, so that numbers mean something from run to run."""
    order = np.argsort(-np.bincount(run.labels, minlength=len(run.centroids)), kind='stable')
    return replace(run, centroids=run.centroids[order], labels=np.argsort(order).astype(np.uint8)[run.labels])


def central_persons(selection: Selection, mean: Floats, found: Sequence[Runs], pool: Executor) -> list[Centroids]:
    """For each clustering and each of its centroids the nearest persons, over all dimensions."""
    centroids = np.concatenate([runs.best.centroids for runs in found])
    task = partial(_nearest, mean.astype(np.float32), centroids, selection.annotation_ids)
    blocks = zip(*ordered(pool, task, selection.blocks()), strict=True)
    persons = [nearest_of(parts, CENTRAL) for parts in blocks]
    starts = np.cumsum([0, *(len(runs.best.centroids) for runs in found)])
    return [persons[start:stop] for start, stop in pairwise(starts)]


def _nearest(mean: Singles, points: Floats, annotation_ids: Ints, block: Block) -> Centroids:
    """The persons of a block that are nearest to each of M points."""
    values = _centred(mean, block).astype(np.float64)
    squares = (values**2).sum(axis=1)[:, None] + (points**2).sum(axis=1)
    squares -= 2 * (values @ points.T)
    ids = annotation_ids[block.start : block.start + len(values)]
    return [nearest(distance, ids, CENTRAL) for distance in np.sqrt(np.maximum(squares, 0)).T]


def fit_of(runs: Runs, found: Silhouettes, central: Centroids, stability: Estimate, work: Work) -> Fit:
    """What is told of one K: its best run, the silhouettes of that, the persons nearest to its centroids."""
    ids, values, labels, k = work.selection.annotation_ids, found.values, runs.best.labels, len(runs.best.centroids)
    worst = [i for i in np.lexsort((ids, values))[:MISFITS] if values[i] < 0]
    within = [values[labels == own] for own in range(k)]
    return Fit(
        k=k,
        inertia=runs.best.inertia,
        restart_inertia=list(runs.restart_inertia),
        stability=stability,
        silhouette=work.bootstrap.mean(found.parts),
        error_bound=found.uncertainty,
        negative_share=float((values < 0).mean()),
        sizes=np.bincount(labels, minlength=k).tolist(),
        silhouette_by_cluster=[float(own.mean(dtype=float)) if len(own) else None for own in within],
        centroids=central,
        misfits=[Misfit(annotation_id=int(ids[i]), cluster=int(labels[i]), silhouette=float(values[i])) for i in worst],
    )

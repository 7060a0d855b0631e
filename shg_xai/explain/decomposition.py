"""The long work on one store: components, scores, clusters and silhouettes, as arrays."""

from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from shg_xai.chapters.clusters.measure import Clusters, Plan, cluster
from shg_xai.chapters.nearest_walk.measure import KEPT
from shg_xai.explain.options import Options
from shg_xai.latents.selection import BLOCK, Selection
from shg_xai.stats.cka import Latents
from shg_xai.stats.moments import STRIDE, Moments, Overview, joined, look, moments
from shg_xai.stats.pca import Components, eigenvalues, principal_components
from shg_xai.stats.progress import stage
from shg_xai.stats.projection import Projections, dimensions_for, project
from shg_xai.stats.silhouette import Silhouettes, silhouettes

CLUSTER_CUT = 0.05  # share of variance the restarts of K-Means leave out
# A bound on a silhouette's error is some 4 to 16 times the share of variance left out.
BOUND_OVER_CUT = 20


@dataclass(frozen=True)
class Structure:
    """What is in N latents.

    Attributes:
        constant: How many of the D values are the same for all.
        components: Principal components.
        variances: Of each of the D values, shape (D,).
        halves: Latents of each half of the images; none if too few.
        projections: Scores along the components.
        clusters: By K.
        silhouettes: By K.
    """

    constant: int
    components: Components
    variances: np.ndarray
    halves: tuple[Latents, ...]
    projections: Projections
    clusters: dict[int, Clusters]
    silhouettes: dict[int, Silhouettes]


@dataclass(frozen=True)
class _Work:
    """What every stage needs."""

    selection: Selection
    options: Options
    pool: Executor
    times: dict[str, float] = field(default_factory=dict)

    def blocks(self, persons: int, size: int = BLOCK) -> int:
        return -(-persons // size)


def structure(
    file: Path,
    selection: Selection,
    options: Options,
    pool: Executor,
    times: dict[str, float],
    overview: Overview | None = None,
) -> Structure:
    """Look at every value, then do the long work.

    Args:
        file: Where the rotated latents go, up to 4 N D bytes.
        selection: N persons.
        options: How.
        pool: Who computes.
        times: Gets the seconds of each stage.
        overview: What the look said, if it was taken already.

    Raises:
        InputError: Latents that cannot be analysed, see :func:`~shg_xai.stats.moments.look`.
    """
    work = _Work(selection, options, pool, times)
    overview = overview or overview_of(selection, pool, times)
    components, halves, variances = _decompose(work, overview.mean)
    projections = _project(work, components, _kept(work, components), file)
    found = _cluster(work, components, projections)
    values = _silhouettes(work, projections, found)
    if max(own.bounds.mean() for own in values.values()) > options.tolerance:
        # More was cut than the tolerance allows for: nothing is then.
        projections = _project(work, components, selection.dimensions, file)
        values = _silhouettes(work, projections, found)
    return Structure(int(overview.constant.sum()), components, variances, halves, projections, found, values)


def overview_of(selection: Selection, pool: Executor, times: dict[str, float]) -> Overview:
    """Look at every value of a selection, see :func:`~shg_xai.stats.moments.look`."""
    with stage(pool, 'look', times, -(-len(selection) // BLOCK)) as counted:
        return look(selection, counted)


def _decompose(work: _Work, mean: np.ndarray) -> tuple[Components, tuple[Latents, ...], np.ndarray]:
    """Components, latents of each half of the images, variance of each dimension (D,)."""
    selection = work.selection
    half = selection.halves(work.options.seed)
    parts = [selection.take(half), selection.take(~half)]
    if min(map(len, parts)) < 2:
        parts = [selection]
    tasks = sum(work.blocks(len(part), BLOCK * STRIDE) for part in parts)
    total: Moments | None = None
    halves = []
    with stage(work.pool, 'covariance', work.times, tasks) as counted:
        for part in parts:
            own = moments(part, mean, counted)
            total = own if total is None else joined(total, own)
            if len(parts) > 1:
                halves.append(Latents(part, own.mean, eigenvalues(own.covariance)))
            del own
    variances = total.covariance.diagonal().copy()
    with stage(work.pool, 'eigenvectors', work.times):
        components = principal_components(total.mean, total.covariance)
    return components, tuple(halves), variances


def _kept(work: _Work, components: Components) -> int:
    """How many components go into the file: as many as the silhouettes' tolerance asks for."""
    cut = min(work.options.tolerance / BOUND_OVER_CUT, CLUSTER_CUT)
    return min(max(dimensions_for(components.eigenvalues, cut), KEPT), work.selection.dimensions)


def _project(work: _Work, components: Components, kept: int, file: Path) -> Projections:
    """Scores in a file."""
    selection = work.selection
    with stage(work.pool, 'rotation', work.times, work.blocks(len(selection))) as counted:
        return project(selection, components, kept, file, counted)


def _cluster(work: _Work, components: Components, projections: Projections) -> dict[int, Clusters]:
    options = work.options
    plan = Plan(options.ks, options.restarts, dimensions_for(components.eigenvalues, CLUSTER_CUT), options.seed)
    with stage(work.pool, 'clusters', work.times) as counted:
        return cluster(work.selection, components, projections, plan, counted)


def _silhouettes(work: _Work, projections: Projections, found: dict[int, Clusters]) -> dict[int, Silhouettes]:
    blocks = work.blocks(len(work.selection))
    with stage(work.pool, 'silhouettes', work.times, blocks * (blocks + 1) // 2) as counted:
        values = silhouettes(
            projections.scores, projections.residuals, [clusters.best.labels for clusters in found.values()], counted
        )
    return dict(zip(found, values, strict=True))

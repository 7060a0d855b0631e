"""What every chapter about a layer stands on: its principal components, and each person's scores along them."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from shg_xai.explain.options import Options
from shg_xai.latents.concepts import Concept, concepts_of
from shg_xai.latents.selection import BLOCK, Selection
from shg_xai.stats.arrays import Float, Float32, Floats, Singles
from shg_xai.stats.bootstrap import Bootstrap
from shg_xai.stats.cka import Latents
from shg_xai.stats.executors import executor, stage
from shg_xai.stats.moments import STRIDE, Overview, are_few, joined, look, moments
from shg_xai.stats.pca import Components, leading_components, principal_components, thin_components
from shg_xai.stats.projection import Projections, dimensions_for, project

KEPT = 10  # components whose scores are kept and set against concepts
CLUSTER_CUT = 0.05  # share of variance the restarts of K-Means leave out
# A bound on a silhouette's error is some 4 to 16 times the share of variance left out.
BOUND_OVER_CUT = 20
Times = dict[str, float]  # seconds by stage


@dataclass(frozen=True)
class Work:
    """The analysis of one layer under way: ``file`` takes rotated latents (up to 4 N D bytes), ``times`` seconds."""

    selection: Selection
    options: Options
    pool: Executor
    file: Path
    times: Times = field(default_factory=dict)
    baselines: Mapping[str, Selection] = field(default_factory=dict)  # the same persons, by name
    trainings: Mapping[str, Selection] = field(default_factory=dict)  # the same, in this layer of other trainings
    shared: dict[Any, Any] = field(default_factory=dict)  # what is the same for all layers of an analysis, by its name

    @cached_property
    def bootstrap(self) -> Bootstrap:
        """How intervals over these persons' images are drawn."""
        how = self.options
        return Bootstrap(self.selection.image_ids, how.bootstrap, how.confidence, how.seed)

    @cached_property
    def concepts(self) -> list[Concept]:
        """What is known of these persons."""
        return concepts_of(self.selection)

    @property
    def blocks(self) -> int:
        """How many blocks the persons are read in."""
        return -(-len(self.selection) // BLOCK)

    @cached_property
    def overview(self) -> Overview:
        """A look at every value, see :func:`~shg_xai.stats.moments.look`."""
        with self.stage('look', self.blocks) as pool:
            return look(self.selection, pool)

    def stage(self, name: str, total: int | None = None) -> AbstractContextManager[Executor]:
        """A stage of the work, see :func:`~shg_xai.stats.executors.stage`."""
        return stage(self.pool, name, self.times, total)


@contextmanager
def working(
    selection: Selection, options: Options | None = None, pool: Executor | None = None, times: Times | None = None
) -> Iterator[Work]:
    """Work on a selection in a temporary folder, by all cores unless somebody else computes."""
    times = {} if times is None else times
    with TemporaryDirectory() as folder, nullcontext(pool) if pool else executor() as computes:
        yield Work(selection, options or Options(), computes, Path(folder) / 'scores.npy', times)


@dataclass(frozen=True)
class Decomposition:
    """The latents of N persons by their components: how many of the D values are constant, the components, the variance
    of each value, latents and first components of each half of the images (none if too few), and scores along the
    components of all.
    """

    constant: int
    components: Components
    variances: Float[Floats, ' D']
    halves: tuple[Latents, ...]
    projections: Projections

    @cached_property
    def leading(self) -> Float32[Singles, 'N 10']:
        """Scores along the first components."""
        return self.projections.scores.first(KEPT)


def decompose(work: Work) -> Decomposition:
    """Look at every value, unless that was done before, then compute components and scores; refuses what
    :func:`~shg_xai.stats.moments.look` refuses.
    """
    selection, options, overview = work.selection, work.options, work.overview
    half = selection.halves(options.seed)
    parts = [selection.take(half), selection.take(~half)]
    if min(map(len, parts)) < 2:
        parts = [selection]
    if are_few(selection):
        return _of_few(work, parts if len(parts) > 1 else [])
    total, halves = None, []
    with work.stage('covariance', sum(-(-len(part) // (BLOCK * STRIDE)) for part in parts)) as pool:
        for part in parts:
            own = moments(part, overview.mean, pool)
            total = own if total is None else joined(total, own)
            if len(parts) > 1:
                halves.append(_side(part, leading_components(own.mean, own.covariance, KEPT)))
            del own  # or its (D, D) matrix would stay while the next one comes
    assert total is not None
    variances = total.scatter.diagonal() / (total.count - 1)
    with work.stage('eigenvectors'):
        components = principal_components(total.mean, total.covariance)
    del total
    scores = rotate(work, components, _kept(components, options))
    return Decomposition(int(overview.constant.sum()), components, variances, tuple(halves), scores)


def _of_few(work: Work, parts: Sequence[Selection]) -> Decomposition:
    """The same of persons so few that they, rather than a covariance, are held in memory."""
    with work.stage('singular values'):
        values = _values(work.selection)
        found, halves = thin_components(values, KEPT), [thin_components(_values(part), KEPT) for part in parts]
        own = tuple(map(_side, parts, halves))
        variances = values.var(axis=0, ddof=1)
    scores = rotate(work, found, _kept(found, work.options))
    return Decomposition(int(work.overview.constant.sum()), found, variances, own, scores)


def _side(part: Selection, own: Components) -> Latents:
    return Latents(part, own.mean, own.eigenvalues, own.vectors[:, :KEPT].copy())


def _values(selection: Selection) -> Floats:
    return np.concatenate([block.values() for block in selection.blocks()]).astype(np.float64)


def _kept(components: Components, options: Options) -> int:
    """Along how many components persons get scores: as many as the silhouettes' tolerance asks for."""
    cut = min(options.tolerance / BOUND_OVER_CUT, CLUSTER_CUT)
    return min(max(dimensions_for(components.eigenvalues, cut), KEPT), components.vectors.shape[1])


def rotate(work: Work, components: Components, kept: int) -> Projections:
    """Scores along the first components, in the work's file."""
    with work.stage('rotation', work.blocks) as pool:
        return project(work.selection, components, kept, work.file, pool)

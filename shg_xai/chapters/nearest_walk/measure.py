"""Walks along principal components: which real persons are met on the way.

In the basis of the components a point on a walk is c * sigma on one axis and 0 on all others, so the squared distance
of a person x to it is |x|^2 - 2 c sigma x_k + (c sigma)^2: exact over all persons and all dimensions. Blocks of persons
are read one after the other, and of each only the nearest to every point are kept.

Shapes: n persons of a block, W walks of S steps, R random directions, D dimensions.
"""

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from shg_xai.chapters.nearest_walk.results import NearestWalk, NearPerson, Point, Walk
from shg_xai.explain.decomposition import Decomposition, Work, decompose, working
from shg_xai.explain.options import Options
from shg_xai.latents.selection import Selection
from shg_xai.results import Estimate
from shg_xai.stats.arrays import Block, Float, Floats, Int, Ints, Rows
from shg_xai.stats.executors import ordered
from shg_xai.stats.pca import Components
from shg_xai.stats.projection import unit_directions

STEPS = (-3, -2, -1, 0, 1, 2, 3)
COMPONENTS = (1, 2, 3, 10, 30, 50, 100)  # of the study, which also took the last
DIRECTIONS = 20  # random ones
NEAREST = 3


def measure(selection: Selection, options: Options | None = None) -> NearestWalk:
    """Walks through one layer of a store.

    Raises:
        InputError: Its latents cannot be analysed, see :func:`~shg_xai.stats.moments.look`.
    """
    with working(selection, options) as work:
        return nearest_walk(selection.layer, work, decompose(work))


def nearest_walk(of: str, work: Work, found: Decomposition) -> NearestWalk:
    """The same where components have been computed already; ``of`` is the name of the analysis."""
    picks = picked(work.selection.dimensions, len(work.selection))
    with work.stage('walks', work.blocks) as pool:
        met = walks(work.selection, found.components, picks, work.options.seed, pool)
    return NearestWalk(of=of, confidence=work.options.confidence, steps=list(STEPS), walks=met)


def picked(dimensions: int, persons: int) -> list[int]:
    """Numbers, from 1, of the components to walk along: the study's and the last.

    Persons fewer than dimensions vary in N - 1 directions only; the last of those is the last.
    """
    last = min(dimensions, persons - 1)
    return sorted({number for number in COMPONENTS if number <= last} | {last})


def distances_to(norms: Float[Floats, ' N'], along: Float[Floats, ' N'], length: float) -> Float[Floats, ' N']:
    """Distances of persons to a point at some length from the mean along a direction.

    Args:
        norms: Squared distances to the mean.
        along: Positions along the direction.
        length: Where the point is, in units of the latent.
    """
    distances: Floats = np.sqrt(np.maximum(norms - 2 * length * along + length**2, 0))
    return distances


def walks(rows: Rows, components: Components, picks: Sequence[int], seed: int, pool: Executor) -> list[Walk]:
    """Real persons nearest to the points of walks along components.

    As long walks along ``DIRECTIONS`` random directions are the baseline: to where no component leads.

    Args:
        rows: N persons.
        components: Their principal components.
        picks: Numbers, from 1, of the components to walk along.
        seed: Of the random directions.
        pool: Who computes.
    """
    places = np.array(picks) - 1
    sigmas = np.sqrt(components.eigenvalues[places])
    random = unit_directions(rows.dimensions, DIRECTIONS, seed)
    directions = np.hstack([components.vectors[:, places], random])
    task = _Met(components.mean, directions, sigmas[:, None] * np.array(STEPS), rows.annotation_ids)
    least = np.full((len(picks), len(STEPS), DIRECTIONS), np.inf)
    squares, met = 0.0, []
    for block_squares, block_met, block_least in ordered(pool, task, rows.blocks()):
        squares += block_squares
        met.append(block_met)
        np.minimum(least, block_least, out=least)
    root = np.sqrt(squares / max(len(rows) - 1, 1))
    return [
        Walk(
            component=int(pick),
            sigma=float(sigmas[number]),
            points=[
                _point(step, [person for block in met for person in block[number][place]], least[number, place], root)
                for place, step in enumerate(STEPS)
            ],
        )
        for number, pick in enumerate(picks)
    ]


def _point(step: int, met: Sequence[NearPerson], least: Floats, root: float) -> Point:
    """A point of a walk: the nearest of each block, the least distances (R,) at random."""
    first = sorted(met, key=lambda person: (person.distance, person.annotation_id))[:NEAREST]
    distance = first[0].distance
    return Point(step=step, distance=distance, relative=float(distance / root), nearest=first, random=spread(least))


@dataclass(frozen=True)
class _Met:
    """Who of a block is nearest to the points of W walks.

    Attributes:
        mean: Of all persons, shape (D,).
        directions: Those of the walks, then the random ones, shape (D, W + R).
        lengths: How far from the mean each point lies, shape (W, S).
        annotation_ids: Of all persons, shape (N,).
    """

    mean: Floats
    directions: Floats
    lengths: Floats
    annotation_ids: Ints

    def __call__(self, block: Block) -> tuple[float, list[list[list[NearPerson]]], Floats]:
        """Sum of squared distances to the mean, the nearest to each point, least at random."""
        centred = block.values() - self.mean
        norms = np.einsum('nd,nd->n', centred, centred)
        along = (centred @ self.directions).T
        own, random = along[: len(self.lengths)], along[len(self.lengths) :]
        ids = self.annotation_ids[block.start : block.start + len(norms)]
        met = [
            [nearest(distances_to(norms, position, length), ids, NEAREST) for length in row]
            for position, row in zip(own, self.lengths, strict=True)
        ]
        least = [
            [[distances_to(norms, position, length).min() for position in random] for length in row]
            for row in self.lengths
        ]
        return float(norms.sum()), met, np.array(least)


def nearest(distance: Float[Floats, ' N'], annotation_ids: Int[Ints, ' N'], count: int) -> list[NearPerson]:
    """The persons with the smallest distances, nearest first, ties by annotation id."""
    some = np.argpartition(distance, min(count, len(distance)) - 1)[:count]
    # All persons as far as the last of these, so that ties do not depend on the partition.
    some = np.flatnonzero(distance <= distance[some].max())
    order = some[np.lexsort((annotation_ids[some], distance[some]))][:count]
    return [NearPerson(annotation_id=int(annotation_ids[person]), distance=float(distance[person])) for person in order]


def spread(values: Float[Floats, ' R']) -> Estimate:
    """Mean over random directions, and the range of the middle 95 % of them."""
    low, high = np.percentile(values, (2.5, 97.5))
    return Estimate(value=float(np.mean(values)), low=float(low), high=float(high), n=len(values), over='directions')

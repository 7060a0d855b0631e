"""Walks along principal components: which real persons are met on the way.

In the basis of the components a point on a walk is c * sigma on one axis and 0 on all others, so the squared distance
of a person x to it is |x|^2 - 2 c sigma x_k + (c sigma)^2: exact over all persons and all dimensions. Blocks of persons
are read one after the other, and of each only the nearest to every point are kept.

Shapes: n persons of a block, W walks of S steps, R random directions, D dimensions.
"""

from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from functools import partial
from itertools import chain

import numpy as np

from shg_xai.chapters.nearest_walk.results import NearestWalk, NearPerson, Point, Walk
from shg_xai.explain.decomposition import Decomposition, Work, decompose, working
from shg_xai.explain.options import Options
from shg_xai.latents.selection import Selection
from shg_xai.random_streams import stream
from shg_xai.results import Estimate
from shg_xai.stats.arrays import Block, Float, Floats, Int, Ints, Rows
from shg_xai.stats.executors import ordered
from shg_xai.stats.pca import Components, drawn_directions

STEPS = (-3, -2, -1, 0, 1, 2, 3)
COMPONENTS = (1, 2, 3, 10, 30, 50, 100)  # of the study, which also took the last
DIRECTIONS = 199  # random ones
NEAREST = 3


def measure(selection: Selection, options: Options | None = None) -> NearestWalk:
    """Walks through one layer of a store; InputError if its latents cannot be analysed (``stats.moments.look``)."""
    with working(selection, options) as work:
        return of_layer(selection.layer, work, decompose(work))


def of_layer(of: str, work: Work, found: Decomposition) -> NearestWalk:
    """The same where components have been computed already; ``of`` is the name of the analysis."""
    picks = picked(work.selection.dimensions, len(work.selection))
    with work.stage('walks', work.blocks) as pool:
        met = walks(work.selection, found.components, picks, work.options, pool)
    return NearestWalk(of=of, confidence=work.options.confidence, steps=list(STEPS), walks=met)


def picked(dimensions: int, persons: int) -> list[int]:
    """Numbers, from 1, of the components to walk along: the study's and the last, of fewer persons the (N - 1)th."""
    last = min(dimensions, persons - 1)
    return sorted({number for number in COMPONENTS if number <= last} | {last})


def distances_to(norms: Float[Floats, ' N'], along: Float[Floats, ' N'], length: float) -> Float[Floats, ' N']:
    """Distances of persons to a point at some length from the mean on a direction; they lie at ``along`` on it."""
    return np.sqrt(np.maximum(norms - 2 * length * along + length**2, 0))


def walks(rows: Rows, components: Components, picks: Sequence[int], options: Options, pool: Executor) -> list[Walk]:
    """Real persons nearest to the points of walks along components ``picks``, from 1.

    As long walks along ``DIRECTIONS`` directions drawn from the latents' covariance give the scale.
    """
    places = np.array(picks) - 1
    sigmas = np.sqrt(components.eigenvalues[places])
    random = drawn_directions(components, DIRECTIONS, stream(options.seed, 'random_directions'))
    directions = np.hstack([components.vectors[:, places], random])
    lengths = sigmas[:, None] * np.array(STEPS)
    task = partial(_met, components.mean, directions, lengths, rows.annotation_ids)
    least = np.full((len(picks), len(STEPS), DIRECTIONS), np.inf)
    squares, met = 0.0, []
    for block_squares, block_met, block_least in ordered(pool, task, rows.blocks()):
        squares += block_squares
        met.append(block_met)
        np.minimum(least, block_least, out=least)
    root = np.sqrt(squares / max(len(rows) - 1, 1))
    found = []
    for number, pick in enumerate(picks):
        points = []
        for place, step in enumerate(STEPS):
            near = nearest_of([block[number][place] for block in met], NEAREST)
            chance = spread(least[number, place], options.confidence)
            distance, relative = near[0].distance, float(near[0].distance / root)
            points.append(Point(step=step, distance=distance, relative=relative, nearest=near, random=chance))
        found.append(Walk(component=int(pick), sigma=float(sigmas[number]), points=points))
    return found


def _met(
    mean: Floats, directions: Floats, lengths: Floats, annotation_ids: Ints, block: Block
) -> tuple[float, list[list[list[NearPerson]]], Floats]:
    """Sum of squared distances to the mean, the nearest to the points (W, S) of walks, least at random (W, S, R).

    Directions (D, W + R) are those of the walks, then random ones.
    """
    centred = block.values() - mean
    norms, along = np.einsum('nd,nd->n', centred, centred), (centred @ directions).T
    own, random = along[: len(lengths)], along[len(lengths) :]
    ids = annotation_ids[block.start : block.start + len(norms)]
    met = [
        [nearest(distances_to(norms, position, length), ids, NEAREST) for length in row]
        for position, row in zip(own, lengths, strict=True)
    ]
    least = np.array([[(norms - 2 * length * random).min(axis=1) for length in row] for row in lengths])
    return float(norms.sum()), met, np.sqrt(np.maximum(least + lengths[:, :, None] ** 2, 0))


def nearest(distance: Float[Floats, ' N'], annotation_ids: Int[Ints, ' N'], count: int) -> list[NearPerson]:
    """The persons with the smallest distances, nearest first, ties by annotation id."""
    some = np.argpartition(distance, min(count, len(distance)) - 1)[:count]
    # All persons as far as the last of these, so that ties do not depend on the partition.
    some = np.flatnonzero(distance <= distance[some].max())
    order = some[np.lexsort((annotation_ids[some], distance[some]))][:count]
    return [NearPerson(annotation_id=int(annotation_ids[person]), distance=float(distance[person])) for person in order]


def nearest_of(parts: Iterable[Sequence[NearPerson]], count: int) -> list[NearPerson]:
    """The nearest of several blocks' nearest persons."""
    return sorted(chain.from_iterable(parts), key=lambda person: (person.distance, person.annotation_id))[:count]


def spread(values: Float[Floats, ' R'], confidence: float = 0.95) -> Estimate:
    """Mean over random directions, and the range of the middle of them, 95 % unless told."""
    low, high = np.quantile(values, ((1 - confidence) / 2, (1 + confidence) / 2))
    return Estimate(value=float(np.mean(values)), low=float(low), high=float(high), n=len(values), over='directions')

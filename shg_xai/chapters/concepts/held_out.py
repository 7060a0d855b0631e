"""Fitting and judging probes in two passes over blocks of persons, so that memory stays small.

The first pass adds up sums of products for each fold, from which every training set's regression follows
(``shg_xai.stats.ridge``); the second asks each fold's probes about the persons of that fold. Concepts known of the same
persons share their sums.

Shapes: N persons, n of a block, M components, C concepts, T = 2 C targets (concepts, then shuffled), F folds, S numbers
of components, B groups of images, P numbers of a triangle.
"""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np

from shg_xai.latents.concepts import Concept
from shg_xai.stats.arrays import Float, Floats, Int, Ints, Singles
from shg_xai.stats.bootstrap import Bootstrap
from shg_xai.stats.executors import ordered
from shg_xai.stats.ridge import fit, products

FEWEST_PERSONS = 8
MOST_COMPONENTS = 512
PERSONS_A_COMPONENT = 2  # in training, at least
IMAGE_GROUPS = 256
BLOCK = 4096  # persons read at a time
STREAM = 4  # keeps these random numbers apart from others of the same seed
Task = tuple[int, Ints, Ints, Singles]


class Readable(Protocol):
    """Where components are read from; small to pickle."""

    @property
    def dimensions(self) -> int:
        """How many there are."""

    def read(self, start: int, stop: int, dimensions: int) -> Singles:
        """The first components of some persons, shape (n, dimensions)."""

    def blocks(self, size: int) -> Iterable[tuple[int, int]]:
        """First and past-last person of consecutive blocks."""


@dataclass(frozen=True)
class Plan:
    """What is to be fitted.

    Attributes:
        scores: The components.
        folds: Fold of each person.
        parts: Group of images of each person.
        targets: Mean 0 and variance 1, NaN where not known.
        masks: Targets that are known of the same persons.
        sizes: For each concept the numbers of components to fit with.
        count: F.
    """

    scores: Readable
    folds: Int[Ints, ' N']
    parts: Int[Ints, ' N']
    targets: Float[Singles, 'N T']
    masks: list[Ints]
    sizes: list[list[int]]
    count: int

    @property
    def longest(self) -> list[int]:
        """The longest of ``sizes``; the others are the start of it."""
        return max(self.sizes, key=len, default=[])

    def tasks(self) -> Iterator[Task]:
        """First person, folds, groups and targets of each block."""
        for start, stop in self.scores.blocks(BLOCK):
            rows = slice(start, stop)
            yield start, self.folds[rows], self.parts[rows], self.targets[rows]


def make_plan(scores: Readable, concepts: Sequence[Concept], bootstrap: Bootstrap, folds: int) -> Plan:
    """Deal images to folds and groups, and values anew for the control."""
    groups, seed = bootstrap.groups, bootstrap.seed
    images, image_of = np.unique(groups, return_inverse=True)
    random = np.random.default_rng([seed, STREAM])
    fold_of, part_of = (random.permutation(len(images)) % size for size in (folds, IMAGE_GROUPS))
    fold = fold_of[image_of]
    targets = np.full((len(groups), 2 * len(concepts)), np.nan, np.float32)
    sizes: list[list[int]] = []
    masks: dict[bytes, list[int]] = {}
    for place, concept in enumerate(concepts):
        rows = np.flatnonzero(np.isfinite(concept.values))
        values = concept.values[rows]
        varies = len(rows) >= FEWEST_PERSONS and values.min() < values.max()
        if varies:
            values = (values - values.mean()) / values.std()
            targets[rows, place] = values
            dealt = np.random.default_rng([seed, STREAM, place]).permutation(values)
            targets[rows, place + len(concepts)] = dealt
            masks.setdefault(rows.tobytes(), []).extend([place, place + len(concepts)])
        training = len(rows) - np.bincount(fold[rows], minlength=folds).max()
        sizes.append(_sizes(scores.dimensions, int(training)) if varies else [])
    return Plan(scores, fold, part_of[image_of], targets, [np.array(mask) for mask in masks.values()], sizes, folds)


def _sizes(dimensions: int, training: int) -> list[int]:
    """Numbers of components to fit with."""
    most = min(dimensions, MOST_COMPONENTS)
    powers = [2**power for power in range(most.bit_length()) if 2**power < most]
    return [size for size in [*powers, most] if size * PERSONS_A_COMPONENT <= training]


def _inputs(scores: Readable, start: int, count: int, size: int) -> Floats:
    """Components of a block with a leading 1, shape (n, 1 + M)."""
    inputs = np.ones((count, 1 + size))
    inputs[:, 1:] = scores.read(start, start + count, size)
    return inputs


def fit_all(plan: Plan, executor: Executor) -> tuple[Float[Floats, 'F T S 1+M'], Float[Floats, 'F T']]:
    """Probes of each fold, fitted to the persons of all other folds: weights, and the targets' training means.

    0 where there is nothing to fit.
    """
    size = plan.longest[-1]
    sums: list[Floats] = []
    task = partial(_sums, plan.scores, plan.masks, plan.count, size)
    # One at a time for each worker: a result is as large as all sums together.
    for found in ordered(executor, task, plan.tasks(), ahead=1):
        sums = [total + part for total, part in zip(sums, found, strict=True)] if sums else found
    triangles, cross, squares = sums
    weights = np.zeros((plan.count, plan.targets.shape[1], len(plan.longest), 1 + size))
    means = np.zeros(weights.shape[:2])
    for fold in range(plan.count):
        train = np.arange(plan.count) != fold
        crossed, squared = cross[train].sum(0), squares[train].sum(0)
        tasks = []
        for mask, targets in enumerate(plan.masks):
            sizes = plan.sizes[targets[0]]  # of all, as they are known of the same persons
            triangle = triangles[mask, train].sum(0)
            tasks.append((triangle, crossed[:, targets], squared[targets], sizes))
            if sizes:
                means[fold, targets] = crossed[0, targets] / triangle[0]
        for targets, fitted in zip(plan.masks, ordered(executor, _fit, tasks), strict=True):
            weights[fold, targets, : fitted.shape[1]] = fitted
    return weights, means


def _fit(task: tuple[Floats, Floats, Floats, Sequence[int]]) -> Floats:
    return fit(*task)


def _sums(scores: Readable, masks: Sequence[Ints], folds: int, size: int, task: Task) -> list[Floats]:
    """Sums over a block: (masks, F, P), (F, 1 + M, T) and (F, T)."""
    start, fold, _, targets = task
    inputs = _inputs(scores, start, len(fold), size)
    known = np.isfinite(targets)
    filled = np.where(known, targets, 0).astype(float)
    triangles = np.zeros((len(masks), folds, (size + 1) * (size + 2) // 2))
    cross = np.zeros((folds, size + 1, targets.shape[1]))
    squares = np.zeros((folds, targets.shape[1]))
    for number in range(folds):
        rows = fold == number
        cross[number] = inputs[rows].T @ filled[rows]
        squares[number] = (filled[rows] ** 2).sum(0)
        for place, mask in enumerate(masks):
            triangles[place, number] = products(inputs[rows & known[:, mask[0]]])
    return [triangles, cross, squares]


def hold_out(
    plan: Plan,
    weights: Float[Floats, 'F T S 1+M'],
    means: Float[Floats, 'F T'],
    kept: Sequence[int],
    executor: Executor,
) -> tuple[Float[Floats, 'B T S'], Float[Floats, 'B T'], Float[Singles, 'N kept S']]:
    """Ask each fold's probes about its persons.

    Returns:
        Squared errors; squared distances from the training mean; and outputs of the ``kept`` targets.
    """
    errors = np.zeros((IMAGE_GROUPS, *weights.shape[1:3]))
    spreads = np.zeros(errors.shape[:2])
    outputs = np.empty((len(plan.folds), len(kept), weights.shape[2]), np.float32)
    task = partial(_judge, plan.scores, weights, means, np.array(kept, int))
    for start, parts, error, spread, output in ordered(executor, task, plan.tasks(), ahead=1):
        errors[parts] += error
        spreads[parts] += spread
        outputs[start : start + len(output)] = output
    return errors, spreads, outputs


def _judge(
    scores: Readable, weights: Floats, means: Floats, kept: Ints, task: Task
) -> tuple[int, Ints, Floats, Floats, Singles]:
    """First person, groups of images in a block, their sums, and outputs of the kept targets."""
    start, fold, part, targets = task
    _, width, sizes, size = weights.shape
    inputs = _inputs(scores, start, len(fold), size - 1)
    output = np.empty((len(fold), width, sizes), np.float32)
    for number, weight in enumerate(weights):
        rows = fold == number
        found = inputs[rows] @ weight.reshape(-1, size).T
        output[rows] = found.reshape(-1, width, sizes)
    known = np.isfinite(targets)
    error = np.where(known[..., None], output - targets[..., None], 0)
    spread = np.where(known, targets - means[fold], 0)
    order = np.argsort(part, kind='stable')
    parts, starts = np.unique(part[order], return_index=True)
    return (
        start,
        parts,
        np.add.reduceat(error[order].astype(float) ** 2, starts),
        np.add.reduceat(spread[order].astype(float) ** 2, starts),
        output[:, kept],
    )

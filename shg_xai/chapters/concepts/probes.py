"""How well the first m components tell a concept, of persons the probe has not seen.

Probes are linear: ridge regression, its strength chosen in training (``shg_xai.stats.ridge``), for flags too, where the
AUC of its output asks for the direction alone. Persons are held out in folds, all of one image in the same. R
squared is about the mean of the training folds: 1 less the squared errors over the squared distances from that mean,
both summed over all folds. The AUC is over pairs of persons of one fold, as outputs of different folds come from
different probes.

Intervals are over images: images are drawn anew among the held-out, probes stay. They say how far the persons at hand
leave the number open, not what other training persons would change. R squared draws from 256 random groups of images
(each image, if there are fewer), so that memory does not grow with their number.

A claim is tested at one number of components, the largest, which is settled before anything is looked at: the score
less that of chance over its standard error is compared with Student's t, and the concepts are corrected by Holm's
procedure. Resamples, in which probes stay, do not know that probes of different folds were trained on much the same
persons; with F folds the variance is taken 1 + F / (F - 1) times (Nadeau and Bengio, Machine Learning 52, 2003, section
3: 1 / F of a fold's, plus the persons held out over those trained on).

Beside each score stands that of a control task, the same values dealt anew to persons: what a probe tells of these it
has learnt by heart (Hewitt and Liang 2019, section 2).

Probes are fitted and judged in two passes over blocks of persons, so that memory stays small. The first adds up sums of
products for each fold, from which every training set's regression follows; the second asks each fold's probes about the
persons of that fold. Concepts known of the same persons share their sums.

Shapes: N persons, n of a block, M components, C concepts, T = 2 C targets (concepts, then shuffled), F folds, S
numbers of components, B groups of images, P numbers of a triangle.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice
from math import isfinite, nan, sqrt
from typing import Literal, Protocol

import numpy as np
from scipy.stats import t as student

from shg_xai.chapters.concepts.chosen import allowed_for
from shg_xai.chapters.concepts.family import Chance, corrected, varies
from shg_xai.chapters.concepts.results import LEVEL, Learned, Probe
from shg_xai.latents.concepts import Concept
from shg_xai.random_streams import stream
from shg_xai.results import Curve
from shg_xai.stats.arrays import Float, Floats, Int, Ints, Singles
from shg_xai.stats.bootstrap import Bootstrap, number
from shg_xai.stats.executors import ordered
from shg_xai.stats.multiple import holm
from shg_xai.stats.ranks import Ranker
from shg_xai.stats.ridge import fit, products

MOST_COMPONENTS = 512
PERSONS_A_COMPONENT = 2  # in training, at least
IMAGE_GROUPS = 256
FOLDS = 5
BLOCK = 4096  # persons read at a time
TOGETHER = 2**18  # persons in resamples that are counted at a time: what a processor's cache holds
Task = tuple[int, Ints, Ints, Singles]


class Readable(Protocol):
    """Where components are read from, as :class:`~shg_xai.stats.projection.Scores`; small to pickle."""

    @property
    def dimensions(self) -> int: ...
    def read(self, start: int, stop: int, dimensions: int) -> Singles: ...
    def blocks(self, size: int) -> Iterable[tuple[int, int]]: ...


@dataclass(frozen=True)
class Plan:
    """What is to be fitted."""

    scores: Readable
    folds: Int[Ints, ' N']  # of each person, of ``count``
    parts: Int[Ints, ' N']  # group of images
    targets: Float[Singles, 'N T']  # of mean 0 and variance 1, or NaN
    masks: list[Ints]  # which targets are known of the same persons
    sizes: list[list[int]]  # numbers of components, for each concept
    count: int

    @property
    def longest(self) -> list[int]:
        """Of ``sizes``; the others are the start of it."""
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
    random = stream(seed, 'probe_folds')
    fold_of, part_of = (random.permutation(len(images)) % size for size in (folds, IMAGE_GROUPS))
    fold = fold_of[image_of]
    targets = np.full((len(groups), 2 * len(concepts)), np.nan, np.float32)
    sizes: list[list[int]] = []
    masks: dict[bytes, list[int]] = {}
    for place, concept in enumerate(concepts):
        rows = np.flatnonzero(np.isfinite(concept.values))
        values = concept.values[rows]
        sizes.append([])
        if varies(values):
            targets[rows, place] = values = (values - values.mean()) / values.std()
            dealt = stream(seed, 'probe_shuffles', place).permutation(values)
            targets[rows, place + len(concepts)] = dealt
            masks.setdefault(rows.tobytes(), []).extend([place, place + len(concepts)])
            training = len(rows) - np.bincount(fold[rows], minlength=folds).max()
            sizes[-1] = _sizes(scores.dimensions, int(training))
    return Plan(scores, fold, part_of[image_of], targets, [np.array(mask) for mask in masks.values()], sizes, folds)


def _sizes(dimensions: int, training: int) -> list[int]:
    """Numbers of components to fit with."""
    most = min(dimensions, MOST_COMPONENTS)
    powers = [2**power for power in range(most.bit_length()) if 2**power < most]
    return [size for size in [*powers, most] if size * PERSONS_A_COMPONENT <= training]


def _fit(task: tuple[Floats, Floats, Floats, Sequence[int]]) -> Floats:
    return fit(*task)


def _inputs(scores: Readable, start: int, count: int, size: int) -> Floats:
    """Components of a block with a leading 1, shape (n, 1 + M)."""
    inputs = np.ones((count, 1 + size))
    inputs[:, 1:] = scores.read(start, start + count, size)
    return inputs


def fit_all(plan: Plan, executor: Executor) -> tuple[Float[Floats, 'F T S 1+M'], Float[Floats, 'F T']]:
    """Probes of each fold, fitted to the persons of all other folds: weights, training means; 0 for nothing to fit."""
    size = plan.longest[-1]
    task = partial(_sums, plan.scores, plan.masks, plan.count, size)
    sums: list[Floats] = []
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


def _sums(scores: Readable, masks: Sequence[Ints], folds: int, size: int, task: Task) -> list[Floats]:
    """Sums over a block: (masks, F, P), (F, 1 + M, T) and (F, T)."""
    start, fold, _, targets = task
    inputs = _inputs(scores, start, len(fold), size)
    known = np.isfinite(targets)
    filled = np.where(known, targets, 0).astype(float)
    triangles = np.zeros((len(masks), folds, (size + 1) * (size + 2) // 2))
    cross, squares = np.zeros((folds, size + 1, targets.shape[1])), np.zeros((folds, targets.shape[1]))
    for which in range(folds):
        rows = fold == which
        cross[which] = inputs[rows].T @ filled[rows]
        squares[which] = (filled[rows] ** 2).sum(0)
        for place, mask in enumerate(masks):
            triangles[place, which] = products(inputs[rows & known[:, mask[0]]])
    return [triangles, cross, squares]


def hold_out(
    plan: Plan, weights: Floats, means: Floats, kept: Sequence[int], executor: Executor
) -> tuple[Float[Floats, 'B T S'], Float[Floats, 'B T'], Float[Singles, 'N kept S']]:
    """Ask each fold's probes about its persons: squared errors, squares about training means, ``kept`` outputs."""
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
    for which, weight in enumerate(weights):
        rows = fold == which
        output[rows] = (inputs[rows] @ weight.reshape(-1, size).T).reshape(-1, width, sizes)
    known = np.isfinite(targets)
    error = np.where(known[..., None], output - targets[..., None], 0)
    spread = np.where(known, targets - means[fold], 0)
    order = np.argsort(part, kind='stable')
    parts, starts = np.unique(part[order], return_index=True)
    squares = (np.add.reduceat(values[order].astype(float) ** 2, starts) for values in (error, spread))
    return start, parts, *squares, output[:, kept]


@dataclass(frozen=True)
class Scored:
    """Scores of one concept's probes, as they are and then in resamples, by number of components; and of its copy."""

    sizes: list[int]
    samples: Float[Floats, '1+R S']
    control: Float[Floats, ' S']


def score(
    scores: Readable, concepts: Sequence[Concept], bootstrap: Bootstrap, executor: Executor, folds: int = FOLDS
) -> list[Scored]:
    """Held-out linear probes of each concept from the first 1, 2, 4, 8, ... components, in two or more folds.

    The last is the last component or the 512th, and there are at most half as many components as training persons.
    Folds and resamples depend on the persons' images and the seed alone: they are the same for any latents of theirs.
    """
    plan = make_plan(scores, concepts, bootstrap, folds)
    found: dict[int, tuple[Floats, Floats]] = {}
    if plan.longest:
        weights, means = fit_all(plan, executor)
        flags = [place for place, concept in enumerate(concepts) if concept.kind == 'flag' and plan.sizes[place]]
        copies = [place + len(concepts) for place in flags]
        errors, spreads, outputs = hold_out(plan, weights, means, [*flags, *copies], executor)
        pieces = np.unique(plan.parts)  # all groups, unless there are fewer images
        drawn = np.array([np.ones(len(pieces)), *replace(bootstrap, groups=pieces).weights()])
        for place, sizes in enumerate(plan.sizes):
            if sizes and place not in flags:
                both = (place, place + len(concepts))
                judged, shuffled = (_explained(drawn @ errors[pieces, at], drawn @ spreads[pieces, at]) for at in both)
                found[place] = judged, shuffled[0]
        pairs = enumerate(zip(flags, copies, strict=True))
        tasks = ((plan.targets[:, pair], outputs[:, [at, at + len(flags)]]) for at, pair in pairs)
        task = partial(_pair_shares, plan.folds, bootstrap)
        found |= zip(flags, ordered(executor, task, tasks, ahead=1), strict=True)
    nothing = np.empty((1, 0)), np.empty(0)
    every = (found.get(place, nothing) for place in range(len(concepts)))
    return [
        Scored(sizes, samples[:, : len(sizes)], control[: len(sizes)])
        for sizes, (samples, control) in zip(plan.sizes, every, strict=True)
    ]


def probes_of(
    scored: Sequence[Scored], concepts: Sequence[Concept], bootstrap: Bootstrap, folds: int = FOLDS
) -> list[Probe]:
    """What is told of each concept's probes; p is of the score at the most components, whose interval allows for its
    having been chosen if it is claimed.
    """
    probes: list[Probe] = []
    chances: list[float] = []
    for concept, own in zip(concepts, scored, strict=True):
        persons = len(concept.known)
        curve = Curve(x=list(map(float, own.sizes)), y=bootstrap.estimates(own.samples, persons))
        kind: Literal['r2', 'auc'] = 'auc' if concept.kind == 'flag' else 'r2'
        control = list(map(number, own.control))
        probes.append(Probe(concept=concept.name, measure=kind, persons=persons, score=curve, control=control))
        chances.append(_chance(own.samples[:, -1] - probes[-1].chance, bootstrap, folds) if own.sizes else nan)
    degrees = len(np.unique(bootstrap.groups)) - 1
    for entry, alone, p in zip(probes, chances, holm(chances).tolist(), strict=True):
        entry.p = corrected(p) if isfinite(p) else None
        if entry.p and alone and entry.is_claimed:
            # The limit at which this p would be the level, as a share of what was seen.
            share = float(student.isf(LEVEL * alone / entry.p, degrees) / student.isf(alone, degrees))
            seen = (entry.score.y[-1].value or 0.0) - entry.chance
            chance = Chance(entry.p, seen, share * seen)
            entry.score.y[-1] = allowed_for(entry.score.y[-1], chance, bootstrap.confidence, entry.chance)
    return probes


def learned(
    scored: Sequence[Scored],
    baselines: Mapping[str, Sequence[Scored]],
    concepts: Sequence[Concept],
    bootstrap: Bootstrap,
    folds: int = FOLDS,
) -> list[Learned]:
    """Each concept's probe beside those of the baselines, on the same persons."""
    found: list[Learned] = []
    for name, others in baselines.items():
        chances, entries = [], []
        for concept, own, other in zip(concepts, scored, others, strict=True):
            if own.sizes and other.sizes:
                more, persons = own.samples[:, -1] - other.samples[:, -1], len(concept.known)
                its, by = (bootstrap.estimate(one[0], one[1:], persons) for one in (other.samples[:, -1], more))
                entries.append(Learned(concept=concept.name, baseline=name, score=its, more=by))
                chances.append(_chance(more, bootstrap, folds))
        for entry, p in zip(entries, holm(chances).tolist(), strict=True):
            entry.p = number(p)
        found += entries
    return found


def _chance(drawn: Float[Floats, ' 1+R'], bootstrap: Bootstrap, folds: int) -> float:
    """How likely chance gives a number so far above 0, by its error over resamples; NaN where there is none."""
    samples, above, images = drawn[1:], float(drawn[0]), len(np.unique(bootstrap.groups))
    known = samples[np.isfinite(samples)]
    error = float(known.std(ddof=1)) * sqrt(1 + folds / (folds - 1)) if len(known) > 1 else 0.0
    return float(student.sf(above / error, images - 1)) if error > 0 else nan


def _explained(errors: Floats, spreads: Floats) -> Floats:
    """R squared from squared errors (s, S) and squared distances from the mean (s,)."""
    return 1 - errors / np.where(spreads > 0, spreads, np.nan)[:, None]


def _pair_shares(folds: Ints, bootstrap: Bootstrap, task: tuple[Singles, Singles]) -> tuple[Floats, Floats]:
    """AUC of outputs (n, 2, S) for a flag (1 + resamples, S), without resampling first, and for its copy (S,)."""
    targets, outputs = task
    once = np.ones(len(folds), np.int64)
    flag, shuffled = (_Pairs(targets[:, at], outputs[:, at], folds) for at in (0, 1))
    drawn, found = chain([once], bootstrap.weights()), []
    while some := list(islice(drawn, max(TOGETHER // max(len(folds), 1), 1))):
        found.append(flag.shares(np.array(some, float).T))
    return np.concatenate(found), shuffled.shares(once[:, None].astype(float))[0]


class _Pairs:
    """Pairs of a person with the flag and one without, both of the same fold."""

    def __init__(self, target: Singles, outputs: Singles, folds: Ints) -> None:
        self.parts = []
        for fold in np.unique(folds[np.isfinite(target)]):
            rows = np.flatnonzero((folds == fold) & np.isfinite(target))
            self.parts.append((rows, target[rows] > 0, list(map(Ranker.of, outputs[rows].T))))
        self.sizes = outputs.shape[1]

    def shares(self, weights: Float[Floats, 'n R']) -> Float[Floats, 'R S']:
        """Share of the pairs whose flagged person has the larger output, ties half, in each of R resamples.

        Persons by ascending output, those before one count as often as they are in the resample: all at once for all
        resamples, each in a column. Numbers are whole, so sums are exact.
        """
        above, pairs = np.zeros((self.sizes, weights.shape[1])), np.zeros(weights.shape[1])
        for rows, flagged, rankers in self.parts:
            here = weights[rows]
            with_flag = here[flagged].sum(0)
            pairs += with_flag * (here.sum(0) - with_flag)
            for at, ranker in enumerate(rankers):
                above[at] += ranker.less_below(here, flagged)
        return 0.5 + (above / np.where(pairs > 0, 2 * pairs, np.nan)).T

"""How well the first m components tell a concept, of persons the probe has not seen.

Probes are linear: ridge regression, its strength chosen in training (``shg_xai.stats.ridge``), for flags too, where the
AUC of its output asks for the direction alone. Persons are held out in folds, all of one image in the same
(``shg_xai.chapters.concepts.held_out``). R squared is about the mean of the training folds: 1 less the squared errors
over the squared distances from that mean, both summed over all folds. The AUC is over pairs of persons of one fold, as
outputs of different folds come from different probes.

Intervals are over images: images are drawn anew among the held-out, probes stay. They say how far the persons at hand
leave the number open, not what other training persons would change. R squared draws from 256 random groups of images
(each image, if there are fewer), so that memory does not grow with their number.

Shapes: N persons, M components, C concepts, T = 2 C targets (concepts, then shuffled), F folds, S numbers of
components, B groups of images.
"""

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial

import numpy as np

from shg_xai.chapters.concepts.held_out import Readable, fit_all, hold_out, make_plan
from shg_xai.chapters.concepts.results import Probe
from shg_xai.latents.concepts import Concept
from shg_xai.results import Curve
from shg_xai.stats.arrays import Floats, Ints, Singles
from shg_xai.stats.bootstrap import Bootstrap, number
from shg_xai.stats.executors import ordered
from shg_xai.stats.ranks import Ranker


def probe(
    scores: Readable, concepts: Sequence[Concept], bootstrap: Bootstrap, executor: Executor, folds: int = 5
) -> list[Probe]:
    """Held-out linear probes of each concept from the first 1, 2, 4, 8, ... components.

    The last is the last component or the 512th, and there are at most half as many components as training persons.

    Args:
        scores: Components of N persons.
        concepts: C concepts.
        bootstrap: Over these persons.
        executor: Who computes.
        folds: F, at least 2.
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
                judged, shuffled = (
                    _explained(drawn @ errors[pieces, at], drawn @ spreads[pieces, at])
                    for at in (place, place + len(concepts))
                )
                found[place] = judged, shuffled[0]
        tasks = (
            (plan.targets[:, pair], outputs[:, [at, at + len(flags)]])
            for at, pair in enumerate(zip(flags, copies, strict=True))
        )
        task = partial(_pair_shares, plan.folds, bootstrap)
        found |= zip(flags, ordered(executor, task, tasks, ahead=1), strict=True)
    probes = []
    for place, concept in enumerate(concepts):
        sizes = plan.sizes[place]
        samples, shuffled = found.get(place, (np.empty((1, 0)), np.empty(0)))
        persons = len(concept.known)
        probes.append(
            Probe(
                concept=concept.name,
                measure='auc' if concept.kind == 'flag' else 'r2',
                persons=persons,
                score=Curve(
                    x=[float(size) for size in sizes],
                    y=[bootstrap.estimate(column[0], column[1:], persons) for column in samples[:, : len(sizes)].T],
                ),
                shuffled=[number(value) for value in shuffled[: len(sizes)]],
            )
        )
    return probes


def _explained(errors: Floats, spreads: Floats) -> Floats:
    """R squared from squared errors (s, S) and squared distances from the mean (s,)."""
    positive = np.where(spreads > 0, spreads, np.nan)
    return 1 - errors / positive[:, None]


def _pair_shares(folds: Ints, bootstrap: Bootstrap, task: tuple[Singles, Singles]) -> tuple[Floats, Floats]:
    """AUC of outputs (n, 2, S) for a flag and its shuffled copy, targets (n, 2).

    Returns:
        Shape (1 + resamples, S) for the flag, the first without resampling, and (S,) for its copy.
    """
    targets, outputs = task
    once = np.ones(len(folds), np.int64)
    flag, shuffled = (_Pairs(targets[:, at], outputs[:, at], folds) for at in (0, 1))
    return np.array([flag.share(once), *map(flag.share, bootstrap.weights())]), shuffled.share(once)


class _Pairs:
    """Pairs of a person with the flag and one without, both of the same fold."""

    def __init__(self, target: Singles, outputs: Singles, folds: Ints) -> None:
        known = [np.flatnonzero((folds == fold) & np.isfinite(target)) for fold in np.unique(folds)]
        self.parts = [
            (rows, target[rows] > 0, np.empty((3, len(rows)), np.int64), [Ranker.of(line) for line in outputs[rows].T])
            for rows in known
            if len(rows)
        ]

    def share(self, weights: Ints) -> Floats:
        """Share of the pairs whose flagged person has the larger output, ties half, shape (S,)."""
        above, pairs = np.zeros(len(self.parts[0][3])), 0.0
        for rows, flagged, work, rankers in self.parts:
            here = weights[rows]
            if not here.any():
                continue
            counted = np.where(flagged, here, 0)
            # Ranks are doubled and less their mean: their sum is wins less losses.
            above += np.array([np.dot(ranker.ranks(here, work), counted) for ranker in rankers])
            pairs += float(counted.sum()) * float(here.sum() - counted.sum())
        return 0.5 + above / (2 * pairs) if pairs else np.full(len(above), np.nan)

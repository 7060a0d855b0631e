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
from functools import partial
from typing import Any

import numpy as np

from shg_xai.chapters.concepts.held_out import Readable, fit_all, hold_out, make_plan
from shg_xai.latents.concepts import Concept
from shg_xai.stats.bootstrap import interval, number, resample_weights
from shg_xai.stats.executors import ordered
from shg_xai.stats.ranks import Ranker


def probe(
    scores: Readable,
    concepts: Sequence[Concept],
    groups: np.ndarray,
    *,
    seed: int,
    executor: Executor,
    folds: int = 5,
    resamples: int = 1000,
    confidence: float = 0.95,
) -> list[dict[str, Any]]:
    """Held-out linear probes of each concept from the first 1, 2, 4, 8, ... components.

    Args:
        scores: Components of N persons.
        concepts: C concepts.
        groups: The image of each person, shape (N,).
        seed: Seed, 0 or more.
        executor: Who computes.
        folds: F, at least 2.
        resamples: Resamples of images behind each interval.
        confidence: Between 0 and 1, as 0.95.

    Returns:
        An entry for each concept: ``concept``, ``measure`` (``'r2'``, ``'auc'`` for a flag), ``persons``,
        ``components`` (powers of two and the last component, up to 512, and at most one for two training persons), and
        for each of these ``values``, ``low``, ``high`` and ``shuffled``, the value with the concept's values dealt anew
        to the persons it is known of. All empty for a concept that never varies or is known of fewer than 8 persons.
    """
    plan = make_plan(scores, concepts, groups, folds, seed)
    if not plan.longest:
        return [_empty(concept) for concept in concepts]
    weights, means = fit_all(plan, executor)
    flags = [place for place, concept in enumerate(concepts) if concept.kind == 'flag' and plan.sizes[place]]
    copies = [place + len(concepts) for place in flags]
    errors, spreads, outputs = hold_out(plan, weights, means, [*flags, *copies], executor)
    pieces = np.unique(plan.parts)  # all groups, unless there are fewer images
    drawn = np.array([np.ones(len(pieces)), *resample_weights(pieces, resamples, seed)])
    found = {}
    for place, sizes in enumerate(plan.sizes):
        if sizes and place not in flags:
            judged = [
                _explained(drawn @ errors[pieces, at], drawn @ spreads[pieces, at])
                for at in (place, place + len(concepts))
            ]
            found[place] = judged[0], judged[1][0]
    tasks = (
        (plan.targets[:, pair], outputs[:, [at, at + len(flags)]])
        for at, pair in enumerate(zip(flags, copies, strict=True))
    )
    task = partial(_pair_shares, plan.folds, groups, resamples, seed)
    found |= zip(flags, ordered(executor, task, tasks, ahead=1), strict=True)
    return [
        _entry(concept, plan.sizes[place], *found[place], confidence) if place in found else _empty(concept)
        for place, concept in enumerate(concepts)
    ]


def _explained(errors: np.ndarray, spreads: np.ndarray) -> np.ndarray:
    """R squared from squared errors (s, S) and squared distances from the mean (s,)."""
    positive = np.where(spreads > 0, spreads, np.nan)
    return 1 - errors / positive[:, None]


def _empty(concept: Concept) -> dict[str, Any]:
    """The entry of a concept that cannot be probed."""
    return _entry(concept, [], np.empty((1, 0)), np.empty(0), 0.95)


def _entry(
    concept: Concept, sizes: list[int], samples: np.ndarray, shuffled: np.ndarray, confidence: float
) -> dict[str, Any]:
    """An entry from values (1 + resamples, S), the first without resampling."""
    ends = [interval(column[1:], confidence) for column in samples[:, : len(sizes)].T]
    return {
        'concept': concept.name,
        'measure': 'auc' if concept.kind == 'flag' else 'r2',
        'persons': int(np.isfinite(concept.values).sum()),
        'components': sizes,
        'values': [number(value) for value in samples[0, : len(sizes)]],
        'low': [number(low) for low, _ in ends],
        'high': [number(high) for _, high in ends],
        'shuffled': [number(value) for value in shuffled[: len(sizes)]],
    }


def _pair_shares(
    folds: np.ndarray, groups: np.ndarray, resamples: int, seed: int, task: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """AUC of outputs (n, 2, S) for a flag and its shuffled copy, targets (n, 2).

    Returns:
        Shape (1 + resamples, S) for the flag, the first without resampling, and (S,) for its copy.
    """
    targets, outputs = task
    once = np.ones(len(folds), np.int64)
    flag, shuffled = (_Pairs(targets[:, at], outputs[:, at], folds) for at in (0, 1))
    draws = resample_weights(groups, resamples, seed)
    return np.array([flag.share(once), *map(flag.share, draws)]), shuffled.share(once)


class _Pairs:
    """Pairs of a person with the flag and one without, both of the same fold."""

    def __init__(self, target: np.ndarray, outputs: np.ndarray, folds: np.ndarray) -> None:
        self.parts = []
        for fold in np.unique(folds):
            rows = np.flatnonzero((folds == fold) & np.isfinite(target))
            if len(rows):
                self.parts.append(
                    (
                        rows,
                        target[rows] > 0,
                        np.empty((3, len(rows)), np.int64),
                        [Ranker.of(column) for column in outputs[rows].T],
                    )
                )

    def share(self, weights: np.ndarray) -> np.ndarray:
        """Share of the pairs whose flagged person has the larger output, ties half, shape (S,)."""
        above, pairs = 0.0, 0.0
        for rows, flagged, work, rankers in self.parts:
            here = weights[rows]
            if not here.any():
                continue
            counted = np.where(flagged, here, 0)
            # Ranks are doubled and less their mean: their sum is wins less losses.
            above = above + np.array([np.dot(ranker.ranks(here, work), counted) for ranker in rankers])
            pairs += float(counted.sum()) * float(here.sum() - counted.sum())
        return 0.5 + above / (2 * pairs) if pairs else np.full(len(self.parts[0][3]), np.nan)

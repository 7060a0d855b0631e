"""Whether one network finds more joints than another: the same persons, several seeds.

A seed is one training run. The number reported is the mean over seeds of the mean over persons. Another training and
other persons would both have given another number, so its interval is over both at once (:mod:`shg_xai.stats.crossed`),
and the verdict is that of this one interval.

Scores are S arrays (P,), one a seed, PCK of P persons from 0 to 1, NaN where no joint counts, which leaves a person out
of all.
"""

import math
from bisect import bisect_left
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from shg_xai.chapters.networks.results import Difference, SeededEstimate
from shg_xai.errors import InputError
from shg_xai.results import Estimate, Over, Verdict
from shg_xai.stats.bootstrap import Bootstrap, number
from shg_xai.stats.crossed import Crossed, crossed

Scores = NDArray[np.float64]
MOST_SEEDS = 10**9  # what they leave open is for more persons to tell


def network_summary(scores: Sequence[Scores], bootstrap: Bootstrap) -> SeededEstimate:
    """Mean score over seeds and persons, with its interval over images; InputError: no seed, or other persons."""
    stacked = _stacked('scores', scores, bootstrap)
    sd = number(float(np.std(_seed_means(stacked), ddof=1))) if len(stacked) > 1 else None
    return SeededEstimate(**msgspec.structs.asdict(bootstrap.mean(stacked.mean(0))), sd=sd)


def compare(a: Sequence[Scores], b: Sequence[Scores], bootstrap: Bootstrap, margin: float) -> Difference:
    """How much more network ``a`` scores than ``b``, person by person and seed by seed, and whether that decides which
    of them is better, or that they are equal but for a margin; nothing is drawn anew for it.

    InputError: no seed at all, not the same seeds, or not the same persons.
    """
    if len(a) != len(b):
        mend = 'give the same seeds of both networks'
        raise InputError(f'a, b: {len(a)} and {len(b)} seeds cannot be compared seed by seed; {mend}')
    scores = _stacked('a', a, bootstrap) - _stacked('b', b, bootstrap)
    by_seed, persons = [number(value) for value in _seed_means(scores)], int(np.isfinite(scores).all(0).sum())
    return judged(crossed(scores, bootstrap.groups), by_seed, persons, bootstrap.confidence, margin)


def judged(found: Crossed, by_seed: list[float | None], persons: int, confidence: float, margin: float) -> Difference:
    """A mean and what it scatters by, with its intervals, its verdict, and what one would take where it has none."""
    concluded = verdict(found, confidence, margin)
    undecided = concluded is Verdict.UNDECIDED
    return Difference(
        difference=_estimate(found, confidence, persons),
        equivalence=_estimate(found, one_sided(confidence), persons),
        margin=margin,
        by_seed=by_seed,
        persons=persons,
        degrees=number(found.degrees) if math.isfinite(found.reach(confidence)) else None,
        sd_seeds=number(found.sd_seeds),
        sd_images=number(found.sd_images),
        sd_both=number(found.sd_both),
        seeds_needed=seeds_needed(found, confidence, margin) if undecided else None,
        verdict=concluded,
    )


def one_sided(confidence: float) -> float:
    """The confidence of the interval whose two ends are each a test at the same level: 0.9 for 0.95."""
    return max(0.0, 2 * confidence - 1)


def verdict(found: Crossed, confidence: float, margin: float) -> Verdict:
    """What a difference comes to.

    Equivalent where two one-sided tests both find it nearer to 0 than the margin, the interval of the two inside it
    (Schuirmann, Journal of Pharmacokinetics and Biopharmaceutics 15, 1987). Else better or worse where the interval
    leaves out 0. Both can hold, of a difference that is surely there and surely small: that is equivalent, as the
    margin says what matters. Of one training nothing follows for the next, so it decides nothing.
    """
    mean, reach = found.mean, found.reach(confidence)
    if found.seeds < 2 or math.isnan(reach):
        return Verdict.UNDECIDED
    if abs(mean) + found.reach(one_sided(confidence)) < margin:
        return Verdict.EQUIVALENT
    if abs(mean) <= reach:
        return Verdict.UNDECIDED
    return Verdict.BETTER if mean > 0 else Verdict.WORSE


def seeds_needed(found: Crossed, confidence: float, margin: float) -> int | None:
    """From how many seeds on a verdict is to be expected; None where none would do, as persons are too few, or where
    one seed does not tell how much the next would differ.
    """

    def decides(seeds: int) -> bool:
        return verdict(found.planned(seeds), confidence, margin) is not Verdict.UNDECIDED

    if found.seeds < 2 or not decides(MOST_SEEDS):
        return None
    first = last = found.seeds + 1
    while not decides(last):
        last *= 2
    return first + bisect_left(range(first, last), True, key=decides)


def _estimate(found: Crossed, confidence: float, persons: int) -> Estimate:
    """The mean with its interval."""
    over: Over = 'seeds and images' if found.seeds > 1 else 'images'
    reach = found.reach(confidence)
    low, high = number(found.mean - reach), number(found.mean + reach)
    return Estimate(value=number(found.mean), low=low, high=high, n=persons, over=over)


def _stacked(name: str, scores: Sequence[Scores], bootstrap: Bootstrap) -> Scores:
    """The seeds' scores as float64, shape (S, P)."""
    if not len(scores):
        raise InputError(f'{name}: no seed at all; give the scores of one or more')
    persons = np.shape(bootstrap.groups)
    for place, shape in enumerate(map(np.shape, scores)):
        if shape != persons:
            mend = 'give one score a person, NaN where none'
            raise InputError(f'{name}[{place}]: scores of shape {shape} for persons of shape {persons}; {mend}')
    return np.stack(scores).astype(float)


def _seed_means(stacked: Scores) -> Scores:
    """Each seed's mean over the persons known in all seeds, shape (S,); NaN where there is none."""
    counted = stacked[:, np.isfinite(stacked).all(0)]
    return np.asarray(counted.mean(1)) if counted.size else np.full(len(stacked), math.nan)

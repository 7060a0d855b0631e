"""Whether one network finds more joints than another: the same persons, several seeds.

A seed is one training run. The number reported is the mean over seeds of the mean over persons, and its interval comes
from drawing images anew (:mod:`shg_xai.stats.bootstrap`). That interval says how the number depends on who was tested,
not on how the training happened to go; so a verdict also asks the interval over seeds.

Scores are S arrays (P,), one a seed, PCK of P persons from 0 to 1, NaN where no joint counts, which leaves a person out
of all.
"""

import math
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from shg_xai.chapters.networks.results import Difference, SeededEstimate
from shg_xai.errors import InputError
from shg_xai.results import Estimate, Verdict
from shg_xai.stats.bootstrap import Bootstrap, number

Scores = NDArray[np.float64]


def network_summary(scores: Sequence[Scores], bootstrap: Bootstrap) -> SeededEstimate:
    """Mean score over seeds and persons, with its interval over images; InputError: no seed, or other persons."""
    stacked = _stacked('scores', scores, bootstrap)
    sd = number(float(np.std(_seed_means(stacked), ddof=1))) if len(stacked) > 1 else None
    return SeededEstimate(**msgspec.structs.asdict(bootstrap.mean(stacked.mean(0))), sd=sd)


def compare(a: Sequence[Scores], b: Sequence[Scores], bootstrap: Bootstrap) -> Difference:
    """How much more network ``a`` scores than ``b``, person by person and seed by seed.

    InputError: no seed at all, not the same seeds, or not the same persons.
    """
    if len(a) != len(b):
        mend = 'give the same seeds of both networks'
        raise InputError(f'a, b: {len(a)} and {len(b)} seeds cannot be compared seed by seed; {mend}')
    scores = _stacked('a', a, bootstrap) - _stacked('b', b, bootstrap)
    difference, by_seed = bootstrap.mean(scores.mean(0)), [number(value) for value in _seed_means(scores)]
    seeds, persons = seeds_interval(by_seed, bootstrap.confidence), int(np.isfinite(scores).all(0).sum())
    return Difference(
        difference=difference, over_seeds=seeds, by_seed=by_seed, persons=persons, verdict=verdict(difference, seeds)
    )


def seeds_interval(by_seed: Sequence[float | None], confidence: float) -> Estimate:
    """Mean of S seeds' differences with Student's interval, mean ± t_(S-1) s / sqrt(S); not known unless all are.

    Student, The probable error of a mean, Biometrika 6 (1908): for numbers that scatter normally, here from one
    training to the next.
    """
    known, seeds = [value for value in by_seed if value is not None], len(by_seed)
    mean = None if len(known) < seeds else float(np.mean(known))
    if mean is None or seeds < 2:
        return Estimate(value=mean, n=seeds, over='seeds')
    reach = float(stdtrit(seeds - 1, (1 + confidence) / 2) * np.std(known, ddof=1) / math.sqrt(seeds))
    return Estimate(value=mean, low=mean - reach, high=mean + reach, n=seeds, over='seeds')


def verdict(over_persons: Estimate, over_seeds: Estimate) -> Verdict:
    """Better or worse where both intervals leave out 0 on one side; else none was found, or seeds are too few."""
    both = (estimate.ends or (0, 0) for estimate in (over_persons, over_seeds))
    side, other = ((low > 0) - (high < 0) for low, high in both)
    if side == 0:
        return Verdict.NO_DIFFERENCE
    if side != other:
        return Verdict.TOO_FEW_SEEDS
    return Verdict.BETTER if side > 0 else Verdict.WORSE


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

"""Whether one network finds more joints than another: the same persons, several seeds.

A seed is one training run. The number reported is the mean over seeds of the mean over persons, and its interval comes
from drawing images anew (:mod:`shg_xai.stats.bootstrap`). That interval says how the number depends on who was tested,
not on how the training happened to go; so a verdict also asks the interval over seeds.

Shapes: S seeds, P persons. Scores are S arrays of shape (P,), one a seed, as PCK from 0 to 1; NaN where no joint of a
person counts. Who is NaN in any of them is left out of all.
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
    """Mean score of a network over seeds and persons, with its interval over images.

    Raises:
        InputError: No seed at all, or seeds of different persons.
    """
    stacked = _stacked('scores', scores, bootstrap)
    sd = number(float(np.std(_seed_means(stacked), ddof=1))) if len(stacked) > 1 else None
    return SeededEstimate(**msgspec.structs.asdict(bootstrap.mean(stacked.mean(0))), sd=sd)


def compare(a: Sequence[Scores], b: Sequence[Scores], bootstrap: Bootstrap) -> Difference:
    """How much more network ``a`` scores than ``b``, person by person and seed by seed.

    Returns:
        With the verdict 'better' or 'worse' where both intervals leave out 0, 'too few seeds to tell' where that over
        seeds does not, 'no difference found' where that over persons does not.

    Raises:
        InputError: No seed at all, not the same seeds, or not the same persons.
    """
    if len(a) != len(b):
        raise InputError(
            f'a, b: {len(a)} and {len(b)} seeds cannot be compared seed by seed; give the same seeds of both networks'
        )
    scores = _stacked('a', a, bootstrap) - _stacked('b', b, bootstrap)
    difference, by_seed = bootstrap.mean(scores.mean(0)), [number(value) for value in _seed_means(scores)]
    over_seeds, persons = seeds_interval(by_seed, bootstrap.confidence), int(np.isfinite(scores).all(0).sum())
    return Difference(
        difference=difference,
        over_seeds=over_seeds,
        by_seed=by_seed,
        persons=persons,
        verdict=verdict(difference, over_seeds),
    )


def seeds_interval(by_seed: Sequence[float | None], confidence: float) -> Estimate:
    """Mean of S seeds' differences with Student's interval, mean ± t_(S-1) s / sqrt(S).

    Student, The probable error of a mean, Biometrika 6 (1908): for numbers that scatter normally, here from one
    training to the next.

    Args:
        by_seed: S differences; None where not known, and then nothing is.
        confidence: Between 0 and 1, as 0.95.
    """
    known, seeds = [value for value in by_seed if value is not None], len(by_seed)
    if len(known) < seeds:
        return Estimate(value=None, n=seeds, over='seeds')
    mean = float(np.mean(known))
    if seeds < 2:
        return Estimate(value=mean, n=seeds, over='seeds')
    reach = float(stdtrit(seeds - 1, (1 + confidence) / 2) * np.std(known, ddof=1) / math.sqrt(seeds))
    return Estimate(value=mean, low=mean - reach, high=mean + reach, n=seeds, over='seeds')


def verdict(over_persons: Estimate, over_seeds: Estimate) -> Verdict:
    """What the interval over persons and the one over seeds say together."""
    side = _side(over_persons)
    if side is None:
        return Verdict.NO_DIFFERENCE
    return side if _side(over_seeds) == side else Verdict.TOO_FEW_SEEDS


def _side(estimate: Estimate) -> Verdict | None:
    """On which side of 0 an interval is; None for neither, or where it is not known."""
    if estimate.ends is None or estimate.holds(0):
        return None
    return Verdict.BETTER if estimate.ends[0] > 0 else Verdict.WORSE


def _stacked(name: str, scores: Sequence[Scores], bootstrap: Bootstrap) -> Scores:
    """The seeds' scores as float64, shape (S, P)."""
    if not len(scores):
        raise InputError(f'{name}: no seed at all; give the scores of one or more')
    arrays, persons = [np.asarray(array, dtype=float) for array in scores], np.shape(bootstrap.groups)
    for place, array in enumerate(arrays):
        if array.shape != persons:
            raise InputError(
                f'{name}[{place}]: scores of shape {array.shape} for persons of shape {persons}; give one score a '
                'person, NaN where none'
            )
    return np.stack(arrays)


def _seed_means(stacked: Scores) -> Scores:
    """Each seed's mean over the persons known in all seeds, shape (S,); NaN where there is none."""
    counted = stacked[:, np.isfinite(stacked).all(0)]
    return np.asarray(counted.mean(1)) if counted.size else np.full(len(stacked), math.nan)

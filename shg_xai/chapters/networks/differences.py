"""Whether one network finds more joints than another: the same persons, several seeds.

A seed is one training run. The number reported is the mean over seeds of the mean over persons, and its interval comes
from drawing images anew (:mod:`shg_xai.stats.bootstrap`). That interval says how the number depends on who was tested,
not on how the training happened to go; so a verdict also asks the interval over seeds.

Shapes: S seeds, P persons.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.special import stdtrit

from shg_xai.errors import InputError
from shg_xai.stats.bootstrap import mean_interval, number

BETTER, WORSE, NOTHING = 'better', 'worse', 'no difference found'
FEW = 'too few seeds to tell'


def network_summary(
    scores: Sequence[np.ndarray], image_ids: np.ndarray, resamples: int, confidence: float, seed: int
) -> dict[str, float | None]:
    """Mean score of a network over seeds and persons, with its interval over images.

    Args:
        scores: S arrays of shape (P,), one a seed, as PCK from 0 to 1; NaN where no joint of a person counts. Who is
            NaN in one seed is left out of all.
        image_ids: The image of each person, shape (P,).
        resamples: How many resamples of images.
        confidence: Between 0 and 1, as 0.95.
        seed: Seed of the resamples, 0 or more.

    Returns:
        ``value``, ``low``, ``high``, and ``sd``, the standard deviation of the seeds' means (n - 1 in the denominator;
        None for one seed). None for what is not known.

    Raises:
        InputError: No seed at all, or seeds of different persons.
    """
    stacked = _stacked('scores', scores, image_ids)
    means = _seed_means(stacked)
    sd = float(np.std(means, ddof=1)) if len(means) > 1 else math.nan
    return dict(**_estimate(stacked, image_ids, resamples, confidence, seed), sd=number(sd))


def compare(
    a: Sequence[np.ndarray],
    b: Sequence[np.ndarray],
    image_ids: np.ndarray,
    resamples: int,
    confidence: float,
    seed: int,
) -> dict[str, Any]:
    """How much more network ``a`` scores than ``b``, person by person and seed by seed.

    Args:
        a: S arrays of shape (P,), one a seed; NaN where no joint of a person counts. Who is NaN in any of them, or of
            ``b``, is left out of all.
        b: The same of the other network: same seeds, same persons.
        image_ids: The image of each person, shape (P,).
        resamples: How many resamples of images.
        confidence: Between 0 and 1, as 0.95.
        seed: Seed of the resamples, 0 or more.

    Returns:
        ``difference`` (``value``, ``low``, ``high`` of a - b), ``by_seed`` (S numbers, whose mean is the difference),
        ``over_seeds`` (``value``, ``low``, ``high``, see :func:`seeds_interval`), ``persons`` who count, and
        ``verdict``: 'better' or 'worse' where both intervals leave out 0, 'too few seeds to tell' where that over seeds
        does not, 'no difference found' where that over persons does not. None for what is not known.

    Raises:
        InputError: No seed at all, not the same seeds, or not the same persons.
    """
    if len(a) != len(b):
        raise InputError(
            f'a, b: {len(a)} and {len(b)} seeds cannot be compared seed by seed; give the same seeds of both networks'
        )
    difference = _stacked('a', a, image_ids) - _stacked('b', b, image_ids)
    found = _estimate(difference, image_ids, resamples, confidence, seed)
    by_seed = [number(value) for value in _seed_means(difference)]
    over_seeds = seeds_interval(by_seed, confidence)
    return dict(
        difference=found,
        by_seed=by_seed,
        over_seeds=over_seeds,
        persons=int(np.isfinite(difference).all(0).sum()),
        verdict=_verdict(found, over_seeds),
    )


def seeds_interval(by_seed: Sequence[float | None], confidence: float) -> dict[str, float | None]:
    """Mean of S seeds' differences with Student's interval, mean ± t_(S-1) s / sqrt(S).

    Student, The probable error of a mean, Biometrika 6 (1908): for numbers that scatter normally, here from one
    training to the next.

    Args:
        by_seed: S differences, None where not known.
        confidence: Between 0 and 1, as 0.95.

    Returns:
        ``value``, ``low``, ``high``; None for what is not known: all where a seed is not, and the ends of a single
        seed.
    """
    if None in by_seed:
        return dict(value=None, low=None, high=None)
    seeds = len(by_seed)
    mean = float(np.mean(by_seed))
    if seeds < 2:
        return dict(value=mean, low=None, high=None)
    reach = float(stdtrit(seeds - 1, (1 + confidence) / 2) * np.std(by_seed, ddof=1) / math.sqrt(seeds))
    return dict(value=mean, low=mean - reach, high=mean + reach)


def _stacked(name: str, scores: Sequence[np.ndarray], image_ids: np.ndarray) -> np.ndarray:
    """The seeds' scores as float64, shape (S, P)."""
    if not len(scores):
        raise InputError(f'{name}: no seed at all; give the scores of one or more')
    arrays = [np.asarray(array, dtype=float) for array in scores]
    for place, array in enumerate(arrays):
        if array.shape != np.shape(image_ids):
            raise InputError(
                f'{name}[{place}]: scores of shape {array.shape} for persons of shape '
                f'{np.shape(image_ids)}; give one score a person, NaN where none'
            )
    return np.stack(arrays)


def _seed_means(stacked: np.ndarray) -> np.ndarray:
    """Each seed's mean over the persons known in all seeds, shape (S,); NaN where there is none."""
    counted = stacked[:, np.isfinite(stacked).all(0)]
    return counted.mean(1) if counted.size else np.full(len(stacked), math.nan)


def _estimate(
    stacked: np.ndarray, image_ids: np.ndarray, resamples: int, confidence: float, seed: int
) -> dict[str, float | None]:
    """Mean over seeds and persons with its interval; a person NaN in one seed is NaN in all."""
    ends = mean_interval(stacked.mean(0), image_ids, resamples, confidence, seed)
    return {key: number(float(end)) for key, end in zip(('value', 'low', 'high'), ends, strict=True)}


def _verdict(persons: dict[str, float | None], seeds: dict[str, float | None]) -> str:
    """What the interval over persons and the one over seeds say together."""
    side = _side(persons)
    if side is None:
        return NOTHING
    return side if _side(seeds) == side else FEW


def _side(interval: dict[str, float | None]) -> str | None:
    """On which side of 0 an interval is; None for neither, or where it is not known."""
    low, high = interval['low'], interval['high']
    if low is None or high is None:
        return None
    return BETTER if low > 0 else WORSE if high < 0 else None

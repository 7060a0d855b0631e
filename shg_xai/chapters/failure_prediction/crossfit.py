"""Risks of units by regressions that were fitted to other images.

Images are dealt to five folds; the units of each get their risk from a regression on the four others, so that nobody is
judged by one that has seen their labels, nor those of somebody on the same photo.

Shapes: U units, P persons on G images.
"""

from collections.abc import Sequence
from concurrent.futures import Executor
from functools import partial

import numpy as np

from shg_xai.chapters.failure_prediction.results import RiskModel
from shg_xai.chapters.failure_prediction.risk import fitted, risk
from shg_xai.chapters.failure_prediction.units import Units
from shg_xai.random_streams import stream
from shg_xai.stats.arrays import Bools, Float, Floats, Int, Ints
from shg_xai.stats.executors import ordered

FOLDS = 5
MOST_FITTED = 50_000  # units a regression is fitted to, of images drawn from all; it has some twenty numbers


def crossfitted(
    units: Units, names: Sequence[str], image_of: Int[Ints, ' U'], seed: int, pool: Executor
) -> Float[Floats, ' U']:
    """The risk of each unit from these scores, by a regression on other images."""
    fold = stream(seed, 'failure_folds').permutation(int(image_of.max()) + 1) % FOLDS
    held = [fold[image_of] == number for number in range(FOLDS)]
    models = ordered(pool, partial(_fit, units, names, image_of, seed), range(FOLDS))
    found = np.empty(len(units))
    for out, model in zip(held, models, strict=True):
        found[out] = _risk(units, out, model)
    return found


def fitted_to_all(units: Units, names: Sequence[str], image_of: Int[Ints, ' U'], seed: int) -> RiskModel:
    """A regression on all images, for new ones."""
    return _fit(units, names, image_of, seed, FOLDS)


def _fit(units: Units, names: Sequence[str], image_of: Ints, seed: int, held: int) -> RiskModel:
    """Fit to all folds but one, and of these to no more units than are enough."""
    images = int(image_of.max()) + 1
    fold = stream(seed, 'failure_folds').permutation(images) % FOLDS
    share = min(1.0, MOST_FITTED / len(units))
    drawn = (stream(seed, 'failure_fits', held).random(images) < share) & (fold != held)
    some = np.flatnonzero(drawn[image_of])
    joints = None if units.joint is None else units.joint[some]
    scores = {name: units.scores[name][some] for name in names}
    return fitted(units.target, scores, units.wrong[some], joints, units.kinds)


def _risk(units: Units, some: Bools, model: RiskModel) -> Floats:
    scores = {term.score: units.scores[term.score][some] for term in model.terms}
    return risk(scores, model, None if units.joint is None else units.joint[some])

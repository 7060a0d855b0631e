"""The risk that a joint or a person is wrong, from scores that need no label: an additive logistic regression.

Scores are of very different kind, so each is replaced by its place among those it was fitted to: the share of them
below, as the quantile of a normal distribution (van der Waerden's normal score). Only a score's order matters, and an
outlier cannot take over. What a place adds to the log odds of being wrong is a line that may bend at three places
(Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, 2009, section 5.2): where one score could only
go straight, another that is a bent copy of it would seem to add something.

Shapes: U units (joints or persons), K joints.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import expit, ndtr
from sklearn.linear_model import LogisticRegression

from shg_xai.chapters.failure_prediction.results import RiskModel, ScoreTerm, TargetName
from shg_xai.stats.arrays import Bools, Float, Floats, Int, Ints, Singles

PLACES = np.linspace(-3, 3, 33)  # normal scores at whose quantiles a score is looked at; between, it is interpolated
BENDS = PLACES[[11, 16, 21]]  # about -1, 0 and 1
Line = Sequence[float] | Floats
Scores = Mapping[str, Float[Floats | Singles, ' U']]  # by name


def risk(scores: Scores, model: RiskModel, joints: Int[Ints, ' U'] | None = None) -> Float[Floats, ' U']:
    """The risk of each unit to be wrong, between 0 and 1.

    ``joints`` is which of the K joints each unit is; None of persons. Scores are those of
    :func:`~shg_xai.chapters.failure_prediction.units.joints_of` or ``persons_of``, which take a single new person, too;
    one that is not known (NaN, or not given at all, as distances where no latent was read) is taken for the median.
    """
    size = len(next(iter(scores.values()))) if joints is None else len(joints)
    odds = np.full(size, model.intercept)
    if joints is not None:
        odds += np.array(model.joints)[joints]
    for term in model.terms:
        if term.score in scores:
            odds += _between(scores[term.score], term.median, term.values, term.odds)
    return np.asarray(expit(odds))


def _between(values: Float[Floats | Singles, ' U'], median: float, at: Line, told: Line) -> Floats:
    """Interpolated; the median's where a value is not known."""
    return np.interp(np.where(np.isnan(values), median, values), at, told)


def fitted(
    target: TargetName, scores: Scores, wrong: Bools, joints: Int[Ints, ' U'] | None = None, kinds: int = 0
) -> RiskModel:
    """Fit to units of which some are wrong and some right; ``joints`` are of so many ``kinds``, K.

    Ridge-penalised (scikit-learn's C = 1), which matters where units are few.
    """
    known = {name: _Known.of(np.asarray(values, float)) for name, values in scores.items()}
    columns = [_bent(own.places_of(scores[name])) for name, own in known.items()]
    columns.append(np.empty((len(wrong), 0)) if joints is None else np.eye(kinds)[joints])
    found = LogisticRegression(solver='newton-cholesky').fit(np.concatenate(columns, axis=1), wrong)
    weights, intercept, terms = found.coef_[0], float(found.intercept_[0]), []
    for name, own in known.items():
        weight, weights = np.split(weights, [1 + len(BENDS)])
        odds, middle = (_bent(places) @ weight for places in (own.places, own.places_of(np.array([own.median]))))
        intercept += float(middle[0])
        told = (odds - middle).tolist()
        terms.append(ScoreTerm(score=name, median=own.median, values=own.values.tolist(), odds=told))
    return RiskModel(target=target, intercept=intercept, terms=terms, joints=weights.tolist())


def _bent(places: Float[Floats, ' U']) -> Float[Floats, 'U 4']:
    """A line, and one more from each bend on."""
    return np.concatenate([places[:, None], np.maximum(places[:, None] - BENDS, 0)], axis=1)


class _Known(NamedTuple):
    """Quantiles of a score that was seen and their places, both ascending, and the median."""

    values: Floats
    places: Floats
    median: float

    @classmethod
    def of(cls, values: Float[Floats, ' U']) -> '_Known':
        """Equal quantiles are there once, with their mean place."""
        known = values[np.isfinite(values)]
        known = known if len(known) else np.zeros(1)
        knots, which = np.unique(np.quantile(known, ndtr(PLACES)), return_inverse=True)
        return cls(knots, np.bincount(which, PLACES) / np.bincount(which), float(np.median(known)))

    def places_of(self, values: Float[Floats | Singles, ' U']) -> Floats:
        return _between(values, self.median, self.values, self.places)

"""The risk that a joint or a person is wrong, from scores that need no label: logistic regression on normal scores.

Scores are of very different kind, so each is replaced by its place among those it was fitted to: the share of them
below, as the quantile of a normal distribution (van der Waerden's normal score). Only a score's order matters, an
outlier cannot take over, and a coefficient says how much the log odds of being wrong rise for a standard deviation.

Shapes: U units (joints or persons), K joints.
"""

from collections.abc import Mapping

import numpy as np
from scipy.special import expit, ndtr
from sklearn.linear_model import LogisticRegression

from shg_xai.chapters.failure_prediction.results import RiskModel, ScoreTerm, TargetName
from shg_xai.stats.arrays import Bools, Float, Floats, Int, Ints, Singles

PLACES = np.linspace(-3, 3, 33)  # normal scores at whose quantiles a score is looked at; between, it is interpolated
Scores = Mapping[str, Float[Floats | Singles, ' U']]  # by name


def risk(scores: Scores, model: RiskModel, joints: Int[Ints, ' U'] | None = None) -> Float[Floats, ' U']:
    """The risk of each unit to be wrong, between 0 and 1.

    ``joints`` is which of the K joints each unit is; None of persons. A score that is not known (NaN, or not given at
    all) is taken for the median.
    """
    size = len(next(iter(scores.values()))) if joints is None else len(joints)
    odds = np.full(size, model.intercept)
    if joints is not None:
        odds += np.array(model.joints)[joints]
    for term in model.terms:
        if term.score in scores:
            odds += term.coefficient * place_of(scores[term.score], term)
    return np.asarray(expit(odds))


def place_of(values: Float[Floats | Singles, ' U'], term: ScoreTerm) -> Float[Floats, ' U']:
    """Normal scores of values; that of the median where one is not known."""
    known = np.where(np.isnan(values), term.median, values)
    return np.interp(known, term.values, term.places)


def fitted(
    target: TargetName, scores: Scores, wrong: Bools, joints: Int[Ints, ' U'] | None = None, kinds: int = 0
) -> RiskModel:
    """Fit to units of which some are wrong and some right; ``joints`` are of so many ``kinds``, K.

    Ridge-penalised (scikit-learn's C = 1), which matters where units are few.
    """
    terms = [_term(name, np.asarray(values, float)) for name, values in scores.items()]
    columns = [place_of(scores[term.score], term)[:, None] for term in terms]
    if joints is not None:
        columns.append(np.eye(kinds)[joints])
    found = LogisticRegression(solver='newton-cholesky').fit(np.concatenate(columns, axis=1), wrong)
    weights = found.coef_[0].tolist()
    for term, weight in zip(terms, weights, strict=False):
        term.coefficient = weight
    own = [] if joints is None else weights[len(terms) :]
    return RiskModel(target=target, intercept=float(found.intercept_[0]), terms=terms, joints=own)


def _term(name: str, values: Float[Floats, ' U']) -> ScoreTerm:
    """Quantiles and their normal scores, equal values once, with the mean place; without a coefficient yet."""
    known = values[np.isfinite(values)]
    known = known if len(known) else np.zeros(1)
    knots, which = np.unique(np.quantile(known, ndtr(PLACES)), return_inverse=True)
    places = np.bincount(which, PLACES) / np.bincount(which)
    median = float(np.median(known))
    return ScoreTerm(score=name, median=median, values=knots.tolist(), places=places.tolist(), coefficient=0.0)

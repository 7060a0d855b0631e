"""Risks from scores, by hand and beside scikit-learn."""

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import norm, rankdata
from sklearn.linear_model import LogisticRegression

from shg_xai.chapters.failure_prediction.risk import fitted, place_of, risk
from tests.helpers.made_failure_prediction import failure_prediction, term

MODEL = failure_prediction().targets[0].model or fitted('joints', {}, np.array([True, False]))


def test_a_risk_by_hand() -> None:
    """Log odds: -1.5, plus 1.5 times the place between values, plus that of the joint."""
    found = risk(dict(height=np.array([0.5, 0.35, 7, np.nan])), MODEL, np.array([0, 0, 1, 1]))
    assert found == pytest.approx(expit([-1.5 + 0.5, -1.5 - 0.75 + 0.5, -1.5 + 1.5 - 0.5, -1.5 - 0.5]))


def test_what_is_not_given_is_taken_for_the_median() -> None:
    assert risk(dict(other=np.zeros(2)), MODEL) == pytest.approx(expit([-1.5, -1.5]))
    assert risk({}, MODEL, np.array([1])) == pytest.approx(expit([-2.0]))


def test_places_end_with_the_values() -> None:
    assert place_of(np.array([-9, 0.2, 0.7, 9]), term()) == pytest.approx([-1, -1, 0.5, 1])


def test_a_fit_is_that_of_normal_scores() -> None:
    random = np.random.default_rng(0)
    a, b = random.standard_normal((2, 3000))
    wrong = random.random(3000) < expit(a - 1)
    model = fitted('persons', dict(a=np.exp(a), b=b), wrong)
    normal = np.stack([norm.ppf((rankdata(own) - 0.5) / 3000) for own in (a, b)], axis=1)
    expected = LogisticRegression(C=np.inf).fit(normal, wrong)
    assert [own.coefficient for own in model.terms] == pytest.approx(expected.coef_[0], abs=0.03)
    assert [own.score for own in model.terms] == ['a', 'b'] and model.joints == []
    assert model.terms[0].median == pytest.approx(np.median(np.exp(a)))
    # Of any rising function of a score the risk is the same but for values between the knots.
    found = risk(dict(a=np.exp(a), b=b), model)
    inside = np.abs(normal).max(axis=1) < 3
    assert found[inside] == pytest.approx(expected.predict_proba(normal)[inside, 1], abs=0.03)
    assert found.mean() == pytest.approx(wrong.mean(), abs=1e-3)


def test_joints_have_risks_of_their_own() -> None:
    random = np.random.default_rng(1)
    joint, score = np.arange(4000) % 2, random.standard_normal(4000)
    wrong = random.random(4000) < np.array([0.1, 0.4])[joint]
    model = fitted('joints', dict(score=score), wrong, joint, 2)
    found = risk(dict(score=score), model, joint)
    assert [found[joint == own].mean() for own in (0, 1)] == pytest.approx(
        [wrong[joint == own].mean() for own in (0, 1)], abs=0.005
    )


def test_a_score_without_spread_or_of_few_values_does_no_harm() -> None:
    wrong = np.arange(400) % 4 == 0
    flag = wrong.astype(float)
    flag[::7] = 1
    model = fitted('persons', dict(same=np.ones(400), flag=flag), wrong)
    assert len(model.terms[0].values) == 1 and len(model.terms[1].values) <= 3
    found = risk(dict(same=np.ones(400), flag=flag), model)
    assert found[flag == 1].mean() > 0.5 > 0.1 > found[flag == 0].mean()

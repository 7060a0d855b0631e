"""Risks from scores, by hand and beside scikit-learn."""

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import norm, rankdata
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from shg_xai.chapters.failure_prediction.risk import fitted, risk
from tests.helpers.made_failure_prediction import failure_prediction

MODEL = failure_prediction().targets[0].model or fitted('joints', {}, np.array([True, False]))


def test_a_risk_by_hand() -> None:
    """Log odds: -1.5, plus what stands between two values, plus that of the joint."""
    found = risk(dict(height=np.array([0.5, 0.35, 7, np.nan])), MODEL, np.array([0, 0, 1, 1]))
    assert found == pytest.approx(expit([-1.5 + 0.5, -1.5 - 0.75 + 0.5, -1.5 + 1.5 - 0.5, -1.5 - 0.5]))


def test_what_is_not_given_is_taken_for_the_median() -> None:
    assert risk(dict(other=np.zeros(2)), MODEL) == pytest.approx(expit([-1.5, -1.5]))
    assert risk({}, MODEL, np.array([1])) == pytest.approx(expit([-2.0]))


def test_a_fit_to_a_line_is_that_of_normal_scores() -> None:
    random = np.random.default_rng(0)
    a, b = random.standard_normal((2, 5000))
    wrong = random.random(5000) < expit(a - 1)
    model = fitted('persons', dict(a=np.exp(a), b=b), wrong)
    normal = np.stack([norm.ppf((rankdata(own) - 0.5) / 5000) for own in (a, b)], axis=1)
    expected = LogisticRegression(C=np.inf).fit(normal, wrong)
    assert [own.score for own in model.terms] == ['a', 'b'] and model.joints == []
    assert model.terms[0].median == pytest.approx(np.median(np.exp(a)))
    # Of any rising function of a score the risk is the same.
    found = risk(dict(a=np.exp(a), b=b), model)
    inside = np.abs(normal).max(axis=1) < 2
    assert found[inside] == pytest.approx(expected.predict_proba(normal)[inside, 1], abs=0.06)
    assert found.mean() == pytest.approx(wrong.mean(), abs=1e-3)
    assert risk(dict(a=np.empty(0)), model).shape == (0,)
    assert risk(dict(a=np.array([np.nan])), model) == pytest.approx(expit([model.intercept]))


def test_a_score_may_bend() -> None:
    """Who is far from the middle to either side is wrong: a copy that is unfolded adds nothing."""
    random = np.random.default_rng(2)
    score = random.standard_normal(6000)
    wrong = random.random(6000) < expit(3 * np.abs(score) - 3)
    alone = risk(dict(score=score), fitted('persons', dict(score=score), wrong))
    assert roc_auc_score(wrong, alone) == pytest.approx(roc_auc_score(wrong, np.abs(score)), abs=0.01)


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
    assert len(model.terms[0].values) == 1 and len(model.terms[1].values) <= 4
    found = risk(dict(same=np.ones(400), flag=flag), model)
    assert found[flag == 1].mean() > 0.5 > 0.1 > found[flag == 0].mean()

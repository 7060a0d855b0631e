"""What a score tells of wrong units, beside scikit-learn and random orders."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.metrics import average_precision_score, roc_auc_score

from shg_xai.stats.selective import MOST_BINS, Binned, areas, risk_at, share_estimate


def told(scores: np.ndarray, wrong: np.ndarray, times: np.ndarray | None = None) -> np.ndarray:
    """The four areas, each unit an image of its own."""
    units = len(scores)
    weights = np.ones((units, 1)) if times is None else times[:, None].astype(float)
    return areas(*Binned.of(scores, wrong, np.arange(units), units).weighted(weights))[0]


def by_hand(wrong: np.ndarray) -> float:
    """AURC of units in this order."""
    return float((np.cumsum(wrong) / np.arange(1, len(wrong) + 1)).mean())


def test_four_units_by_hand() -> None:
    """Right, wrong, right, wrong from the safest on: risks 0, 1/2, 1/3, 1/2; of the best order 0, 0, 1/3, 1/2."""
    found = told(np.array([0.1, 0.2, 0.3, 0.4]), np.array([False, True, False, True]))
    area = (1 / 2 + 1 / 3 + 1 / 2) / 4
    assert found == pytest.approx([3 / 4, (1 + 2 / 3) / 2, area, area - (1 / 3 + 1 / 2) / 4])


@pytest.mark.parametrize('values', [1000, 7])
def test_as_scikit_learn_and_random_orders_have_it(values: int) -> None:
    random = np.random.default_rng(values)
    scores = random.integers(0, values, 300) / values
    wrong = random.random(300) < 0.1 + 0.5 * scores
    found = told(scores, wrong)
    assert found[0] == pytest.approx(roc_auc_score(wrong, scores))
    assert found[1] == pytest.approx(average_precision_score(wrong, scores))
    orders = (np.lexsort((random.random(300), scores)) for _ in range(2000))
    assert found[2] == pytest.approx(np.mean([by_hand(wrong[order]) for order in orders]), abs=2e-3)
    assert found[2] - found[3] == pytest.approx(by_hand(np.sort(wrong)))


def test_weights_are_repeated_units() -> None:
    random = np.random.default_rng(1)
    scores, wrong, times = random.random(200), random.random(200) < 0.3, random.integers(0, 4, 200)
    assert told(scores, wrong, times) == pytest.approx(told(np.repeat(scores, times), np.repeat(wrong, times)))


def test_units_of_an_image_come_along_with_it() -> None:
    random = np.random.default_rng(2)
    scores, wrong, image_of = random.random(60), random.random(60) < 0.4, np.arange(60) // 3
    times = random.integers(0, 3, 20)
    found = areas(*Binned.of(scores, wrong, image_of, 20).weighted(times[:, None].astype(float)))[0]
    assert found == pytest.approx(told(scores, wrong, times[image_of]))


def test_many_values_are_binned_to_no_harm() -> None:
    random = np.random.default_rng(3)
    scores = random.standard_normal(5 * MOST_BINS).astype(np.float32)
    wrong = random.random(len(scores)) < 1 / (1 + np.exp(-scores))
    binned = Binned.of(scores, wrong, np.zeros(len(scores), int), 1)
    assert binned.counts.shape == (2 * MOST_BINS, 1)
    right, bad = binned.weighted(np.ones((1, 1)))
    assert set((right + bad)[:, 0]) <= {4, 5, 6}
    assert areas(right, bad)[0, 0] == pytest.approx(roc_auc_score(wrong, scores), abs=1e-5)


@pytest.mark.parametrize('all_wrong', [False, True])
def test_where_all_are_alike_nothing_is_told(all_wrong: bool) -> None:
    assert np.isnan(told(np.arange(4.0), np.full(4, all_wrong))).all()


def test_a_perfect_and_a_worthless_score() -> None:
    wrong = np.arange(100) >= 80
    assert told(wrong.astype(float), wrong)[[0, 3]] == pytest.approx([1, 0])
    flat = told(np.zeros(100), wrong)
    assert flat[:3] == pytest.approx([0.5, 0.2, 0.2])


def test_risk_at_a_coverage() -> None:
    """Of four units in two bins: one of two is wrong in the first, both in the second."""
    right, wrong = np.array([[1.0], [0]]), np.array([[1.0], [2]])
    found = risk_at(right, wrong, np.array([0.25, 0.5, 0.75, 1]))
    assert found[0] == pytest.approx([1 / 2, 1 / 2, 2 / 3, 3 / 4])
    assert np.isnan(risk_at(0.0 * right, 0.0 * wrong, np.array([1.0]))).all()


def test_an_interval_of_log_odds_by_hand() -> None:
    """Log odds of 0, with a spread of 1 over resamples: to both sides 2.776 of it with four degrees of freedom."""
    drawn = expit(np.array([0, -1, 0, 1]))
    found = share_estimate(drawn, 4, 0.95, 9)
    assert (found.value, found.n) == (0.5, 9)
    assert [found.low, found.high] == pytest.approx(expit([-2.7764451, 2.7764451]))


def test_of_a_perfect_score_the_interval_is_that_of_percentiles() -> None:
    found = share_estimate(np.array([1.0, *[1.0] * 50, *[0.9] * 50]), 4, 0.9, 9)
    assert found.ends == pytest.approx((0.9, 1))
    assert share_estimate(np.array([np.nan] * 9), 4, 0.9, 9).value is None

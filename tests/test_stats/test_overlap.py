"""How much of one set of components another set tells."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from shg_xai.stats.overlap import held_out_share

RANDOM = np.random.default_rng(0)
SCORES = RANDOM.standard_normal((80, 3)) * [3, 2, 1]
HALF = np.arange(80) % 2 == 0


def test_the_same_in_other_axes_is_all() -> None:
    turned = SCORES @ np.linalg.qr(RANDOM.standard_normal((3, 3)))[0] + 5
    assert held_out_share(SCORES, turned, HALF) == pytest.approx(1)


def test_what_has_nothing_to_do_with_it_is_about_none() -> None:
    share = held_out_share(SCORES, RANDOM.standard_normal((80, 3)), HALF)
    assert share is not None and -0.3 < share < 0.05


def test_the_share_is_that_of_a_regression_of_each_half() -> None:
    others = SCORES[:, :2] + RANDOM.standard_normal((80, 2))
    errors = squares = 0.0
    for fitted in (HALF, ~HALF):
        model = LinearRegression().fit(SCORES[fitted], others[fitted])
        errors += ((others[~fitted] - model.predict(SCORES[~fitted])) ** 2).sum()
        squares += ((others[~fitted] - others[fitted].mean(0)) ** 2).sum()
    assert held_out_share(SCORES, others, HALF) == pytest.approx(1 - errors / squares)


def test_strong_directions_count_by_their_variance() -> None:
    # Of variances 100 and 1 the first is known, the second not.
    others = np.column_stack([10 * SCORES[:, 2] / SCORES[:, 2].std(), RANDOM.standard_normal(80)])
    assert held_out_share(SCORES, others, HALF) == pytest.approx(100 / 101, abs=0.01)


def test_too_few_or_all_alike_is_not_known() -> None:
    assert held_out_share(SCORES[:14], SCORES[:14], HALF[:14]) is None  # 7 to fit 4 numbers to
    assert held_out_share(SCORES[:16], SCORES[:16], HALF[:16]) == pytest.approx(1)
    assert held_out_share(SCORES, np.ones((80, 2)), HALF) is None

"""Sums in resamples beside the plain bootstrap."""

import numpy as np
import pytest

from shg_xai.stats.bootstrap import Bootstrap
from shg_xai.stats.ratios import image_weights, ratios, sums_in_resamples

GROUPS = np.array([7, 7, 3, 9, 9, 9, 4])
HOW = Bootstrap(GROUPS, resamples=40, seed=5)


def test_the_mean_is_that_of_the_bootstrap() -> None:
    values = np.arange(14, dtype=np.float32).reshape(7, 2) ** 2
    weights, image_of = image_weights(HOW)
    assert weights.shape == (40, 4) and image_of.tolist() == [2, 2, 0, 3, 3, 3, 1]
    rows = np.concatenate([values, np.ones((7, 1), np.float32)], axis=1)
    parts = [(image_of[:3], rows[:3]), (image_of[3:], rows[3:])]
    sums = sums_in_resamples(parts, weights)
    assert sums[0].tolist() == [*values.sum(0), 7]
    found = ratios(sums[:, :2], sums[:, 2:])
    expected = HOW.means(values)
    for column, wanted in zip(found.T, expected, strict=True):
        made = HOW.estimate(column[0], column[1:])
        assert (made.value, made.low, made.high) == pytest.approx((wanted.value, wanted.low, wanted.high))
    # The same images are drawn as for the rest of an analysis.
    drawn = np.array(list(HOW.weights()))
    assert (weights[:, image_of] == drawn).all()


def test_nothing_to_divide_by_is_not_known() -> None:
    found = ratios(np.array([[1.0], [0.0]]), np.array([[2.0], [0.0]]))
    assert found[0] == 0.5 and np.isnan(found[1])


def test_one_image_has_no_resamples() -> None:
    weights, image_of = image_weights(Bootstrap(np.zeros(3), 10))
    assert weights.shape == (0, 1) and sums_in_resamples([(image_of, np.ones((3, 1), np.float32))], weights) == [[3.0]]

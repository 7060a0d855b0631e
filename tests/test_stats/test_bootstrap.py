"""Resamples of images, percentile intervals, and means with them."""

import numpy as np
import pytest

from shg_xai.stats.bootstrap import estimate, interval, mean_interval, resample_weights

GROUPS = np.array([7, 3, 7, 9, 3, 7])


def test_persons_of_an_image_come_together_and_images_are_as_many_as_there_are():
    first = np.array([0, 1, 3])  # a person of each image
    for weights in resample_weights(GROUPS, 20, 0):
        assert weights.dtype == np.int64
        assert weights[0] == weights[2] == weights[5] and weights[1] == weights[4]
        assert weights[first].sum() == 3


def test_a_resample_depends_on_its_number_alone():
    whole = list(resample_weights(GROUPS, 6, 5))
    assert np.array_equal(whole[4:], list(resample_weights(GROUPS, range(4, 6), 5)))
    assert not np.array_equal(whole, list(resample_weights(GROUPS, 6, 4)))


def test_one_image_gives_no_resample():
    assert list(resample_weights(np.zeros(5), 10, 0)) == []
    mean, low, high = mean_interval(np.arange(4.0), np.zeros(4), 10, 0.95, 0)
    assert mean == 1.5 and np.isnan(low) and np.isnan(high)


def test_interval_takes_percentiles_of_what_is_known():
    assert interval(np.arange(101.0), 0.9) == pytest.approx((5, 95))
    assert interval(np.r_[np.arange(101.0), [np.nan] * 50], 0.9) == pytest.approx((5, 95))
    assert np.isnan(interval([1, np.nan, np.nan], 0.9)).all()
    assert np.isnan(interval([], 0.9)).all()


def test_estimate_has_none_for_what_is_not_known():
    assert estimate(np.nan, np.arange(9.0), 0.95) == {'value': None, 'low': None, 'high': None}
    assert estimate(2, np.array([]), 0.95) == {'value': 2.0, 'low': None, 'high': None}
    assert estimate(2, np.array([1, 3.0]), 1) == {'value': 2.0, 'low': 1.0, 'high': 3.0}


def test_mean_interval_is_that_of_the_persons_weights():
    random = np.random.default_rng(1)
    groups = random.integers(0, 30, 100)
    values = random.normal(size=(100, 2)) + groups[:, None]
    values[::7, 1] = np.nan
    means, low, high = mean_interval(values, groups, 200, 0.9, 3)
    for place in range(2):
        known = np.isfinite(values[:, place])
        column = values[known, place]
        assert means[place] == pytest.approx(column.mean())
        drawn = [np.average(column, weights=weights[known]) for weights in resample_weights(groups, 200, 3)]
        assert (low[place], high[place]) == pytest.approx(interval(drawn, 0.9))
    single = mean_interval(values[:, 0], groups, 200, 0.9, 3)
    assert [float(value) for value in single] == pytest.approx([means[0], low[0], high[0]])


def test_mean_interval_covers_the_truth_and_widens_with_few_images():
    random = np.random.default_rng(2)
    covered, widths = 0, []
    for trial in range(60):
        groups = np.repeat(np.arange(60), 4)
        values = random.normal(size=60)[groups]  # persons of an image are all alike
        _, low, high = mean_interval(values, groups, 200, 0.9, trial)
        covered += low <= 0 <= high
        widths.append(high - low)
    assert 0.8 <= covered / 60 <= 0.98
    assert np.mean(widths) == pytest.approx(2 * 1.645 / np.sqrt(60), rel=0.1)


def test_mean_of_nothing_is_not_known():
    assert np.isnan(mean_interval(np.full(4, np.nan), np.arange(4), 5, 0.95, 0)).all()

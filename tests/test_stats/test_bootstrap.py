"""Resamples of images, percentile intervals, and means with them."""

import numpy as np
import pytest

from shg_xai.results import Estimate
from shg_xai.stats import bootstrap
from shg_xai.stats.bootstrap import Bootstrap, estimated, interval, mean_interval, resample_weights

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
    assert estimated(np.nan, np.arange(9.0), 0.95) == Estimate(value=None)
    assert estimated(2, np.array([]), 0.95, 7) == Estimate(value=2, n=7)
    assert estimated(2, np.array([1, 3.0]), 1, over='seeds') == Estimate(value=2, low=1, high=3, over='seeds')


@pytest.mark.parametrize('held', [10**9, 65, 0])
def test_how_many_resamples_are_held_changes_nothing(monkeypatch: pytest.MonkeyPatch, held: int) -> None:
    monkeypatch.setattr(bootstrap, 'HELD', held)
    values = np.random.default_rng(2).normal(size=(60, 2))
    groups = np.arange(60) // 2
    drawn = [np.average(values, axis=0, weights=weights) for weights in resample_weights(groups, 50, 4)]
    expected = np.quantile(drawn, [0.05, 0.95], axis=0)
    assert np.array(mean_interval(values, groups, 50, 0.9, 4)[1:]) == pytest.approx(expected)


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
        covered += int(low <= 0 <= high)
        widths.append(high - low)
    assert 0.8 <= covered / 60 <= 0.98
    assert np.mean(widths) == pytest.approx(2 * 1.645 / np.sqrt(60), rel=0.1)


def test_mean_of_nothing_is_not_known():
    assert np.isnan(mean_interval(np.full(4, np.nan), np.arange(4), 5, 0.95, 0)).all()


def test_a_bootstrap_gives_estimates_of_its_persons():
    how = Bootstrap(GROUPS, 50, 0.9, 3)
    values = np.array([1.0, 2, 3, np.nan, 5, 6])
    mean, low, high = mean_interval(values, GROUPS, 50, 0.9, 3)
    assert how.mean(values) == Estimate(value=float(mean), low=float(low), high=float(high), n=5)
    assert how.difference(values, values[::-1]).n == 4  # nobody is known in one of them alone
    assert how.means(np.empty((0, 2))) == [Estimate(value=None, n=0)] * 2
    part = how.of(GROUPS == 7)
    assert part.groups.tolist() == [7, 7, 7] and part.mean(values[GROUPS == 7]).ends is None
    assert np.array_equal(list(how.weights(range(3, 5))), list(how.weights())[3:5])


def test_half_as_many_images_are_as_far_as_another_sample() -> None:
    groups = np.arange(101) // 2  # 51 images, the last of one person
    drawn = list(Bootstrap(groups, 40, seed=3).weights(parts=2))
    assert all(weights[np.unique(groups, return_index=True)[1]].sum() == 26 for weights in drawn)
    assert all(weights[0] == weights[1] for weights in drawn)
    # The mean of two independent samples of 200 differs by a variance of 2 / 200.
    values = np.random.default_rng(0).standard_normal(200)
    values = (values - values.mean()) / values.std()
    means = [weights @ values / weights.sum() for weights in Bootstrap(np.arange(200), 4000).weights(parts=2)]
    assert np.var(means) == pytest.approx(2 / 200, rel=0.1)

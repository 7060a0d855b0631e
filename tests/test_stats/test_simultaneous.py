"""Intervals that hold together and one-sided ends, against quantiles of Student's t and by how often they hold."""

import numpy as np
import pytest
from scipy.stats import t as student

from shg_xai.stats.bootstrap import Bootstrap, resample_weights
from shg_xai.stats.simultaneous import FEWEST_IMAGES, Resamples, simultaneous, standard_errors, upper_ends

GROUPS = np.repeat(np.arange(40), 2)


def test_means_in_resamples_are_those_of_the_persons_weights() -> None:
    random = np.random.default_rng(0)
    values = random.normal(size=(80, 2))
    values[::3, 1] = np.nan
    drawn = Resamples(Bootstrap(GROUPS, 70, 0.95, 3)).means(values)
    known = np.isfinite(values[:, 1])
    assert drawn.persons.tolist() == [80, known.sum()]
    assert drawn.images.tolist() == [40, len(set(GROUPS[known]))]
    for row, weights in zip(drawn.means, [np.ones(80), *resample_weights(GROUPS, 70, 3)], strict=True):
        expected = [np.average(values[:, 0], weights=weights), np.average(values[known, 1], weights=weights[known])]
        assert row == pytest.approx(expected, rel=1e-12)


def test_one_number_has_a_t_interval() -> None:
    values = np.random.default_rng(1).normal(size=(50, 1))
    drawn = Resamples(Bootstrap(np.arange(50), 8000)).means(values)
    (found,) = simultaneous(drawn.means, drawn.images, 0.95)
    reach = student.ppf(0.975, 49) * values.std(ddof=1) / np.sqrt(50)
    assert found.value == pytest.approx(values.mean())
    assert found.ends == pytest.approx((values.mean() - reach, values.mean() + reach), abs=0.03 * reach)


def test_copies_cost_nothing_and_independent_numbers_cost_what_sidak_says() -> None:
    values = np.random.default_rng(2).normal(size=(400, 8))
    how = Bootstrap(np.arange(400), 4000)

    def reach(columns: np.ndarray) -> float:
        drawn = Resamples(how).means(columns)
        found = simultaneous(drawn.means, drawn.images, 0.95)[0]
        assert found.ends
        return float((found.ends[1] - found.ends[0]) / 2 / standard_errors(drawn.means, drawn.images)[0])

    alone = reach(values[:, :1])
    assert reach(np.repeat(values[:, :1], 8, axis=1)) == pytest.approx(alone)
    assert alone == pytest.approx(student.ppf(0.975, 399), rel=0.03)
    assert reach(values) == pytest.approx(student.ppf(0.5 + 0.95 ** (1 / 8) / 2, 399), rel=0.03)


def test_of_few_images_or_a_number_that_is_not_there_nothing_is_told() -> None:
    few = np.where(np.arange(60)[:, None] < [60, FEWEST_IMAGES - 1, 0], 1.0, np.nan)
    few[:30, 0] = 0
    drawn = Resamples(Bootstrap(np.arange(60), 200)).means(few)
    whole, rare, never = simultaneous(drawn.means, drawn.images, 0.95)
    assert whole.ends is not None and whole.value == 0.5
    assert (rare.value, rare.ends) == (1, None) and (never.value, never.ends) == (None, None)
    assert np.isnan(upper_ends(drawn.means, drawn.images, 0.95)).all(), 'an end needs more of them'
    one = Resamples(Bootstrap(np.zeros(60), 200)).means(few)
    assert [found.ends for found in simultaneous(one.means, one.images, 0.95)] == [None] * 3


def test_what_never_varies_has_no_width() -> None:
    values = np.column_stack([np.zeros(40), np.random.default_rng(0).normal(size=40)])
    drawn = Resamples(Bootstrap(np.arange(40), 200)).means(values)
    still, moving = simultaneous(drawn.means, drawn.images, 0.95)
    assert still.ends == (0, 0) and moving.ends is not None and moving.ends[0] < moving.ends[1]


def test_an_upper_end_is_students_and_moves_up_with_skewness() -> None:
    values = np.random.default_rng(3).normal(size=(300, 1))
    drawn = Resamples(Bootstrap(np.arange(300), 4000)).means(values)
    (end,) = upper_ends(drawn.means, drawn.images, 0.95)
    reach = student.ppf(0.95, 299) * values.std(ddof=1) / np.sqrt(300)
    assert end - values.mean() == pytest.approx(reach, rel=0.05)
    rare = np.zeros((300, 1))
    rare[:9] = 1  # a share of 3 %, whose exact end by Clopper and Pearson is 5.2 %
    drawn = Resamples(Bootstrap(np.arange(300), 4000)).means(rare)
    (end,) = upper_ends(drawn.means, drawn.images, 0.95)
    assert end == pytest.approx(0.0517, abs=0.003)


def test_together_they_leave_out_a_truth_as_rarely_as_said() -> None:
    """Twelve means that are zero, of four persons an image who are much alike, with heavy tails, half of them rare."""
    random, out = np.random.default_rng(5), 0
    groups = np.repeat(np.arange(60), 4)
    for trial in range(100):
        values = random.standard_t(4, (60, 12))[groups] + 0.5 * random.normal(size=(240, 12))
        values[:, 6:] = np.sign(values[:, 6:]) * (np.abs(values[:, 6:]) > 2)
        drawn = Resamples(Bootstrap(groups, 200, 0.95, trial)).means(values)
        out += any(found.holds() is False for found in simultaneous(drawn.means, drawn.images, 0.95))
    assert out <= 9  # 5 % of 100, and two standard deviations more

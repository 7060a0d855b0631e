"""How far intervals reach, by hand, and how often they hold where squares are skewed."""

import numpy as np
import pytest
from scipy.stats import kurtosis, skew
from scipy.stats import t as student

from shg_xai.stats.tails import reach


def test_parts_that_are_all_as_large_reach_as_far_as_students_t() -> None:
    below, above = reach(np.tile([[1.0], [-1]], (10, 1)), 0.95)
    assert below[0] == above[0] == pytest.approx(student.ppf(0.975, 19))
    # Nor do those of whom nobody differs reach farther than normal ones.
    assert reach(np.ones((20, 1)), 0.95)[1][0] == pytest.approx(student.ppf(0.975, 19))


def test_kurtosis_and_skewness_are_scipys() -> None:
    parts = np.random.default_rng(0).exponential(size=(60, 1))
    below, above = reach(parts, 0.9)
    degrees = 2 * 60 / (kurtosis(parts[:, 0], fisher=False) - 1)
    t = student.ppf(0.95, degrees)
    assert below[0] == pytest.approx(t)
    assert above[0] == pytest.approx(t + skew(parts[:, 0]) / np.sqrt(60) * (1 + 2 * t**2) / 6)
    # Seen from the other side it is the other end.
    assert [own[0] for own in reach(-parts, 0.9)] == pytest.approx([above[0], below[0]])


def test_a_single_one_among_many_leaves_one_degree_of_freedom() -> None:
    below, _ = reach(np.eye(40)[:, :1], 0.95)
    assert below[0] == pytest.approx(student.ppf(0.975, 2 * 40 / (kurtosis(np.eye(40)[0], fisher=False) - 1)))
    assert reach(np.eye(2)[:, :1], 0.95)[0][0] == pytest.approx(student.ppf(0.975, 1))


def test_means_of_few_heavy_squares_are_held() -> None:
    squares = np.random.default_rng(1).exponential(size=(40, 3000)) ** 2  # mean 2, kurtosis beyond 80
    mean, error = squares.mean(0), squares.std(0, ddof=1) / np.sqrt(40)
    below, above = reach(squares, 0.95)
    t = student.ppf(0.975, 39)
    plain, ours = (
        ((mean - low * error <= 2) & (mean + high * error >= 2)).mean() for low, high in ((t, t), (below, above))
    )
    assert plain < 0.88 and 0.92 < ours < 0.97

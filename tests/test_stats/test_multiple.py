"""Corrected p-values by hand."""

import numpy as np
import pytest
from scipy.stats import binom, norm

from shg_xai.stats.multiple import familywise, holm, least_found


def test_holm_by_hand() -> None:
    # 3 x 0.01; 2 x 0.02; 1 x 0.03 is less than 0.04 before it.
    assert holm([0.03, 0.01, 0.02]) == pytest.approx([0.04, 0.03, 0.04])
    assert holm([0.6, 0.9]) == pytest.approx([1, 1])


def test_what_was_not_tested_does_not_count() -> None:
    found = holm([np.nan, 0.02, 0.01])
    assert np.isnan(found[0]) and found[1:] == pytest.approx([0.02, 0.02])
    assert len(holm([])) == 0


def test_the_largest_of_all_by_hand() -> None:
    # Columns of one spread, means 0: the largest of each row is 2, 3, 1, 3, 1 of what each column has.
    drawn = np.array([[2, 1], [3, -1], [1, 1], [-3, 3], [-3, -4]], float)
    scaled = (drawn - drawn.mean(0)) / drawn.std(0)
    largest = scaled.max(1)
    expected = [(largest >= own - 1e-12).mean() for own in scaled[0]]
    assert familywise(drawn) == pytest.approx(expected)
    # In other units, and about another mean, it is the same.
    assert familywise(drawn * np.array([1.0, 1000]) + np.array([5.0, -7])) == pytest.approx(expected)


def test_what_is_not_known_or_does_not_vary_is_no_number() -> None:
    drawn = np.random.default_rng(0).standard_normal((40, 3))
    drawn[0, 0] = 9
    alone = familywise(drawn[:, :1])
    assert alone == pytest.approx(1 / 40)
    drawn[:, 1], drawn[0, 2] = 5, np.nan
    found = familywise(drawn)
    assert found[1] == 1
    assert np.isnan(found[2])


def test_p_by_hand() -> None:
    # The third largest of five, itself among them.
    assert familywise(np.array([[3.0], [1], [4], [2], [9]]), np.array([False])) == pytest.approx(3 / 5)
    # Two statistics of the same four values each, a thousand times as large in the second: of the largest in each
    # permutation (4, 3, 3, 4 in order) two reach the first's 4, all reach the second's 1.
    drawn = np.array([[4.0, 1000], [1, 3000], [3, 2000], [2, 4000]])
    assert familywise(drawn, np.array([False, False])) == pytest.approx([2 / 4, 1])


def test_what_is_signed_counts_by_its_size() -> None:
    drawn = np.array([[-5.0], [1], [2], [1], [1]])
    assert familywise(drawn, np.array([True])) == pytest.approx(1 / 5)
    assert familywise(drawn, np.array([False])) == pytest.approx(1)


def test_what_never_varies_is_no_claim_and_what_is_unknown_has_no_p() -> None:
    drawn = np.array([[5.0, np.nan, 1], [5, 1, np.nan], [5, 2, np.nan], [5, 3, 0]])
    p = familywise(drawn, np.zeros(3, bool))
    assert p[0] == 1 and np.isnan(p[1])
    # Of the last, two are known: 1 is one deviation above their mean; of the second, 3 is more than that above its own.
    assert p[2] == pytest.approx(2 / 4)


def test_the_level_is_held_for_all_together() -> None:
    random = np.random.default_rng(1)
    noise = [random.gamma(1, size=(200, 40)) * np.linspace(1, 9, 40) for _ in range(200)]
    false = sum(bool((familywise(drawn) < 0.05).any()) for drawn in noise)
    assert false <= binom.ppf(0.999, 200, 0.05)
    assert false >= binom.ppf(0.001, 200, 0.05), 'nor is it far below'
    # One number that 1 in 10,000 draws reaches is found among the 40.
    noise[0][0, 7] = norm.isf(1e-4) ** 2 * np.linspace(1, 9, 40)[7]
    assert familywise(noise[0])[7] < 0.05


def test_what_is_just_large_enough_has_a_p_below_the_level() -> None:
    random = np.random.default_rng(3)
    drawn = random.gamma(2, size=(200, 6)) * np.linspace(1, 9, 6)
    drawn[:, 4:] -= drawn[:, 4:].mean(0)
    signed = np.array([False] * 4 + [True] * 2)
    drawn[0, 4:] = abs(drawn[0, 4:]) * (1, -1)
    least = least_found(drawn, 0.05, signed)
    assert least[5] < 0 < least[4]
    for at, limit in enumerate(least):
        # A number moves mean and spread of its own column a little.
        for factor, found in ((1.1, True), (0.9, False)):
            moved = drawn.copy()
            moved[0, at] = factor * limit
            assert bool(familywise(moved, signed)[at] < 0.05) is found


def test_so_few_draws_find_nothing() -> None:
    assert np.isnan(least_found(np.random.default_rng(0).standard_normal((20, 3)), 0.05)).all()
    assert np.isfinite(least_found(np.random.default_rng(0).standard_normal((41, 3)), 0.05)).all()

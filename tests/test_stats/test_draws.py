"""Numbers beside draws, counted by hand, and how often they are called found where there is nothing."""

import math

import numpy as np
import pytest
from scipy.stats import binom, kstest, norm

from shg_xai.stats.draws import Beside, at_least, beside, familywise, holm, to_either_side

NAN = math.nan


def column(*values: float) -> np.ndarray:
    return np.array(values, float)[:, None]


def test_p_is_the_share_that_reaches_it() -> None:
    assert at_least(column(3, 1, 2, 3, 4)) == pytest.approx(3 / 5)  # 3, 4 and itself
    assert at_least(column(9, 1, 2, 3, 4)) == pytest.approx(1 / 5), 'never 0'
    assert at_least(column(2, 1, NAN, 1, 1)) == pytest.approx(2 / 5), 'what is not known may be as much'
    assert math.isnan(at_least(column(NAN, 1, 2))[0])
    assert at_least(column(0.1 + 0.2, 0.3, 0.1)) == pytest.approx(2 / 3), 'rounding makes no difference'


def test_to_either_side_it_is_twice_the_smaller_share() -> None:
    assert to_either_side(column(9, 1, 2, 3, 4)) == to_either_side(column(0, 1, 2, 3, 4)) == pytest.approx(2 / 5)
    assert to_either_side(column(2.5, 1, 2, 3, 4)) == 1
    assert math.isnan(to_either_side(column(NAN, 1, 2))[0])


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
    drawn[:, 1], drawn[0, 2] = 5, NAN
    found = familywise(drawn)
    assert found[1] == 1
    assert math.isnan(found[2])
    drawn[1:31, 0] = NAN
    assert familywise(drawn[:, :1]) == pytest.approx(31 / 40), 'no less than alone'


def test_a_few_tests_by_hand() -> None:
    # Holm's own: 0.01 * 3, 0.02 * 2, 0.4; never less than one before.
    assert holm([0.02, 0.4, 0.01]) == pytest.approx([0.04, 0.4, 0.03])
    assert holm([0.01, 0.011, 0.9]) == pytest.approx([0.03, 0.03, 0.9])
    assert holm([0.03, NAN]) == pytest.approx([0.03, NAN], nan_ok=True)
    assert holm([]) == []


def test_a_number_with_its_draws() -> None:
    found = beside(np.array([3.0, *np.arange(101.0), NAN]), 0.2, NAN)
    assert (found.value, found.low, found.high, found.p, found.p_corrected) == (3, 2.5, 97.5, 0.2, None)
    assert not found.found
    assert Beside(value=1, low=0, high=1, p=0.01, p_corrected=0.049).found
    assert not Beside(value=1, low=0, high=1, p=0.01, p_corrected=0.05).found
    assert beside(np.array([NAN, NAN]), NAN, NAN) == Beside(value=None, low=None, high=None, p=None, p_corrected=None)


def test_where_there_is_nothing_p_is_even_and_the_level_is_held() -> None:
    random = np.random.default_rng(1)
    noise = [random.gamma(1, size=(200, 40)) * np.linspace(1, 9, 40) for _ in range(200)]
    assert kstest([at_least(drawn)[0] for drawn in noise], 'uniform').pvalue > 0.01
    false = sum(bool((familywise(drawn) < 0.05).any()) for drawn in noise)
    assert false <= binom.ppf(0.999, 200, 0.05)
    assert false >= binom.ppf(0.001, 200, 0.05), 'nor is it far below'
    # One number that 1 in 10,000 draws reaches is found among the 40.
    noise[0][0, 7] = norm.isf(1e-4) ** 2 * np.linspace(1, 9, 40)[7]
    assert familywise(noise[0])[7] < 0.05

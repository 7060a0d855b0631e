"""Numbers beside draws, counted by hand, and how often they are called found where there is nothing."""

import math

import numpy as np
import pytest
from scipy.stats import kstest

from shg_xai.stats.draws import Beside, at_least, beside, to_either_side

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


def test_a_number_with_its_draws() -> None:
    found = beside(np.array([3.0, *np.arange(101.0), NAN]), 0.2, NAN)
    assert (found.value, found.low, found.high, found.p, found.p_corrected) == (3, 2.5, 97.5, 0.2, None)
    assert not found.found
    assert Beside(value=1, low=0, high=1, p=0.01, p_corrected=0.049).found
    assert not Beside(value=1, low=0, high=1, p=0.01, p_corrected=0.05).found
    assert beside(np.array([NAN, NAN]), NAN, NAN) == Beside(value=None, low=None, high=None, p=None, p_corrected=None)


def test_where_there_is_nothing_p_is_even() -> None:
    random = np.random.default_rng(1)
    noise = [random.gamma(1, size=(200, 40)) for _ in range(200)]
    assert kstest([at_least(drawn)[0] for drawn in noise], 'uniform').pvalue > 0.01

"""Intervals of what was told because it passed a test, against the distribution that is cut off, and counted."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import binom, norm

from shg_xai.stats.selected import end_towards_none


def test_the_end_leaves_one_tail_of_what_is_cut_off() -> None:
    end = end_towards_none(5.5, 3.5, 1.0, 0.95)
    density = norm(end, 1).pdf
    assert quad(density, 5.5, np.inf)[0] / quad(density, 3.5, np.inf)[0] == pytest.approx(0.025, abs=1e-6)
    assert 2 < end < 5.5 - 1.96
    # In another unit it is the same.
    assert end_towards_none(55.0, 35.0, 10.0, 0.95) == pytest.approx(10 * end)


def test_far_above_the_limit_it_is_the_plain_one() -> None:
    assert end_towards_none(9.0, 3.0, 1.0, 0.95) == pytest.approx(9 - 1.959964, abs=1e-4)
    assert end_towards_none(9.0, 3.0, 1.0, 0.9) == pytest.approx(9 - 1.644854, abs=1e-4)
    assert end_towards_none(5.0, 4.9, 0.0, 0.95) == 5


def test_near_the_limit_it_is_by_the_limit_lower() -> None:
    seen = (3.0, 3.5, 4.0, 5.0, 6.0, 7.0)
    ends = [end_towards_none(own, 3.0, 1.0, 0.95) for own in seen]
    assert ends[:3] == [0, 0.5, 1]
    assert all(one < other for one, other in pairwise(ends))
    assert all(end <= own - 1.9599 for end, own in zip(ends, seen, strict=True))


def test_without_a_limit_it_is_the_plain_one() -> None:
    for least in (np.nan, 3.5):  # not known; above what was seen
        assert end_towards_none(3.0, least, 1.0, 0.95) == pytest.approx(3 - 1.959964, abs=1e-5)
    assert end_towards_none(1.0, np.nan, 1.0, 0.95) == 0


@pytest.mark.parametrize('mean', [1.5, 2.5, 3.5, 6.0])
def test_of_what_is_told_it_holds_the_truth_as_often_as_it_says(mean: float) -> None:
    random = np.random.default_rng(0)
    told = mean - norm.isf(random.random(300) * norm.sf(3 - mean)) * -1  # those beyond 3
    assert told.min() > 3
    missed = sum(end_towards_none(seen, 3.0, 1.0, 0.95) > mean for seen in told.tolist())
    assert missed <= binom.ppf(0.999, len(told), 0.025)
    if mean < 3:
        assert (told - 1.96 > mean).mean() > 0.04, 'where the plain one is too short'

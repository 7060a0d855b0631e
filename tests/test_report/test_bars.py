"""A number with its interval as a small picture."""

import pytest

from shg_xai.drawing.material import Sure
from shg_xai.report.bars import MARGIN, bar_of
from shg_xai.results import Estimate


def test_places_are_shares_of_the_width() -> None:
    """By hand: from 0, the mark, to 0.4, the upper end, the value 0.3 lies at three quarters."""
    found = bar_of(Sure(Estimate(value=0.3, low=0.2, high=0.4), 0, 'chance'))
    assert found is not None and found.against is not None
    inner = 100 * (1 - 2 * MARGIN)
    expected = [100 * MARGIN + share * inner for share in (0, 0.5, 0.75, 1)]
    assert [found.against, found.low, found.value, found.high] == pytest.approx(expected, abs=0.01)
    assert found.text == 'Interval 0.20 to 0.40; chance'


def test_a_mark_that_is_not_zero_has_its_number() -> None:
    found = bar_of(Sure(Estimate(value=0.82, low=0.8, high=0.84), 0.108, 'one mean pose for all', 3))
    assert found is not None and found.name == 'one mean pose for all (0.108)' and found.ends == '0.800 to 0.840'


def test_without_an_interval_there_is_no_picture() -> None:
    assert bar_of(Sure(Estimate(value=0.82), 0.5)) is None
    assert bar_of(Sure(Estimate(value=None), 0.5)) is None


def test_an_interval_of_no_width_is_a_point() -> None:
    found = bar_of(Sure(Estimate(value=1.0, low=1.0, high=1.0)))
    assert found is not None and found.low == found.value == found.high and found.text == 'Interval 1.00 to 1.00'

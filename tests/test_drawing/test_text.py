"""Numbers as text, against what a reader would write."""

import pytest

from shg_xai.drawing.text import amount, listed, number, percent, plural, span
from shg_xai.results import Estimate


@pytest.mark.parametrize(
    ('value', 'text'),
    [
        (0.854, '0.85'),
        (-0.346, '−0.35'),
        (4096, '4,096'),
        (12345.6, '12,345.60'),
        (-0.001, '0.00'),
        (0, '0'),
        (None, 'not known'),
    ],
)
def test_a_number(value: float | None, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ('share', 'text'),
    [(0.291, '29 %'), (0.0016, '0.16 %'), (1.0, '100 %'), (0.0, '0 %'), (0.083, '8.3 %'), (None, '–')],
)
def test_a_share_is_per_cent(share: float | None, text: str) -> None:
    assert percent(share, absent='–') == text


@pytest.mark.parametrize(
    ('value', 'text'),
    [
        (0.001234, '0.00123'),
        (1234.5, '1,234'),
        (5.0, '5.00'),
        (1e-9, '1.0e−09'),
        (0.0, '0'),
        (7, '7'),
        (None, 'not known'),
    ],
)
def test_an_amount_has_significant_figures(value: float | None, text: str) -> None:
    assert amount(value) == text


def test_words() -> None:
    assert listed(['a']) == 'a'
    assert listed(['a', 'b', 'c']) == 'a, b and c'
    assert (plural(1, 'person'), plural(2000, 'person')) == ('1 person', '2,000 persons')


def test_an_interval_that_is_not_known_is_none() -> None:
    assert span(Estimate(value=0.1, low=-0.1, high=0.2)) == '−0.10 to 0.20'
    assert span(Estimate(value=0.1, high=0.2)) is None
    assert span(None) is None
    assert Estimate(value=0.1, low=-0.1, high=0.2).holds() is True
    assert Estimate(value=0.15, low=0.1, high=0.2).holds() is False
    assert Estimate(value=0.5, low=0.4, high=0.6).holds(0.5) is True
    assert Estimate(value=0.1, high=0.2).holds() is None

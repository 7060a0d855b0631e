"""Which intervals allow for having been chosen, and how far they move."""

import math

import pytest
from msgspec.json import decode, encode

from shg_xai.chapters.concepts.chosen import allowed_for
from shg_xai.chapters.concepts.family import Chance
from shg_xai.results import Estimate
from shg_xai.stats.selected import end_towards_none

PLAIN = Estimate(value=0.3, low=0.3 - 0.195996, high=0.45, n=9)  # a standard error of 0.1 towards none


def test_what_is_not_claimed_stays() -> None:
    for chance in (None, Chance(0.05, 0.3, 0.29)):
        assert allowed_for(PLAIN, chance, 0.95) == PLAIN
    for nothing in (Estimate(value=None), Estimate(value=0.3)):
        assert allowed_for(nothing, Chance(0.01, 0.3, 0.29), 0.95) == nothing


def test_what_is_claimed_reaches_towards_none_by_how_near_the_limit_is() -> None:
    # Of what the test saw 0.05 was to spare, and so of the number without what chance adds.
    told = allowed_for(PLAIN, Chance(0.01, 0.34, 0.29), 0.95)
    assert told.low == pytest.approx(end_towards_none(0.3, 0.25, 0.1, 0.95), abs=1e-5)
    assert (
        told.low == pytest.approx(0.05) and told.low < PLAIN.low and (told.value, told.high, told.n) == (0.3, 0.45, 9)
    )
    assert allowed_for(PLAIN, Chance(0.01, 0.9, 0.1), 0.95).low == pytest.approx(PLAIN.low, abs=1e-3)
    assert allowed_for(PLAIN, Chance(0.01, math.nan, math.nan), 0.95).ends == PLAIN.ends


def test_what_comes_out_can_be_written() -> None:
    for limit in (0.05, 0.2, 0.25, 0.29):
        told = allowed_for(PLAIN, Chance(0.01, 0.3, limit), 0.95)
        assert type(told.low) is float
        assert decode(encode(told), type=Estimate) == told


def test_below_none_the_upper_end_moves() -> None:
    other = Estimate(value=-0.3, low=-0.45, high=-0.3 + 0.195996)
    told, mirrored = (allowed_for(own, Chance(0.01, 0.34, 0.29), 0.95) for own in (other, PLAIN))
    assert (told.low, told.high) == (-0.45, pytest.approx(-mirrored.low, abs=1e-6))


def test_in_another_unit_it_is_in_proportion() -> None:
    # An AUC of 0.7 is 0.2 from none; the limit is at 4 / 5 of what was seen.
    auc = Estimate(value=0.7, low=0.7 - 0.195996, high=0.9)
    told = allowed_for(auc, Chance(0.01, 0.5, 0.4), 0.95, 0.5)
    assert told.low == pytest.approx(0.5 + end_towards_none(0.2, 0.16, 0.1, 0.95), abs=1e-5)
    below = Estimate(value=0.3, low=0.1, high=0.3 + 0.0979982)
    told = allowed_for(below, Chance(0.01, 0.5, 0.4), 0.95, 0.5)
    assert told.high == pytest.approx(0.5 - end_towards_none(0.2, 0.16, 0.05, 0.95), abs=1e-5)

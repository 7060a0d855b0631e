"""Conditions are judged by everybody, pairs in the half where they were not found, corrected for all of them."""

import numpy as np
import pytest
from scipy.stats import t as student

from shg_xai.chapters.weak_spots.columns import Column
from shg_xai.chapters.weak_spots.conditions import Condition
from shg_xai.chapters.weak_spots.gaps import bent, gap_of
from shg_xai.chapters.weak_spots.judging import CLEAR, Judged, Persons, adds, candidates, judge, told, weights
from shg_xai.chapters.weak_spots.search import Found, Group

N = 2000
FIRST = np.arange(N) % 2 == 0


def persons_of(pck: np.ndarray, *flags: np.ndarray) -> Persons:
    columns = [Column(f'flag_{place}', f'flag {place}', 'flag', own.astype(float)) for place, own in enumerate(flags)]
    return Persons(pck, np.arange(N), FIRST, columns)


def flags(*shares: float) -> list[np.ndarray]:
    random = np.random.default_rng(3)
    return [random.random(N) < share for share in shares]


def pck_of(seed: int, lower: np.ndarray) -> np.ndarray:
    return np.random.default_rng([12, seed]).binomial(17, 0.8 - 0.2 * lower) / 17


def found(*chances: float) -> list[Found]:
    return [Found(Group((Condition(0, 'high', 1),)), float(np.log(own))) for own in chances]


def test_the_clear_get_more_of_what_may_go_wrong() -> None:
    assert weights(found(0.1, 0.2, 0.2)).tolist() == pytest.approx([0.5, 0.25, 0.25])
    # What is clear beyond doubt leaves the others as much as one that is just clear.
    assert weights(found(1e-200, CLEAR, 4 * CLEAR)).tolist() == pytest.approx([4 / 9, 4 / 9, 1 / 9])


def test_a_group_is_judged_by_the_other_half_alone() -> None:
    (flag,) = flags(0.1)
    pck = pck_of(0, flag & FIRST)  # worse where it is found
    group = Group((Condition(0, 'high', 1),))
    seen = judge(persons_of(pck, flag), group, 2, 1, 0.5, 0.95)
    unseen = judge(persons_of(pck, flag), group, 1, 1, 0.5, 0.95)
    assert seen.candidate.confirmed and not unseen.candidate.confirmed
    assert (seen.inside == (flag & FIRST)).all() and (unseen.others == (~flag & ~FIRST)).all()
    assert unseen.candidate.persons_found == seen.candidate.persons == (flag & FIRST).sum()


def test_interval_and_p_are_for_its_share_of_the_chance() -> None:
    (flag,) = flags(0.1)
    pck = pck_of(1, flag)
    one = judge(persons_of(pck, flag), Group((Condition(0, 'high', 1),)), 1, 2, 0.125, 0.9)
    gap = gap_of(pck, flag & ~FIRST, ~flag & ~FIRST, np.arange(N))
    # Of 10 % an eighth is this group's, and nine tenths of that are at the lower end.
    low = gap.value - bent(student.isf(0.1 / 2 / 4 * 0.9, gap.images - 1), gap.lean) * gap.error
    assert one.candidate.gap.low == pytest.approx(low) and one.candidate.rank == 2
    assert one.candidate.p_corrected == pytest.approx(min(1, gap.p * 8 / 0.9))


def test_both_conditions_of_a_pair_have_to_add() -> None:
    a, b = flags(0.4, 0.4)
    pair = Group((Condition(0, 'high', 1), Condition(1, 'high', 1)))
    everybody = np.ones(N, bool)
    assert adds(persons_of(pck_of(2, a & b), a, b), pair, everybody)
    assert not adds(persons_of(pck_of(3, a), a, b), pair, everybody)
    assert adds(persons_of(pck_of(3, a), a, b), Group(pair.conditions[:1]), everybody)


def test_who_has_no_pck_is_in_no_half() -> None:
    pck = pck_of(4, np.zeros(N, bool))
    pck[:500] = np.nan
    own = persons_of(pck, *flags(0.1))
    assert (own.half(1).sum(), own.half(2).sum(), own.half(0).sum()) == (750, 750, 1500)


def test_of_two_groups_that_overlap_one_is_told_and_the_costly_come_first() -> None:
    (rare, often) = flags(0.08, 0.3)
    near = rare | (np.arange(N) % 50 == 0)
    own = persons_of(pck_of(5, rare | often), rare, near, often)
    judged = [judge(own, Group((Condition(place, 'high', 1),)), 1, place + 1, 0.3, 0.95) for place in range(3)]
    assert all(one.candidate.confirmed for one in judged)
    assert [titles(one) for one in told(judged, own)] == [['flag 2'], ['flag 0']]


def titles(one: Judged) -> list[str]:
    return [own.title for own in one.candidate.conditions]


def test_from_search_to_spots_and_nothing_where_nothing_is() -> None:
    (rare, other) = flags(0.1, 0.3)
    for lower, expected in ((rare, [['flag 0']]), (np.zeros(N, bool), [])):
        own = persons_of(pck_of(6, lower), rare, other)
        assert [titles(one) for one in told(candidates(own, 0.95), own)] == expected


def test_what_is_worse_only_by_another_group_is_not_told() -> None:
    rare, other = flags(0.1, 0.3)
    near = other & (np.arange(N) % 3 == 0) | rare & (np.arange(N) % 5 < 2)  # two fifths of the rare, and as many others
    own = persons_of(pck_of(7, rare), rare, near)
    judged = [judge(own, Group((Condition(place, 'high', 1),)), 2, place + 1, 0.5, 0.95) for place in range(2)]
    assert all(one.candidate.confirmed for one in judged)
    assert [titles(one) for one in told(judged, own)] == [['flag 0']]


def test_single_conditions_are_judged_by_everybody_and_share_evenly() -> None:
    rare, other, third = flags(0.1, 0.3, 0.2)
    pck = pck_of(8, rare)
    pck[:100] = np.nan
    own = persons_of(pck, rare, other, third)
    first, *rest = [one for one in candidates(own, 0.95) if one.candidate.found_in == 0]
    assert titles(first) == ['flag 0'] and len(rest) == 2
    assert [one.candidate.rank for one in (first, *rest)] == [1, 2, 3] and rest[0].errors >= rest[1].errors
    known = np.isfinite(pck)
    assert (first.inside == (rare & known)).all() and (first.others == (~rare & known)).all()
    assert (first.candidate.persons, first.candidate.persons_found) == ((rare & known).sum(), 0)
    gap = gap_of(pck, other & known, ~other & known, np.arange(N))
    # Of 5 %, seven tenths are for single conditions, a third of that for each of three, nine tenths at the lower end.
    low = gap.value - bent(student.isf(0.05 * 0.7 / 3 * 0.9, gap.images - 1), gap.lean) * gap.error
    judged = next(one for one in rest if titles(one) == ['flag 1'])
    assert judged.candidate.gap.low == pytest.approx(low)


def test_all_together_get_no_more_than_the_chance_of_a_false_alarm() -> None:
    a, b, c = flags(0.4, 0.4, 0.3)
    every = candidates(persons_of(pck_of(9, a & b), a, b, c), 0.95)
    pairs = [one for one in every if one.candidate.found_in]
    assert [sorted(titles(one)) for one in pairs] == [['flag 0', 'flag 1']] * 2
    assert {one.candidate.found_in for one in pairs} == {1, 2} and all(one.candidate.confirmed for one in pairs)
    # Each half's only pair gets all of its part.
    gap = gap_of(pck_of(9, a & b), pairs[0].inside, pairs[0].others, np.arange(N))
    assert pairs[0].candidate.p_corrected == pytest.approx(min(1, gap.p / (0.15 * 0.9)))


def test_a_small_group_is_found_by_all_persons_where_a_half_would_miss_it() -> None:
    (rare,) = flags(0.04)
    missed = 0
    for seed in range(20):
        own = persons_of(np.random.default_rng([13, seed]).binomial(4, 0.8 - 0.12 * rare) / 4, rare, *flags(0.3, 0.2))
        alone = judge(own, Group((Condition(0, 'high', 1),)), 1, 1, 0.5, 0.95).candidate.confirmed
        together = candidates(own, 0.95)[0]
        assert together.candidate.confirmed or not alone
        missed += together.candidate.confirmed and not alone
    assert missed > 3

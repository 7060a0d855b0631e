"""Groups that are sought, among conditions that are known."""

import numpy as np
import pytest
from scipy.stats import norm, ttest_ind

from shg_xai.chapters.weak_spots.columns import Column, causes, columns_of, independent
from shg_xai.chapters.weak_spots.conditions import Condition, conditions_of, cuts, least
from shg_xai.chapters.weak_spots.search import Group, Search, below, products
from shg_xai.latents.concepts import Concept

N = 2000
EVERYBODY = np.ones(N, bool)


def concept(name: str, values: np.ndarray) -> Concept:
    return Concept(name, name, '', '-', 'number', values)


def column(values: np.ndarray, kind: str = 'number') -> Column:
    return Column('a', 'a', kind, np.asarray(values, float))  # type: ignore[arg-type]


def noise(seed: int, columns: int) -> np.ndarray:
    return np.random.default_rng([11, seed]).standard_normal((N, columns))


def test_what_is_of_the_error_defines_no_group() -> None:
    pck = np.random.default_rng(0).random(N)
    names = [
        'crowding',
        'labelled_share',
        'factor_heatmap_height',
        'factor_predicted_yaw',
        'factor_maps',
        'factor_copy',
    ]
    known = [concept(name, noise(place, 1)[:, 0]) for place, name in enumerate(names)]
    known[-1] = concept('factor_copy', pck**3)
    own, left = causes(known, pck)
    assert [one.name for one in own] == ['crowding', 'factor_maps']
    assert left == ['labelled_share', 'factor_heatmap_height', 'factor_predicted_yaw', 'factor_copy']


def test_cuts_of_a_number_are_its_ends_and_of_few_values_each() -> None:
    values = np.arange(101.0)
    assert list(cuts(column(values), values)) == [
        ('low', 5), ('high', 95), ('low', 10), ('high', 90), ('low', 20), ('high', 80),
    ]  # fmt: skip
    few = np.array([0, 1, 1, 3, np.nan])
    assert list(cuts(column(few), few)) == [('high', 1), ('high', 3), ('low', 0), ('low', 1)]
    assert list(cuts(column(few, 'cluster'), few)) == [('equal', 0), ('equal', 1), ('equal', 3)]


def test_conditions_are_met_by_enough_and_not_by_most() -> None:
    assert (least(100), least(10_000)) == (30, 200)
    flags = [np.arange(N) < count for count in (39, 40, 1000, 1001)]
    found = conditions_of([column(own, 'flag') for own in flags], EVERYBODY)
    assert [(one.column, one.side) for one in found] == [(1, 'high'), (2, 'high'), (2, 'low'), (3, 'low')]


def test_nobody_of_whom_it_is_not_known_meets_a_condition() -> None:
    values = np.array([np.nan, 0, 1])
    group = Group((Condition(0, 'low', 0),))
    assert [side.tolist() for side in group.sides([column(values)], np.ones(3, bool))] == [
        [False, True, False],
        [False, False, True],
    ]


def test_standard_errors_beside_a_t_test() -> None:
    pck = noise(1, 1)[:, 0] * np.where(np.arange(N) < 400, 1.5, 1) - (np.arange(N) < 400) * 0.2
    inside = np.arange(N) < 400
    moments = np.stack([np.ones(N), pck, pck**2], 1)
    found = below(products(inside[:, None], moments), products(EVERYBODY[:, None], moments))[0]
    # Of the group its own variance, which is the larger; of the others that of all.
    error = np.sqrt(pck[inside].var(ddof=1) / 400 + pck.var(ddof=1) / 1600)
    assert found == pytest.approx((pck[~inside].mean() - pck[inside].mean()) / error, rel=0.02)
    welch = ttest_ind(pck[~inside], pck[inside], equal_var=False, alternative='greater').pvalue
    assert norm.sf(found) == pytest.approx(welch, rel=0.3)


def test_a_flag_is_found_first_and_its_overlap_is_not_found_again() -> None:
    values = noise(2, 6)
    flag = values[:, 0] > 1.3
    near = values[:, 0] + 0.3 * values[:, 1]
    pck = values[:, 5] - 0.8 * flag
    search = Search([column(flag, 'flag'), column(near), *(column(own) for own in values[:, 2:5].T)], EVERYBODY)
    first, *others = search.groups(pck)
    assert first.group.conditions == (Condition(0, 'high', 1),) and first.log_chance < np.log(1e-6)
    assert all(one.log_chance > np.log(0.01) for one in others)


def test_a_pair_is_found_where_neither_alone_is_worse() -> None:
    values = noise(3, 4)
    a, b = values[:, 0] > 0.5, values[:, 1] > 0.5
    pck = values[:, 3] - 1.5 * (a & b) + 0.4 * (a ^ b)
    search = Search([column(a, 'flag'), column(b, 'flag'), column(values[:, 2])], EVERYBODY)
    (first, *_) = search.groups(pck)
    assert set(first.group.conditions) == {Condition(0, 'high', 1), Condition(1, 'high', 1)}


def test_a_half_that_adds_nothing_is_not_in_the_group() -> None:
    values = noise(4, 3)
    flag = values[:, 0] > 1
    search = Search([column(flag, 'flag'), column(values[:, 1])], EVERYBODY)
    assert len(search.groups(values[:, 2] - 1.0 * flag)[0].group.conditions) == 1


def test_without_conditions_there_are_no_groups() -> None:
    search = Search([column(np.zeros(N))], EVERYBODY)
    assert search.groups(noise(5, 1)[:, 0]) == [] and search.pairs == 0


def test_pairs_are_of_different_columns() -> None:
    values = noise(6, 2)
    # Six ends of either number: 36 pairs.
    assert Search([column(own) for own in values.T], EVERYBODY).pairs == 36


def test_an_independent_axis_ends_in_a_group_that_stands_apart() -> None:
    values = noise(7, 5)
    apart = np.random.default_rng(1).random(N) < 0.05
    way = np.array([2, 2, 2, 1, 0.0])
    values[apart] += 5 * way / np.linalg.norm(way)
    axes = independent((values - values.mean(0)) / values.std(0), 0)

    # Of the highest as many as there are in the group nine in ten are of it; along no single value eight.
    def hit(own: np.ndarray) -> float:
        return float(apart[np.argsort(-own)[: apart.sum()]].mean())

    assert hit(axes[:, 0]) > 0.9 and max(hit(own) for own in values.T) < 0.8
    assert axes.mean(0) == pytest.approx(np.zeros(5), abs=1e-9) and axes.std(0) == pytest.approx(np.ones(5))


def test_columns_of_a_flat_axis_and_of_the_largest_number_of_clusters() -> None:
    leading = np.c_[noise(8, 2), np.zeros(N)].astype(np.float32)
    labels = {2: np.arange(N) % 2, 3: np.arange(N) % 3}
    found = columns_of([], leading, labels, 0)  # type: ignore[arg-type]
    assert [own.title for own in found] == [
        'component 1', 'component 2', 'independent axis 1', 'independent axis 2', 'of 3',
    ]  # fmt: skip
    assert found[0].values.std() == pytest.approx(1)

"""Conditions of an ablation listed by hand; numbers against worked-out ones and single columns."""

import numpy as np
import pytest

from shg_xai.chapters.component_projection.width import mean_estimate, paired_difference
from shg_xai.chapters.skip_ablation.conditions import (
    UNTOUCHED,
    Condition,
    all_conditions,
    bin_edges,
    differences,
    donors,
    estimates,
    histogram,
    levels_off,
    losers,
    part_joints,
)
from tests.helpers.data import NAMES


def test_conditions_of_one_stack() -> None:
    found = all_conditions([[0, 1]], [0, 1], ['zero', 'donor'], [3], [0])
    assert found == [
        Condition(0, 'all off', replacement='zero'),
        Condition(0, 'all off', replacement='donor'),
        Condition(0, 'level off', 0, replacement='zero'),
        Condition(0, 'level off', 0, replacement='donor'),
        Condition(0, 'level off', 1, replacement='zero'),
        Condition(0, 'level off', 1, replacement='donor'),
        Condition(0, 'level on alone', 0, replacement='zero'),
        Condition(0, 'level on alone', 0, replacement='donor'),
        Condition(0, 'level on alone', 1, replacement='zero'),
        Condition(0, 'level on alone', 1, replacement='donor'),
        Condition(0, latent='zero', replacement='zero'),
        Condition(0, latent='donor', replacement='donor'),
        Condition(0, latent='k components', k=3),
    ]
    assert UNTOUCHED not in found


def test_conditions_of_two_stacks_one_with_a_level_less() -> None:
    found = all_conditions([[0, 1], [1]], [0, 1], ['zero'], [2], [1])
    assert [(entry.stack, entry.skips, entry.level, entry.latent) for entry in found] == [
        (0, 'all off', None, None),
        (0, 'level off', 0, None),
        (0, 'level off', 1, None),
        (0, 'level on alone', 0, None),
        (0, 'level on alone', 1, None),
        (0, None, None, 'zero'),
        (1, 'all off', None, None),
        (1, 'level off', 1, None),
        (1, 'level on alone', 1, None),
        (1, None, None, 'zero'),
        (1, None, None, 'k components'),
        (None, 'all off', None, None),
        (None, 'level off', 0, None),
        (None, 'level off', 1, None),
        (None, 'level on alone', 0, None),
        (None, 'level on alone', 1, None),
        (None, None, None, 'zero'),
    ]
    assert len(all_conditions([[], [1]], [1], ['zero'])) == 1 + 4 + 4


@pytest.mark.parametrize(
    'condition, expected',
    [
        (Condition(None, 'all off'), [(0, 0), (0, 1), (0, 2), (1, 0), (1, 2)]),
        (Condition(1, 'all off'), [(1, 0), (1, 2)]),
        (Condition(0, 'level off', 1), [(0, 1)]),
        (Condition(None, 'level off', 2), [(0, 2), (1, 2)]),
        (Condition(0, 'level on alone', 1), [(0, 0), (0, 2)]),
        (Condition(None, 'level on alone', 1), [(0, 0), (0, 2), (1, 0), (1, 2)]),
        (Condition(0, latent='zero'), []),
        (UNTOUCHED, []),
    ],
)
def test_levels_a_condition_switches_off(condition: Condition, expected: list) -> None:
    assert levels_off(condition, [[0, 1, 2], [0, 2]]) == expected


@pytest.mark.parametrize('persons', [2, 3, 500])
def test_donors_are_others_and_each_gives_once(persons: int) -> None:
    found = donors(persons, 7)
    assert sorted(found) == list(range(persons))
    assert not (found == np.arange(persons)).any()
    assert (found == donors(persons, 7)).all()
    assert persons < 4 or (found != donors(persons, 8)).any()


def test_parts_of_the_body() -> None:
    found = {part: [NAMES[joint] for joint in np.flatnonzero(mask)] for part, mask in part_joints(NAMES).items()}
    assert found == dict(
        face=['nose', 'left_eye', 'right_eye', 'left_ear', 'right_ear'],
        upper=['left_shoulder', 'right_shoulder', 'left_elbow', 'right_elbow', 'left_wrist', 'right_wrist'],
        lower=['left_hip', 'right_hip', 'left_knee', 'right_knee', 'left_ankle', 'right_ankle'],
    )


def test_columns_together_are_columns_one_by_one() -> None:
    random = np.random.default_rng(0)
    images = np.repeat(np.arange(20), 2)
    a = {
        ('pck', 'x'): random.random(40),
        ('joints', 'knee', 'x'): random.random(40),
        ('joints', 'knee', 'y'): np.full(40, np.nan),
    }
    a['joints', 'knee', 'x'][:5] = np.nan
    b = {key: random.random(40) for key in a}
    drawn = (images, 50, 0.9, 3)
    found = estimates(a, drawn)
    lost = differences(a, b, drawn)
    assert found['joints']['knee']['y'] == dict(value=None, low=None, high=None)
    for one, two, key in (
        (found['pck']['x'], lost['pck']['x'], ('pck', 'x')),
        (found['joints']['knee']['x'], lost['joints']['knee']['x'], ('joints', 'knee', 'x')),
    ):
        assert one == pytest.approx(mean_estimate(a[key], *drawn), rel=1e-12)
        assert two == pytest.approx(paired_difference(a[key], b[key], *drawn), rel=1e-12)
    assert lost['pck']['x']['value'] == pytest.approx((a['pck', 'x'] - b['pck', 'x']).mean())


def test_a_histogram_counts_persons_with_a_value() -> None:
    found = histogram(np.array([0, 0.04, 0.05, 0.5, 1, 1, np.nan]))
    assert len(found) == 21
    assert (found[0], found[1], found[10], found[20]) == (2, 1, 1, 2)
    assert sum(found) == 6
    assert bin_edges()[::21] == [0, 1]
    assert bin_edges()[1] == pytest.approx(1 / 21)


def test_losers_were_perfect_and_come_by_their_loss() -> None:
    before = np.array([1, 1, 0.9, 1, 1, np.nan, 1])
    after = np.array([0.5, 0.2, 0, 1, 0.2, 0, 0.9])
    assert losers(before, after).tolist() == [1, 4, 0, 6]
    assert losers(np.ones(30), np.arange(30) / 30).tolist() == list(range(20))

"""Conditions of a skip ablation listed by hand, and their names."""

import numpy as np
import pytest

from shg_xai.chapters.skip_ablation.conditions import (
    all_conditions,
    condition_text,
    donors,
    levels_off,
    part_joints,
    what_is_off,
)
from shg_xai.chapters.skip_ablation.results import Ablation
from tests.helpers.data import NAMES


def test_conditions_of_one_stack() -> None:
    found = all_conditions([[0, 1]], [0, 1], ['zero', 'donor'], [3], [0])
    assert found == [
        Ablation(stack=0, skips='all off', replacement='zero'),
        Ablation(stack=0, skips='all off', replacement='donor'),
        Ablation(stack=0, skips='level off', level=0, replacement='zero'),
        Ablation(stack=0, skips='level off', level=0, replacement='donor'),
        Ablation(stack=0, skips='level off', level=1, replacement='zero'),
        Ablation(stack=0, skips='level off', level=1, replacement='donor'),
        Ablation(stack=0, skips='level on alone', level=0, replacement='zero'),
        Ablation(stack=0, skips='level on alone', level=0, replacement='donor'),
        Ablation(stack=0, skips='level on alone', level=1, replacement='zero'),
        Ablation(stack=0, skips='level on alone', level=1, replacement='donor'),
        Ablation(stack=0, latent='zero', replacement='zero'),
        Ablation(stack=0, latent='donor', replacement='donor'),
        Ablation(stack=0, latent='k components', k=3),
    ]


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
        (Ablation(stack=None, skips='all off'), [(0, 0), (0, 1), (0, 2), (1, 0), (1, 2)]),
        (Ablation(stack=1, skips='all off'), [(1, 0), (1, 2)]),
        (Ablation(stack=0, skips='level off', level=1), [(0, 1)]),
        (Ablation(stack=None, skips='level off', level=2), [(0, 2), (1, 2)]),
        (Ablation(stack=0, skips='level on alone', level=1), [(0, 0), (0, 2)]),
        (Ablation(stack=None, skips='level on alone', level=1), [(0, 0), (0, 2), (1, 0), (1, 2)]),
        (Ablation(stack=0, latent='zero'), []),
        (Ablation(), []),
    ],
)
def test_levels_a_condition_switches_off(condition: Ablation, expected: list) -> None:
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


@pytest.mark.parametrize(
    ('condition', 'stacks', 'text'),
    [
        (Ablation(stack=0, skips='level off', level=2), 1, 'level 2 off'),
        (Ablation(skips='all off'), 2, 'all stacks: all skips off'),
        (Ablation(stack=1, latent='k components', k=8), 2, 'second stack: latent on 8 components'),
        (Ablation(stack=1, latent='mean', replacement='mean'), 3, 'second stack: latent replaced'),
        (Ablation(stack=9, skips='level on alone', level=0), 10, 'stack 10: only level 0 on'),
    ],
)
def test_conditions_in_words(condition: Ablation, stacks: int, text: str) -> None:
    assert condition_text(condition, stacks) == text
    assert text.endswith(what_is_off(condition))

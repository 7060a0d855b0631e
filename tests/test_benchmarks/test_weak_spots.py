"""``benchmarks/weak_spots.py``: people with a property, who is counted as found, and all of it in small."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from shg_xai.chapters.weak_spots.columns import Column
from shg_xai.chapters.weak_spots.results import Condition
from tests.helpers.commands import python
from tests.helpers.made_weak_spots import spot, weak_spots


@pytest.fixture(scope='module')
def modules(repo_root: Path) -> Iterator[tuple[Any, ...]]:
    """The drawing, one run, and the table; scripts import what lies beside them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(repo_root / 'benchmarks'))
        yield tuple(map(import_module, ('made_weak_people', 'weak_spot_runs', 'weak_spots')))


@pytest.fixture(scope='module')
def pictures(modules: Any) -> dict[str, Any]:
    """Somebody as usual, and with each property."""
    made = modules[0]
    kinds = {made.USUAL: 0.0, 'cloth': 1.0, 'occluder': 0.3, 'view': 20.0}
    return {kind: made.picture_of(3, made.PeopleSet(kind, strength, 1, 0), 0) for kind, strength in kinds.items()}


def test_a_person_is_the_same_with_a_property_as_without(pictures: dict[str, Any]) -> None:
    usual, *others = pictures.values()
    assert all(one.factors == usual.factors for one in others)
    assert (pictures['cloth'].keypoints[:, :2] == usual.keypoints[:, :2]).all(), 'clothes move nobody'


def test_clothes_are_white_and_nothing_else_is_changed(pictures: dict[str, Any]) -> None:
    usual, white = pictures[''], pictures['cloth']
    saturation = [np.ptp(one.image[one.mask].astype(int), axis=1) for one in (usual, white)]
    assert np.median(saturation[1]) < 0.5 * np.median(saturation[0])
    # Pixels at the outline are partly cloth.
    outside = cv2.dilate((usual.mask | white.mask).astype(np.uint8), np.ones((7, 7), np.uint8)) == 0
    assert np.abs(usual.image[outside].astype(int) - white.image[outside]).max() == 0


def test_what_the_square_hides_is_labelled_as_hidden(pictures: dict[str, Any]) -> None:
    usual, hidden = pictures[''], pictures['occluder']
    grey = (hidden.image == 128).all(2) & (usual.image != hidden.image).any(2)
    side = 0.3 * usual.factors.scale * 256
    assert 0.4 * side**2 < grey.sum() < 1.1 * side**2
    assert not (hidden.mask & grey).any() and hidden.mask.sum() < usual.mask.sum()
    columns, rows = np.clip(np.round(usual.keypoints[:, :2]).astype(int), 0, 255).T
    behind = grey[rows, columns] & (usual.keypoints[:, 2] > 0)
    assert behind.any() and (hidden.keypoints[behind, 2] == 1).all()
    assert (hidden.keypoints[~grey[rows, columns], 2] == usual.keypoints[~grey[rows, columns], 2]).all()


def test_from_above_a_body_is_shorter(modules: Any) -> None:
    made = modules[0]
    rng, factors = np.random.default_rng, made.usual_picture(np.random.default_rng(1)).factors
    level, steep = (made.from_above(rng(2), factors, degrees) for degrees in (0, 60))
    tall = [np.ptp(one.keypoints()[:, 1]) for one in (level, steep)]
    assert tall[1] < 0.8 * tall[0]
    length = [np.linalg.norm(one.points['left_hip'] - one.points['left_knee']) for one in (level, steep)]
    assert length[0] == pytest.approx(length[1]), 'turned, not bent'


def test_a_strength_lies_on_the_line_through_what_was_tried(modules: Any) -> None:
    strength_for = modules[2].strength_for
    assert strength_for(0.1, (10, 20, 30), (0.05, 0.15, 0.2)) == pytest.approx(15)
    assert strength_for(0.1, (10, 20), (0.2, 0.3)) == pytest.approx(5), 'from nothing, which costs nothing'
    assert strength_for(0.1, (10, 20), (0.05, 0.08)) == 20
    assert modules[2].cost({0: 0.9, 1: 0.5, 2: 1.0}, {0: 0.7, 1: 0.5}) == pytest.approx(0.1)


def test_found_is_a_group_most_of_which_is_planted_and_most_planted_are_in(modules: Any) -> None:
    runs, planted = modules[1], np.arange(10) < 4
    assert runs.overlap(np.arange(10) < 5, planted) == (0.8, 1)
    assert [runs.fits(np.arange(10) < size, planted) for size in (1, 2, 8, 9)] == [False, True, True, False]


def test_who_is_in_a_group_follows_from_its_conditions(modules: Any) -> None:
    columns = [
        Column('crowding', 'crowding', 'number', np.array([0, 1, 2, np.nan])),
        Column('10', 'of 10', 'cluster', np.array([3.0, 3, 4, 3])),
    ]
    group = spot(Condition(name='crowding', title='', kind='number', side='high', at=1, share=0.5), 0.1, 0.1, [])
    assert modules[1].members(group, columns).tolist() == [False, True, True, False]
    group.conditions.append(Condition(name='3', title='', kind='cluster', side='equal', at=3, share=0.5))
    assert modules[1].members(group, columns).tolist() == [False, True, False, False]


def test_named_is_by_the_own_column_or_what_names_it_too(modules: Any) -> None:
    flag, axis = weak_spots().spots
    is_named = modules[1].is_named
    assert not is_named(flag, 'cloth') and not is_named(axis, 'cloth')
    flag.conditions[0].name = 'factor_white_clothes'
    assert is_named(flag, 'cloth') and not is_named(flag, 'view')
    axis.shared[0].concept = 'occluded_share'
    assert is_named(axis, 'occluder')


def test_a_setting_knows_the_own_column_or_no_factor_at_all(modules: Any) -> None:
    runs = modules[1]
    names = ['crowding', 'factor_posture', 'factor_white_clothes', 'factor_grey_square', 'factor_set']
    known = {setting: [name for name in names if runs.is_known(name, setting, 'cloth')] for setting in runs.SETTINGS}
    assert known == {
        runs.COLUMN: ['crowding', 'factor_posture', 'factor_white_clothes'],
        runs.ANNOTATIONS: ['crowding'],
    }


@pytest.mark.slow(minutes=1)
def test_all_of_it_in_small(tmp_path: Path) -> None:
    words = ['benchmarks/weak_spots.py', '--out', tmp_path / 'out', '--train', 48, '--plantings', 2, '--processes', 1]
    words += ['--persons', 400, '--pool', 500, '--planted', 30, '--search', 8]
    done = python('-W', 'ignore', *words)
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if line.startswith('| ')]
    assert [line.split()[1].rstrip(',') for line in lines[1:7]] == ['cloth'] * 2 + ['occluder'] * 2 + ['view'] * 2
    assert len((tmp_path / 'out' / 'runs.jsonl').read_text().splitlines()) == 10
    again = python('-W', 'ignore', *words)
    assert again.stdout == done.stdout and 'predicts' not in again.stderr
    other = python('-W', 'ignore', *words, '--seed', 1)
    assert other.returncode == 2 and 'other settings' in other.stderr

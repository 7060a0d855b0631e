"""Labels that a test spoiled come first, each as what it is, and persons the network finds hard do not."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shg_xai.chapters.label_errors.findings import findings_of, tables
from shg_xai.chapters.label_errors.measure import How, measure, of_store
from shg_xai.chapters.label_errors.results import LabelErrors
from shg_xai.explain.decomposition import Work
from shg_xai.explain.options import Options
from shg_xai.latents import LatentStore
from shg_xai.latents.selection import select
from shg_xai.results_file import decode, encode
from shg_xai.stats.executors import executor
from tests.helpers.label_stores import MIRRORED, NAMES, made_persons, write_labels

PERSONS = 360
# By number of the person; none of them is one of whom the network is unsure (every eighth, from 7 on).
SIDES, LIMB, JOINT, FLAG, BOX = 16, 32, 48, 64, 80
LEGS = [7, 8, 9, 10]


def spoiled() -> list[dict[str, Any]]:
    """One label of each kind is wrong."""
    persons = made_persons(PERSONS)
    for number in (SIDES, LIMB, JOINT, FLAG, BOX):
        persons[number]['visibility'] = np.full(len(NAMES), 2)
        persons[number]['keypoint_scores'] = np.full(len(NAMES), 0.9)
    persons[SIDES]['keypoints'] = persons[SIDES]['keypoints'][list(MIRRORED)]
    persons[LIMB]['keypoints'][LEGS] = persons[LIMB]['keypoints'][[8, 7, 10, 9]]
    persons[JOINT]['keypoints'][5] = (60, 150)
    persons[FLAG]['keypoint_scores'][6] = 0.05  # labelled, and nothing is found
    left, top, width, height = persons[BOX]['bbox']
    persons[BOX]['bbox'] = [left, top, width, 0.6 * height]
    return persons


@pytest.fixture(scope='module')
def answer(tmp_path_factory: pytest.TempPathFactory) -> LabelErrors:
    folder = write_labels(tmp_path_factory.mktemp('labels') / 'store', spoiled())
    return measured(folder, top=40)


def measured(folder: Path, top: int = 10, rows: str = 'all') -> LabelErrors:
    return measure('made', select(LatentStore.open(folder), None, rows), How(top, 50))


def test_each_kind_of_error_is_told_as_what_it_is(answer: LabelErrors) -> None:
    found = {one.annotation_id - 1000: one for one in answer.suspects}
    for number, kind in {SIDES: 'sides', LIMB: 'limb', JOINT: 'joint', BOX: 'box', FLAG: 'flag'}.items():
        assert found[number].kind == kind
    assert {place.joint for place in found[LIMB].places} <= {NAMES[joint] for joint in LEGS}
    assert [place.joint for place in found[JOINT].places] == ['left_wrist']
    assert found[FLAG].places[0].joint == 'right_wrist'
    assert 'knee' in found[BOX].places[0].joint


def test_misplaced_joints_come_first_and_hard_persons_do_not(answer: LabelErrors) -> None:
    first = [one.annotation_id - 1000 for one in answer.suspects[:3]]
    assert sorted(first) == [SIDES, LIMB, JOINT]
    scores = [one.score for one in answer.suspects]
    assert scores == sorted(scores, reverse=True)
    # By the mean distance, one of whom the network is unsure comes before the moved joint.
    by_loss = sorted(answer.suspects, key=lambda one: -one.loss)
    assert [one.annotation_id - 1000 for one in by_loss].index(JOINT) > 2


def test_places_are_shares_of_the_crop(answer: LabelErrors) -> None:
    (place,) = next(one for one in answer.suspects if one.annotation_id == 1000 + JOINT).places
    assert place.labelled == pytest.approx((0.3, 0.75))  # (60, 150) of 200
    assert place.height == pytest.approx(0.9, abs=0.004)


def test_how_well_damage_is_found_has_an_interval(answer: LabelErrors) -> None:
    caught = {one.kind: one.caught for one in answer.trials}
    assert {'sides', 'limb', 'joint'} <= set(caught)
    assert caught['sides'].value is not None and caught['sides'].value > 0.9
    for one in caught.values():
        assert one.low is not None and one.high is not None and one.value is not None
        assert one.low <= one.value <= one.high


def test_it_can_be_written_and_said(answer: LabelErrors) -> None:
    assert decode(encode(answer), LabelErrors, 'memory') == answer
    first, second = findings_of(answer)
    assert f'{answer.suspects[0].annotation_id}' in first and '360 labels on 360 photos' in first
    assert 'left and right exchanged' in second
    (table,) = tables(answer, None)  # type: ignore[arg-type]
    assert len(table.rows) == len(answer.suspects) and all(len(row) == len(table.head) for row in table.rows)


def test_the_same_seed_ranks_the_same(tmp_path: Path) -> None:
    folder = write_labels(tmp_path / 'store', made_persons(100))
    assert measured(folder) == measured(folder)


def test_an_analysis_asks_for_persons_with_predictions_alone(tmp_path: Path) -> None:
    persons = [{**one, 'predicted_keypoints': None, 'keypoint_scores': None, 'pck': None} for one in made_persons(70)]
    folder = write_labels(tmp_path / 'store', persons)
    selection = select(LatentStore.open(folder), None, 'all')
    with executor(1) as pool:
        assert of_store('made', Work(selection, Options(), pool, tmp_path / 'scratch')) is None
    assert 'no predictions' in (measured(folder).why or '')


def test_few_persons_and_persons_without_labels_say_why(tmp_path: Path) -> None:
    folder = write_labels(tmp_path / 'few', made_persons(3))
    assert '3 persons' in (measured(folder).why or '')
    persons = [{**one, 'visibility': np.zeros(len(NAMES), int)} for one in made_persons(70)]
    assert '0 persons' in (measured(write_labels(tmp_path / 'unlabelled', persons)).why or '')


def test_where_all_are_right_nobody_is_suspect_but_the_one_who_is_not(tmp_path: Path) -> None:
    persons = [one for one in made_persons(160) if (one['image_id'] % 8) != 7]
    for one in persons:
        one['predicted_keypoints'], one['visibility'] = one['keypoints'].copy(), np.full(len(NAMES), 2)
        one['keypoint_scores'] = np.full(len(NAMES), 0.9)
    right = measured(write_labels(tmp_path / 'right', persons))
    assert right.why is None and right.suspects == []
    assert 'no label looks wrong' in findings_of(right)[0]
    persons[20]['keypoints'] = persons[20]['keypoints'][list(MIRRORED)]
    (only,) = measured(write_labels(tmp_path / 'one', persons)).suspects
    assert (only.annotation_id, only.kind) == (persons[20]['annotation_id'], 'sides')


def test_training_persons_are_said_to_be_such(tmp_path: Path) -> None:
    persons = [{**one, 'split': 'train'} for one in made_persons(80)]
    found = measured(write_labels(tmp_path / 'store', persons))
    assert found.trained and 'of the split train' in findings_of(found)[-1]


def test_without_mirrored_joints_sides_are_not_asked_about(tmp_path: Path) -> None:
    found = measured(write_labels(tmp_path / 'store', made_persons(80), mirrored=(), sigmas=()))
    assert not {'sides', 'limb'} & {one.kind for one in found.trials}
    assert 'mirror each other' in found.warnings[0]


def test_a_joint_on_another_person_of_the_photo_names_that_one(tmp_path: Path) -> None:
    persons = made_persons(160)
    persons[40]['visibility'], persons[40]['keypoint_scores'] = np.full(len(NAMES), 2), np.full(len(NAMES), 0.9)
    persons[41]['image_id'] = persons[40]['image_id']
    persons[41]['crop_center'] = [160, 100]
    for name in ('keypoints', 'predicted_keypoints'):
        persons[41][name] = persons[41][name] + (60, 0)
    persons[40]['keypoints'][5] = persons[41]['predicted_keypoints'][5]
    found = next(one for one in measured(write_labels(tmp_path / 'store', persons)).suspects if one.image_id == 40)
    assert (found.kind, found.onto) == ('joint', 1041)

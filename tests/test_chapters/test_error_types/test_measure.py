"""Stores whose errors can be counted by hand."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shg_xai.chapters.error_types.people import crowds, people_of, person_scores
from shg_xai.chapters.error_types.results import KINDS, ErrorTypes
from shg_xai.evaluation.pck import mean_pck, normalised_distances, pooled_pck
from shg_xai.explain.options import Options
from shg_xai.latents import LatentStore
from shg_xai.latents.verify import verify
from shg_xai.results_file import decode, encode
from tests.helpers.error_stores import FIVE, QUICK, errors_of, person, write_persons

# Head, hands and feet of a person of 100 x 100 pixels; ks of a hand is 0.5 at 23.5 pixels, 0.85 at 11.4.
POSE = np.array([(50, 0), (100, 50), (0, 50), (80, 100), (20, 100)], float)
AWAY = np.array([400.0, 0])


def moved(changes: dict[int, Any], start: np.ndarray = POSE) -> np.ndarray:
    """A pose in which some joints are elsewhere."""
    pose = start.copy()
    for joint, place in changes.items():
        pose[joint] = place
    return pose


def three_photos() -> list[dict[str, Any]]:
    """Seven persons. The crop is 200 pixels wide, so PCK allows 10."""
    return [
        # The first has its left hand at the second one's: a swap. The second is perfect.
        person(1, 1, POSE, moved({1: AWAY + POSE[1]})),
        person(2, 1, POSE + AWAY, POSE + AWAY),
        # Hands exchanged: two inversions. Then the head a little off: at 8 of sigma 0.05 ks is 0.73, jitter within PCK.
        person(3, 2, POSE, moved({1: POSE[2], 2: POSE[1]})),
        person(4, 2, POSE + AWAY, moved({0: POSE[0] + AWAY + (8, 0)}, POSE + AWAY)),
        # A foot is nowhere, but the other is not labelled: one miss. A hand is 15 pixels off: jitter, and not within.
        person(5, 3, POSE, moved({3: (50, 50), 4: (300, 300), 1: (100, 65)}), visibility=[2, 1, 1, 2, 0]),
        # Of these nothing is known: no prediction; no label.
        person(6, 3, POSE + AWAY, None),
        person(7, 3, POSE, POSE, visibility=[0] * 5, keypoints=np.zeros((5, 2)), pck=None),
    ]


@pytest.fixture(scope='module')
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_persons(tmp_path_factory.mktemp('errors') / 'store', FIVE, three_photos())


@pytest.fixture(scope='module')
def answer(folder: Path) -> ErrorTypes:
    found = errors_of(folder)
    assert verify(folder) == []
    assert decode(encode(found), ErrorTypes, 'memory') == found
    assert isinstance(found, ErrorTypes)
    return found


def test_shares_of_all_joints(answer: ErrorTypes) -> None:
    """24 labelled joints of five persons: 2 jitter, 2 inversions, 1 swap, 1 miss."""
    assert answer.all is not None and answer.all.joint is None
    assert (answer.persons, answer.images, answer.all.labelled, answer.accompanied) == (5, 3, 24, 5)
    shares = [one.share.value for one in answer.all.kinds]
    assert shares == pytest.approx(np.array([18, 2, 2, 1, 1]) / 24)
    assert [one.kind for one in answer.all.kinds] == list(KINDS)
    assert answer.by_nearest is not None and answer.by_nearest.value == 0
    assert answer.warnings == []


def test_shares_joint_by_joint(answer: ErrorTypes) -> None:
    found = {one.joint: [kind.share.value for kind in one.kinds] for one in answer.joints}
    assert list(found) == list(FIVE.names)
    assert found['head'] == [0.8, 0.2, 0, 0, 0]
    assert found['left_hand'] == [0.4, 0.2, 0.2, 0.2, 0]
    assert found['right_hand'] == [0.8, 0, 0.2, 0, 0]
    assert found['left_foot'] == [0.8, 0, 0, 0, 0.2]
    assert found['right_foot'] == [1, 0, 0, 0, 0]
    assert [one.labelled for one in answer.joints] == [5, 5, 5, 5, 4]


def test_pck_is_that_of_the_metric(answer: ErrorTypes) -> None:
    rows = [one for one in three_photos() if one['annotation_id'] <= 5]
    truth, predicted = (
        np.array([np.asarray(one[name]) for one in rows]) for name in ('keypoints', 'predicted_keypoints')
    )
    v = np.array([one['visibility'] for one in rows])
    correct = normalised_distances(predicted, truth, np.full(5, 200.0)) < 0.05
    assert answer.all is not None and answer.all.pck.value == pytest.approx(mean_pck(correct, v > 0))
    for joint, one in enumerate(answer.joints):
        assert one.pck.value == pytest.approx(pooled_pck(correct[:, joint], v[:, joint] > 0))


def test_what_mending_gains_of_pck(answer: ErrorTypes) -> None:
    """Of five persons' means: a swap is 1 of 5 joints, inversions 2 of 5; of the fifth person each joint is a quarter.
    The head's jitter was near enough.
    """
    assert answer.all is not None
    gains = {one.kind: one.pck_gain.value for one in answer.all.kinds}
    assert gains == pytest.approx(dict(good=0, jitter=0.25 / 5, inversion=0.4 / 5, swap=0.2 / 5, miss=0.25 / 5))
    assert answer.all.pck.value == pytest.approx(1 - sum(value for value in gains.values() if value))
    left = next(one for one in answer.joints if one.joint == 'left_hand')
    assert {one.kind: one.pck_gain.value for one in left.kinds if one.pck_gain.value} == dict.fromkeys(
        ('jitter', 'inversion', 'swap'), 0.2
    )


def test_what_mending_gains_of_oks_ap(answer: ErrorTypes) -> None:
    """OKS of five persons, all of one score, in the order of their photos: about 4/5, 1, 3/5, (4 + 0.73) / 5 and
    (2 + 0.76) / 4. A person counts at so many of the ten thresholds.
    """
    gains = {one.kind: (one.in_place.value, one.at_edge.value) for one in answer.ap_gains}
    assert list(gains) == list(KINDS[1:])
    assert answer.ap is not None and answer.ap.value is not None
    assert all(place is not None and edge is not None and place >= edge >= 0 for place, edge in gains.values())
    # By the list: at 0.5 to 0.6 all five are right.
    right = np.array([[oks >= t for oks in (0.8, 1, 0.6, 0.946, 0.69)] for t in np.linspace(0.5, 0.95, 10)])
    expected = []
    for row in right:
        found = row.cumsum()
        best = np.maximum.accumulate((found / np.arange(1, 6))[::-1])[::-1]
        reached = [best[np.argmax(found / 5 >= r)] if found[-1] / 5 >= r else 0 for r in np.linspace(0, 1, 101)]
        expected.append(np.mean(reached))
    assert answer.ap.value == pytest.approx(np.mean(expected), abs=0.02)


def test_intervals_are_over_photos(folder: Path) -> None:
    """A share in a resample is errors of the photos drawn by joints of these."""
    found = errors_of(folder, options=Options(ks=(2,), bootstrap=400))
    errors, joints = np.array([1, 3, 2]), np.array([10, 10, 4])  # by photo
    random = np.random.default_rng(0)
    drawn = random.integers(0, 3, (4000, 3))
    low, high = np.quantile(1 - errors[drawn].sum(1) / joints[drawn].sum(1), [0.025, 0.975])
    good = found.all.kinds[0].share
    assert (good.low, good.high) == pytest.approx((low, high), abs=0.03)
    assert found.all.of('miss').share.ends is not None
    right_foot = found.joints[4]
    assert right_foot.of('miss').share.value == 0 and right_foot.of('miss').share.ends is None


def test_others_need_not_be_analysed_to_be_swapped_with(folder: Path) -> None:
    found = errors_of(folder, rows='annotation_id != 2')
    assert (found.persons, found.all.labelled) == (4, 19)
    assert found.all.of('swap').share.value == pytest.approx(1 / 19)


def test_the_farthest_of_each_kind(answer: ErrorTypes) -> None:
    by_kind = {kind: [one for one in answer.examples if one.kind == kind] for kind in KINDS}
    assert [len(by_kind[kind]) for kind in KINDS] == [0, 2, 1, 1, 1]
    assert [one.annotation_id for one in by_kind['jitter']] == [5, 4]  # 15 and 8 pixels
    (swap,) = by_kind['swap']
    assert (swap.annotation_id, swap.joint) == (1, 'left_hand')
    # The crop is centred on (50, 50), so from -50 to 150.
    assert swap.annotated == pytest.approx((150 / 200, 100 / 200))
    assert swap.predicted == pytest.approx((550 / 200, 100 / 200))


def test_one_photo_has_no_intervals(folder: Path) -> None:
    found = errors_of(folder, rows='image_id == 2')
    assert found.all.of('inversion').share.value == 0.2 and found.all.of('inversion').share.ends is None
    assert found.ap.value is not None and found.ap.ends is None
    assert decode(encode(found), ErrorTypes, 'memory') == found


def test_without_predictions_nothing_is_said(tmp_path: Path) -> None:
    rows = [person(number, number, POSE, None) for number in (1, 2)]
    assert errors_of(write_persons(tmp_path / 'store', FIVE, rows)) is None


@pytest.mark.parametrize('without', ['sigmas', 'mirrored'])
def test_a_store_from_before_is_told_to_be_dumped_again(tmp_path: Path, without: str) -> None:
    skeleton = FIVE._replace(**{without: ()})
    found = errors_of(write_persons(tmp_path / 'store', skeleton, three_photos()))
    assert found.all is None and found.joints == [] and found.ap is None
    (said,) = found.warnings
    assert 'dump it again' in said
    assert decode(encode(found), ErrorTypes, 'memory') == found


def test_areas_that_are_not_annotated_are_of_the_box(tmp_path: Path) -> None:
    rows = [person(1, 1, POSE, POSE, area=None), person(2, 2, POSE, POSE), person(3, 3, POSE, POSE, area=None)]
    folder = write_persons(tmp_path / 'store', FIVE, rows)
    people = people_of(LatentStore.open(folder))
    assert people.area.tolist() == pytest.approx([5300, 10_000, 5300])
    found = errors_of(folder)
    assert found.areas_of_boxes == 2 and found.accompanied == 0
    assert [text.split(':')[0].split(',')[0] for text in found.warnings] == [
        'The area of 2 of 3 persons is not annotated',
        'No picture has two stored persons',
    ]


def test_images_of_two_data_sets_are_not_one(tmp_path: Path) -> None:
    rows = [person(1, 1, POSE, moved({1: AWAY + POSE[1]})), person(2, 1, POSE + AWAY, POSE + AWAY, dataset='other')]
    found = errors_of(write_persons(tmp_path / 'store', FIVE, rows))
    assert (found.all.of('swap').share.value, found.all.of('miss').share.value) == (0, 0.1)


def test_a_score_is_the_mean_of_what_scores_above_a_fifth() -> None:
    """MMPose's CocoMetric, keypoint_score_thr."""
    scores = np.array([[0.5, 0.1, 0.7], [0.2, 0.1, 0.0], [0.3, 0.3, 0.3]], np.float32)
    assert person_scores(scores).tolist() == pytest.approx([0.6, 0, 0.3])


def test_persons_of_one_photo_stand_in_one_row() -> None:
    rows = [row.tolist() for row in crowds(np.array([3, 1, 3, 2, 1, 5]), most=4)]
    assert rows == [[[3], [5]], [[1, 4]], [[0, 2]]]
    assert [row.tolist() for row in crowds(np.array([0, 0, 0]), most=1)] == [[[0, 1, 2]]]


def test_the_same_seed_gives_the_same_numbers(folder: Path) -> None:
    assert encode(errors_of(folder)) == encode(errors_of(folder, options=QUICK))

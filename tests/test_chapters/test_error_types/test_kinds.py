"""One joint of each kind, placed by hand, on skeletons of 5, 16, 17 and 133 joints."""

from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config

import shg_xai.plugin  # noqa: F401  (before mmpose)
from shg_xai.chapters.error_types.kinds import (
    GOOD,
    INVERSION,
    JITTER,
    MISS,
    SWAP,
    UNLABELLED,
    Joints,
    judge,
    similarities,
)
from shg_xai.chapters.error_types.people import People
from shg_xai.runner.provenance import known_of_joints
from tests.helpers.error_stores import FIVE, Skeleton

AREA = 10_000.0  # so that s = 100 pixels, and ks = 0.5 at 1.177 * 100 * 2 sigma
LARGE = 200.0  # between places, further than any two joints may confuse


def described(name: str) -> Skeleton:
    """The joints of one of MMPose's data sets, as a store would have them."""
    import mmpose
    from mmpose.datasets.datasets.utils import parse_pose_metainfo

    file = Path(mmpose.__file__).parent / '.mim/configs/_base_/datasets' / f'{name}.py'
    meta = parse_pose_metainfo(Config.fromfile(file).dataset_info)
    names = tuple(meta['keypoint_id2name'][joint] for joint in range(meta['num_keypoints']))
    return Skeleton(names, **known_of_joints(meta))


SKELETONS = {5: lambda: FIVE, 16: lambda: described('mpii'), 17: lambda: described('coco')}
SKELETONS[133] = lambda: described('coco_wholebody')


def at(similarity: float, sigma: float, area: float = AREA) -> float:
    """How far from a place ks is so much: d = sqrt(-2 ln ks) s 2 sigma."""
    return float(np.sqrt(-2 * np.log(similarity) * area) * 2 * sigma)


def people(
    truth: np.ndarray, predicted: np.ndarray, labelled: np.ndarray | None = None, area: float | list[float] = AREA
) -> People:
    """Persons of one image."""
    count = len(truth)
    return People(
        image_of=np.zeros(count, int),
        truth=truth.astype(np.float32),
        labelled=np.ones(truth.shape[:2], bool) if labelled is None else labelled,
        predicted=predicted.astype(np.float32),
        score=np.ones(count, np.float32),
        area=np.full(count, area, np.float32),
        guessed=np.zeros(count, bool),
        center=np.zeros((count, 2), np.float32),
        side=np.full(count, 200, np.float32),
    )


def spread_out(joints: int, persons: int = 2) -> np.ndarray:
    """True places, (persons, joints, 2), all of them far from each other."""
    x, y = np.meshgrid(np.arange(joints), np.arange(persons))
    return LARGE * np.stack([x, y], -1).astype(float)


@pytest.mark.parametrize('count', SKELETONS)
def test_every_joint_of_every_kind(count: int) -> None:
    skeleton = SKELETONS[count]()
    joints = Joints(np.array(skeleton.sigmas), np.array(skeleton.mirrored))
    assert len(skeleton.names) == len(joints.sigmas) == len(joints.mirrored) == count
    truth = spread_out(count)
    seen = 0
    for joint, (sigma, mirror) in enumerate(zip(joints.sigmas, joints.mirrored, strict=True)):
        own, other = truth[0], truth[1]
        far = own[joint] + (0, -LARGE * 9)
        wanted = {
            GOOD: own[joint] + (at(0.86, sigma), 0),
            JITTER: own[joint] - (0, at(0.51, sigma)),
            INVERSION: own[mirror] + (at(0.51, sigma), 0) if mirror != joint else far,
            SWAP: other[joint] + (at(0.51, sigma), 0),
            MISS: own[joint] + (0, -at(0.49, sigma)),
        }
        # Each alone: the other joints of both persons are where they should be.
        predicted = np.tile(truth, (len(wanted) + 2, 1, 1, 1))
        for place, (row, found) in enumerate(zip(predicted, [*wanted.values(), other[mirror], far], strict=True)):
            row[0, joint] = found
            kinds = judge(people(truth, row), np.array([[0, 1]]), joints).kinds[0]
            expected = [*wanted, SWAP, MISS][place]
            expected = MISS if expected == INVERSION and mirror == joint else expected
            assert kinds[0, joint] == expected, (skeleton.names[joint], place)
            assert (kinds[1] == GOOD).all() and (np.delete(kinds[0], joint) == GOOD).all()
            seen += 1
    assert seen == 7 * count


@pytest.mark.parametrize('similarity, kind', [(0.8501, GOOD), (0.8499, JITTER), (0.5001, JITTER), (0.4999, MISS)])
def test_the_published_thresholds(similarity: float, kind: int) -> None:
    truth = spread_out(5, 1)
    predicted = truth.copy()
    predicted[0, 1, 1] += at(similarity, 0.1)
    judged = judge(people(truth, predicted), np.array([[0]]), Joints(np.array(FIVE.sigmas), np.array(FIVE.mirrored)))
    assert judged.kinds[0, 0].tolist() == [GOOD, kind, GOOD, GOOD, GOOD]
    assert judged.own[0, 0, 1] == pytest.approx(similarity, abs=1e-4)


def test_the_formula_by_hand() -> None:
    # d = 30, s^2 = 900, k = 2 * 0.5: exp(-900 / (2 * 900)) = exp(-1/2).
    found = similarities(np.array([[30.0, 0.0]]), np.zeros((1, 2)), np.array(900.0), np.array([0.5]))
    assert found == pytest.approx(np.exp(-0.5))


FIVE_JOINTS = Joints(np.array(FIVE.sigmas), np.array(FIVE.mirrored))


def test_its_own_place_goes_first_and_the_nearest_of_others() -> None:
    """A left hand near its own place, nearer to the right hand's; then between the right hand and somebody else's."""
    truth = spread_out(5)
    truth[0, 2] = truth[0, 1] + (20, 0)  # both hands within reach: ks 0.5 is 23.5 pixels away
    predicted = truth.copy()
    predicted[0, 1] = truth[0, 1] + (15, 0)  # 15 from its own, 5 from the other
    judged = judge(people(truth, predicted), np.array([[0, 1]]), FIVE_JOINTS)
    assert (judged.kinds[0, 0, 1], judged.by_nearest[0, 0, 1]) == (JITTER, INVERSION)
    truth[0, 2] = truth[0, 1] + (60, 0)
    truth[1, 1] = truth[0, 2] + (30, 0)
    for away, kind in ((14, INVERSION), (16, SWAP)):  # from the right hand; 16 and 14 from somebody's left hand
        predicted = truth.copy()
        predicted[0, 1] = truth[0, 2] + (away, 0)
        judged = judge(people(truth, predicted), np.array([[0, 1]]), FIVE_JOINTS)
        assert judged.kinds[0, 0, 1] == judged.by_nearest[0, 0, 1] == kind


def test_near_is_by_the_area_of_whose_place_it_is() -> None:
    """20 pixels are near somebody of 100 x 100 pixels and far of somebody of 50 x 50."""
    truth = spread_out(5)
    predicted = truth.copy()
    predicted[0, 1] = truth[1, 1] + (20, 0)
    for area, kind in (([AREA, AREA], SWAP), ([AREA, AREA / 4], MISS)):
        judged = judge(people(truth, predicted, area=area), np.array([[0, 1]]), FIVE_JOINTS)
        assert judged.kinds[0, 0, 1] == kind


def test_what_is_not_labelled_neither_counts_nor_takes() -> None:
    truth = spread_out(5)
    labelled = np.ones((2, 5), bool)
    labelled[0, [0, 2]] = labelled[1, 1] = False
    predicted = truth.copy()
    predicted[0, 0] += 500  # not labelled, so no miss
    predicted[0, 1] = truth[0, 2]  # where the right hand is, but nobody says so
    predicted[0, 3] = truth[1, 1]  # somebody's left hand is no foot
    judged = judge(people(truth, predicted, labelled), np.array([[0, 1]]), FIVE_JOINTS)
    assert judged.kinds[0, 0].tolist() == [UNLABELLED, MISS, UNLABELLED, MISS, GOOD]
    assert judged.kinds[0, 1].tolist() == [GOOD, UNLABELLED, GOOD, GOOD, GOOD]
    predicted[1, 2] = truth[0, 2]  # swapped with what is not labelled
    assert judge(people(truth, predicted, labelled), np.array([[0, 1]]), FIVE_JOINTS).kinds[0, 1, 2] == MISS


def test_who_has_no_prediction_can_be_swapped_with_all_the_same() -> None:
    truth = spread_out(5)
    predicted = truth.copy()
    predicted[0, 4], predicted[1] = truth[1, 3], np.nan
    judged = judge(people(truth, predicted), np.array([[0, 1]]), FIVE_JOINTS)
    assert judged.kinds[0, 0].tolist() == [GOOD] * 4 + [SWAP]
    assert (judged.kinds[0, 1] == UNLABELLED).all()

"""PCK's pure functions, worked out by hand and beside MMPose's."""

import math

import numpy as np
import pytest
from mmpose.evaluation.functional import keypoint_pck_accuracy

import shg_xai.plugin  # noqa: F401
from shg_xai.errors import InputError
from shg_xai.evaluation import pck
from tests.helpers.data import NAMES

# Three persons of four joints; the third has nothing labelled.
V = np.array([[2, 2, 1, 0], [1, 1, 0, 0], [0, 0, 0, 0]])
CORRECT = np.array([[True, False, True, True], [False, True, True, False], [True] * 4])


def test_distances_are_divided_by_each_persons_own_normaliser() -> None:
    truth = np.zeros((2, 2, 2))
    predicted = np.array([[(3, 4), (0, 10)], [(3, 4), (-6, 8)]])
    distances = pck.normalised_distances(predicted, truth, np.array([10.0, math.nan]))
    np.testing.assert_allclose(distances[0], [0.5, 1.0])
    assert np.isnan(distances[1]).all()


def test_another_skeleton_is_one_line() -> None:
    with pytest.raises(InputError, match='294 joints are predicted, 17 are annotated: test a network on the skeleton'):
        pck.normalised_distances(np.zeros((1, 294, 2)), np.zeros((1, 17, 2)), np.ones(1))


def test_which_joints_count() -> None:
    v = np.array([[2, 1, 0] + [2] * 14, [0] * 7 + [1, 2] + [0] * 8])
    groups = pck.counting_joints(v, NAMES)
    assert set(groups) == {'labelled', 'visible', 'occluded', 'limbs'}
    assert [groups[name].sum(axis=1).tolist() for name in ('labelled', 'visible', 'occluded')] == [
        [16, 2],
        [15, 1],
        [1, 1],
    ]
    # Elbows, wrists, knees, ankles: 7 to 10 and 13 to 16 in COCO's order.
    assert np.flatnonzero(groups['limbs'][0]).tolist() == [7, 8, 9, 10, 13, 14, 15, 16]
    assert np.flatnonzero(groups['limbs'][1]).tolist() == [7, 8]


def test_persons_share_of_correct_joints() -> None:
    # First person: joints 0, 1, 2 count, two are correct. Second: joints 0, 1, one is.
    scores = pck.person_pck(CORRECT, V >= 1)
    np.testing.assert_allclose(scores, [2 / 3, 1 / 2, math.nan])
    np.testing.assert_allclose(pck.person_pck(CORRECT, V == 2), [1 / 2, math.nan, math.nan])


def test_persons_without_a_counting_joint_are_left_out_of_both_sums() -> None:
    assert pck.mean_pck(CORRECT, V >= 1) == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert pck.mean_pck(CORRECT, V == 2) == pytest.approx(1 / 2)
    assert pck.mean_pck(CORRECT, V == 1) == pytest.approx((1 + 1 / 2) / 2)


def test_pooled_counts_joints_not_persons() -> None:
    assert pck.pooled_pck(CORRECT, V >= 1) == pytest.approx(3 / 5)
    assert pck.pooled_pck(CORRECT[:, 0], V[:, 0] > 0) == pytest.approx(1 / 2)


def test_when_nothing_counts_the_answer_is_nan() -> None:
    nothing = np.zeros_like(V, dtype=bool)
    assert np.isnan(pck.person_pck(CORRECT, nothing)).all()
    assert math.isnan(pck.mean_pck(CORRECT, nothing))
    assert math.isnan(pck.pooled_pck(CORRECT, nothing))


def test_pooled_per_joint_equals_mmposes() -> None:
    generator = np.random.default_rng(0)
    truth = generator.uniform(0, 200, (40, 17, 2))
    predicted = truth + generator.normal(0, 8, truth.shape)
    v = generator.integers(0, 3, (40, 17))
    v[:, 4] = 0
    sizes = generator.uniform(50, 200, 40)
    expected, mean, counted = keypoint_pck_accuracy(predicted, truth, v > 0, 0.05, np.stack([sizes, sizes], axis=1))
    correct = pck.normalised_distances(predicted, truth, sizes) < 0.05
    ours = np.array([pck.pooled_pck(correct[:, joint], v[:, joint] > 0) for joint in range(17)])
    assert 0.1 < mean < 0.9
    assert counted == 16
    # MMPose says -1 where nothing counts.
    np.testing.assert_allclose(np.nan_to_num(ours, nan=-1), expected)
    assert np.nanmean(ours) == pytest.approx(mean)


def test_arguments_are_left_alone() -> None:
    correct, counts = CORRECT.copy(), V >= 1
    kept = counts.copy()
    pck.person_pck(correct, counts)
    pck.mean_pck(correct, counts)
    pck.pooled_pck(correct, counts)
    np.testing.assert_array_equal(correct, CORRECT)
    np.testing.assert_array_equal(counts, kept)


def test_each_joint_is_averaged_over_those_who_have_it_labelled() -> None:
    keypoints = np.array([[[0.2, 0.4], [0.0, 0.0]], [[0.6, 0.8], [0.5, 0.1]]])
    pose = pck.mean_pose(keypoints, np.array([[2, 0], [1, 2]]))
    assert pose == pytest.approx(np.array([[0.4, 0.6], [0.5, 0.1]]))


def test_a_joint_nobody_has_labelled_stays_absent() -> None:
    pose = pck.mean_pose(np.zeros((2, 2, 2)), np.array([[2, 0], [2, 0]]))
    assert np.isnan(pose[1]).all()
    assert not np.isnan(pose[0]).any()


def test_the_pose_is_right_for_who_stands_there() -> None:
    pose = np.array([[0.5, 0.5], [0.2, 0.2]])
    keypoints = np.array(
        [
            [[0.52, 0.5], [0.2, 0.2]],  # both within 0.05
            [[0.5, 0.56], [0.2, 0.24]],  # the elbow only
            [[0.9, 0.9], [0.9, 0.9]],
        ]
    )  # neither is labelled
    v = np.array([[2, 1], [2, 2], [0, 0]])
    scores = pck.mean_pose_pck(pose, keypoints, v, ['nose', 'left_elbow'])
    assert scores == pytest.approx(dict(labelled=0.75, visible=0.75, occluded=1.0, limbs=1.0))


def test_an_absent_joint_of_the_pose_is_never_right() -> None:
    scores = pck.mean_pose_pck(np.full((1, 2), np.nan), np.zeros((1, 1, 2)), np.array([[2]]), ['nose'])
    assert scores['labelled'] == 0
    assert np.isnan(scores['limbs'])

"""The mean pose by hand: 2 or 3 persons, 2 joints."""

import numpy as np
import pytest

from shg_xai.evaluation.mean_pose import mean_pose, mean_pose_pck


def test_each_joint_is_averaged_over_those_who_have_it_labelled() -> None:
    keypoints = np.array([[[0.2, 0.4], [0.0, 0.0]], [[0.6, 0.8], [0.5, 0.1]]])
    pose = mean_pose(keypoints, np.array([[2, 0], [1, 2]]))
    assert pose == pytest.approx(np.array([[0.4, 0.6], [0.5, 0.1]]))


def test_a_joint_nobody_has_labelled_stays_absent() -> None:
    pose = mean_pose(np.zeros((2, 2, 2)), np.array([[2, 0], [2, 0]]))
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
    scores = mean_pose_pck(pose, keypoints, v, ['nose', 'left_elbow'])
    assert scores == pytest.approx(dict(labelled=0.75, visible=0.75, occluded=1.0, limbs=1.0))


def test_an_absent_joint_of_the_pose_is_never_right() -> None:
    scores = mean_pose_pck(np.full((1, 2), np.nan), np.zeros((1, 1, 2)), np.array([[2]]), ['nose'])
    assert scores['labelled'] == 0
    assert np.isnan(scores['limbs'])

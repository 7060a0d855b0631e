"""Bodies: bones, poses and rotations by hand."""

import numpy as np
import pytest

from shg_xai.datasets.people.skeleton import (
    Points,
    Proportions,
    body_points,
    camera_rotation,
    rotation,
    sample_pose,
    sample_proportions,
)


def posed(seed: int, posture: float, activity: float) -> tuple[Points, Proportions]:
    """Points in the body frame and the body they belong to."""
    rng = np.random.default_rng(seed)
    body = sample_proportions(rng)
    return body_points(sample_pose(rng, posture, activity), body)[0], body


@pytest.mark.parametrize('posture', [0.0, 0.4, 1.0])
@pytest.mark.parametrize('activity', [0.0, 1.0])
def test_bones_keep_their_lengths(posture: float, activity: float) -> None:
    for seed in range(20):
        points, body = posed(seed, posture, activity)
        for side in ('left', 'right'):
            for one, other, length in (
                ('shoulder', 'elbow', body.upper_arm),
                ('elbow', 'wrist', body.forearm),
                ('hip', 'knee', body.thigh),
                ('knee', 'ankle', body.shank),
            ):
                bone = points[f'{side}_{one}'] - points[f'{side}_{other}']
                assert np.linalg.norm(bone) == pytest.approx(length, abs=1e-9)


def test_a_standing_body_is_one_tall() -> None:
    for seed in range(20):
        assert sample_proportions(np.random.default_rng(seed)).standing == pytest.approx(1)
    points, body = posed(0, 0, 0)
    crown = points['head'][1] - body.head_y
    assert points['floor'][1] - crown == pytest.approx(1, abs=0.03)


def test_sitting_shrinks_the_drop_from_hip_to_knee() -> None:
    for seed in range(10):
        drops = [
            posed(seed, posture, 0.0)[0]['left_knee'][1] for posture in (0.0, 0.5, 1.0)
        ]  # the hips are at height 0
        assert drops[0] > drops[1] > drops[2]
        assert drops[0] > 0.2
        assert drops[2] < 0.03


def test_activity_moves_the_wrists_away_from_the_body() -> None:
    reach = [
        np.mean([abs(posed(seed, 0, activity)[0]['left_wrist'][1] - 0.0) for seed in range(40)])
        for activity in (0.0, 1.0)
    ]  # at rest the wrists hang beside the hips, height 0
    assert reach[0] < 0.1
    assert reach[1] > 0.2


def test_rotations_by_hand() -> None:
    x, y, z = np.eye(3)
    assert np.allclose(rotation(0, 90) @ y, z)
    assert np.allclose(rotation(1, 90) @ z, x)
    assert np.allclose(rotation(2, 90) @ x, y)
    # Turned by 90 degrees to its own left, a person faces the right of the image.
    forward = camera_rotation(90, 0) @ np.array((0, 0, -1))
    assert np.allclose(forward, (1, 0, 0), atol=1e-9)
    # Rolled clockwise by 90 degrees, up (-y) points right.
    assert camera_rotation(0, 90)[0] @ -y == pytest.approx(np.cos(np.radians(8)))

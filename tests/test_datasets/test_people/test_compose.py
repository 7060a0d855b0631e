"""Pictures: what is seen, hidden and cut off."""

import hashlib

import cv2
import numpy as np
import pytest

from shg_xai.datasets.people import compose
from shg_xai.datasets.people.compose import Picture, make_picture
from shg_xai.datasets.people.factors import Restriction
from shg_xai.datasets.people.skeleton import KEYPOINTS
from shg_xai.errors import InputError

INDEX = {name: k for k, name in enumerate(KEYPOINTS)}
PLAIN = {'truncation': 0, 'occluder': 0, 'label_dropout': 0, 'distractors': 0, 'roll_deg': 0}


def picture(seed: int, side: int = 128, **fixed: float) -> Picture:
    """A picture with factors fixed; the rest is plain unless said otherwise."""
    rules = {name: Restriction('fix', (value,)) for name, value in {**PLAIN, **fixed}.items()}
    return make_picture(np.random.default_rng(seed), side, rules)


def test_yaw_swaps_the_sides_of_the_shoulders() -> None:
    for seed in range(5):
        gap = {}
        for yaw in (0, 180):
            x = picture(seed, yaw_deg=yaw, activity=0.1).keypoints[:, 0]
            gap[yaw] = x[INDEX['left_shoulder']] - x[INDEX['right_shoulder']]
        assert gap[0] > 5
        assert gap[180] == pytest.approx(-gap[0], abs=1.5)


def test_the_face_is_hidden_from_behind_and_seen_from_the_front() -> None:
    names = [INDEX[name] for name in ('nose', 'left_eye', 'right_eye')]
    for seed in range(8):
        for yaw, expected in ((0, 2), (180, 1)):
            seen = picture(seed, yaw_deg=yaw, activity=0, posture=0).keypoints[names, 2]
            assert seen.tolist() == [expected] * 3


def test_the_far_side_is_hidden_in_profile() -> None:
    for seed in range(8):
        v = picture(seed, yaw_deg=90, activity=0, posture=0).keypoints[:, 2]
        assert v[INDEX['left_shoulder']] == 1  # facing right, the left side is far
        assert v[INDEX['right_shoulder']] == 2
        assert v[INDEX['right_hip']] == 2
        assert v[INDEX['left_hip']] == 1


def test_standing_at_rest_seen_from_the_front_hides_nothing_below_the_head() -> None:
    for seed in range(8):
        v = picture(seed, yaw_deg=0, activity=0, posture=0).keypoints[5:, 2]
        assert (v == 2).all()


def test_an_occluder_hides_a_joint_and_takes_pixels() -> None:
    for seed in range(12):
        free = picture(seed, yaw_deg=0, activity=0, posture=0)
        covered = picture(seed, yaw_deg=0, activity=0, posture=0, occluder=1)
        assert np.array_equal(free.keypoints[:, :2], covered.keypoints[:, :2])
        assert (covered.keypoints[5:, 2] == 1).any()
        assert covered.mask.sum() < free.mask.sum()


@pytest.mark.parametrize('truncation', [0.0, 0.2, 0.5])
def test_truncation_is_the_share_outside(truncation: float) -> None:
    for seed in range(12):
        fixed = {'posture': 0, 'activity': 0.6, 'scale': 0.75, 'yaw_deg': 0}
        whole = picture(seed, 256, **fixed).mask
        part = picture(seed, 256, **fixed, truncation=truncation).mask
        height, width = (np.ptp(np.nonzero(whole)[axis]) for axis in (0, 1))
        kept = [np.ptp(np.nonzero(part)[0]) / height, np.ptp(np.nonzero(part)[1]) / width]
        # One axis is cut by the share; the other may lose pixels of what was cut off.
        assert min(abs(share - (1 - truncation)) for share in kept) < 0.06


def test_visible_joints_lie_on_the_silhouette() -> None:
    for seed in range(25):
        made = make_picture(np.random.default_rng(seed), 192, {})
        near = cv2.dilate(made.mask.astype(np.uint8), np.ones((5, 5), np.uint8))
        for x, y, v in made.keypoints:
            assert v != 2 or near[round(y), round(x)]


def test_a_person_without_labels_is_an_error_not_an_endless_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compose, 'MIN_LABELLED', 18)
    with pytest.raises(InputError, match='lower truncation or label_dropout'):
        picture(0, 64)


def test_every_python_numpy_and_machine_draws_the_same() -> None:
    """What is pinned is what all of them draw: in float32 NumPy 1 and 2 promoted and rounded otherwise, and linear
    algebra adds up in another order on another processor (OPENBLAS_CORETYPE=Haswell or SkylakeX).
    """
    digest = hashlib.sha256()
    for seed in range(30):
        digest.update(make_picture(np.random.default_rng(seed), 128, {}).image.tobytes())
    assert digest.hexdigest()[:16] == 'b9bb2cf54cc9df30'

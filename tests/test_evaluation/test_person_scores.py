"""PCK by person, by hand."""

import math

import numpy as np
import pytest

import shg_xai.plugin  # noqa: F401
from shg_xai.coco import VISIBLE
from shg_xai.evaluation import pck
from shg_xai.evaluation.pck import judged_flags, person_scores, sample_distances
from tests.helpers.data import NAMES, STANDING, annotation
from tests.helpers.tested import sample

JOINTS = ('nose', 'left_wrist', 'right_knee', 'left_hip')
V = np.array([[2, 2, 1, 0], [1, 0, 0, 0], [0, 0, 0, 2], [2, 1, 2, 1]])
# The fourth person has no normaliser; 0.05 itself is no longer correct.
DISTANCES = np.array([[0.01, 0.06, 0.04, 0.9], [0.05, 0, 0, 0], [0, 0, 0, 0.0499], [math.nan] * 4])


def test_scores_by_hand() -> None:
    scores = person_scores(DISTANCES, V, JOINTS)
    nan = math.nan
    assert list(scores) == ['labelled', 'visible', 'occluded', 'limbs']
    np.testing.assert_array_equal(scores['labelled'], [2 / 3, 0, 1, nan])
    np.testing.assert_array_equal(scores['visible'], [1 / 2, nan, 1, nan])
    np.testing.assert_array_equal(scores['occluded'], [1, 0, nan, nan])
    np.testing.assert_array_equal(scores['limbs'], [1 / 2, nan, nan, nan])
    loose = person_scores(DISTANCES, V, JOINTS, thr=0.07)
    np.testing.assert_array_equal(loose['labelled'], [1, 1, 1, nan])


def test_their_mean_is_the_studys_pck() -> None:
    generator = np.random.default_rng(0)
    distances, v = generator.random((50, 17)) / 10, generator.integers(0, 3, (50, 17))
    scores = person_scores(distances, v, NAMES)
    assert np.nanmean(scores['labelled']) == pck.mean_pck(distances < 0.05, v > 0)
    assert np.nanmean(scores['visible']) == pck.mean_pck(distances < 0.05, v == VISIBLE)


def test_who_cannot_be_judged_has_no_joint_that_counts() -> None:
    np.testing.assert_array_equal(judged_flags(DISTANCES, V), [*V[:3], [0] * 4])
    assert V[3].any()  # not written over


@pytest.mark.parametrize('normaliser, side', [('crop', 200), ('bbox', 100), ('torso', math.hypot(22, 30))])
def test_distances_of_a_sample(normaliser: str, side: float) -> None:
    # As in test_visible_pck: a crop of 200, a box of 80 x 100, shoulder (64, 25) to hip (42, 55).
    person = sample({0: 3, 7: 8}, points=STANDING).to_dict()
    distances, v = sample_distances(person, list(NAMES), normaliser)
    expected = np.zeros(17)
    expected[[0, 7]] = 3 / side, 8 / side
    np.testing.assert_allclose(distances, expected, atol=1e-15)
    assert v.tolist() == annotation()['keypoints'][2::3]

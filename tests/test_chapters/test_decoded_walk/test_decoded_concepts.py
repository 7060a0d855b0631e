"""Concepts of decoded poses against poses drawn by hand."""

import numpy as np
import pytest

from shg_xai.chapters.decoded_walk.decoded_concepts import PEAKS, POSES, decoded_concepts, decoded_rules
from tests.helpers.data import NAMES, STANDING

PEAK = 0.5


def concepts_of(pose: np.ndarray, peaks: np.ndarray | None = None) -> dict[str, float]:
    peaks = np.ones((1, len(NAMES))) if peaks is None else peaks[None]
    found = decoded_concepts(pose[None], peaks, np.array([[200.0, 100.0]]), NAMES, PEAK)
    return {name: float(values[0]) for name, values in found.items()}


def test_a_standing_person() -> None:
    found = concepts_of(STANDING)
    # Shoulders at (64, 25) and (36, 25), hips at y = 55, knees at y = 75, nose at x = 50.
    assert found['facing_camera'] == pytest.approx(28 / 30)
    assert found['facing_right'] == pytest.approx(0)
    assert found['standing'] == pytest.approx(20 / 30)
    assert found['torso_tilt'] == pytest.approx(0)
    assert found['torso_in_crop'] == pytest.approx(30 / 200)
    away = np.array([22, 22, 26, 26, 10, 10, 11, 11]) / 30  # of elbows, wrists, knees, ankles
    assert found['limb_spread'] == pytest.approx(np.sqrt((away**2).mean()))
    assert found[PEAKS] == 1
    mirrored = concepts_of(STANDING * (-1, 1) + (100, 0))
    assert mirrored['facing_camera'] == pytest.approx(-28 / 30)
    assert set(found) == {*POSES, PEAKS} == {rule.name for rule in decoded_rules(NAMES, PEAK)}


def test_peaks_count_for_the_labelled_share_alone() -> None:
    peaks = np.array([PEAK] * 5 + [PEAK - 1e-6] * 12)
    found = concepts_of(STANDING, peaks)
    assert found[PEAKS] == pytest.approx(5 / 17)
    assert {**found, PEAKS: 1} == concepts_of(STANDING)


def test_what_is_not_known_is_not_a_number() -> None:
    collapsed = np.full((17, 2), 40.0)
    found = concepts_of(collapsed)
    assert all(np.isnan(found[name]) for name in POSES)
    assert found[PEAKS] == 1


def test_other_joints_have_fewer_concepts() -> None:
    names = ('nose', 'left_shoulder', 'right_shoulder')
    found = decoded_concepts(np.zeros((2, 3, 2)), np.ones((2, 3)), np.ones((2, 2)), names, PEAK)
    assert list(found) == [PEAKS]
    (rule,) = decoded_rules(names, 0.25)
    assert rule.title == 'labelled joints'
    assert 'a peak of at least 0.25' in rule.definition

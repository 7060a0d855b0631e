"""Axes found again: turned by a known angle, swapped, mirrored."""

import numpy as np
import pytest

from shg_xai.stats.axes import refitted

RANDOM = np.random.default_rng(0)


def scores_along(axes: np.ndarray, deviations: list[float], count: int = 50) -> np.ndarray:
    """Persons whose principal axes are the columns given, exactly, with these standard deviations."""
    raw = RANDOM.normal(size=(count, len(axes)))
    white = np.linalg.svd(raw - raw.mean(0), full_matrices=False)[0]
    return 7 + white * deviations @ axes.T


def turn(degrees: float) -> np.ndarray:
    """Axes turned in the plane of the first two of three."""
    angle = np.radians(degrees)
    axes = np.eye(3)
    axes[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    return axes


@pytest.mark.parametrize('degrees', [0, 20, -40])
def test_the_angle_is_found(degrees: float) -> None:
    found = refitted(scores_along(turn(degrees), [3, 2, 1]), np.ones(50, int))
    assert found == pytest.approx(turn(degrees), abs=1e-9)
    assert found.diagonal() == pytest.approx([np.cos(np.radians(degrees))] * 2 + [1])


def test_an_axis_keeps_its_name_when_another_has_more_variance() -> None:
    found = refitted(scores_along(turn(20), [1, 3, 2]), np.ones(50, int))
    assert found == pytest.approx(turn(20), abs=1e-9)


def test_axes_turned_by_more_than_half_are_each_other() -> None:
    # 80 degrees on: the first axis is where the second was, 10 degrees off.
    assert refitted(scores_along(turn(80), [3, 2, 1]), np.ones(50, int)) == pytest.approx(turn(-10), abs=1e-9)


def test_a_weight_is_a_person_so_often() -> None:
    scores, weights = RANDOM.normal(size=(30, 3)) * [3, 2, 1], RANDOM.integers(0, 4, 30)
    repeated = np.repeat(scores, weights, axis=0)
    assert refitted(scores, weights) == pytest.approx(refitted(repeated, np.ones(len(repeated), int)))
    # The axes of the covariance, as NumPy has it.
    axes = refitted(scores, weights)
    turned = axes.T @ np.cov(repeated.T) @ axes
    assert turned == pytest.approx(np.diag(turned.diagonal()), abs=1e-9)

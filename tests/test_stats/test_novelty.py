"""Distances of latents, beside those SciPy computes pair by pair."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from shg_xai.stats.novelty import Novelty


def made(count: int, references: int) -> tuple[Novelty, np.ndarray, np.ndarray, np.ndarray]:
    """References are the first persons, three an image; scores have four leading components of six."""
    random = np.random.default_rng(count)
    values = (random.standard_normal((count, 6)) * [5, 3, 2, 1, 0.5, 0.2]).astype(np.float32)
    images, leading = np.arange(count) // 3, values[:, :4]
    novelty = Novelty(np.array([25.0, 9, 4, 1]), leading[:references], images[:references])
    return novelty, leading, (values.astype(float) ** 2).sum(1), images


def test_mahalanobis_and_residual_by_hand() -> None:
    novelty = Novelty(np.array([4.0, 0]), np.zeros((1, 2), np.float32), np.array([9]))
    found = novelty.distances(np.array([[6, 0]], np.float32), np.array([100.0]), None)
    assert found[0] == pytest.approx([3, 6, 8])  # a component without variance has no unit


def test_the_tenth_of_other_images() -> None:
    novelty, scores, norms, images = made(240, 120)
    found = novelty.distances(scores, norms, images)
    apart = cdist(scores, scores[:120])
    apart[images[:, None] == images[:120]] = np.inf
    assert found[:, 1] == pytest.approx(np.sort(apart)[:, 9], abs=1e-4)
    assert found[:, 0] == pytest.approx(
        cdist(scores, np.zeros((1, 4)), 'mahalanobis', VI=np.diag([1 / 25, 1 / 9, 1 / 4, 1]))[:, 0]
    )
    assert novelty.distances(scores, norms, None)[:, 1] == pytest.approx(
        np.sort(cdist(scores, scores[:120]))[:, 9], abs=1e-4
    )


def test_of_few_references_a_tenth_is_the_neighbour() -> None:
    novelty, scores, norms, _ = made(60, 30)
    assert novelty.distances(scores, norms, None)[:, 1] == pytest.approx(
        np.sort(cdist(scores, scores[:30]))[:, 2], abs=1e-3
    )


def test_where_all_references_are_of_ones_own_image_nothing_is_known() -> None:
    novelty, scores, norms, images = made(6, 3)
    found = novelty.distances(scores, norms, images)
    assert np.isnan(found[:, 1]).tolist() == [True] * 3 + [False] * 3
    assert np.isfinite(found[:, [0, 2]]).all()

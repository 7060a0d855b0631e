"""Walks against points set into the latent by hand."""

import numpy as np
import pytest

from shg_xai.analysis.walks import NEAREST, STEPS, distances_to, nearest, picked, spread, walk

GENERATOR = np.random.default_rng(0)
VALUES = GENERATOR.standard_normal((200, 12)) * np.linspace(3, 0.2, 12)
VALUES -= VALUES.mean(axis=0)
NORMS = (VALUES ** 2).sum(axis=1)
DIRECTION = np.linalg.eigh(np.cov(VALUES, rowvar=False))[1][:, -1]
RANDOM = GENERATOR.standard_normal((12, 20))
RANDOM /= np.linalg.norm(RANDOM, axis=0)
IDS = GENERATOR.permutation(200) + 1000


def test_a_walk_meets_who_is_nearest() -> None:
    along = VALUES @ DIRECTION
    sigma = along.std(ddof=1)
    found = walk(1, sigma, NORMS, along, VALUES @ RANDOM, IDS)
    assert (found['component'], found['sigma']) == (1, sigma)
    assert [point['step'] for point in found['points']] == list(STEPS) == [-3, -2, -1, 0, 1, 2, 3]
    spread_of_all = np.sqrt(np.cov(VALUES, rowvar=False).trace())
    for step, point in zip(STEPS, found['points'], strict=True):
        distance = np.linalg.norm(VALUES - step * sigma * DIRECTION, axis=1)
        order = np.argsort(distance)[:3]
        assert [entry['annotation_id'] for entry in point['nearest']] == IDS[order].tolist()
        assert [entry['distance'] for entry in point['nearest']] == pytest.approx(distance[order])
        assert point['distance'] == pytest.approx(distance.min())
        assert point['relative'] == pytest.approx(distance.min() / spread_of_all)
        baseline = [np.linalg.norm(VALUES - step * sigma * other, axis=1).min()
                    for other in RANDOM.T]
        assert point['random']['value'] == pytest.approx(np.mean(baseline))
        assert [point['random'][end] for end in ('low', 'high')] == pytest.approx(
            np.quantile(baseline, [0.025, 0.975]))


def test_at_the_mean_all_walks_meet_the_same() -> None:
    found = walk(1, 2., NORMS, VALUES @ DIRECTION, VALUES @ RANDOM, IDS)['points'][3]
    assert found['random'] == dict.fromkeys(('value', 'low', 'high'), pytest.approx(
        found['distance']))


def test_distance_by_hand() -> None:
    # Persons at (3, 4) and (2, 0); the point is at 2 on the first axis.
    found = distances_to(np.array([25., 4.]), np.array([3., 2.]), 2)
    assert found.tolist() == [pytest.approx(np.sqrt(17)), 0]


def test_a_rounding_error_is_no_negative_square() -> None:
    assert distances_to(np.array([0.01]), np.array([0.1]), 0.1).tolist() == [
        pytest.approx(0, abs=1e-8)]


def test_ties_are_in_the_order_of_ids() -> None:
    distance = np.array([2., 1, 1, 1, 1, 0.5, 1])
    ids = np.array([1, 40, 30, 20, 60, 50, 10])
    found = nearest(distance, ids, 3)
    assert [entry['annotation_id'] for entry in found] == [50, 10, 20]
    assert [entry['distance'] for entry in found] == [0.5, 1, 1]


def test_fewer_persons_than_asked_for() -> None:
    found = nearest(np.array([2., 1]), np.array([7, 8]), NEAREST)
    assert found == [dict(annotation_id=8, distance=1), dict(annotation_id=7, distance=2)]


@pytest.mark.parametrize('dimensions, persons, expected', [
    (4096, 150_000, [1, 2, 3, 10, 30, 50, 100, 4096]), (100, 500, [1, 2, 3, 10, 30, 50, 100]),
    (512, 40, [1, 2, 3, 10, 30, 39]), (512, 11, [1, 2, 3, 10]), (512, 3, [1, 2]), (512, 2, [1]),
    (1, 500, [1]), (2, 500, [1, 2])])
def test_which_components(dimensions: int, persons: int, expected: list[int]) -> None:
    assert picked(dimensions, persons) == expected


def test_spread() -> None:
    assert spread(np.arange(41.)) == dict(value=20, low=1, high=39)

"""Walks against points set into the latent by hand."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from shg_xai.chapters.nearest_walk.measure import NEAREST, STEPS, distances_to, nearest, picked, spread, walks
from shg_xai.chapters.nearest_walk.results import NearPerson
from shg_xai.explain.options import Options
from shg_xai.latents.selection import BLOCK, Selection
from shg_xai.random_streams import stream
from shg_xai.stats.pca import Components, drawn_directions, principal_components
from tests.helpers.analysis_stores import selected

COUNT, OPTIONS = BLOCK + 152, Options(seed=3)
GENERATOR = np.random.default_rng(0)
VALUES = (GENERATOR.standard_normal((COUNT, 12)) * np.linspace(3, 0.2, 12) + 2).astype(np.float32)
IDS = GENERATOR.permutation(COUNT) + 1000


@pytest.fixture
def made(tmp_path: Path) -> tuple[Selection, Components]:
    """Persons of two blocks, and their components."""
    exact = VALUES.astype(float)
    return (
        selected(tmp_path / 'store', VALUES, ids=IDS),
        principal_components(exact.mean(axis=0), np.cov(exact, rowvar=False)),
    )


def test_a_walk_meets_who_is_nearest(made: tuple[Selection, Components]) -> None:
    with ThreadPoolExecutor(2) as pool:
        found = walks(*made, [1, 12], OPTIONS, pool)
    centred = VALUES - VALUES.mean(axis=0, dtype=float)
    variances, vectors = np.linalg.eigh(np.cov(centred, rowvar=False))
    random = drawn_directions(made[1], 199, stream(OPTIONS.seed, 'random_directions'))
    spread_of_all = np.sqrt(variances.sum())
    assert [entry.component for entry in found] == [1, 12]
    for entry, place in zip(found, (-1, 0), strict=True):
        sigma = np.sqrt(variances[place])
        assert entry.sigma == pytest.approx(sigma)
        assert [point.step for point in entry.points] == list(STEPS) == [-3, -2, -1, 0, 1, 2, 3]
        # A component's sign says nothing; ours has one of two.
        sign = np.sign(vectors[:, place] @ made[1].vectors[:, entry.component - 1])
        for step, point in zip(STEPS, entry.points, strict=True):
            distance = np.linalg.norm(centred - sign * step * sigma * vectors[:, place], axis=1)
            order = np.argsort(distance)[:3]
            assert [one.annotation_id for one in point.nearest] == IDS[order].tolist()
            assert [one.distance for one in point.nearest] == pytest.approx(distance[order])
            assert point.distance == pytest.approx(distance.min())
            assert point.relative == pytest.approx(distance.min() / spread_of_all)
            baseline = [np.linalg.norm(centred - step * sigma * other, axis=1).min() for other in random.T]
            assert point.random.value == pytest.approx(np.mean(baseline))
            assert point.random.ends == pytest.approx(np.quantile(baseline, [0.025, 0.975]))


def test_at_the_mean_all_walks_meet_the_same(made: tuple[Selection, Components]) -> None:
    with ThreadPoolExecutor(1) as pool:
        found = [entry.points[3] for entry in walks(*made, [1, 2], OPTIONS, pool)]
    assert found[0] == found[1]
    random = found[0].random
    assert [random.value, random.low, random.high] == pytest.approx([found[0].distance] * 3)


def test_ties_of_two_blocks_are_in_the_order_of_ids(tmp_path: Path) -> None:
    # Everybody is at 1 or -1; the mean is as far from all of them.
    values = np.resize([1.0, -1], (BLOCK + 2, 1))
    ids = np.arange(BLOCK + 2, 0, -1)
    with ThreadPoolExecutor(2) as pool:
        (entry,) = walks(
            selected(tmp_path / 'store', values, ids=ids),
            Components(np.zeros(1), np.ones(1), np.eye(1)),
            [1],
            OPTIONS,
            pool,
        )
    met = {point.step: point.nearest for point in entry.points}
    assert [one.annotation_id for one in met[0]] == [1, 2, 3]
    # The ids fall while places rise, so who is at 1 has even ids.
    assert [one.annotation_id for one in met[1]] == [2, 4, 6]
    assert [one.distance for one in met[2]] == [1, 1, 1]


def test_distance_by_hand() -> None:
    # Persons at (3, 4) and (2, 0); the point is at 2 on the first axis.
    found = distances_to(np.array([25.0, 4.0]), np.array([3.0, 2.0]), 2)
    assert found.tolist() == [pytest.approx(np.sqrt(17)), 0]


def test_a_rounding_error_is_no_negative_square() -> None:
    assert distances_to(np.array([0.01]), np.array([0.1]), 0.1).tolist() == [pytest.approx(0, abs=1e-8)]


def test_ties_are_in_the_order_of_ids() -> None:
    distance = np.array([2.0, 1, 1, 1, 1, 0.5, 1])
    ids = np.array([1, 40, 30, 20, 60, 50, 10])
    found = nearest(distance, ids, 3)
    assert [entry.annotation_id for entry in found] == [50, 10, 20]
    assert [entry.distance for entry in found] == [0.5, 1, 1]


def test_fewer_persons_than_asked_for() -> None:
    found = nearest(np.array([2.0, 1]), np.array([7, 8]), NEAREST)
    assert found == [NearPerson(annotation_id=8, distance=1), NearPerson(annotation_id=7, distance=2)]


@pytest.mark.parametrize(
    'dimensions, persons, expected',
    [
        (4096, 150_000, [1, 2, 3, 10, 30, 50, 100, 4096]),
        (100, 500, [1, 2, 3, 10, 30, 50, 100]),
        (512, 40, [1, 2, 3, 10, 30, 39]),
        (512, 11, [1, 2, 3, 10]),
        (512, 3, [1, 2]),
        (512, 2, [1]),
        (1, 500, [1]),
        (2, 500, [1, 2]),
    ],
)
def test_which_components(dimensions: int, persons: int, expected: list[int]) -> None:
    assert picked(dimensions, persons) == expected


def test_spread() -> None:
    found = spread(np.arange(41.0))
    assert (found.value, found.n, found.over) == (20, 41, 'directions')
    assert found.ends == pytest.approx((1, 39))
    assert spread(np.arange(41.0), 0.5).ends == pytest.approx((10, 30))

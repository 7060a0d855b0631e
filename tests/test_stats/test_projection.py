"""Rotated latents against plain products."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from shg_xai.errors import InputError
from shg_xai.stats.moments import look, moments
from shg_xai.stats.pca import Components, principal_components
from shg_xai.stats.projection import Projections, dimensions_for, project, reserve
from tests.helpers.analysis_stores import selected
from tests.helpers.latent_stores import plain, some_values

COUNT, DIMENSIONS = 2500, 20


@pytest.fixture
def rotated(tmp_path: Path) -> tuple[Projections, Components, np.ndarray]:
    """Projections on 6 components, the components and the centred values."""
    chosen = selected(tmp_path / 'store', some_values(COUNT), 'annotation_id != 9', dtype='float16', rows_per_shard=900)
    with ThreadPoolExecutor(2) as pool:
        found = moments(chosen, look(chosen, pool).mean, pool)
        components = principal_components(found.mean, found.covariance)
        projections = project(chosen, components, 6, tmp_path / 'a.npy', pool)
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == ['a.npy']
    return projections, components, plain(chosen) - components.mean


def test_scores_are_coordinates_along_components(rotated: tuple) -> None:
    projections, components, centred = rotated
    scores = projections.scores
    expected = centred @ components.vectors[:, :6]
    assert (scores.rows, scores.dimensions) == (COUNT - 1, 6)
    found = scores.read(0, scores.rows)
    assert found.dtype == np.float32
    assert found == pytest.approx(expected, abs=1e-5 * np.abs(expected).max())
    assert np.array_equal(scores.read(2040, 2060, 2), found[2040:2060, :2])
    assert scores.read(0, 3, 99).shape == (3, 6)
    assert list(scores.blocks(1000)) == [(0, 1000), (1000, 2000), (2000, 2499)]


def test_what_is_read_cannot_change_the_file(rotated: tuple) -> None:
    scores = rotated[0].scores
    with pytest.raises(ValueError, match='read-only'):
        scores.read(0, 1)[:] = 7
    assert np.array_equal(scores.first(2), scores.read(0, scores.rows)[:, :2])


def test_kept_and_cut_are_the_whole(rotated: tuple) -> None:
    projections, components, centred = rotated
    total = (centred**2).sum(axis=1)
    assert projections.norms == pytest.approx(total, rel=1e-10)
    kept = (projections.scores.read(0, COUNT).astype(np.float64) ** 2).sum(axis=1)
    assert kept + projections.residuals == pytest.approx(total, rel=1e-6)
    cut = ((centred @ components.vectors[:, 6:]) ** 2).sum(axis=1)
    assert projections.residuals == pytest.approx(cut, abs=1e-5 * total.max())
    assert (projections.residuals >= 0).all()


def test_nothing_is_cut_of_all_components(tmp_path: Path) -> None:
    chosen = selected(tmp_path / 'store', some_values(60))
    with ThreadPoolExecutor(1) as pool:
        found = moments(chosen, look(chosen, pool).mean, pool)
        components = principal_components(found.mean, found.covariance)
        projections = project(chosen, components, DIMENSIONS, tmp_path / 'a.npy', pool)
    assert not projections.residuals.any()


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    chosen = selected(tmp_path / 'store', some_values(10, (3,)))
    components = Components(np.zeros(3), np.ones(3), np.eye(3))
    with ThreadPoolExecutor(1) as pool, pytest.raises(InputError, match=r'cannot hold 0\.0 GB'):
        project(chosen, components, 3, tmp_path / 'none' / 'a.npy', pool)


def test_a_file_has_its_place_on_the_disk(tmp_path: Path) -> None:
    reserve(tmp_path / 'a.npy', np.float64, (1000, 1000))
    assert (tmp_path / 'a.npy').stat().st_blocks * 512 >= 8e6
    assert not np.load(tmp_path / 'a.npy').any()


def test_a_disk_without_room_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f'^{tmp_path}: cannot hold 4000000.0 GB .*: .+') as caught:
        reserve(tmp_path / 'a.npy', np.float32, (10**12, 1000))
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize(
    'values, cut, expected',
    [
        ([6, 3, 1], 0.5, 1),
        ([6, 3, 1], 0.4, 1),
        ([6, 3, 1], 0.39, 2),
        ([6, 3, 1], 0.1, 2),
        ([6, 3, 1], 0.05, 3),
        ([6, 3, 1], 0, 3),
        ([6, 3, 0], 0, 2),
        ([8], 0, 1),
        ([8], 0.05, 1),
    ],
)
def test_dimensions_for_a_cut(values: list[float], cut: float, expected: int) -> None:
    assert dimensions_for(np.array(values, float), cut) == expected


def test_nothing_cut_needs_all_dimensions() -> None:
    for seed in range(50):
        values = np.sort(np.random.default_rng(seed).random(200))[::-1]
        assert dimensions_for(values, 0) == 200

"""Mean and scatter against NumPy's covariance."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from shg_xai.errors import InputError
from shg_xai.latents.selection import BLOCK
from shg_xai.stats.moments import MOST, MOST_OF_FEW, joined, look, moments
from tests.helpers.analysis_stores import selected, spoil
from tests.helpers.latent_stores import plain, some_values


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


@pytest.mark.parametrize('dtype', ['float16', 'float32'])
@pytest.mark.parametrize('rows', ['all', 'annotation_id != 5 and image_id < 1300'])
def test_moments_are_those_of_numpy(tmp_path: Path, pool: ThreadPoolExecutor, dtype: str, rows: str) -> None:
    chosen = selected(tmp_path / 'store', some_values(BLOCK + 700), rows, dtype=dtype, rows_per_shard=1000)
    values = plain(chosen)
    assert len(values) == (BLOCK + 700 if rows == 'all' else 2599)
    overview = look(chosen, pool)
    # Sums of a look are for a shift only.
    assert overview.mean == pytest.approx(values.mean(axis=0), rel=1e-12)
    assert not overview.constant.any()
    found = moments(chosen, overview.mean, pool)
    assert found.count == len(values)
    assert found.mean == pytest.approx(values.mean(axis=0), rel=1e-13)
    expected = np.cov(values, rowvar=False)
    assert found.covariance == pytest.approx(expected, rel=1e-9, abs=1e-12 * expected.max())


def test_any_shift_gives_the_same(tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    chosen = selected(tmp_path / 'store', some_values(300))
    values = plain(chosen)
    expected = np.cov(values, rowvar=False)
    found = moments(chosen, values[17], pool)
    assert found.mean == pytest.approx(values.mean(axis=0), rel=1e-13)
    assert found.covariance == pytest.approx(expected, rel=1e-9, abs=1e-12 * expected.max())


def test_parts_joined_are_the_whole(tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    chosen = selected(tmp_path / 'store', some_values(500))
    values = plain(chosen)
    first = values[:, 0] > np.quantile(values[:, 0], 0.8)  # parts whose means are far apart
    shift = values.mean(axis=0)
    parts = [moments(chosen.take(part), shift, pool) for part in (first, ~first)]
    whole = joined(*parts)
    expected = np.cov(values, rowvar=False)
    assert (whole.count, parts[0].count) == (500, 100)
    assert whole.mean == pytest.approx(values.mean(axis=0), rel=1e-13)
    assert whole.covariance == pytest.approx(expected, rel=1e-9, abs=1e-12 * expected.max())


def test_the_number_of_threads_changes_no_digit(tmp_path: Path) -> None:
    chosen = selected(tmp_path / 'store', some_values(9 * BLOCK // 2, (3,)))
    found = []
    for threads in (1, 3):
        with ThreadPoolExecutor(threads) as pool:
            found.append(moments(chosen, look(chosen, pool).mean, pool))
    assert np.array_equal(found[0].scatter, found[1].scatter)
    assert np.array_equal(found[0].mean, found[1].mean)


def test_constant_values_are_seen(tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    values = some_values(50, (6,))
    values[:, [1, 4]] = (0, -7.25)
    overview = look(selected(tmp_path / 'store', values), pool)
    assert np.flatnonzero(overview.constant).tolist() == [1, 4]


def test_nothing_varies(tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    chosen = selected(tmp_path / 'store', np.full((40, 2, 2), 3.0))
    with pytest.raises(InputError, match='all 40 persons have the same values'):
        look(chosen, pool)


@pytest.mark.parametrize('value', [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize('dtype', ['float16', 'float32'])
def test_a_value_that_is_no_number(tmp_path: Path, pool: ThreadPoolExecutor, value: float, dtype: str) -> None:
    chosen = selected(tmp_path / 'store', some_values(50), ids=range(101, 151), dtype=dtype)
    spoil(tmp_path / 'store', 7, value)
    with pytest.raises(
        InputError,
        match=r'layer bottleneck: annotation 108 has .* '
        r"--rows 'annotation_id != 108'",
    ):
        look(chosen, pool)
    spoil(tmp_path / 'store', 3, -np.inf)  # both signs of infinity in one sum
    with pytest.raises(InputError, match='annotation 104 has'):
        look(chosen, pool)
    # The mend that the message names works.
    kept = chosen.take(~np.isin(chosen.annotation_ids, [104, 108]))
    assert np.isfinite(look(kept, pool).mean).all()


def test_a_covariance_that_does_not_fit(tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    chosen = selected(tmp_path / 'store', np.eye(2, MOST + 1))
    assert look(chosen, pool).constant.sum() == MOST - 1
    with pytest.raises(
        InputError, match='16,385 values a person, whose covariance would take 2 GiB; choose a layer of at'
    ):
        moments(chosen, np.zeros(MOST + 1), pool)


def test_too_many_dimensions(tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    chosen = selected(tmp_path / 'store', np.zeros((2, MOST_OF_FEW + 1)))
    with pytest.raises(
        InputError,
        match=r'131,073 values a person, whose covariance would take '
        r'128 GiB; choose a layer of at most 16,384',
    ):
        look(chosen, pool)

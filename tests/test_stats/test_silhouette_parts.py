"""Parts in a mean silhouette, against leaving out one person after another and against scikit-learn."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import silhouette_score

from shg_xai.stats import silhouette_parts
from shg_xai.stats.projection import Scores
from shg_xai.stats.silhouette import silhouettes
from tests.helpers.analysis_stores import blobs


def parts_of(folder: Path, values: np.ndarray, labels: np.ndarray, dimensions: int | None = None) -> np.ndarray:
    """Of one clustering, whose other dimensions are cut."""
    kept = np.asarray(values, np.float32)[:, :dimensions]
    np.save(folder / 'scores.npy', kept)
    cut = (np.asarray(values, float)[:, kept.shape[1] :] ** 2).sum(axis=1)
    with ThreadPoolExecutor(2) as pool:
        (found,) = silhouettes(Scores(folder / 'scores.npy', *kept.shape), cut, [labels.astype(np.uint8)], pool)
    assert found.parts.mean(dtype=float) == pytest.approx(found.values.mean(dtype=float), abs=1e-6)
    return found.parts.astype(float)


def left_out(values: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The same from mean silhouettes without one person after another (pseudovalues of the jackknife)."""
    count, whole = len(values), silhouette_score(values, labels)
    without = [silhouette_score(np.delete(values, one, 0), np.delete(labels, one)) for one in range(count)]
    return count * whole - (count - 1) * np.array(without)


@pytest.fixture(scope='module')
def near() -> tuple[np.ndarray, np.ndarray]:
    """Three groups of unlike sizes that overlap."""
    values = blobs(240, 5, 3, distance=2.0).astype(float)
    labels = np.arange(240) % 3
    kept = (labels == 0) | (np.arange(240) % 2 == 0)
    return values[kept], labels[kept]


def test_parts_are_what_leaving_out_tells(tmp_path: Path, near: tuple[np.ndarray, np.ndarray]) -> None:
    values, labels = near
    found, expected = parts_of(tmp_path, values, labels), left_out(values, labels)
    assert np.corrcoef(found, expected)[0, 1] > 0.999
    assert found.std() == pytest.approx(expected.std(), rel=0.03)
    # Silhouettes as they are tell something else.
    with ThreadPoolExecutor(1) as pool:
        (own,) = silhouettes(
            Scores(tmp_path / 'scores.npy', *values.shape), np.zeros(len(values)), [labels.astype(np.uint8)], pool
        )
    assert np.corrcoef(own.values, expected)[0, 1] < 0.99


def test_some_stand_for_all(
    tmp_path: Path, near: tuple[np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    values, labels = np.tile(near[0], (5, 1)), np.tile(near[1], 5)
    values = values + np.random.default_rng(0).normal(0, 0.5, values.shape)
    everybody = parts_of(tmp_path, values, labels)
    monkeypatch.setattr(silhouette_parts, 'ASKED', 300)
    some = parts_of(tmp_path, values, labels)
    assert np.corrcoef(some, everybody)[0, 1] > 0.99
    assert some.std() == pytest.approx(everybody.std(), rel=0.03)


def test_products_of_the_first_components_are_enough(
    tmp_path: Path, near: tuple[np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    values, labels = near
    values = np.column_stack([values, 0.2 * np.random.default_rng(0).standard_normal((len(values), 20))])
    exact = parts_of(tmp_path, values, labels)
    monkeypatch.setattr(silhouette_parts, 'ALONG', 5)
    for dimensions in (None, 12):
        found = parts_of(tmp_path, values, labels, dimensions)
        assert np.corrcoef(found, exact)[0, 1] > 0.999
        assert found.std() == pytest.approx(exact.std(), rel=0.01)


def test_a_person_alone_and_one_cluster_of_all_have_no_part_in_others(tmp_path: Path) -> None:
    values = blobs(20, 3)
    assert parts_of(tmp_path, values, np.zeros(20)).tolist() == [0] * 20
    labels = np.array([0] + [1] * 10 + [2] * 9)
    assert np.isfinite(parts_of(tmp_path, values, labels)).all()

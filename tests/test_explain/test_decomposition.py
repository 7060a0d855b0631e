"""The long work on one store, part by part against libraries."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.metrics import silhouette_samples

from shg_xai.chapters.clusters.measure import Structure, structure
from shg_xai.explain.decomposition import Work
from shg_xai.explain.options import Options
from shg_xai.latents.selection import Selection
from tests.helpers.analysis_stores import blobs, selected

QUICK = Options(ks=(2, 3), restarts=3, bootstrap=20)


def worked(folder: Path, chosen: Selection, options: Options = QUICK) -> Structure:
    """The structure of a selection; its scratch file is ``folder / 'a.npy'``."""
    folder.mkdir(exist_ok=True)
    with ThreadPoolExecutor(2) as pool:
        return structure(Work(chosen, options, pool, folder / 'a.npy'))


def decaying(count: int = 400, dimensions: int = 40) -> np.ndarray:
    """Three groups in the first dimensions of a spectrum that falls off quickly."""
    values = blobs(count, dimensions, 3, 5.0) * np.arange(1, dimensions + 1) ** -1.5
    values[:, 7] = 0.5
    return values.astype(np.float32)


def test_parts_agree_with_libraries(tmp_path: Path) -> None:
    values = decaying()
    chosen = selected(tmp_path / 'store', values)
    found = worked(tmp_path / 'work', chosen)
    exact = values.astype(float)
    assert found.constant == 1
    assert found.variances == pytest.approx(exact.var(axis=0, ddof=1), rel=1e-9)
    assert found.components.eigenvalues == pytest.approx(
        PCA(svd_solver='full').fit(exact).explained_variance_, rel=1e-6, abs=1e-12
    )
    assert list(found.clusters) == list(found.silhouettes) == [2, 3]
    half = chosen.halves(QUICK.seed)
    for own, part in zip(found.halves, (half, ~half), strict=True):
        assert own.rows.annotation_ids.tolist() == chosen.annotation_ids[part].tolist()
        assert own.mean == pytest.approx(exact[part].mean(axis=0))
        assert own.eigenvalues == pytest.approx(
            PCA(svd_solver='full').fit(exact[part]).explained_variance_, rel=1e-6, abs=1e-12
        )
        first = PCA(svd_solver='full').fit(exact[part]).components_[0]
        assert own.leading is not None and own.leading.shape == (40, 10)
        assert abs(first @ own.leading[:, 0]) == pytest.approx(1)


@pytest.mark.parametrize('tolerance', [0, 1e-6, 1e-3, 0.05, 1])
def test_mean_silhouettes_keep_the_tolerance(tmp_path: Path, tolerance: float) -> None:
    values = decaying()
    found = worked(
        tmp_path / 'work', selected(tmp_path / 'store', values), Options(ks=(2, 3), restarts=2, tolerance=tolerance)
    )
    for k, own in found.silhouettes.items():
        labels = found.clusters[k].best.labels
        error = np.abs(own.values - silhouette_samples(values.astype(float), labels))
        assert own.bounds.mean() <= tolerance
        assert error.mean() <= tolerance + 1e-5
        assert (error <= own.bounds + 1e-5).all()


def test_nothing_is_cut_at_tolerance_0(tmp_path: Path) -> None:
    found = worked(
        tmp_path / 'work', selected(tmp_path / 'store', decaying()), Options(ks=(2,), restarts=2, tolerance=0)
    )
    assert found.projections.scores.dimensions >= 39  # one of forty never varies
    assert found.silhouettes[2].bounds.max() <= 1e-6


def test_one_image_has_no_halves(tmp_path: Path) -> None:
    chosen = selected(tmp_path / 'store', decaying(60), images=[3] * 60)
    assert worked(tmp_path / 'work', chosen).halves == ()


@pytest.mark.parametrize('dimensions', [1, 2, 3])
def test_few_dimensions(tmp_path: Path, dimensions: int) -> None:
    values = np.random.default_rng(0).standard_normal((50, dimensions))
    found = worked(tmp_path / 'work', selected(tmp_path / 'store', values))
    assert found.projections.scores.dimensions == dimensions
    for k, own in found.silhouettes.items():
        assert own.values == pytest.approx(silhouette_samples(values, found.clusters[k].best.labels), abs=1e-4)


def test_only_scores_are_left_behind(tmp_path: Path) -> None:
    worked(tmp_path / 'work', selected(tmp_path / 'store', decaying(60)))
    assert [file.name for file in (tmp_path / 'work').iterdir()] == ['a.npy']

"""Stores whose numbers are easy to get wrong, or mean little: far from 0, with an outlier, of few points or images."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score

from shg_xai.chapters.clusters.results import Clusters
from shg_xai.chapters.spectrum.results import Spectrum
from shg_xai.explain.options import Options
from shg_xai.results import Results
from tests.helpers.analysis_stores import explained, selected

RANDOM = np.random.default_rng(0)
VALUES = RANDOM.normal(size=(200, 3)) @ RANDOM.normal(size=(3, 16)) + 0.1 * RANDOM.normal(size=(200, 16))
FEW = Options(ks=(2, 3), restarts=3, bootstrap=20, map=5)


def analysed(folder: Path, values: np.ndarray, options: Options = FEW, **store: Any) -> tuple[Results, Clusters]:
    """An analysis of these values, and its clusters."""
    results = explained(folder / 'out', [selected(folder / 'store', values, **store)], options=options)
    found = results.first(Clusters)
    assert found is not None
    return results, found


def test_far_from_0_the_numbers_are_right(tmp_path: Path) -> None:
    values = (VALUES + 1e5).astype(np.float32)
    results, found = analysed(tmp_path, values)
    exact = values.astype(np.float64) - 1e5
    spectrum = results.first(Spectrum)
    assert spectrum is not None
    variances = np.sort(np.linalg.eigvalsh(np.cov(exact, rowvar=False)))[::-1]
    np.testing.assert_allclose(spectrum.explained_variance_ratio[:3], (variances / variances.sum())[:3], rtol=1e-6)
    for fit in found.fits:
        best = KMeans(fit.k, n_init=20, random_state=0).fit(exact)
        assert fit.inertia == pytest.approx(best.inertia_, rel=0.02)
    labels = KMeans(2, n_init=20, random_state=0).fit_predict(exact)
    assert found.fit(2).silhouette.value == pytest.approx(silhouette_score(exact, labels), abs=0.01)
    assert not any('of the variance' in warning for warning in results.layers[0].warnings)


@pytest.mark.parametrize('outlier', [1e3, 6e4])
def test_an_outlier_is_named(tmp_path: Path, outlier: float) -> None:
    values = np.concatenate([VALUES, np.full((1, 16), outlier)])
    results, found = analysed(tmp_path, values, dtype='float16')
    (warning,) = [text for text in results.layers[0].warnings if 'of the variance' in text]
    assert warning.startswith('1 of 201 persons (annotation 201) make ')
    assert found.fit(2).sizes == [200, 1]
    # Without that person, as it says, the numbers are those of the others.
    rest = selected(tmp_path / 'same', values, 'annotation_id != 201', dtype='float16')
    again = explained(tmp_path / 'rest', [rest], options=FEW)
    assert not any('of the variance' in text for text in again.layers[0].warnings)
    fits = again.first(Clusters)
    assert fits is not None
    best = KMeans(3, n_init=20, random_state=0).fit(values[:200].astype(np.float16).astype(float))
    assert fits.fit(3).inertia == pytest.approx(best.inertia_, rel=0.02)


def test_more_clusters_than_different_persons(tmp_path: Path) -> None:
    points = np.repeat(RANDOM.normal(size=(3, 8)), 20, axis=0)
    _, found = analysed(tmp_path, points, Options(ks=(2, 3, 5, 10), restarts=2, bootstrap=20, map=5))
    assert found.best_k == 3 and found.fit(3).inertia == pytest.approx(0, abs=1e-4)
    assert found.fit(10).sizes == [20] * 3 + [0] * 7
    assert found.warnings == [
        'Nobody is in 2 of 5 and 7 of 10 clusters: there are not as many different persons, so these numbers of '
        'clusters say nothing of their own.'
    ]


def test_two_images_are_too_few_for_intervals(tmp_path: Path) -> None:
    results, found = analysed(tmp_path, VALUES, images=[number % 2 for number in range(200)])
    assert found.fit(2).silhouette.ends is not None
    assert any(text.startswith('All persons are of 2 images') for text in results.layers[0].warnings)

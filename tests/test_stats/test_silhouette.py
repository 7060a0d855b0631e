"""Silhouettes against scikit-learn's, and what is promised where dimensions are cut."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import silhouette_samples

from shg_xai.stats import silhouette
from shg_xai.stats.projection import Scores
from shg_xai.stats.silhouette import BLOCK, Silhouettes, silhouettes
from tests.helpers.analysis_stores import blobs


def found(
    folder: Path,
    values: np.ndarray,
    labelings: Sequence[np.ndarray],
    dimensions: int | None = None,
    threads: int = 2,
    seed: int = 0,
) -> list[Silhouettes]:
    """Ours; only the first dimensions of the values (N, D) are kept, of the rest the norm."""
    kept = np.asarray(values, np.float32)[:, :dimensions]
    file = folder / 'scores.npy'
    np.save(file, kept)
    cut = (np.asarray(values, float)[:, kept.shape[1] :] ** 2).sum(axis=1)
    with ThreadPoolExecutor(threads) as pool:
        labels = [np.asarray(own, np.uint8) for own in labelings]
        own = silhouettes(Scores(file, *kept.shape), cut, labels, pool, seed)
    assert [left.name for left in folder.iterdir()] == ['scores.npy']
    return own


def test_all_dimensions_are_exact(tmp_path: Path) -> None:
    values = blobs(BLOCK + 452, 8, 4)
    assert len(values) == 2500
    generator = np.random.default_rng(0)
    labelings = [
        np.arange(2500) % 4,
        generator.integers(0, 2, 2500),
        (np.arange(2500) > 2400).astype(int),
        values[:, 0] > 1,
        np.arange(2500) % 7,
    ]
    for own, labels in zip(found(tmp_path, values, labelings), labelings, strict=True):
        expected = silhouette_samples(values.astype(float), labels)
        assert own.values == pytest.approx(expected, abs=1e-5)
        assert not own.bounds.any()


def test_by_hand(tmp_path: Path) -> None:
    (own,) = found(tmp_path, np.array([[0.0], [1], [4], [6]]), [np.array([0, 0, 1, 1])])
    # Person 0: 1 to its own, (4 + 6) / 2 = 5 to the other: 1 - 1/5; the others alike.
    assert own.values == pytest.approx([1 - 1 / 5, 1 - 1 / 4, 1 - 2 / 3.5, 1 - 2 / 5.5], abs=1e-6)


def test_a_person_alone_has_none(tmp_path: Path) -> None:
    values = blobs(60, 3)
    labels = np.array([0, 2] + [1] * 29 + [3] * 29)
    (own,) = found(tmp_path, values, [labels])
    assert own.values[:2].tolist() == [0, 0]
    assert own.values == pytest.approx(silhouette_samples(values.astype(float), labels), abs=1e-5)
    (cut,) = found(tmp_path, values, [labels], 2)
    assert cut.values[:2].tolist() == cut.bounds[:2].tolist() == [0, 0]


def test_a_cluster_of_nobody_counts_for_nothing(tmp_path: Path) -> None:
    values = blobs(60, 3)
    labels = np.arange(60) % 2
    (own,) = found(tmp_path, values, [2 * labels])
    assert own.values == pytest.approx(silhouette_samples(values.astype(float), labels), abs=1e-5)


def test_one_cluster_of_all_has_none(tmp_path: Path) -> None:
    (own,) = found(tmp_path, blobs(20, 3), [np.zeros(20)])
    assert not own.values.any()


@pytest.mark.parametrize('dimensions', [30, 12, 5, 1])
def test_no_person_is_wrong_by_more_than_the_bound(tmp_path: Path, dimensions: int) -> None:
    generator = np.random.default_rng(2)
    values = blobs(900, 40, 3, distance=3.0) * np.arange(1, 41) ** -0.6
    labelings = [np.arange(900) % 3, generator.integers(0, 5, 900)]
    for own, labels in zip(found(tmp_path, values, labelings, dimensions), labelings, strict=True):
        error = np.abs(own.values - silhouette_samples(values, labels))
        assert (error <= own.bounds + 1e-5).all()
        assert error.max() > 0
        assert (own.bounds <= 2).all()
        # What is cut comes into a mean with both signs: the bound is a wide one.
        assert error.mean() < 0.2 * own.bounds.mean()
        if dimensions >= 12:
            assert error.mean() < 0.02


def test_bounds_hold_where_all_that_differs_is_cut(tmp_path: Path) -> None:
    values = np.random.default_rng(0).standard_normal((80, 6)) * (0, 0, 1, 1, 1, 1)
    values[:40, 2] += 8
    labels = np.arange(80) // 40
    (own,) = found(tmp_path, values, [labels], 2)
    error = np.abs(own.values - silhouette_samples(values, labels))
    assert (error <= own.bounds + 1e-5).all()


def test_a_person_cut_nowhere_is_exact(tmp_path: Path) -> None:
    values = blobs(50, 6)
    values[:20, 3:] = 0
    labels = np.arange(50) % 3
    (own,) = found(tmp_path, values, [labels], 3)
    assert not own.bounds[:20].any()
    assert own.values[:20] == pytest.approx(silhouette_samples(values.astype(float), labels)[:20], abs=1e-5)


@pytest.mark.parametrize('dimensions', [None, 2])
def test_persons_twice(tmp_path: Path, dimensions: int | None) -> None:
    values = np.repeat(blobs(30, 4), 3, axis=0)
    labels = np.repeat(np.arange(30) % 3, 3)
    (own,) = found(tmp_path, values, [labels], dimensions)
    error = np.abs(own.values - silhouette_samples(values.astype(float), labels))
    assert (error <= own.bounds + 1e-4).all()


def test_all_in_two_places(tmp_path: Path) -> None:
    # All distances in a cluster are 0; those to the other are 5.
    values = np.repeat([[1.0, 2], [4, 6]], 10, axis=0)
    (own,) = found(tmp_path, values, [np.repeat([0, 1], 10)])
    assert own.values == pytest.approx(np.ones(20), abs=1e-3)
    # One place in two clusters: no distance anywhere, which scikit-learn calls 0.
    (own,) = found(tmp_path, np.full((20, 2), 3.0), [np.repeat([0, 1], 10)])
    assert own.values.tolist() == silhouette_samples(np.full((20, 2), 3.0), np.repeat([0, 1], 10)).tolist() == [0] * 20


def test_threads_change_no_bit(tmp_path: Path) -> None:
    values = blobs(BLOCK + 300, 5)
    labels = np.arange(len(values)) % 3
    first, second = (found(tmp_path, values, [labels], 4, threads)[0] for threads in (1, 3))
    assert first.values.tobytes() == second.values.tobytes()
    assert first.bounds.tobytes() == second.bounds.tobytes()


def test_of_many_some_stand_for_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(silhouette, 'MOST', 400)
    monkeypatch.setattr(silhouette, 'FEWEST', 50)
    values = blobs(3000, 12, 4, distance=2.0)
    # In the second clustering a cluster of 60, of which eight or so are drawn, stands for itself as a whole.
    labelings = [np.arange(3000) % 4, (np.arange(3000) >= 60).astype(int)]
    exact = [silhouette_samples(values.astype(float), labels) for labels in labelings]
    apart = []
    for seed in range(20):
        for own, labels, expected in zip(found(tmp_path, values, labelings, seed=seed), labelings, exact, strict=True):
            error = own.values - expected
            assert not own.bounds.any()
            assert 0 < own.errors.max() < 0.1
            assert abs(error.mean()) < own.uncertainty
            if labels is labelings[0]:
                apart.append(error / own.errors)
    # The standard error is that: one in size, and about one in twenty beyond twice.
    assert np.sqrt(np.mean(np.square(apart))) == pytest.approx(1, abs=0.1)
    assert (np.abs(apart) > 2).mean() == pytest.approx(0.05, abs=0.03)


def test_a_small_cluster_is_compared_with_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(silhouette, 'MOST', 100)
    monkeypatch.setattr(silhouette, 'FEWEST', 50)
    values = blobs(300, 4)
    labels = np.arange(300) // 30  # ten of each thirty are drawn, so everybody is compared with everybody
    (own,) = found(tmp_path, values, [labels])
    assert own.values == pytest.approx(silhouette_samples(values.astype(float), labels), abs=1e-5)
    assert not own.errors.any()

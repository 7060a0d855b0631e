"""Principal components, and what they explain of others, against scikit-learn."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from sklearn.decomposition import PCA

from shg_xai.errors import InputError
from shg_xai.latents.selection import Selection
from shg_xai.stats.executors import executor
from shg_xai.stats.moments import look, moments
from shg_xai.stats.pca import (
    Components,
    components_for,
    drawn_directions,
    fit_components,
    leading_components,
    participation_ratio,
    pca_explained,
    principal_components,
    thin_components,
)
from tests.helpers.analysis_stores import selected
from tests.helpers.latent_stores import plain, some_values


def analysed(folder: Path, values: np.ndarray, rows: str = 'all', **keywords: object) -> tuple[Components, np.ndarray]:
    """Our components of a store of these values, and its values as float64 (N, D)."""
    chosen = selected(folder, values, rows, **keywords)
    with ThreadPoolExecutor(2) as pool:
        found = moments(chosen, look(chosen, pool).mean, pool)
    return principal_components(found.mean, found.covariance), plain(chosen)


@pytest.mark.parametrize('dtype', ['float16', 'float32'])
@pytest.mark.parametrize('rows', ['all', 'image_id != 3'])
def test_components_are_those_of_scikit_learn(tmp_path: Path, dtype: str, rows: str) -> None:
    components, values = analysed(
        tmp_path / 'store', some_values(2500, (3, 2, 2)), rows, dtype=dtype, rows_per_shard=800
    )
    expected = PCA(svd_solver='full').fit(values)
    assert components.eigenvalues == pytest.approx(expected.explained_variance_, rel=1e-6)
    assert components.ratio == pytest.approx(expected.explained_variance_ratio_, rel=1e-6)
    assert components.mean == pytest.approx(expected.mean_, rel=1e-12)
    overlap = components.vectors.T @ expected.components_.T
    assert np.abs(np.diag(overlap)) == pytest.approx(np.ones(12), abs=1e-6)
    assert overlap @ overlap.T == pytest.approx(np.eye(12), abs=1e-10)


def test_the_largest_entry_is_positive(tmp_path: Path) -> None:
    components, _ = analysed(tmp_path / 'store', some_values(60, (12,)))
    for vector in components.vectors.T:
        assert vector[np.abs(vector).argmax()] > 0


def test_fewer_persons_than_dimensions(tmp_path: Path) -> None:
    components, values = analysed(tmp_path / 'store', some_values(15, (40,)))
    expected = PCA(svd_solver='full').fit(values).explained_variance_[:14]
    assert components.eigenvalues[:14] == pytest.approx(expected, rel=1e-6)
    assert components.eigenvalues[14:] == pytest.approx(0, abs=1e-10 * expected[0])
    assert (components.eigenvalues >= 0).all()


@pytest.mark.parametrize('size', [1, 2, 3, 12, 60])
def test_the_first_components_are_those_of_all(size: int) -> None:
    values = np.random.default_rng(size).standard_normal((200, size)) * np.linspace(3, 0.5, size)
    covariance = np.atleast_2d(np.cov(values, rowvar=False))
    found = leading_components(values.mean(axis=0), np.asfortranarray(covariance), 10)
    expected = PCA(svd_solver='full').fit(values)
    assert found.eigenvalues == pytest.approx(expected.explained_variance_)
    assert found.vectors.shape == (size, min(size, 10))
    assert np.abs(np.sum(found.vectors * expected.components_[:10].T, axis=0)) == pytest.approx(np.ones(min(size, 10)))
    assert (found.vectors.max(axis=0) == np.abs(found.vectors).max(axis=0)).all()


def test_the_first_components_where_hardly_anything_varies() -> None:
    # [[2, 1], [1, 2]] has 3 and 1; all else is 0, and any directions at right angles do.
    covariance = np.zeros((30, 30))
    covariance[:2, :2] = [[2, 1], [1, 2]]
    found = leading_components(np.zeros(30), covariance, 10)
    assert found.eigenvalues == pytest.approx([3, 1] + [0] * 28, abs=1e-12)
    assert found.vectors[:2, 0] == pytest.approx([np.sqrt(0.5)] * 2)
    assert found.vectors.T @ found.vectors == pytest.approx(np.eye(10), abs=1e-12)
    assert leading_components(np.zeros(30), np.zeros((30, 30)), 10).eigenvalues.tolist() == [0] * 30


def test_directions_are_drawn_as_persons_vary() -> None:
    # Along an axis the mean square of a direction z * sd / |z * sd|, here by plain simulation.
    values, turn = np.array([9.0, 4, 1]), np.linalg.qr(np.random.default_rng(0).standard_normal((3, 3)))[0]
    found = drawn_directions(Components(np.zeros(3), values, turn), 4000, np.random.default_rng(1))
    assert np.linalg.norm(found, axis=0) == pytest.approx(np.ones(4000))
    persons = np.random.default_rng(2).standard_normal((4000, 3)) * (3, 2, 1)
    expected = (persons**2 / (persons**2).sum(axis=1, keepdims=True)).mean(axis=0)
    assert ((turn.T @ found) ** 2).mean(axis=1) == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize('values, expected', [([2, 2, 2, 2], 4), ([5], 1), ([5, 0, 0], 1), ([3, 1], 16 / 10)])
def test_participation_ratio(values: list[float], expected: float) -> None:
    assert participation_ratio(np.array(values, float)) == pytest.approx(expected)


@pytest.mark.parametrize(
    'values, share, expected',
    [
        ([5, 3, 1, 1], 0.5, 1),
        ([5, 3, 1, 1], 0.51, 2),
        ([5, 3, 1, 1], 0.8, 2),
        ([5, 3, 1, 1], 0.9, 3),
        ([5, 3, 1, 1], 0.91, 4),
        ([5, 3, 1, 1], 1, 4),
        ([1] * 10, 0.3, 3),
        ([0.1] * 10, 0.9, 9),
        ([0.1] * 10, 0.95, 10),
        ([7], 0.99, 1),
        ([1, 0, 0], 0.99, 1),
    ],
)
def test_components_for_a_share(values: list[float], share: float, expected: int) -> None:
    assert components_for(np.array(values, float), share) == expected


def made(count: int, dimensions: int, seed: int = 0, offset: float = 0.0) -> np.ndarray:
    """Persons whose variance decays from component to component, float32, shape (N, D)."""
    random = np.random.default_rng(9)
    turn, _ = np.linalg.qr(random.standard_normal((dimensions, dimensions)))
    scores = np.random.default_rng(seed).standard_normal((count, dimensions))
    return ((scores * 0.8 ** np.arange(dimensions)) @ turn + offset).astype(np.float32)


def explained(fitted: Selection, evaluated: Selection, widths: list[int]) -> np.ndarray:
    with executor(2) as pool:
        return pca_explained(fit_components(fitted, pool), evaluated, widths, pool)


@pytest.mark.parametrize('offset', [0.0, 100.0])
def test_it_is_scikit_learns(offset: float, tmp_path: Path) -> None:
    train, test = made(5000, 12, 1, offset), made(700, 12, 2, offset + 0.3)
    widths = [0, 1, 3, 11, 12]
    found = explained(selected(tmp_path / 'train', train), selected(tmp_path / 'test', test), widths)
    exact = test.astype(np.float64)
    total = ((exact - exact.mean(0)) ** 2).sum()
    for width, value in zip(widths[1:], found[1:], strict=True):
        pca = PCA(width).fit(train.astype(np.float64))
        error = ((pca.inverse_transform(pca.transform(exact)) - exact) ** 2).sum()
        assert value == pytest.approx(1 - error / total, abs=1e-9)
    # Without a component all that is left is the mean of others, worse than one's own.
    centre = train.astype(np.float64).mean(0)
    assert found[0] == pytest.approx(1 - ((exact - centre) ** 2).sum() / total, abs=1e-9)
    assert found[0] < 0


def test_of_themselves_it_is_their_share_of_the_variance(tmp_path: Path) -> None:
    values = made(300, 6)
    own = selected(tmp_path / 'store', values)
    ratio = PCA().fit(values.astype(np.float64)).explained_variance_ratio_
    np.testing.assert_allclose(explained(own, own, [0, 2, 6]), [0, ratio[:2].sum(), 1], atol=1e-9)


def test_directions_in_which_nobody_differs_are_no_components(tmp_path: Path) -> None:
    # Two persons fitted: there is one direction between them, whatever the width.
    fitted = np.array([[0.0, 0.0, 0.0], [2.0, 0.0, 0.0]], np.float32)
    others = np.array([[0.0, 1.0, 0.0], [2.0, -1.0, 0.0]], np.float32)
    found = explained(selected(tmp_path / 'fitted', fitted), selected(tmp_path / 'others', others), [1, 2, 3])
    # SST = 2 + 2, SSE = 2 in the second value.
    np.testing.assert_allclose(found, 0.5, atol=1e-12)


@pytest.mark.parametrize('width', [-1, 5])
def test_widths_are_none_to_all(width: int, tmp_path: Path) -> None:
    own = selected(tmp_path / 'store', made(20, 4))
    with pytest.raises(InputError, match=f'{width} components of 4 values; choose 0 to 4'):
        explained(own, own, [2, width])


def test_other_latents_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match='5 values a person, components have 4'):
        explained(selected(tmp_path / 'a', made(20, 4)), selected(tmp_path / 'b', made(20, 5)), [1])


def test_persons_who_do_not_differ_are_refused(tmp_path: Path) -> None:
    same = np.full((6, 4), 0.1, np.float32)
    with pytest.raises(InputError, match='all 6 persons have the same values'):
        explained(selected(tmp_path / 'a', made(20, 4)), selected(tmp_path / 'b', same), [1])


@pytest.mark.parametrize('persons', [4, 12])
def test_of_few_persons_components_are_the_same_without_a_covariance(persons: int) -> None:
    values = np.random.default_rng(3).normal(size=(persons, 60)) * np.arange(60, 0, -1)
    found, theirs = thin_components(values, 10), PCA().fit(values)
    varying = persons - 1
    assert found.mean == pytest.approx(theirs.mean_)
    assert found.eigenvalues[:varying] == pytest.approx(theirs.explained_variance_[:varying])
    assert len(found.eigenvalues) == 60 and not found.eigenvalues[varying:].any()
    assert found.vectors.shape == (60, max(persons, 10))
    assert found.vectors.T @ found.vectors == pytest.approx(np.eye(max(persons, 10)), abs=1e-9)
    alike = np.abs(np.sum(found.vectors[:, :varying] * theirs.components_[:varying].T, axis=0))
    assert alike == pytest.approx(np.ones(varying))
    assert (found.vectors.max(axis=0) == np.abs(found.vectors).max(axis=0)).all()

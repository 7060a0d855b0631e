"""Principal components against scikit-learn, and noise against plain simulation."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from sklearn.decomposition import PCA

from shg_xai.stats.moments import look, moments
from shg_xai.stats.pca import (
    Components,
    above_noise,
    components_for,
    eigenvalues,
    leading_shares,
    null_eigenvalues,
    participation_ratio,
    principal_components,
    spectrum_results,
)
from tests.helpers.analysis_stores import selected
from tests.test_stats.test_moments import plain, some_values


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


def test_eigenvalues_alone() -> None:
    # [[2, 1], [1, 2]] has 3 and 1; a rounding error below 0 counts as 0.
    assert eigenvalues(np.array([[2.0, 1.0], [1.0, 2.0]])) == pytest.approx([3, 1])
    assert eigenvalues(np.diag([1.0, -1e-17, 4])).tolist() == [4, 1, 0]


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


def test_noise_of_equal_variance_ends_at_the_edge_of_marchenko_and_pastur() -> None:
    variance, dimensions, persons = 2.5, 60, 6001
    largest = null_eigenvalues(np.full(dimensions, variance), persons, 0)[0]
    edge = variance * (1 + np.sqrt(dimensions / (persons - 1))) ** 2
    # Tracy-Widom: the largest is spread about the edge by some hundredths of its distance.
    assert largest == pytest.approx(edge, rel=0.02)


@pytest.mark.parametrize('persons', [9, 10, 13, 40])  # freedom 8 < D, 9 < D, 12 = D, 39 > D
def test_noise_is_that_of_persons_drawn_one_by_one(persons: int) -> None:
    variances = np.linspace(0.2, 3, 12)
    runs = 400
    drawn = np.array([null_eigenvalues(variances, persons, seed, draws=1) for seed in range(runs)])
    generator = np.random.default_rng(1)
    plain_ = np.zeros((runs, 12))
    for run in range(runs):
        values = generator.standard_normal((persons, 12)) * np.sqrt(variances)
        plain_[run] = np.linalg.eigvalsh(np.cov(values, rowvar=False))[::-1]
    assert (np.diff(drawn, axis=1) <= 0).all()
    error = np.sqrt((drawn.var(axis=0) + plain_.var(axis=0)) / runs)
    assert (np.abs(drawn.mean(axis=0) - plain_.mean(axis=0)) <= 4 * error + 1e-12).all()
    ratio = drawn[:, 0].std() / plain_[:, 0].std()
    assert 0.8 < ratio < 1.25
    assert drawn[:, persons - 1 :] == pytest.approx(0)


def test_the_largest_of_several_draws_counts() -> None:
    variances = np.linspace(1, 2, 5)
    several = null_eigenvalues(variances, 30, 3, draws=3)
    assert several[0] >= null_eigenvalues(variances, 30, 3, draws=1)[0]
    assert np.array_equal(several, null_eigenvalues(variances, 30, 3, draws=3))
    assert not np.array_equal(several, null_eigenvalues(variances, 30, 4, draws=3))


@pytest.mark.parametrize('planted', [0, 3])
@pytest.mark.parametrize('persons', [30, 3000])  # fewer and more than dimensions
def test_as_many_components_as_were_planted(tmp_path: Path, planted: int, persons: int) -> None:
    generator = np.random.default_rng(4)
    values = generator.standard_normal((persons, 40)) * np.linspace(0.5, 1.5, 40)
    directions = np.linalg.qr(generator.standard_normal((40, 3)))[0][:, :planted]
    values += generator.standard_normal((persons, planted)) * 15 @ directions.T
    components, own = analysed(tmp_path / 'store', values)
    null = null_eigenvalues(own.var(axis=0, ddof=1), persons, 0)
    assert above_noise(components.eigenvalues, null) == planted


@pytest.mark.parametrize(
    'values, null, expected',
    [
        ([9, 4, 1], [2, 2, 2], 2),
        ([9, 1, 4], [2, 2, 2], 1),
        ([9, 4, 3], [2, 2, 2], 3),
        ([2, 2, 2], [2, 2, 2], 0),
        ([1, 1, 1], [2, 2, 2], 0),
    ],
)
def test_above_noise_by_hand(values: list[float], null: list[float], expected: int) -> None:
    assert above_noise(np.array(values), np.array(null)) == expected


def test_leading_shares_are_those_of_the_data() -> None:
    generator = np.random.default_rng(0)
    scores = generator.standard_normal((400, 4)) * (3, 2, 1, 1)
    norms = (scores**2).sum(axis=1)
    found = leading_shares(scores[:, :2] ** 2, norms, np.arange(400), 300, 0.95, 0)
    expected = (scores**2).sum(axis=0) / norms.sum()
    assert [entry['component'] for entry in found] == [1, 2]
    for entry, share in zip(found, expected, strict=False):
        assert entry['value'] == pytest.approx(share)
        assert entry['low'] < share < entry['high']
    # Standard error of a ratio of means, by the delta method; an interval is 2 x 1.96 of it.
    rest = scores[:, 0] ** 2 - expected[0] * norms
    error = rest.std() / norms.mean() / np.sqrt(400)
    assert found[0]['high'] - found[0]['low'] == pytest.approx(3.92 * error, rel=0.15)


def test_intervals_cover_what_is_true() -> None:
    covered = 0
    for run in range(40):
        scores = np.random.default_rng([9, run]).standard_normal((300, 2)) * (3, 1)
        entry = leading_shares(scores**2, (scores**2).sum(axis=1), np.arange(300), 100, 0.9, run)[0]
        covered += entry['low'] <= 0.9 <= entry['high']
    assert covered >= 30  # 36 on average; below 30 by chance once in a thousand


def test_persons_who_are_alike_leave_no_doubt() -> None:
    found = leading_shares(np.tile([3.0, 1.0], (50, 1)), np.full(50, 5.0), np.arange(50), 50, 0.95, 0)
    for entry, share in zip(found, (0.6, 0.2), strict=True):
        assert [entry[key] for key in ('value', 'low', 'high')] == pytest.approx([share] * 3)


def test_one_image_has_no_interval() -> None:
    (entry,) = leading_shares(np.ones((5, 1)), np.full(5, 2.0), np.zeros(5), 50, 0.95, 0)
    assert entry == dict(component=1, value=0.5, low=None, high=None)


def test_results_by_hand() -> None:
    values = np.array([8.0, 1, 1])
    halves = [np.array([2.0, 0, 0]), np.array([1.0, 1, 1])]
    results = spectrum_results(values, [], halves, np.array([2.0, 1, 0.5]))
    assert results['explained_variance_ratio'] == pytest.approx([0.8, 0.1, 0.1])
    assert results['cumulative'] == pytest.approx([0.8, 0.9, 1])
    assert results['components_for'] == [
        dict(share=0.9, value=2, halves=[1, 3]),
        dict(share=0.95, value=3, halves=[1, 3]),
        dict(share=0.99, value=3, halves=[1, 3]),
    ]
    assert results['participation_ratio']['value'] == pytest.approx(100 / 66)
    assert results['participation_ratio']['halves'] == pytest.approx([1, 3])
    assert (results['noise']['value'], results['noise']['null']) == (1, [2, 1, 0.5])
    assert results['study'] is None


def test_the_fiftieth_component_is_that_of_the_study() -> None:
    values = np.arange(60.0, 0, -1)  # sum 1830; the first 50 have all but 1 + ... + 10 = 55
    study = spectrum_results(values, [], [], np.zeros(60))['study']
    assert study['component'] == 50
    assert study['value'] == pytest.approx(11 / 1830)
    assert study['cumulative'] == pytest.approx(1775 / 1830)

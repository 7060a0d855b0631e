"""Ends of concepts: who is at one, Somers' D by scikit-learn, its influence, and what a sparse unit can do."""

import math

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from shg_xai.chapters.bottlenecks.extremes import ends_of, separation, somers, told_ends
from shg_xai.chapters.bottlenecks.reading import all_placed, pairs_of


def test_a_fifth_is_at_either_end_and_of_two_values_the_higher() -> None:
    fitted = np.arange(400) < 200
    numbers = np.tile(np.arange(200.0), 2)
    numbers[300] = math.nan
    flags = np.tile([0.0, 0.0, 0.0, 1.0], 100)
    rare = np.where(np.arange(400) % 100 == 0, 1.0, 0.0)  # two persons on either side
    found = ends_of(all_placed(np.column_stack([numbers, flags, rare]), fitted), fitted)
    assert found.shape == (400, 3)
    assert np.nansum(found[200:], axis=0).tolist() == [40, 40, 50]
    assert found[399, 0] == 1 and found[200, 1] == 1 and math.isnan(found[300, 0])


def test_it_is_that_of_the_area_and_its_error_that_of_the_jackknife() -> None:
    random = np.random.default_rng(0)
    unit, end = random.normal(size=150).round(1), (random.random(150) < 0.3).astype(float)  # with ties
    unit += end
    end[:20] = math.nan
    known = np.isfinite(end)
    found = somers(unit, end)
    assert found.mean() == pytest.approx(2 * roc_auc_score(end[known], unit[known]) - 1)
    values, flags = unit[known], end[known]
    without = np.array([roc_auc_score(np.delete(flags, at), np.delete(values, at)) for at in range(len(flags))])
    jackknife = 2 * math.sqrt((len(flags) - 1) / len(flags) * ((without - without.mean()) ** 2).sum())
    assert found.std() / math.sqrt(150) == pytest.approx(jackknife, rel=0.05)


def test_separation_by_hand() -> None:
    units = np.array([[0.1, 0.0], [0.3, 1.0], [-0.2, 0.0], [9.0, 9.0]])
    ends = np.array([[1.0], [1.0], [0.0], [math.nan]])
    np.testing.assert_allclose(separation(units, ends), [[0.2 + 0.2], [0.5]])


def test_a_sparse_unit_tells_an_end_and_not_the_whole() -> None:
    """It fires for just the upper fifth; a dense one is the concept with its sign turned."""
    random = np.random.default_rng(1)
    concept, fitted = random.normal(size=600), np.arange(600) < 300
    sparse = np.where(concept > np.quantile(concept, 0.8), 1 + random.random(600), 0.0)
    placed = all_placed(concept[:, None], fitted)
    ends = ends_of(placed, fitted)[:, :1]
    for codes in (sparse, -concept):
        assert told_ends(codes[:, None], ends, fitted).mean() > 0.85
    assert pairs_of(sparse[:, None], placed, fitted)[1].rho()[0] < 0.75
    assert pairs_of(-concept[:, None], placed, fitted)[1].rho()[0] == pytest.approx(1)


def test_of_noise_nothing_is_told() -> None:
    random = np.random.default_rng(2)
    fitted = np.arange(800) < 400
    ends = ends_of(all_placed(random.normal(size=(800, 10)), fitted), fitted)
    found = told_ends(random.normal(size=(800, 30)), ends, fitted)
    assert found.shape == (400, 20) and abs(found.mean()) < 0.03

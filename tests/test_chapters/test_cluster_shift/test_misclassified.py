"""Who disagrees with their cluster, and by how much, worked out by hand."""

import math
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import contingency

from shg_xai.chapters.cluster_shift.misclassified import (
    association,
    choose_concept,
    cluster_means,
    counted,
    misclassified,
    random_directions,
    split_concept,
    targets,
    worst,
)
from shg_xai.errors import InputError
from tests.helpers.analysis_stores import selected

NAN = math.nan


@pytest.mark.parametrize(
    'values, kind, at, sides',
    [
        ([0, 1, NAN, 1, 1], 'flag', 0.5, [0, 1, -1, 1, 1]),
        ([1, 2, 3, 10], 'number', 2.5, [0, 0, 1, 1]),
        ([1, 2, 3, NAN], 'number', 2, [0, 0, 1, -1]),
        ([2, 3, 5, 5, 5], 'number', 3, [0, 0, 1, 1, 1]),  # nobody is above the median of 5
        ([0, 0, 0, 2], 'number', 0, [0, 0, 0, 1]),
        ([0, 0, 1, 1, 2], 'number', 1, [0, 0, 0, 0, 1]),
    ],
)
def test_a_concept_is_cut_in_two(values: list[float], kind: str, at: float, sides: list[int]) -> None:
    found = split_concept(np.array(values, float))
    assert (found.kind, found.at, found.sides.tolist()) == (kind, at, sides)


@pytest.mark.parametrize('values', [[NAN, NAN], [3, 3, NAN], []])
def test_what_does_not_vary_cannot_be_cut(values: list[float]) -> None:
    assert split_concept(np.array(values, float)) is None


LABELS = np.array([0, 0, 0, 0, 1, 1, 1, 1, 1])
SIDES = np.array([1, 1, 0, -1, 0, 0, 1, 0, -1], np.int8)


def test_who_disagrees() -> None:
    assert counted(LABELS, SIDES, 2).tolist() == [[1, 2], [3, 1]]
    found = misclassified(LABELS, SIDES, 2)
    assert found.majority.tolist() == [1, 0]
    assert np.flatnonzero(found.agree).tolist() == [0, 1, 4, 5, 7]
    assert np.flatnonzero(found.disagree).tolist() == [2, 6]


def test_ties_and_clusters_of_whom_nothing_is_known() -> None:
    found = misclassified(np.array([0, 0, 1, 2, 2]), np.array([0, 1, -1, 0, 0], np.int8), 3)
    assert found.majority.tolist() == [1, -1, 0]
    assert found.disagree.tolist() == [True, False, False, False, False]
    assert found.agree.tolist() == [False, True, False, True, True]


@pytest.mark.parametrize('table', [[[10, 2], [3, 12]], [[5, 5], [7, 7]], [[4, 0], [0, 9]], [[4, 1], [2, 9], [3, 3]]])
def test_association_is_cramers_v(table: list[list[int]]) -> None:
    expected = contingency.association(np.array(table), method='cramer')
    assert association(np.array(table)) == pytest.approx(expected, abs=1e-12)


def test_an_empty_cluster_or_side_says_nothing() -> None:
    assert association(np.array([[4, 0], [0, 9], [0, 0]])) == pytest.approx(1)
    assert association(np.array([[4, 5], [0, 0]])) == 0
    assert association(np.array([[4, 0], [5, 0]])) == 0


def test_auto_takes_the_concept_that_goes_best_with_clusters() -> None:
    labels = np.array([0, 0, 0, 1, 1, 1])
    known = dict(
        rare=np.array([1.0, NAN, NAN, 0, NAN, NAN]),
        same=np.full(6, 2.0),
        good=np.array([5.0, 6, 7, 0, 2, 6]),
        half=np.array([0.0, 1, 0, 1, 0, 1]),
    )
    name, split, strength = choose_concept('auto', known, labels, 2)
    assert (name, split.at) == ('good', 5.5)
    assert split.sides.tolist() == [0, 1, 1, 0, 0, 1]
    assert strength == pytest.approx(1 / 3)  # of [[1, 2], [2, 1]], as half has, which is later
    assert choose_concept('rare', known, labels, 2)[2] == pytest.approx(1)  # of two persons
    assert choose_concept('half', known, labels, 2)[0] == 'half'
    with pytest.raises(InputError, match='no concept that varies is known of half'):
        choose_concept('auto', {'same': known['same'], 'rare': known['rare']}, labels, 2)


@pytest.mark.parametrize(
    'name, message',
    [
        ('standin', '--concept standin: no such concept of these persons; did you mean standing'),
        ('same', '--concept same: is the same for all persons'),
    ],
)
def test_concepts_that_cannot_be_used(name: str, message: str) -> None:
    known = dict(same=np.ones(3), standing=np.array([0.0, 1, 2]), facing=np.array([0.0, 1, 2]))
    with pytest.raises(InputError, match=message):
        choose_concept(name, known, np.array([0, 1, 1]), 2)


def test_nothing_known_is_said() -> None:
    with pytest.raises(InputError, match='--concept size: nothing is known of these persons'):
        choose_concept('size', {}, np.array([0, 1]), 2)


def test_of_two_clusters_everybody_goes_to_the_other() -> None:
    means = np.array([[0.0, 0], [3, 4]])
    for majority in ([1, 0], [0, 0]):
        found = targets(LABELS, SIDES, np.array(majority), means)
        assert found.tolist() == (1 - LABELS).tolist()


def test_of_several_clusters_the_nearest_of_the_wanted_side() -> None:
    means = np.array([[0.0], [1], [2], [10], [NAN]])
    majority = np.array([0, 0, 1, 1, 1])
    # Disagreeing in 0 (wants 1), agreeing in 0 (is sent to 1), disagreeing in 3, agreeing in 3.
    labels, sides = np.array([0, 0, 3, 3]), np.array([1, 0, 0, 1])
    assert targets(labels, sides, majority, means).tolist() == [2, 2, 1, 1]
    # No other cluster of side 1: the nearest there is.
    assert targets(np.array([2]), np.array([0]), np.array([1, 1, 1, 1, 1]), means).tolist() == [1]


def test_cluster_means(tmp_path: Path) -> None:
    values = np.random.default_rng(0).standard_normal((7, 2, 3)).astype(np.float32)
    labels = np.array([0, 2, 0, 2, 2, 0, 0])
    found = cluster_means(selected(tmp_path / 'store', values), labels, 4)
    flat = values.reshape(7, 6).astype(float)
    for own in (0, 2):
        np.testing.assert_allclose(found[own], flat[labels == own].mean(axis=0), rtol=1e-12)
    assert np.isnan(found[[1, 3]]).all()


def test_random_directions_lead_between_persons_of_two_images(tmp_path: Path) -> None:
    values = np.array([[0, 0, 0], [3, 4, 0], [0, 0, 9]], np.float32)
    selection = selected(tmp_path / 'store', values, images=[1, 1, 2])
    found = random_directions(selection, 200, 0)
    assert found is not None and found.shape == (200, 3)
    # Those of image 1 are never set beside each other.
    known = np.array([[0, 0, 1], [0, 0, -1], [-3, -4, 9], [3, 4, -9]], float)
    known /= np.linalg.norm(known, axis=1, keepdims=True)
    assert (found @ known.T).max(1) == pytest.approx(1)
    assert len(np.unique(found.round(6), axis=0)) == 4
    alone = selected(tmp_path / 'alone', values, images=[1, 1, 1])
    assert random_directions(alone, 5, 0) is None


def test_the_worst_come_first() -> None:
    ids = np.arange(100, 130)
    values = np.linspace(1, 0, 30)
    values[[28, 29]] = 0.5, NAN
    chosen = np.ones(30, bool)
    chosen[27] = False
    found = worst(ids, values, chosen)
    assert len(found) == 20
    assert found[:3] == [126, 125, 124]
    assert worst(np.array([9, 3]), np.array([0.5, 0.5]), np.array([True, True])) == [3, 9]

"""Directions against numpy and scikit-learn on latents made by hand."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.metrics import pairwise_distances

from shg_xai.chapters.decoded_walk.directions import (
    COMPONENTS,
    START,
    SteeringVector,
    Walks,
    component_directions,
    concept_directions,
    contrast,
    data_directions,
    find_concepts,
    nearest_distances,
)
from shg_xai.errors import InputError
from shg_xai.latents.concepts import Concept
from shg_xai.latents.selection import BLOCK
from shg_xai.stats.pca import Components, principal_components
from tests.helpers.analysis_stores import selected

VALUES = (np.random.default_rng(0).standard_normal((300, 6)) * np.linspace(3, 0.5, 6) + np.arange(6)).astype(np.float32)


def made(values: list[float] | np.ndarray, kind: str = 'number', name: str = 'much') -> Concept:
    return Concept(name, '', '', '-', 'flag' if kind == 'flag' else 'number', np.asarray(values, float))


def components_of(values: np.ndarray) -> Components:
    values = values.astype(float)
    return principal_components(values.mean(0), np.cov(values, rowvar=False))


def test_components_step_by_their_standard_deviation() -> None:
    fitted = PCA().fit(VALUES.astype(float))
    first, third = component_directions(components_of(VALUES), [1, 3, 1], 300)
    for direction, place in ((first, 0), (third, 2)):
        assert (direction.kind, direction.number) == ('component', place + 1)
        assert direction.step == pytest.approx(np.sqrt(fitted.explained_variance_[place]))
        assert direction.step == pytest.approx((VALUES @ direction.vector).std(ddof=1), rel=1e-5)
        assert direction.variance_share == pytest.approx(fitted.explained_variance_ratio_[place])
        assert abs(direction.vector @ fitted.components_[place]) == pytest.approx(1)
    usual = component_directions(components_of(VALUES), None, 300)
    assert [one.number for one in usual] == [1, 2, 3] == [k for k in COMPONENTS if k <= 6]


@pytest.mark.parametrize(
    'values, number, message',
    [
        (VALUES, 7, '--components 7: the latent has 6 components; give numbers from 1 to 6'),
        (VALUES, 0, '--components 0: the latent has 6 components'),
        (VALUES[:4], 4, '--components 4: the latents of 4 persons do not vary along it; give numbers from 1 to 3'),
    ],
)
def test_components_there_are_not(values: np.ndarray, number: int, message: str) -> None:
    with pytest.raises(InputError, match=message):
        component_directions(components_of(values), [1, number], len(values))


@pytest.mark.parametrize(
    'values, kind, much, little',
    [
        ([1, 2, 3, 4, 5, 6, np.nan], 'number', [4, 5], [0, 1]),  # cut at 2.67 and 4.33
        ([0, 1, 0, np.nan, 1, 0], 'flag', [1, 4], [0, 2, 5]),
        ([0, 0, 0, 0, 0, 1, 2], 'number', [5, 6], [0, 1, 2, 3, 4]),  # both cuts at 0
        ([2, 2, 2, 2, 2, 1, 0], 'number', [0, 1, 2, 3, 4], [5, 6]),  # both cuts at the top
        ([0, 0, 1, 1, 2, 2], 'number', [4, 5], [0, 1]),
    ],
)
def test_who_has_much_and_who_little(values: list[float], kind: str, much: list[int], little: list[int]) -> None:
    groups = contrast(made(values, kind))
    assert np.flatnonzero(groups == 1).tolist() == much
    assert np.flatnonzero(groups == -1).tolist() == little


@pytest.mark.parametrize('values', [[3, 3, np.nan], [np.nan, np.nan]])
def test_a_concept_that_never_varies_has_no_direction(values: list[float]) -> None:
    with pytest.raises(InputError, match='--concepts much: the same of all persons'):
        contrast(made(values))


def test_a_concept_leads_from_little_to_much(tmp_path: Path) -> None:
    values = np.concatenate([VALUES] * 8)[: BLOCK + 100]  # two blocks
    selection = selected(tmp_path / 'store', values)
    known = np.where(
        np.arange(len(values)) % 5 == 0, np.nan, values[:, 1] + np.random.default_rng(1).standard_normal(len(values))
    )
    flag = (values[:, 4] > 4).astype(float)
    number, binary = concept_directions(selection, [made(known), made(flag, 'flag', 'flag')], components_of(values))
    low, high = np.nanquantile(known, (1 / 3, 2 / 3))
    for direction, much, little in ((number, known >= high, known <= low), (binary, flag == 1, flag == 0)):
        difference = values[much].astype(float).mean(0) - values[little].astype(float).mean(0)
        np.testing.assert_allclose(direction.vector, difference / np.linalg.norm(difference), atol=1e-6)
        along = values.astype(float) @ direction.vector
        assert direction.step == pytest.approx(along.std(ddof=1))
        assert direction.variance_share == pytest.approx(along.var(ddof=1) / values.astype(float).var(0, ddof=1).sum())
    assert (number.name, number.kind, number.number) == ('much', 'concept', None)


def test_equal_means_have_no_direction(tmp_path: Path) -> None:
    values = np.array([[1, 0], [-1, 0], [1, 0], [-1, 0]], np.float32)
    selection = selected(tmp_path / 'store', values)
    with pytest.raises(InputError, match='same mean latent'):
        concept_directions(selection, [made([0, 0, 1, 1], 'flag')], components_of(values))


def test_concepts_are_found_by_name() -> None:
    known = [made([0, 1], name=name) for name in ('facing_camera', 'facing_right', 'standing')]
    assert [one.name for one in find_concepts(known, ['standing', 'facing_right', 'standing'])] == [
        'standing',
        'facing_right',
    ]
    for name, message in (
        ('facing', 'did you mean facing_camera or facing_right'),
        ('standin', r'did you mean standing\?'),
        ('zzz', 'it has facing_camera, facing_right, standing'),
    ):
        with pytest.raises(InputError, match=f'--concepts {name}: not known .*{message}'):
            find_concepts(known, [name])


def test_random_directions_are_those_in_which_persons_differ() -> None:
    """Drawn of the covariance: before they are made one long, their own covariance is that of the latents."""
    values = (
        np.random.default_rng(0).standard_normal((400, 6))
        * [5, 3, 1, 1, 0.5, 0]
        @ np.linalg.qr(np.random.default_rng(1).standard_normal((6, 6)))[0]
    )
    components = components_of(values)
    drawn = data_directions(components, 20000, np.random.default_rng(2))
    assert drawn.shape == (6, 20000)
    np.testing.assert_allclose(np.linalg.norm(drawn, axis=0), 1)
    along = components.vectors.T @ drawn
    np.testing.assert_allclose(along[5], 0, atol=1e-6)  # where nobody differs, no direction leads
    # In the ratio of two components the length cancels: that of two normal numbers, with quartiles at 1.
    ratio = np.abs(along[1] / along[0]) * np.sqrt(components.eigenvalues[0] / components.eigenvalues[1])
    assert np.median(ratio) == pytest.approx(1, abs=0.03)
    assert (along[0] > 0).mean() == pytest.approx(0.5, abs=0.02)


def test_the_points_of_all_walks() -> None:
    vectors = np.eye(4)
    directions = [SteeringVector(str(place), 'component', 1, vectors[place], 1.0 + place, 0.1) for place in range(2)]
    walks = Walks(directions, np.array([-1.0, 0, 2]))
    assert walks.walk(0) == [(0, -1), START, (0, 2)]
    assert walks.walk(1) == [(1, -1), START, (1, 2)]
    assert walks.points() == [(0, -1), START, (0, 2), (1, -1), (1, 2)]
    assert walks.offset((1, 2.0)).tolist() == [0, 4, 0, 0]
    assert walks.offset(START).tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize(
    'steps, ends',
    [([-3, -2, 0, 1, 3], (-2, 1)), ([-1, 0, 2.5], (-1, 0)), ([0, 1], (0, 1)), ([-3, 0, 4], (-3, 4)), ([0, 5], (0, 5))],
)
def test_the_ends_of_walks(steps: list[float], ends: tuple[float, float]) -> None:
    assert Walks([], np.array(steps, float)).ends == ends


def test_nearest_real_latents(tmp_path: Path) -> None:
    values = np.random.default_rng(2).standard_normal((BLOCK + 50, 5)).astype(np.float32)
    selection = selected(tmp_path / 'store', values)
    mean = values.astype(float).mean(0)
    vectors = np.linalg.qr(np.random.default_rng(3).standard_normal((5, 2)))[0]
    lengths = np.array([[-2.0, 0, 3], [-1, 0, 1]])
    found = nearest_distances(selection, mean, vectors, lengths)
    for walk in range(2):
        walked = mean + lengths[walk][:, None] * vectors[:, walk]
        np.testing.assert_allclose(found[walk], pairwise_distances(walked, values).min(1), atol=1e-6)

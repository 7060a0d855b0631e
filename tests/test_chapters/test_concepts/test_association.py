"""What components have of concepts, together and one by one, against scipy, least squares and axes fitted anew."""

from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from scipy.stats import rankdata, spearmanr
from sklearn.linear_model import LinearRegression

from shg_xai.chapters.concepts.association import Association, associate, controls_of
from shg_xai.chapters.concepts.family import Chance
from shg_xai.latents.concepts import Concept
from shg_xai.results import Estimate
from shg_xai.stats.bootstrap import Bootstrap, interval, resample_weights

N = 300


def concept(name: str, values: np.ndarray) -> Concept:
    """A concept by its values alone."""
    return Concept(name, name, f'{name}.', '-', 'number', np.asarray(values, float))


@pytest.fixture(scope='module')
def data() -> tuple[np.ndarray, list[Concept], np.ndarray]:
    """Component 1 goes with the labels, component 2 with the pose, component 3 with nothing."""
    random = np.random.default_rng(0)
    raw = random.normal(size=(N, 3))
    white = np.linalg.svd(raw - raw.mean(0), full_matrices=False)[0] * np.sqrt(N)
    scores = (white * [3, 2, 1]).astype(np.float32)  # as principal components are: not correlated
    labelled = np.round(8 + 2 * white[:, 0] + random.normal(size=N)) / 17
    size = 0.2 + 0.02 * random.normal(size=N)
    size[::5] = np.nan
    standing = 0.1 * white[:, 1] + labelled + 0.1 * random.normal(size=N)
    standing[::3] = np.nan
    found = [
        concept('labelled_share', labelled),
        concept('torso_in_crop', size),
        concept('border_sides', np.zeros(N)),
        concept('standing', standing),
        concept('factor_labelled', 17 * labelled),
        concept('noise', random.normal(size=N)),
        concept('rare', np.where(np.arange(N) < 7, np.arange(N), np.nan)),
    ]
    return scores, found, np.arange(N) // 2


P = {
    ('component', 1, 'standing'): Chance(0.01, 0.5, 0.1),  # so far above the limit that the interval is the plain one
    ('span', 3, 'noise'): Chance(0.5, 0.01, 0.1),
}


def run(data: tuple[Any, ...], threads: int = 2, seed: int = 3) -> tuple[Association, dict]:
    """What is found, and entries by component and concept."""
    scores, found, groups = data
    with ThreadPoolExecutor(threads) as pool:
        about = associate(scores, found, Bootstrap(groups, 120, seed=seed), pool, P)
    return about, {(entry.component, entry.concept): entry for entry in about.components}


@pytest.fixture(scope='module')
def results(data: tuple[Any, ...]) -> tuple[Association, dict]:
    return run(data)


def refitted_by_hand(scores: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Principal axes of these rows as columns, in the order and with the signs that are nearest to those there were."""
    axes = np.linalg.svd(scores[rows] - scores[rows].mean(0), full_matrices=False)[2].T
    order = max(permutations(range(3)), key=lambda order: (axes[range(3), order] ** 2).sum())
    axes = axes[:, order]
    return axes * np.sign(axes.diagonal())


def ends_both_ways(value: float, drawn: np.ndarray) -> tuple[float, float]:
    """The percentiles and their mirror image about the value, on the scale of the inverse tanh."""
    low, high = np.arctanh(interval(drawn, 0.95))
    centre = np.arctanh(value)
    return np.tanh(min(low, 2 * centre - high)), np.tanh(max(high, 2 * centre - low))


def test_every_pair_is_there_and_has_its_p(data: tuple[Any, ...], results: tuple[Association, dict]):
    about, entries = results
    assert about.controls == ['torso_in_crop', 'labelled_share']  # no one is cut, no box is known
    assert list(entries) == [(at, one.name) for at in (1, 2, 3) for one in data[1]]
    assert {key: entry.p for key, entry in entries.items() if entry.p is not None} == {(1, 'standing'): 0.01}
    assert {entry.concept: entry.p for entry in about.span if entry.p is not None} == {'noise': 0.5}


def test_rho_and_its_interval_agree_with_scipy_on_axes_fitted_anew(
    data: tuple[Any, ...], results: tuple[Association, dict]
):
    scores, found, groups = data
    cosines = []
    for one in (found[0], found[3]):
        known, rhos = np.flatnonzero(np.isfinite(one.values)), []
        for weights in resample_weights(groups, 120, 3):
            axes = refitted_by_hand(scores, np.repeat(np.arange(N), weights))
            cosines.append(axes.diagonal())
            rows = np.repeat(known, weights[known])
            rhos.append([spearmanr(own, one.values[rows]).statistic for own in (scores[rows] @ axes).T])
        for at, drawn in enumerate(np.array(rhos).T):
            entry = results[1][at + 1, one.name].rho
            assert entry.n == len(known)
            assert entry.value == pytest.approx(spearmanr(scores[known, at], one.values[known]).statistic)
            assert entry.ends == pytest.approx(ends_both_ways(entry.value, drawn), abs=1e-4)
    for axis, own in zip(results[0].axes, np.array(cosines[:120]).T, strict=True):
        assert axis.cosine.value == pytest.approx(np.median(own), abs=1e-5)
        assert axis.cosine.ends == pytest.approx(interval(own, 0.95), abs=1e-5)


def test_what_is_explained_agrees_with_least_squares(data: tuple[Any, ...], results: tuple[Association, dict]):
    scores, found, groups = data

    def share(values: np.ndarray, weights: np.ndarray) -> float:
        rows = np.repeat(np.flatnonzero(np.isfinite(values)), weights[np.isfinite(values)])
        ranks = rankdata(values[rows])
        return LinearRegression().fit(scores[rows], ranks).score(scores[rows], ranks)

    for at in (0, 3):
        drawn = np.array([share(found[at].values, weights) for weights in resample_weights(groups, 120, 3)])
        raw = share(found[at].values, np.ones(N, int))
        kept = (1 - drawn.mean()) / (1 - raw)
        entry = results[0].span[at]
        assert (entry.concept, entry.components) == (found[at].name, 3)
        assert entry.explained.value == pytest.approx(1 - (1 - raw) / kept)
        assert entry.explained.ends == pytest.approx(interval(np.maximum(1 - (1 - drawn) / kept**2, 0), 0.95))


def test_partial_rho_agrees_with_least_squares_on_ranks(data: tuple[Any, ...], results: tuple[Association, dict]):
    scores, found, groups = data
    values = {one.name: one.values for one in found}
    columns = np.array([values[name] for name in ('noise', 'torso_in_crop', 'labelled_share')])
    known = np.isfinite(columns).all(0)

    def partial(weights: np.ndarray, axes: np.ndarray) -> np.ndarray:
        rows = np.repeat(np.flatnonzero(known), weights[known])
        ranks = rankdata([*(scores[rows] @ axes).T, *columns[:, rows]], axis=1)
        design = np.column_stack([np.ones(len(rows)), *ranks[4:]])
        rest = ranks[:4].T - design @ np.linalg.lstsq(design, ranks[:4].T, rcond=None)[0]
        return np.corrcoef(rest.T)[3, :3]

    drawn = [
        partial(weights, refitted_by_hand(scores, np.repeat(np.arange(N), weights)))
        for weights in resample_weights(groups, 120, 3)
    ]
    for at, (value, own) in enumerate(zip(partial(np.ones(N, int), np.eye(3)), np.array(drawn).T, strict=True)):
        entry = results[1][at + 1, 'noise']
        assert entry.held == ['torso_in_crop', 'labelled_share']
        assert entry.partial.n == known.sum() and entry.partial.value == pytest.approx(value)
        assert entry.partial.ends == pytest.approx(ends_both_ways(value, own), abs=1e-4)


def test_what_is_held_fixed_no_longer_shows(results: tuple[Association, dict]):
    entry = results[1][1, 'standing']
    assert entry.held == ['labelled_share']  # the torso in the crop follows from the pose
    assert entry.rho.low > 0.1  # by way of the labels alone
    assert entry.partial.low < 0 < entry.partial.high


def test_a_control_that_follows_from_the_concept_or_copies_it_is_left_out():
    random = np.random.default_rng(1)
    cut = random.integers(0, 3, N)
    columns = {
        'border_sides': cut,
        'labelled_share': 1 - 0.2 * cut + random.normal(size=N),
        'torso_in_crop': random.normal(size=N),
        'box_aspect': random.normal(size=N),
        'standing': random.normal(size=N),
        'factor_truncation': cut + random.normal(size=N),
        'copy': -cut - 0.1 * random.normal(size=N),
        'other': random.normal(size=N),
    }
    names, values = list(columns), np.array(list(columns.values()), float)
    held = {name: [names[at] for at in controls_of(place, names, values)] for place, name in enumerate(names)}
    assert held['border_sides'] == held['factor_truncation'] == []  # a cut person has other labels and another box
    assert held['standing'] == ['labelled_share', 'border_sides']
    assert held['copy'] == ['torso_in_crop', 'labelled_share', 'box_aspect']
    assert held['other'] == ['torso_in_crop', 'labelled_share', 'border_sides', 'box_aspect']
    assert held['labelled_share'] == ['torso_in_crop', 'border_sides', 'box_aspect']


def test_axes_of_equal_variance_are_not_stable_and_those_far_apart_are():
    random = np.random.default_rng(2)
    raw = random.normal(size=(N, 4))
    white = np.linalg.svd(raw - raw.mean(0), full_matrices=False)[0] * np.sqrt(N)
    with ThreadPoolExecutor(2) as pool:
        about = associate(white * [3, 2, 1, 0.98], [], Bootstrap(np.arange(N), 120), pool, {})
    assert [axis.is_stable for axis in about.axes] == [True, True, False, False]
    assert [axis.component for axis in about.axes] == [1, 2, 3, 4]


def test_what_cannot_be_said_is_none(results: tuple[Association, dict]):
    for name in ('border_sides', 'rare'):  # never varies; of 7 persons
        entry = results[1][1, name]
        assert entry.rho == Estimate(value=None, n=N if name == 'border_sides' else 7)
        assert entry.partial.value is None and entry.held == []
        (span,) = (one for one in results[0].span if one.concept == name)
        assert span.explained == Estimate(value=None, n=entry.rho.n)
    assert results[1][1, 'factor_labelled'].rho.value > 0.8
    assert results[1][1, 'factor_labelled'].held == ['torso_in_crop']  # labelled_share says the same


def test_the_number_of_threads_changes_nothing(data: tuple[Any, ...], results: tuple[Association, dict]):
    for threads in (1, 4):
        assert run(data, threads) == results
    assert run(data, 2, 4)[1] != results[1]


def test_without_controls_and_with_a_single_image(data: tuple[Any, ...]):
    scores, found, _ = data
    about, entries = run((scores, found[3:4], np.zeros(N)))
    assert about.controls == [] and entries[1, 'standing'].partial.value is None
    assert entries[1, 'standing'].rho.value is not None
    assert entries[1, 'standing'].rho.low is None
    assert not any(axis.is_stable for axis in about.axes)
    # R squared adjusted by degrees of freedom, as there are no resamples.
    rows = np.isfinite(found[3].values)
    ranks, count = rankdata(found[3].values[rows]), rows.sum()
    raw = LinearRegression().fit(scores[rows], ranks).score(scores[rows], ranks)
    assert about.span[0].explained.value == pytest.approx(1 - (1 - raw) * (count - 1) / (count - 4))
    assert about.span[0].explained.ends is None


def test_enough_for_a_concept_may_be_too_few_for_its_controls() -> None:
    random, few = np.random.default_rng(5), 9
    names = ('torso_in_crop', 'labelled_share', 'border_sides', 'standing')
    found = [concept(name, random.normal(size=few)) for name in names]
    _, entries = run((random.normal(size=(few, 2)), found, np.arange(few)))
    assert set(entries) == {(at, name) for at in (1, 2) for name in names}
    own = entries[1, 'standing']
    assert own.rho.value is not None and (own.rho.n, own.partial.value, own.held) == (few, None, [])


def test_without_concepts(data: tuple[Any, ...]):
    about, entries = run((data[0], [], data[2]))
    assert (about.controls, about.span, entries) == ([], [], {}) and len(about.axes) == 3

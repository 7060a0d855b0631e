"""Rank correlations of components and concepts, against scipy and least squares."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from scipy.stats import rankdata, spearmanr

from shg_xai.chapters.concepts.association import associate
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
    scores = random.normal(size=(N, 3)).astype(np.float32)
    labelled = np.round(8 + 3 * scores[:, 0] + random.normal(size=N)) / 17
    size = 0.2 + 0.02 * random.normal(size=N)
    size[::5] = np.nan
    standing = 0.5 * scores[:, 1] + labelled + 0.3 * random.normal(size=N)
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


def run(data: tuple[Any, ...], threads: int = 2, seed: int = 3) -> tuple[list[str], dict]:
    """Names of controls, and entries by component and concept."""
    scores, found, groups = data
    with ThreadPoolExecutor(threads) as pool:
        controls, entries = associate(scores, found, Bootstrap(groups, 120, seed=seed), pool)
    return controls, {(entry.component, entry.concept): entry for entry in entries}


@pytest.fixture(scope='module')
def results(data: tuple[Any, ...]) -> tuple[list[str], dict]:
    return run(data)


def test_every_pair_is_there_and_plain(data: tuple[Any, ...], results: tuple[list[str], dict]):
    controls, entries = results
    assert controls == ['torso_in_crop', 'labelled_share']  # no one is cut, no box is known
    assert list(entries) == [(at, one.name) for at in (1, 2, 3) for one in data[1]]


def test_rho_and_its_interval_agree_with_scipy(data: tuple[Any, ...], results: tuple[list[str], dict]):
    scores, found, groups = data
    draws = [np.ones(N, int), *resample_weights(groups, 120, 3)]
    for one in (found[0], found[3]):
        known = np.isfinite(one.values)
        for at in range(3):
            entry = results[1][at + 1, one.name]
            rhos = [
                spearmanr(
                    np.repeat(scores[known, at], weights[known]), np.repeat(one.values[known], weights[known])
                ).statistic
                for weights in draws
            ]
            assert entry.rho.n == known.sum()
            assert entry.rho.value == pytest.approx(rhos[0])
            ends = entry.rho.low, entry.rho.high
            assert ends == pytest.approx(interval(rhos[1:], 0.95))


def test_partial_rho_agrees_with_least_squares_on_ranks(data: tuple[Any, ...], results: tuple[list[str], dict]):
    scores, found, groups = data
    values = {one.name: one.values for one in found}
    for name, controls in (('standing', ('torso_in_crop', 'labelled_share')), ('labelled_share', ('torso_in_crop',))):
        columns = np.array([values[name], *(values[control] for control in controls)])
        known = np.isfinite(columns).all(0)

        def partial(weights: np.ndarray, at: int, columns: np.ndarray = columns, known: np.ndarray = known) -> float:
            rows = np.repeat(np.flatnonzero(known), weights[known])
            ranks = rankdata([scores[rows, at], *columns[:, rows]], axis=1)
            design = np.column_stack([np.ones(len(rows)), *ranks[2:]])
            rest = ranks[:2].T - design @ np.linalg.lstsq(design, ranks[:2].T, rcond=None)[0]
            return np.corrcoef(rest.T)[0, 1]

        for at in range(2):
            entry = results[1][at + 1, name].partial
            assert entry.value == pytest.approx(partial(np.ones(N, int), at))
            drawn = [partial(weights, at) for weights in resample_weights(groups, 120, 3)]
            assert (entry.low, entry.high) == pytest.approx(interval(drawn, 0.95))


def test_what_is_held_fixed_no_longer_shows(results: tuple[list[str], dict]):
    entry = results[1][1, 'standing']
    assert entry.rho.low > 0.1  # by way of the labels alone
    assert entry.partial.low < 0 < entry.partial.high


def test_shuffled_values_show_nothing(results: tuple[list[str], dict]):
    for name in ('labelled_share', 'standing'):
        entry = results[1][1, name]
        assert abs(entry.shuffled.value) < 0.02
        spread = 1.96 / np.sqrt(entry.rho.n - 1)
        assert entry.shuffled.high == pytest.approx(spread, rel=0.25)
        assert entry.shuffled.low == pytest.approx(-spread, rel=0.25)
        assert entry.rho.low > entry.shuffled.high
    noise = [results[1][at, 'noise'] for at in (1, 2, 3)]
    assert all(abs(entry.rho.value) < 0.15 for entry in noise)


def test_what_cannot_be_said_is_none(results: tuple[list[str], dict]):
    for name in ('border_sides', 'rare'):  # never varies; of 7 persons
        entry = results[1][1, name]
        assert entry.rho == Estimate(value=None, n=N if name == 'border_sides' else 7)
        assert entry.shuffled.value is None and entry.partial.value is None
    assert results[1][1, 'factor_labelled'].rho.value > 0.8
    assert results[1][1, 'factor_labelled'].partial.value is None  # labelled_share says the same


def test_the_number_of_threads_changes_nothing(data: tuple[Any, ...], results: tuple[list[str], dict]):
    for threads in (1, 4):
        assert run(data, threads) == results
    assert run(data, 2, 4)[1] != results[1]


def test_without_controls_and_with_a_single_image(data: tuple[Any, ...]):
    scores, found, _ = data
    controls, entries = run((scores, found[3:4], np.zeros(N)))
    assert controls == [] and entries[1, 'standing'].partial.value is None
    assert entries[1, 'standing'].rho.value is not None
    assert entries[1, 'standing'].rho.low is None


def test_without_concepts(data: tuple[Any, ...]):
    assert run((data[0], [], data[2])) == ([], {})

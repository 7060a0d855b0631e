"""The spectrum of latents, against scikit-learn and by hand."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from sklearn.decomposition import PCA

from shg_xai.chapters.spectrum.measure import held_out_shares, measure, shares_of, spectrum_of
from shg_xai.chapters.spectrum.results import Noise, Spectrum, Width
from shg_xai.latents import LatentStore
from shg_xai.latents.selection import select
from shg_xai.results import Estimate
from shg_xai.stats.bootstrap import Bootstrap
from shg_xai.stats.cka import Latents
from shg_xai.stats.parallel_analysis import Above
from shg_xai.stats.pca import Components
from tests.helpers.analysis_stores import write_store
from tests.helpers.held_persons import HeldPersons, noise


def halved(persons: HeldPersons) -> tuple[np.ndarray, list[Latents]]:
    """Who is in the first half, and both halves with their components, as NumPy has them."""
    half, found = persons.halves(0), []
    for own in (half, ~half):
        part = persons.take(own)
        values, vectors = np.linalg.eigh(np.cov(part.held.astype(float), rowvar=False))
        found.append(Latents(part, part.held.mean(axis=0, dtype=float), values[::-1], vectors[:, :-11:-1]))
    return half, found


def held_out(persons: HeldPersons, resamples: int = 200, confidence: float = 0.95, seed: int = 0) -> list[Estimate]:
    half, parts = halved(persons)
    with ThreadPoolExecutor(2) as pool:
        return held_out_shares(half, parts, Bootstrap(persons.image_ids, resamples, confidence, seed), pool)


def test_held_out_shares_are_those_of_the_other_half() -> None:
    persons = noise([1], [2] * 150, 6)
    half, found = persons.halves(0), held_out(persons)
    fitted, measured = (persons.held[own].astype(float) for own in (half, ~half))
    shares = PCA().fit(fitted).transform(measured).var(axis=0) / measured.var(axis=0).sum()
    assert [entry.value for entry in found] == pytest.approx(shares)
    assert {entry.n for entry in found} == {150}
    assert all(entry.low < entry.value < entry.high for entry in found)


def test_an_interval_is_as_wide_as_the_ratio_of_means_is_uncertain() -> None:
    squares = np.random.default_rng(0).chisquare(1, (4000, 2)) * (1, 3)
    squares[:, 0] += squares[:, 1]
    (entry,) = shares_of(squares, np.arange(4000), 0.95)
    # Standard error by the delta method; an interval is 2 x 1.96 of it.
    whole, along = squares.T
    error = (along - along.sum() / whole.sum() * whole).std() / whole.mean() / np.sqrt(4000)
    assert entry.high - entry.low == pytest.approx(3.92 * error, rel=0.1)


def test_held_out_shares_cover_what_they_estimate() -> None:
    # In-sample shares cover the truth, 1/40, in none of these.
    covered = []
    for run in range(40):
        persons = noise([2, run], [1] * 400, 40)
        truth = np.square(np.array(halved(persons)[1][0].leading)).sum(axis=0) / 40
        pairs = zip(held_out(persons, 100, 0.9, run)[:3], truth, strict=False)
        covered += [entry.low <= share <= entry.high for entry, share in pairs]
        assert np.linalg.eigvalsh(np.cov(persons.held, rowvar=False))[-1] / 40 > 1.3 / 40
    assert sum(covered) >= 96  # 108 of 120 on average


def test_persons_who_are_alike_leave_no_doubt() -> None:
    squares = np.tile([5.0, 3, 1], (50, 1))
    found = shares_of(squares, np.arange(50), 0.95)
    for entry, share in zip(found, (0.6, 0.2), strict=True):
        assert [entry.value, entry.low, entry.high] == pytest.approx([share] * 3)


def test_a_half_in_which_nothing_varies_leaves_shares_unknown() -> None:
    (entry,) = shares_of(np.zeros((50, 2)), np.arange(50), 0.95)
    assert entry == Estimate(value=None, n=50)


def test_a_share_is_covered_where_axes_turn() -> None:
    """Variances that fall slowly, so that the axes of a half are far from the true ones; 400 persons, 48 values."""
    random, spread = np.random.default_rng(0), np.arange(1, 49) ** -1.0
    covered = np.zeros(10)
    for _ in range(200):
        fitted, measured = random.standard_normal((2, 200, 48)) * np.sqrt(spread)
        axes = np.linalg.eigh(fitted.T @ fitted)[1][:, :-11:-1]
        squares = np.column_stack([np.square(measured).sum(axis=1), np.square(measured @ axes)])
        truth = np.square(axes).T @ spread / spread.sum()
        ends = np.array([entry.ends for entry in shares_of(squares, np.arange(200), 0.95)])
        covered += (ends[:, 0] <= truth) & (truth <= ends[:, 1])
    assert 0.92 <= covered.mean() / 200 <= 0.97
    assert (covered >= 200 * 0.9).all()


def told(values: np.ndarray, halves: list[np.ndarray]) -> Spectrum:
    """What is told of these eigenvalues."""
    parts = tuple(Latents(None, None, half) for half in halves)  # type: ignore[arg-type]
    components = Components(np.zeros(len(values)), values, np.eye(len(values)))
    return spectrum_of('made', components, parts, [], Above(1, 0.05, 2.0, 19))


def test_results_by_hand() -> None:
    halves = [np.array([2.0, 0, 0]), np.array([1.0, 1, 1])]
    found = told(np.array([8.0, 1, 1]), halves)
    assert found.explained_variance_ratio == pytest.approx([0.8, 0.1, 0.1])
    assert found.cumulative == pytest.approx([0.8, 0.9, 1])
    assert found.components_for == [
        Width(share=0.9, value=2, halves=[1, 3]),
        Width(share=0.95, value=3, halves=[1, 3]),
        Width(share=0.99, value=3, halves=[1, 3]),
    ]
    assert found.participation_ratio.value == pytest.approx(100 / 66)
    assert found.participation_ratio.halves == pytest.approx([1, 3])
    assert found.noise == Noise(value=1, threshold=2, p=0.05, draws=19)
    assert found.study is None


def test_the_fiftieth_component_is_that_of_the_study() -> None:
    values = np.arange(60.0, 0, -1)  # sum 1830; the first 50 have all but 1 + ... + 10 = 55
    study = told(values, []).study
    assert study is not None and study.component == 50
    assert study.value == pytest.approx(11 / 1830)
    assert study.cumulative == pytest.approx(1775 / 1830)


def test_five_lines_from_a_store_to_its_spectrum(tmp_path: Path) -> None:
    values = np.random.default_rng(0).standard_normal((60, 5)) * (4, 2, 1, 1, 1)
    folder = write_store(tmp_path / 'store', values)

    store = LatentStore.open(folder)
    answer = measure(select(store))
    first = answer.held_out[0]

    assert answer.of == 'bottleneck'
    assert answer.eigenvalues == pytest.approx(PCA().fit(values).explained_variance_, rel=1e-5)
    assert first.low < first.value < first.high and first.n == 30
    assert (answer.noise.value, answer.noise.draws) == (0, 79)  # dimensions differ, but do not go together


def test_one_image_has_nothing_held_out(tmp_path: Path) -> None:
    values = np.random.default_rng(0).standard_normal((20, 5))
    answer = measure(select(LatentStore.open(write_store(tmp_path / 'store', values, images=[1] * 20))))
    assert answer.held_out == [Estimate(value=None, n=20)] * 5

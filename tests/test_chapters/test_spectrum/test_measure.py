"""The spectrum of latents, against scikit-learn and by hand."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.decomposition import PCA

from shg_xai.chapters.spectrum.measure import leading_shares, measure, spectrum_of
from shg_xai.chapters.spectrum.results import Spectrum, Width
from shg_xai.latents import LatentStore
from shg_xai.latents.selection import select
from shg_xai.results import Estimate
from shg_xai.stats.bootstrap import Bootstrap
from shg_xai.stats.cka import Latents
from shg_xai.stats.pca import Components
from tests.helpers.analysis_stores import write_store


def test_leading_shares_are_those_of_the_data() -> None:
    generator = np.random.default_rng(0)
    scores = generator.standard_normal((400, 4)) * (3, 2, 1, 1)
    norms = (scores**2).sum(axis=1)
    found = leading_shares(scores[:, :2], norms, Bootstrap(np.arange(400), 300))
    expected = (scores**2).sum(axis=0) / norms.sum()
    assert len(found) == 2
    for entry, share in zip(found, expected, strict=False):
        assert entry.value == pytest.approx(share)
        assert entry.low < share < entry.high
    # Standard error of a ratio of means, by the delta method; an interval is 2 x 1.96 of it.
    rest = scores[:, 0] ** 2 - expected[0] * norms
    error = rest.std() / norms.mean() / np.sqrt(400)
    assert found[0].high - found[0].low == pytest.approx(3.92 * error, rel=0.15)


def test_intervals_cover_what_is_true() -> None:
    covered = 0
    for run in range(40):
        scores = np.random.default_rng([9, run]).standard_normal((300, 2)) * (3, 1)
        entry = leading_shares(scores, (scores**2).sum(axis=1), Bootstrap(np.arange(300), 100, 0.9, run))[0]
        covered += entry.low <= 0.9 <= entry.high
    assert covered >= 30  # 36 on average; below 30 by chance once in a thousand


def test_persons_who_are_alike_leave_no_doubt() -> None:
    found = leading_shares(np.sqrt(np.tile([3.0, 1.0], (50, 1))), np.full(50, 5.0), Bootstrap(np.arange(50), 50))
    for entry, share in zip(found, (0.6, 0.2), strict=True):
        assert [entry.value, entry.low, entry.high] == pytest.approx([share] * 3)


def test_one_image_has_no_interval() -> None:
    (entry,) = leading_shares(np.ones((5, 1)), np.full(5, 2.0), Bootstrap(np.zeros(5), 50))
    assert entry == Estimate(value=0.5, n=5)


def told(values: np.ndarray, halves: list[np.ndarray], null: np.ndarray) -> Spectrum:
    """What is told of these eigenvalues."""
    parts = tuple(Latents(None, None, half) for half in halves)  # type: ignore[arg-type]
    return spectrum_of('made', Components(np.zeros(len(values)), values, np.eye(len(values))), parts, [], null)


def test_results_by_hand() -> None:
    halves = [np.array([2.0, 0, 0]), np.array([1.0, 1, 1])]
    found = told(np.array([8.0, 1, 1]), halves, np.array([2.0, 1, 0.5]))
    assert found.explained_variance_ratio == pytest.approx([0.8, 0.1, 0.1])
    assert found.cumulative == pytest.approx([0.8, 0.9, 1])
    assert found.components_for == [
        Width(share=0.9, value=2, halves=[1, 3]),
        Width(share=0.95, value=3, halves=[1, 3]),
        Width(share=0.99, value=3, halves=[1, 3]),
    ]
    assert found.participation_ratio.value == pytest.approx(100 / 66)
    assert found.participation_ratio.halves == pytest.approx([1, 3])
    assert (found.noise.value, found.noise.null) == (1, [2, 1, 0.5])
    assert found.study is None


def test_the_fiftieth_component_is_that_of_the_study() -> None:
    values = np.arange(60.0, 0, -1)  # sum 1830; the first 50 have all but 1 + ... + 10 = 55
    study = told(values, [], np.zeros(60)).study
    assert study is not None and study.component == 50
    assert study.value == pytest.approx(11 / 1830)
    assert study.cumulative == pytest.approx(1775 / 1830)


def test_five_lines_from_a_store_to_its_spectrum(tmp_path: Path) -> None:
    values = np.random.default_rng(0).standard_normal((60, 5)) * (4, 2, 1, 1, 1)
    folder = write_store(tmp_path / 'store', values)

    store = LatentStore.open(folder)
    answer = measure(select(store))
    first = answer.leading[0]

    assert answer.of == 'bottleneck'
    assert answer.eigenvalues == pytest.approx(PCA().fit(values).explained_variance_, rel=1e-5)
    assert first.low < first.value == pytest.approx(answer.explained_variance_ratio[0], rel=1e-5)
    assert first.n == 60

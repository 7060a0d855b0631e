"""Trainings side by side, of made latents whose axes are known."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import rankdata, ttest_1samp
from sklearn.linear_model import LinearRegression

from shg_xai.chapters.concepts.measure import measure as measure_concepts
from shg_xai.chapters.trainings.measure import across, of_layer
from shg_xai.chapters.trainings.results import Trainings
from shg_xai.explain.decomposition import decompose, working
from shg_xai.explain.options import Options
from shg_xai.latents import LatentStore
from shg_xai.latents.selection import select
from tests.helpers.analysis_stores import brute_force, write_store

PERSONS, SIZE = 240, 14
QUICK = Options(ks=(2,), restarts=1, bootstrap=100, permutations=99)
PARTED = [40, 16, 6, 2.4, *[0.2] * (SIZE - 4)]  # variances
EQUAL = [16, 16, 16, 16, *[0.2] * (SIZE - 4)]


def latents(variances: list[float], seed: int = 0) -> np.ndarray:
    """Independent columns."""
    return np.random.default_rng([5, seed]).standard_normal((PERSONS, SIZE)) * np.sqrt(variances)


def turned(values: np.ndarray, seed: int = 0) -> np.ndarray:
    return values @ np.linalg.qr(np.random.default_rng([6, seed]).standard_normal((SIZE, SIZE)))[0]


def measured(folder: Path, first: np.ndarray, others: Mapping[str, np.ndarray]) -> Trainings | None:
    """The chapter's answer about one layer beside others of the same persons."""
    stores = [write_store(folder / name, values) for name, values in {'first': first, **others}.items()]
    chosen, *beside = (select(LatentStore.open(store)) for store in stores)
    with ThreadPoolExecutor(1) as pool, working(chosen, QUICK, pool) as work:
        work = replace(work, trainings=dict(zip(others, beside, strict=True)))
        found = of_layer('first', work, decompose(work))
        assert [file.name for file in work.file.parent.iterdir()] == ['scores.npy']
        return found


def again(answer: Trainings, training: str) -> list[int]:
    """Which components are found again in a training."""
    return [one.component for one in answer.matches if one.training == training and one.is_found_again]


@pytest.fixture(scope='module')
def answer(tmp_path_factory: pytest.TempPathFactory) -> Trainings:
    """Parted axes, beside the same turned, the same in another order of strength, and unrelated ones."""
    first = latents(PARTED)
    swapped = turned(first * np.sqrt([1, 1, 2.4 / 6, 6 / 2.4, *[1] * (SIZE - 4)]), 1)
    others = dict(turned=turned(first) + 3, swapped=-swapped, alone=latents(PARTED, 1))
    found = measured(tmp_path_factory.mktemp('trainings'), first, others)
    assert found
    return found


def test_without_other_trainings_there_is_no_answer(tmp_path: Path) -> None:
    assert measured(tmp_path, latents(PARTED), {}) is None


def test_what_it_is_about(answer: Trainings) -> None:
    assert (answer.of, answer.names) == ('first', ['first', 'turned', 'swapped', 'alone'])
    assert (answer.persons, answer.images, answer.components, answer.permutations) == (PERSONS, PERSONS // 2, 10, 99)
    assert [(one.training, one.component) for one in answer.matches] == [
        (name, component) for name in answer.names[1:] for component in range(1, 11)
    ]


def test_numbers_of_a_turned_training_are_the_same(answer: Trainings) -> None:
    values = np.linalg.eigvalsh(np.cov(latents(PARTED), rowvar=False))
    ratio, widths = answer.participation_ratio.values, answer.components_for_90.values
    assert ratio[:2] == pytest.approx([values.sum() ** 2 / (values**2).sum()] * 2, rel=1e-4)
    held = np.cumsum(values[::-1]) / values.sum()
    assert widths[:2] == [int((held < 0.9).sum()) + 1] * 2
    assert ratio[3] != pytest.approx(ratio[0], rel=1e-3)


def test_likeness_of_all_pairs(answer: Trainings) -> None:
    pairs = {(pair.first, pair.second): pair.cka for pair in answer.pairs}
    assert len(pairs) == 6
    assert pairs['first', 'turned'] == pytest.approx(1, abs=1e-5)
    expected = brute_force(latents(PARTED), latents(PARTED, 1))
    assert pairs['first', 'alone'] == pytest.approx(expected, abs=1e-4)


def test_spans_agree_whatever_the_axes(answer: Trainings) -> None:
    shares = {one.training: one.share for one in answer.overlaps}
    assert shares['turned'] == pytest.approx(1, abs=1e-4)
    assert shares['swapped'] is not None and shares['swapped'] > 0.98
    assert shares['alone'] is not None and shares['alone'] < 0.05


def test_parted_axes_are_found_again_in_any_order_and_sign(answer: Trainings) -> None:
    assert again(answer, 'turned') == again(answer, 'swapped') == [1, 2, 3, 4]
    assert again(answer, 'alone') == []
    partners = {name: [one.partner for one in answer.matches if one.training == name] for name in answer.names[1:]}
    assert partners['turned'] == [*range(1, 11)] and partners['swapped'][:4] == [1, 2, 4, 3]
    assert answer.found_again_in(3) == ['turned', 'swapped'] and answer.found_again_in(9) == []


def test_a_correlation_is_that_of_scores_and_beside_what_matching_gives(answer: Trainings) -> None:
    found = {one.component: one.correlation for one in answer.matches if one.training == 'alone'}
    axes = [
        np.linalg.svd(own - own.mean(0), full_matrices=False)[0][:, :10]
        for own in (latents(PARTED), latents(PARTED, 1))
    ]
    size = np.abs(axes[0].T @ axes[1])  # of columns of mean 0 and length 1
    partners = [one.partner - 1 for one in answer.matches if one.training == 'alone']
    for component, (row, partner) in enumerate(zip(size, partners, strict=True), 1):
        assert found[component].value == pytest.approx(row[partner], abs=1e-4)
    # Matched among ten, unrelated scores of 240 persons have more than the 0.05 of any pair, and less than 0.4.
    assert all(one.high is not None and 0.1 < one.high < 0.4 for one in found.values())
    assert not any(one.found for one in found.values())


def test_axes_of_equal_variance_are_not_found_again(tmp_path: Path) -> None:
    first = latents(EQUAL)
    found = measured(tmp_path, first, dict(turned=turned(first)))
    assert found and found.pairs[0].cka == pytest.approx(1, abs=1e-5)
    assert found.overlaps[0].share == pytest.approx(1, abs=1e-4)
    # In these persons they are the very same axes, but not in others.
    assert all((one.correlation.value or 0) > 0.999 and one.correlation.found for one in found.matches)
    assert again(found, 'turned') == []


def test_what_components_tell_of_concepts_is_as_in_the_chapter_on_them(answer: Trainings, tmp_path: Path) -> None:
    chosen = select(LatentStore.open(write_store(tmp_path / 'first', latents(PARTED))))
    about = measure_concepts(chosen, QUICK)
    expected = {one.concept: one.explained.value for one in about.span}
    assert {one.concept: one.explained.values[0] for one in answer.concepts} == pytest.approx(expected)
    first = answer.concepts[0].explained
    assert first.values[1] == pytest.approx(first.values[0], abs=1e-5) and first.mean.n == 4


def test_a_concept_that_another_training_tells(tmp_path: Path) -> None:
    """R squared of the ranks, as least squares have it but for the little that chance adds."""
    posture = LatentStore.open(write_store(tmp_path / 'ask', latents(PARTED))).table(['factors.posture'])
    values = posture['factors.posture'].to_numpy()
    told = latents(PARTED)
    told[:, 0] = 50 * (values - values.mean()) + np.random.default_rng(3).standard_normal(PERSONS)
    found = measured(tmp_path, latents(PARTED), dict(told=told))
    assert found
    (own,) = [one.explained for one in found.concepts if one.concept == 'factor_posture']
    ranks = rankdata(values)
    expected = [LinearRegression().fit(part, ranks).score(part, ranks) for part in (latents(PARTED)[:, :10], told)]
    assert own.values[1] == pytest.approx(expected[1], abs=0.02) and (own.values[1] or 0) > 0.9
    assert own.values[0] is not None and 0 <= own.values[0] <= expected[0]


def test_an_interval_over_trainings_needs_three() -> None:
    three = across([1.0, 2.0, 6.0], 0.95)
    expected = ttest_1samp([1.0, 2.0, 6.0], 0).confidence_interval(0.95)
    assert three.mean.ends == pytest.approx((expected.low, expected.high))
    assert (three.mean.value, three.mean.n, three.mean.over) == (3, 3, 'seeds')
    assert three.sd == pytest.approx(np.sqrt(7))
    two = across([1.0, 2.0], 0.95)
    assert (two.mean.value, two.mean.ends, two.sd) == (1.5, None, pytest.approx(np.sqrt(0.5)))
    some, none = across([1.0, None], 0.95), across([None, None], 0.95)
    assert (some.mean.value, some.sd, some.values) == (1, None, [1.0, None])
    assert (none.mean.value, none.mean.n) == (None, 0)


def test_few_images_find_nothing_again(tmp_path: Path) -> None:
    first = latents(PARTED)
    stores = [write_store(tmp_path / name, first, images=[at % 9 for at in range(PERSONS)]) for name in 'ab']
    chosen, other = (select(LatentStore.open(store)) for store in stores)
    with ThreadPoolExecutor(1) as pool, working(chosen, QUICK, pool) as work:
        work = replace(work, trainings=dict(b=other))
        found = of_layer('a', work, decompose(work))
    assert found and found.images == 9 and not any(one.is_found_again for one in found.matches)
    assert all(one.least is None for one in found.matches)

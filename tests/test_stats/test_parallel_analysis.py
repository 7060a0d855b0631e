"""Components above noise: its draws against plain simulation of persons, and how often noise is taken for more."""

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor

import numpy as np
import pytest
from scipy import stats

from shg_xai.random_streams import stream
from shg_xai.stats import parallel_analysis
from shg_xai.stats.parallel_analysis import (
    IMAGES,
    OF_EACH,
    Above,
    Unrelated,
    above_noise,
    alike,
    first_eigenvalue,
    first_exchanged,
    sample,
    unrelated_to,
    within_images,
)
from tests.helpers.held_persons import HeldPersons, noise


@pytest.fixture(scope='module')
def pool() -> Iterator[Executor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


def variances_of(persons: HeldPersons) -> np.ndarray:
    return persons.held.var(axis=0, ddof=1, dtype=float)


def judged(persons: HeldPersons, pool: Executor, seed: int = 0) -> Above:
    values = np.linalg.eigvalsh(np.atleast_2d(np.cov(persons.held.astype(float), rowvar=False)))[::-1]
    return above_noise(persons, values, variances_of(persons), seed, pool)


def test_mean_squares_by_hand(pool: Executor) -> None:
    # Two images, of means 1 and 5, grand mean 3: 2 * 4 + 2 * 4 between them, 1 + 1 + 1 + 1 within.
    persons = HeldPersons(np.array([[0.0], [4], [6], [2]], np.float32), np.array([7, 9, 9, 7]))
    found = unrelated_to(persons, variances_of(persons), 0, pool)
    assert [(squares.tolist(), freedom) for squares, freedom in found.parts] == [([2], 2), ([16], 1)]


def test_mean_squares_are_those_of_the_analysis_of_variance(pool: Executor) -> None:
    persons = noise([1], [4] * 30, 6, 0.5)
    found = unrelated_to(persons, variances_of(persons), 0, pool)
    expected = stats.f_oneway(*persons.held.astype(float).reshape(30, 4, 6)).statistic
    (within, free_within), (between, free_between) = found.parts
    assert between / within == pytest.approx(expected, rel=1e-5)
    assert (free_within, free_between) == (90, 29)


@pytest.mark.parametrize('sizes', [[1] * 20, [20]])
def test_persons_who_share_no_image_or_all_one_have_one_kind_of_variance(sizes: list[int], pool: Executor) -> None:
    persons = noise([2], sizes, 3)
    found = unrelated_to(persons, variances_of(persons), 0, pool)
    ((squares, freedom),) = found.parts
    assert freedom == 19 and squares == pytest.approx(variances_of(persons))


def test_images_of_about_one_size_are_taken_together(pool: Executor) -> None:
    # Nearly all variance is between images: squares go as n, so (20 + 30)^2 / (20^2 + 30^2) = 1.9 is left of two.
    persons = noise([3], [1] * 20 + [10] * 6 + [20] + [30], 400, 0.999)
    found = unrelated_to(persons, variances_of(persons), 0, pool)
    assert [freedom for _, freedom in found.parts] == [102, 19, 6, 2]
    ones, tens = found.parts[1][0].mean(), found.parts[2][0].mean()
    assert tens / ones == pytest.approx(10, rel=0.02)


def test_a_sample_is_of_few_images_and_few_persons_of_each() -> None:
    groups = np.random.default_rng(0).permutation(np.repeat(np.arange(IMAGES + 500), np.arange(IMAGES + 500) % 7))
    sizes = np.bincount(groups)
    chosen = np.bincount(groups[sample(groups, 0)], minlength=len(sizes))
    assert (chosen > 0).sum() == IMAGES
    assert (chosen[chosen > 0] == np.minimum(sizes, OF_EACH)[chosen > 0]).all()
    assert sizes[chosen > 0].min() == 2
    assert not np.array_equal(sample(groups, 0), sample(groups, 1))


def test_variance_within_a_sample_of_images_is_that_within_all(pool: Executor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel_analysis, 'IMAGES', 200)
    persons = noise([4], [6] * 600, 3, 0.8)
    assert within_images(persons, 0, pool) == pytest.approx([0.2] * 3, rel=0.2)  # 600 degrees of freedom: 0.06


@pytest.mark.parametrize(
    'sizes',
    [[1] * 9, [1] * 13, [1] * 40, [4] * 8, [4] * 40, [20] * 3, [1] * 20 + [3] * 20 + [15] * 2],
    ids=lambda sizes: f'{len(sizes)}x{sizes[-1]}',
)
def test_draws_are_those_of_persons_drawn_one_by_one(sizes: list[int]) -> None:
    variances, runs, shared = np.linspace(0.2, 3, 12), 400, np.linspace(0, 0.9, 12)
    count, images = sum(sizes), len(sizes)
    parts = [(1 + (size - 1) * shared, sizes.count(size) - (size == sizes[0])) for size in sorted(set(sizes))]
    unrelated = Unrelated(variances, [(1 - shared, count - images), *parts])
    drawn = np.array([first_eigenvalue(unrelated, seed, 0) for seed in range(runs)])
    plain, random = np.zeros(runs), np.random.default_rng(1)
    for run in range(runs):
        of_images = np.repeat(random.standard_normal((images, 12)), sizes, axis=0)
        values = np.sqrt(shared) * of_images + np.sqrt(1 - shared) * random.standard_normal((count, 12))
        values *= np.sqrt(variances) / values.std(axis=0, ddof=1)
        plain[run] = np.linalg.eigvalsh(np.cov(values, rowvar=False))[-1]
    assert stats.ks_2samp(drawn, plain).pvalue > 0.001


def test_noise_of_equal_variance_ends_at_the_edge_of_marchenko_and_pastur() -> None:
    variance, dimensions, persons = 2.5, 60, 6001
    equal = np.full(dimensions, variance)
    largest = first_eigenvalue(Unrelated(equal, [(equal, persons - 1)]), 0, 0)
    # Tracy-Widom: the largest is spread about the edge by some hundredths of its distance.
    assert largest == pytest.approx(variance * (1 + np.sqrt(dimensions / (persons - 1))) ** 2, rel=0.02)


def test_seeking_one_eigenvalue_is_solving_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.linspace(1, 2, 40)
    for freedom in ((20, 10), (100, 300), (30, 200)):
        unrelated = Unrelated(values, [(values, freedom[0]), (0.3 * values, freedom[1])])
        solved = first_eigenvalue(unrelated, 0, 0)
        with monkeypatch.context() as patched:
            patched.setattr(parallel_analysis, 'SOLVED', 1)
            assert first_eigenvalue(unrelated, 0, 0) == pytest.approx(solved, rel=1e-4)


@pytest.mark.parametrize('planted', [0, 3])
@pytest.mark.parametrize('persons', [30, 3000])  # fewer and more than dimensions
def test_as_many_components_as_were_planted(planted: int, persons: int, pool: Executor) -> None:
    generator = np.random.default_rng(4)
    values = generator.standard_normal((persons, 40)) * np.linspace(0.5, 1.5, 40)
    directions = np.linalg.qr(generator.standard_normal((40, 3)))[0][:, :planted]
    values += generator.standard_normal((persons, planted)) * 15 @ directions.T
    assert judged(HeldPersons(values.astype(np.float32), np.arange(persons)), pool).count == planted


def test_images_change_places_with_those_of_as_many_persons() -> None:
    assert [table.tolist() for table in alike(np.array([5, 5, 2, 7, 9, 9, 1, 1, 1]))] == [[[2], [3]], [[0, 1], [4, 5]]]
    # Two images change places in none, both or one of two dimensions: there are two scatters.
    held = np.array([[1.0, 2, -2, -1], [2.0, 1, -1, -2]], np.float32)
    found = {round(first_exchanged(held, [np.array([[0, 1], [2, 3]])], 0, draw), 4) for draw in range(20)}
    same = np.linalg.eigvalsh(held @ held.T / 3)[-1]
    crossed = np.array([held[0], held[1, [2, 3, 0, 1]]])
    assert found == {round(float(value), 4) for value in (same, np.linalg.eigvalsh(crossed @ crossed.T / 3)[-1])}


@pytest.mark.parametrize('own', [np.arange(30), np.arange(0, 60, 2)])
def test_persons_of_an_image_each_change_places_by_themselves(own: np.ndarray) -> None:
    held = np.random.default_rng(5).standard_normal((4, 60), dtype=np.float32)
    order = stream(3, 'parallel_analysis', 1).permuted(np.tile(np.arange(30, dtype=np.int32), (4, 1)), axis=1)
    expected = held.copy()
    expected[:, own] = np.take_along_axis(held[:, own], order, axis=1)
    largest = np.linalg.eigvalsh(expected @ expected.T)[-1] / 59
    assert first_exchanged(held, [own[:, None]], 3, 1) == pytest.approx(largest, rel=1e-5)


@pytest.mark.parametrize(
    'held, sizes',
    [
        (0, [4] * 50),
        (parallel_analysis.HELD, [4] * 50),
        (parallel_analysis.HELD, [1] * 60 + [2] * 20 + [3] * 10 + [9, 9, 11, 12]),
    ],
    ids=['drawn', 'exchanged', 'mixed'],
)
def test_persons_who_are_alike_within_images_are_no_structure(
    held: int, sizes: list[int], pool: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Against persons drawn one by one, all of these had components above noise.
    monkeypatch.setattr(parallel_analysis, 'HELD', held)
    monkeypatch.setattr(parallel_analysis, 'MANY_DRAWS', 39)
    found = [judged(noise([5, run], sizes, 24, 0.8), pool, run) for run in range(20)]
    assert sum(above.count > 0 for above in found) <= 3  # 0.5 on average; more by chance once in 500
    assert np.mean([above.p for above in found]) == pytest.approx(0.5, abs=0.25)


def test_heavy_tails_are_no_structure(pool: Executor, monkeypatch: pytest.MonkeyPatch) -> None:
    # Against normal values a tenth of these had components above noise.
    monkeypatch.setattr(parallel_analysis, 'MANY_DRAWS', 39)
    found = [judged(noise([8, run], [1] * 200, 24, 0, 't3'), pool, run) for run in range(20)]
    assert sum(above.count > 0 for above in found) <= 3


def test_nothing_is_found_where_nothing_could_be(pool: Executor) -> None:
    one = judged(noise([6], [1] * 30, 1), pool)
    assert (one.count, one.p) == (0, 1)
    assert judged(noise([6], [1, 1], 5), pool).p == 1
    for sizes in ([50], [10, 12, 15]):  # no two images can change places
        assert judged(noise([6], sizes, 5, 0.5), pool).p == 1


def test_the_threshold_is_passed_by_one_draw_in_forty(pool: Executor) -> None:
    persons = noise([7], [2] * 30, 4, 0.5)
    centred = np.ascontiguousarray((persons.held - persons.held.mean(axis=0)).T)
    drawn = sorted((first_exchanged(centred, alike(persons.image_ids), 3, draw) for draw in range(79)), reverse=True)
    eigenvalues = np.array([(drawn[0] + drawn[1]) / 2, drawn[1] * (1 + 1e-4), drawn[1] * (1 + 1e-6), 0])
    found = above_noise(persons, eigenvalues, variances_of(persons), 3, pool)
    assert (found.count, found.p, found.draws) == (2, 2 / 80, 79)
    assert found.threshold == pytest.approx(drawn[1])

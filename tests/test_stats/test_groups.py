"""Groups and clouds: windows and pairs by hand, and made persons of which the number of groups is known."""

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from itertools import product

import numpy as np
import pytest
from scipy.stats import binomtest

from shg_xai.stats import groups
from shg_xai.stats.groups import (
    Halves,
    along,
    beside_gaussian,
    by_halves,
    corrected,
    in_windows,
    neighbours,
    one_an_image,
    parted,
    valley,
)

KS = (2, 3, 4, 5)


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[Executor]:
    """One thread; fewer deals and draws than an analysis takes."""
    monkeypatch.setattr(groups, 'DEALS', 3)
    monkeypatch.setattr(groups, 'DRAWS', 19)
    with ThreadPoolExecutor(1) as one:
        yield one


def three(persons: int, apart: float, dimensions: int = 10, seed: int = 0) -> np.ndarray:
    """Three round groups of as many persons, so many standard deviations from each other."""
    random = np.random.default_rng(seed)
    centres = apart / np.sqrt(2) * np.eye(3, dimensions)
    return random.standard_normal((persons, dimensions)) + centres[np.arange(persons) % 3]


def found(values: np.ndarray, pool: Executor, ks: tuple[int, ...] = KS, seed: int = 0) -> int:
    return max(parted(by_halves(values, ks, seed, pool), 0.05), default=1)


def test_one_person_of_each_image_and_anyone_of_it() -> None:
    images = np.array([7, 3, 7, 7, 5, 3])
    drawn = [one_an_image(images, 9, seed) for seed in range(300)]
    assert all(images[own].tolist().count(image) == 1 for own in drawn for image in (3, 5, 7))
    times = np.bincount(np.concatenate(drawn), minlength=6) / 300
    assert times == pytest.approx([1 / 3, 1 / 2, 1 / 3, 1 / 3, 1, 1 / 2], abs=0.1)
    few = [images[one_an_image(images, 2, seed)] for seed in range(300)]
    assert all(len(set(own.tolist())) == 2 for own in few)
    assert np.bincount(np.concatenate(few))[[3, 5, 7]] / 300 == pytest.approx(2 / 3, abs=0.1)


def test_neighbours_have_no_third_centre_between_them() -> None:
    # On a line the outer two are no neighbours, in a triangle all are; 2 is just inside and outside of the ball.
    assert neighbours(np.array([(0.0, 0), (1, 0), (3, 0)])) == [(0, 1), (1, 2)]
    assert neighbours(np.array([(0.0, 0), (2, 0), (1, 1.7)])) == [(0, 1), (0, 2), (1, 2)]
    assert (0, 1) in neighbours(np.array([(0.0, 0), (2, 0), (1, 1.01)]))
    assert (0, 1) not in neighbours(np.array([(0.0, 0), (2, 0), (1, 0.99)]))


def test_places_along_the_line_by_hand() -> None:
    centres = np.array([(0.0, 0), (4, 0), (2, 6)])
    # The third is nearer to the third centre than to (2, 0), the point midway, whatever its place.
    values = np.array([(-1.0, 1), (2, -5), (2, 4), (5, 0)])
    assert along(values, centres, 0, 1).tolist() == [-0.25, 0.5, 1.25]
    assert along(values, centres[:2], 0, 1).tolist() == [-0.25, 0.5, 0.5, 1.25]
    assert along(values[:1], centres[:2], 1, 0).tolist() == [1.25]


def test_windows_are_a_third_of_the_line_around_both_ends_and_the_middle() -> None:
    places = np.array([-0.17, -0.16, 0.16, 0.17, 0.33, 0.34, 0.5, 0.66, 0.67, 0.83, 0.84, 1.16, 1.17])
    assert in_windows(places).tolist() == [2, 3, 2]


def test_both_ends_have_to_say_so() -> None:
    p, midway = valley(np.array([(9, 1, 8), (20, 1, 20)]))
    # One of nine midway is likelier than one of ten, and than one of 21.
    assert p == pytest.approx(10 / 512)
    assert p == pytest.approx(binomtest(1, 9, alternative='less').pvalue)
    assert midway == 1 / 8
    # Many beside few are a slope, not a valley; nor is there one beside a centre where nobody is.
    assert valley(np.array([(100, 10, 9)]))[0] > 0.5
    assert valley(np.array([(5, 0, 0)])) == (1, np.inf)


def test_a_honeycomb_in_an_even_density_has_no_valleys() -> None:
    # The union of two hexagons is half as wide where they meet as it is around their centres.
    rows, columns = np.array(list(product(range(-3, 4), repeat=2))).T
    centres = np.stack([columns + 0.5 * (rows % 2), rows * np.sqrt(0.75)], 1)
    grid = np.array(list(product(np.linspace(-2, 2, 400), repeat=2)))
    middle = int(np.flatnonzero((rows == 0) & (columns == 0))[0])
    pairs = [pair for pair in neighbours(centres) if middle in pair]
    assert len(pairs) == 6
    for pair in pairs:
        ends = in_windows(along(grid, centres, *pair))
        assert ends[1] >= 0.99 * ends[[0, 2]].max()


def test_twice_the_median_holds_for_all_deals_and_all_numbers_share_the_error() -> None:
    def made(*p: float, shares: tuple[float, ...] = (0, 0)) -> Halves:
        return Halves(np.array(p), np.array(shares), np.zeros(1))

    assert made(0.2, 0.001, 0.004, 0.003).p == 0.008  # the upper one of the two in the middle
    assert made(0.6, 0.7, 0.8, 0.9).p == 1
    assert made(0, 0, shares=(0.1, 0.4)).midway == 0.4
    assert corrected({2: made(0.5, 0.5), 3: made(0.0125, 0.01)}) == {2: 1, 3: 0.05}
    assert parted({2: made(0.5, 0.5), 3: made(0.0125, 0.01)}, 0.05) == [3]
    assert parted({2: made(0.5, 0.5), 3: made(0.013, 0.01)}, 0.05) == []
    assert parted({3: made(0, 0, shares=(0.1, 0.5)), 4: made(0, 0, shares=(0.1, 0.51))}, 0.05) == [3]
    assert parted({}, 0.05) == []


@pytest.mark.parametrize('apart', [5.7, 8.5])
def test_three_groups_are_found(pool: Executor, apart: float) -> None:
    values = three(300, apart)
    assert found(values, pool) == 3
    assert beside_gaussian(values, 3, 0, pool) == 1 / 20


def test_groups_in_a_row_are_found(pool: Executor) -> None:
    values = np.random.default_rng(1).standard_normal((400, 4))
    values[:, 0] += 7 * (np.arange(400) % 4)
    assert found(values, pool) == 4


@pytest.mark.parametrize('kind', ['round', 'long', 'cube', 'exponential', 'heavy'])
def test_one_cloud_is_one_group(pool: Executor, kind: str) -> None:
    numbers = []
    for seed in range(2):
        random = np.random.default_rng(seed)
        normal = random.standard_normal((400, 6))
        values = dict(
            round=normal,
            long=normal * (10, 1, 1, 1, 1, 1),
            cube=random.random((400, 6)),
            exponential=random.exponential(size=(400, 6)),
            heavy=random.standard_t(3, (400, 6)),
        )[kind]
        numbers.append(found(values, pool, (2, 3, 6), seed))
    assert numbers == [1, 1]


def test_a_ring_is_one_group(pool: Executor) -> None:
    # Its dents are significant, but not half as deep as the density beside them is high.
    random = np.random.default_rng(0)
    angle = 2 * np.pi * random.random(1500)
    values = np.stack([np.cos(angle), np.sin(angle)], 1) + 0.05 * random.standard_normal((1500, 2))
    halves = by_halves(values, (3,), 0, pool)
    assert corrected(halves)[3] < 0.05
    assert 0.5 < halves[3].midway < 0.9
    assert parted(halves, 0.05) == []


def test_a_gaussian_is_like_draws_of_itself_and_groups_are_tighter(pool: Executor) -> None:
    random = np.random.default_rng(0)
    p = [beside_gaussian(random.standard_normal((100, 3)) * (5, 1, 1), 2, seed, pool) for seed in range(6)]
    assert min(p) > 1 / 20 and 0.2 < np.mean(p) < 0.8
    assert beside_gaussian(three(100, 5.7, 3), 3, 0, pool) == 1 / 20


def test_halves_agree_about_groups_and_less_about_a_cloud(pool: Executor) -> None:
    own, cloud = by_halves(three(300, 8.5), (3, 5), 0, pool), by_halves(three(300, 0), (3, 5), 0, pool)
    assert own[3].agreement.min() > 0.98 > own[5].agreement.mean()
    assert cloud[3].agreement.max() < 0.8
    assert own[3].agreement.shape == (3,) and own[3].p_values.shape == own[3].shares.shape == (6,)


def test_too_few_persons_for_so_many_clusters_are_not_asked(pool: Executor) -> None:
    assert by_halves(three(39, 9), KS, 0, pool) == {}
    assert list(by_halves(three(60, 9), KS, 0, pool)) == [2, 3]


def test_persons_who_are_the_same_are_no_more_groups_than_there_are_kinds(pool: Executor) -> None:
    values = np.repeat(np.array([(0.0, 0), (1, 0), (0, 1)]), 40, axis=0)
    assert found(values, pool) == 3
    assert found(values * 0, pool) == 1
    assert beside_gaussian(np.zeros((120, 2)), 2, 0, pool) == 1


def test_workers_change_no_bit(pool: Executor) -> None:
    values = three(300, 3)
    with ThreadPoolExecutor(3) as several:
        for one, other in zip(*(by_halves(values, KS, 4, by).values() for by in (pool, several)), strict=True):
            assert one.p_values.tobytes() == other.p_values.tobytes()
            assert one.agreement.tobytes() == other.agreement.tobytes()
        assert beside_gaussian(values, 3, 4, pool) == beside_gaussian(values, 3, 4, several)

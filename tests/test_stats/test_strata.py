"""Groups compared within strata: by hand, by least squares, and where only a third thing differs."""

import math

import numpy as np
import pytest

from shg_xai.stats.bootstrap import Bootstrap, resample_weights
from shg_xai.stats.strata import difference, p_of_difference, strata

NAN = math.nan


def test_fifths_keep_equal_values_together_and_what_is_not_known_apart() -> None:
    found = strata([np.array([*range(25), NAN], float)], 26)
    assert found.tolist() == [1] * 5 + [2] * 5 + [3] * 5 + [4] * 5 + [5] * 5 + [0]
    assert strata([np.array([0, 0, 0, 0, 0, 0, 1, 2], float)], 8).tolist() == [0, 0, 0, 0, 0, 0, 1, 2]
    assert strata([], 3).tolist() == [0, 0, 0]
    # Two columns: each pair that is there is one.
    both = strata([np.array([0, 0, 1, 1, 1.0]), np.array([0, 1, 0, 1, 1.0])], 5)
    assert both.tolist() == [0, 1, 2, 3, 3]
    assert len(set(strata([np.full(4, NAN)], 4))) == 1


def test_a_difference_within_strata_by_hand() -> None:
    values = np.array([0.2, 0.4, 0.6, 0.9, 0.7, 0.1, NAN])
    first = np.array([True, False, False, True, True, False, True])
    stratum = np.array([0, 0, 0, 1, 1, 1, 1])
    # 0.2 - 0.5 and 0.8 - 0.1, of 1 and 2 persons, and of 2 and 1: equal weights.
    found = difference(values, first, ~first, stratum, Bootstrap(np.arange(7), 20))
    assert (found.value, found.n) == (pytest.approx(0.2), 6)


def test_it_is_what_least_squares_finds_beside_the_strata() -> None:
    random = np.random.default_rng(0)
    stratum, first = random.integers(0, 4, 300), random.random(300) < 0.4
    values = random.random(300) + stratum - 0.3 * first
    columns = np.column_stack([first, stratum[:, None] == np.arange(4)]).astype(float)
    expected = np.linalg.lstsq(columns, values, rcond=None)[0][0]
    found = difference(values, first, ~first, stratum, Bootstrap(np.arange(300), 100))
    assert found.value == pytest.approx(expected)
    assert found.ends and found.ends[0] < expected < found.ends[1] < 0
    assert p_of_difference(values, (first, ~first), stratum, np.arange(300), 0) == pytest.approx(1 / 1000)


def test_groups_that_never_meet_have_no_difference() -> None:
    first, images = np.array([True, True, False, False]), np.arange(4)
    found = difference(np.arange(4.0), first, ~first, np.array([0, 0, 1, 1]), Bootstrap(images, 10))
    assert (found.value, found.ends) == (None, None)
    assert math.isnan(p_of_difference(np.arange(4.0), (first, ~first), np.array([0, 0, 1, 1]), images, 0))
    assert math.isnan(p_of_difference(np.arange(4.0), (first, ~first), np.zeros(4, int), np.zeros(4), 0)), 'one image'


def test_a_difference_of_groups_by_hand() -> None:
    values = np.array([0.2, 0.4, NAN, 0.9, 0.7, 0.1])
    first = np.array([True, True, True, False, False, False])
    second = np.array([False, False, False, True, True, False])  # the last is in neither
    images = np.array([1, 2, 3, 1, 4, 5])
    found = difference(values, first, second, np.zeros(6, int), Bootstrap(images, 400, 0.9, 3))
    assert found.value == pytest.approx(0.3 - 0.8)
    drawn = []  # the same resamples, person by person
    for weights in resample_weights(images[[0, 1, 3, 4]], 400, 3):
        groups = np.repeat([0.2, 0.4], weights[:2]), np.repeat([0.9, 0.7], weights[2:])
        if all(map(len, groups)):
            drawn.append(groups[0].mean() - groups[1].mean())
    assert 0 < len(drawn) < 400
    assert list(found.ends or ()) == pytest.approx(np.quantile(drawn, [0.05, 0.95]).tolist())


def test_persons_of_one_image_come_together() -> None:
    """Each image has one of each group, whose values differ by the same: nothing varies."""
    values = np.array([0.1, 0.3, 0.5, 0.7, 0.2, 0.4])
    first = np.array([True, False] * 3)
    found = difference(values, first, ~first, np.zeros(6, int), Bootstrap(np.array([1, 1, 2, 2, 3, 3]), 50, 0.95, 0))
    assert [found.value, *(found.ends or ())] == pytest.approx([-0.2] * 3)


@pytest.mark.parametrize(
    'first, second', [([True, True], [False, False]), ([False, False], [True, True]), ([False, True], [True, False])]
)
def test_a_group_nobody_is_known_of_has_no_difference(first: list[bool], second: list[bool]) -> None:
    values, drawn = np.array([NAN, 0.5]), Bootstrap(np.array([1, 2]), 10)
    found = difference(values, np.array(first), np.array(second), np.zeros(2, int), drawn)
    assert (found.value, found.ends) == (None, None)


def made(seed: int, images: int, each: int) -> tuple[np.ndarray, ...]:
    """Persons of whom the cut-off ones are met worse and are more often of the first group, which itself changes
    nothing: values, group, what cuts them off, image. Persons of one image are alike."""
    random = np.random.default_rng(seed)
    image = np.repeat(np.arange(images), each)

    def alike() -> np.ndarray:
        return np.sqrt(0.8) * random.standard_normal(images)[image] + np.sqrt(0.2) * random.standard_normal(len(image))

    cut = np.round(np.exp(alike()), 1)  # many equal values, a long tail
    first = alike() + cut > 2
    values = np.clip(0.9 - 0.1 * cut + 0.1 * alike(), 0, 1)
    return values, first, cut, image


def test_what_a_third_thing_does_is_not_found_again() -> None:
    values, first, cut, image = made(0, 400, 1)
    plain = difference(values, first, ~first, np.zeros(400, int), Bootstrap(image, 200))
    within = difference(values, first, ~first, strata([cut], 400), Bootstrap(image, 200))
    assert plain.high is not None and plain.high < -0.1
    assert within.value is not None and abs(within.value) < 0.25 * abs(plain.value or 0)


@pytest.mark.parametrize('images, each', [(400, 1), (100, 4)])
def test_the_level_is_held(images: int, each: int) -> None:
    """A group dealt to whole images, within which persons are alike: as if it went with how well they are met."""
    false = 0
    for seed in range(60):
        values, _, cut, image = made(seed, images, each)
        first = (np.random.default_rng(1000 + seed).random(images) < 0.3)[image]
        false += p_of_difference(values, (first, ~first), strata([cut], len(image)), image, seed) < 0.05
    assert false <= 9  # of 60: the 99.9 % place of a binomial at 0.05

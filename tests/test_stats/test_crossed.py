"""The variance of a mean over trainings and images: tables worked by hand, and how often it is wrong."""

import math

import numpy as np
import pytest
from scipy.stats import chi2, t, ttest_1samp

from shg_xai.stats.crossed import Crossed, crossed

TABLE = np.array([[1.0, 2, 3], [2, 5, 5]])
ALONE = np.arange(3)


def test_a_table_of_two_trainings_and_three_images() -> None:
    found = crossed(TABLE, ALONE)
    # Means of rows 2 and 4, of columns 1.5, 3.5 and 4, of all 3; what is left of it is 0.5, -0.5, 0 and the opposite.
    # Mean squares 3 (1 + 1) / 1 = 6, 2 (2.25 + 0.25 + 1) / 2 = 3.5 and 4 x 0.25 / 2 = 0.5, each over 6.
    assert (found.mean, found.seeds, found.images) == (3, 2, 3)
    assert (found.of_seeds, found.of_images, found.of_both) == pytest.approx((1, 3.5 / 6, 0.5 / 6))
    assert found.variance == pytest.approx(1 + 0.5)
    assert found.sd_images**2 == pytest.approx(0.5)
    assert found.sd_seeds**2 == pytest.approx(2 * (6 - 0.5) / 6)
    assert found.sd_both**2 == pytest.approx(2 * 0.5 / 6)
    # For the degrees of freedom the trainings' is at its upper limit, 1 / 0.185 = 5.39 of one degree of freedom.
    upper = 1 / chi2.ppf(1 / 3, 1)
    assert upper == pytest.approx(5.39, abs=0.01)
    expected = (upper + 0.5) ** 2 / (upper**2 + 0.340278 / 2 + 0.006944 / 2)
    assert found.degrees == pytest.approx(expected, rel=1e-5)
    assert found.reach(0.9) == pytest.approx(t.ppf(0.95, found.degrees) * math.sqrt(1.5))


def test_where_trainings_differ_by_more_than_chance_alone_the_parts_add_up() -> None:
    found = crossed(TABLE, ALONE)
    expected = found.sd_images**2 + (found.sd_seeds**2 + found.sd_both**2) / found.seeds
    assert found.variance == pytest.approx(expected)


def test_a_variance_below_one_of_its_parts_is_that_part() -> None:
    # Rows have the same mean, so that trainings differ by less than chance would have it.
    found = crossed(np.array([[1.0, 5, 3], [5, 1, 3]]), ALONE)
    assert (found.of_seeds, found.of_images) == (0, 0) and found.of_both > 0
    assert (found.variance, found.sd_seeds, found.sd_images) == (0, 0, 0)
    found = crossed(np.array([[1.0, 5, 9], [5, 1, 9]]), ALONE)
    assert found.of_seeds == 0 and found.of_seeds + found.of_images - found.of_both < found.of_images
    assert found.variance == found.of_images


def test_one_training_is_students_t_over_images() -> None:
    values = np.array([0.5, 0.1, 0.9, 0.4])
    found, known = crossed(values[None], np.arange(4)), ttest_1samp(values, 0).confidence_interval(0.95)
    assert found.mean + found.reach(0.95) == pytest.approx(known.high)
    assert found.degrees == 3 and math.isnan(found.sd_seeds) and math.isnan(found.sd_both)
    assert found.sd_images == pytest.approx(np.std(values, ddof=1) / 2)


def test_images_of_unlike_size_make_a_ratio() -> None:
    # Two persons in the first image and one in the second: 4 / 3, off by 0 - 2 (4 / 3) and by 4 - 4 / 3.
    found = crossed(np.array([[1.0, -1, 4]]), np.array([7, 7, 3]))
    assert found.mean == pytest.approx(4 / 3)
    assert found.variance == pytest.approx(2 * (8 / 3) ** 2 * 2 / 3**2)
    # Persons who come twice make the same mean, and no more images.
    twice = crossed(np.tile([[1.0, 2, 5]], 2), np.tile([0, 1, 2], 2))
    assert twice == crossed(np.array([[1.0, 2, 5]]), ALONE)


def test_a_training_of_other_level_is_no_part_of_the_images() -> None:
    random = np.random.default_rng(0)
    images = np.repeat(np.arange(20), random.integers(1, 6, 20))
    scores = random.normal(size=(3, len(images)))
    shifted = crossed(scores + np.array([[5.0], [0], [-5]]), images)
    plain = crossed(scores, images)
    assert (shifted.of_images, shifted.of_both) == pytest.approx((plain.of_images, plain.of_both))


def test_who_is_missing_in_one_training_is_left_out_of_all() -> None:
    scores = np.column_stack([TABLE, [math.nan, 7]])
    assert crossed(scores, np.arange(4)) == crossed(TABLE, ALONE)


@pytest.mark.parametrize('scores', [np.full((2, 3), math.nan), np.ones((2, 0))])
def test_nobody_has_no_mean(scores: np.ndarray) -> None:
    found = crossed(scores, np.arange(scores.shape[1]))
    assert math.isnan(found.mean) and math.isnan(found.reach(0.95)) and math.isnan(found.sd_images)


def test_one_image_has_no_interval() -> None:
    found = crossed(TABLE, np.zeros(3))
    assert found.mean == 3
    assert all(map(math.isnan, (found.reach(0.95), found.sd_images, found.sd_seeds, found.sd_both)))


def test_all_alike_has_an_interval_without_width() -> None:
    found = crossed(np.ones((3, 4)), np.arange(4))
    assert (found.mean, found.reach(0.95), found.degrees) == (1, 0, 2)


def test_what_is_planned_is_what_the_parts_give() -> None:
    found = crossed(TABLE, ALONE)
    again = found.planned(2)
    assert (again.of_seeds, again.of_images, again.of_both) == pytest.approx(
        (found.of_seeds, found.of_images, found.of_both)
    )
    assert found.planned(20).variance == pytest.approx(0.5 + 2 / 20)
    forever = found.planned(10**9)
    assert (forever.variance, forever.degrees) == pytest.approx((0.5, 2)), 'images alone are left'
    assert Crossed(0, 2, 9, 1.0, 0.0, 0.0).planned(10**9).reach(0.9) == pytest.approx(0, abs=1e-4)


def test_the_parts_are_right_on_average() -> None:
    random, images = np.random.default_rng(1), np.repeat(np.arange(40), np.arange(40) % 3 + 1)
    many = []
    for _ in range(400):
        parts = random.normal(0, 0.3, (4, 1)) + (random.normal(0, 2, 40) + random.normal(0, 1, (4, 40)))[:, images]
        found = crossed(parts + random.normal(0, 0.5, parts.shape), images)
        many.append((found.mean, found.variance, found.of_seeds - found.of_both, found.of_images - found.of_both))
    mean, variance, seeds, own = np.array(many).T
    assert variance.mean() == pytest.approx(mean.var(), rel=0.15)
    assert seeds.mean() == pytest.approx(0.3**2 / 4, rel=0.15)
    # By an image of n persons: 2² sum of n² over (sum of n)².
    sizes = np.bincount(images)
    assert own.mean() == pytest.approx(4 * (sizes**2).sum() / sizes.sum() ** 2, rel=0.1)

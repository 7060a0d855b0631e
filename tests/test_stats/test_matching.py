"""Components of two trainings, told which is which."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy.stats import pearsonr

from shg_xai.stats.bootstrap import Bootstrap
from shg_xai.stats.matching import Exchanged, in_resamples, lower_ends, match, with_refitted

PERSONS = 300


def scores_of(values: np.ndarray) -> np.ndarray:
    """Scores along principal components, as NumPy's singular values have them."""
    left, size, _ = np.linalg.svd(values - values.mean(0), full_matrices=False)
    return np.asarray(left * size, np.float32)


def spread(variances: list[float], seed: int = 0, persons: int = PERSONS) -> np.ndarray:
    """Independent normal columns with these variances."""
    return np.random.default_rng(seed).standard_normal((persons, len(variances))) * np.sqrt(variances)


def drawn(scores: np.ndarray, others: np.ndarray, most: int = 3, resamples: int = 200) -> np.ndarray:
    how = Bootstrap(np.arange(len(scores)), resamples)
    with ThreadPoolExecutor(1) as pool:
        return in_resamples(scores, others, most, how, pool)


def test_the_matching_with_the_largest_sum() -> None:
    # Each its best would give 0.9 + 0.8 to one partner; one to one 0.9 + 0.1 is less than 0.7 + 0.8.
    size, partners = match(np.array([[-0.9, 0.7], [0.8, 0.1]]))
    assert size.tolist() == [0.7, 0.8] and partners.tolist() == [1, 0]


def test_order_and_signs_do_not_matter() -> None:
    scores = scores_of(spread([9, 4, 1, 0.5]))
    others = -scores[:, [2, 0, 3, 1]]
    found = np.corrcoef(scores.T, others.T)[:4, 4:]
    size, partners = match(found)
    assert size == pytest.approx(np.ones(4), abs=1e-5) and partners.tolist() == [1, 3, 0, 2]


def test_correlations_are_those_of_persons_repeated() -> None:
    random = np.random.default_rng(1)
    first, second = spread([5, 2, 1], 1, 40), spread([4, 1, 0.2], 2, 40)
    weights = random.integers(0, 4, 40)
    found = with_refitted(first, second, 2, weights)
    repeated = np.repeat(np.arange(40), weights)
    own = scores_of(second[repeated])
    for (row, column), value in np.ndenumerate(found):
        expected = pearsonr(first[repeated, row], own[:, column]).statistic
        assert abs(value) == pytest.approx(abs(expected), abs=1e-5)


def test_an_axis_without_variance_goes_with_nothing() -> None:
    scores, others = spread([3, 1]), spread([3, 1])
    scores[:, 1] = others[:, 1] = 7
    found = with_refitted(scores, others, 2, np.ones(PERSONS, np.int64))
    assert abs(found[0, 0]) == pytest.approx(1) and not found[1].any() and not found[:, 1].any()


def test_axes_that_variance_parts_are_found_again() -> None:
    scores = scores_of(spread([16, 6, 2, 0.5]))
    least = lower_ends(drawn(scores, -scores), PERSONS, 0.95)
    assert (least > 0.9).all()


def test_axes_of_equal_variance_are_not() -> None:
    # In these very persons they are the same in both; in others they turn into one another.
    scores = scores_of(spread([16, 16, 2, 0.5]))
    once = with_refitted(scores, scores, 3, np.ones(PERSONS, np.int64))
    assert match(once)[0] == pytest.approx(np.ones(3), abs=1e-4)
    least = lower_ends(drawn(scores, scores), PERSONS, 0.95)
    assert (least[:2] < 0.7).all() and least[2] > 0.9


def test_one_that_falls_back_behind_the_last_is_missed() -> None:
    # Of three equal axes two are looked at; the others' third may be what the second was.
    scores = scores_of(spread([9, 1, 1, 1]))
    least = lower_ends(drawn(scores, scores, 2), PERSONS, 0.95)
    assert least[0] > 0.9 and least[1] < 0.5


def test_lower_ends_hold_at_once_and_need_images() -> None:
    random = np.random.default_rng(0)
    angles = 0.6 + 0.1 * random.standard_normal((4000, 20))
    alone = lower_ends(np.cos(angles[:, :1]), 10_000, 0.95)
    assert alone == pytest.approx(np.cos(0.6 + 1.96 * 0.1), abs=0.01)
    many = lower_ends(np.cos(angles), 10_000, 0.95)
    assert many == pytest.approx(np.full(20, np.cos(0.6 + 3.02 * 0.1)), abs=0.02)  # 1 - 0.05 / 20 of two sides
    assert np.isnan(lower_ends(np.cos(angles), 39, 0.95)).all()
    assert np.isnan(lower_ends(np.cos(angles[:1]), 100, 0.95)).all()


def test_of_one_image_there_are_no_resamples() -> None:
    scores = scores_of(spread([4, 1]))
    with ThreadPoolExecutor(1) as pool:
        assert in_resamples(scores, scores, 2, Bootstrap(np.zeros(PERSONS)), pool).shape == (0, 2)


def test_exchanged_scores_match_those_of_each_training() -> None:
    scores, first, second = (scores_of(spread([4, 2, 1], seed)) for seed in range(3))
    source = np.random.default_rng(0).permutation(PERSONS)
    found = Exchanged.of(scores, [first, second], 2).matched(source)
    for own, other in zip((found[:2], found[2:]), (first, second), strict=True):
        expected = match(np.corrcoef(scores[source, :2].T, other[:, :2].T)[:2, 2:])[0]
        assert own == pytest.approx(expected, abs=1e-5)

"""Thresholds that promise few wrong units."""

import numpy as np
import pytest
from scipy.stats import beta
from scipy.stats import t as student

from shg_xai.stats.risk_control import FEWEST_IMAGES, promise, upper_end


def test_the_end_is_students_where_nothing_leans() -> None:
    values = np.arange(-3.0, 3)  # with 3 more symmetrical about 0
    spread = np.arange(-3.0, 4).std(ddof=1) / np.sqrt(7)
    assert upper_end(values, 3.0, 0.95) == pytest.approx(student.ppf(0.95, 6) * spread)


@pytest.mark.parametrize('losses', [0, 1, 5, 20])
def test_of_losses_of_one_size_it_is_no_lower_than_the_exact_end(losses: int) -> None:
    """Shares of 1,000 that are lost: the exact upper end is a quantile of the beta distribution."""
    found = upper_end(np.repeat([1.0, 0], [losses, 1000 - losses]), 1.0, 0.95)
    exact = beta.ppf(0.95, losses + 1, 1000 - losses)
    assert exact < found < exact + 0.0015


def some(images: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Calibrated risks of units of which five are on each image."""
    random = np.random.default_rng(seed)
    predicted = random.beta(0.6, 2, 5 * images)
    return predicted, random.random(5 * images) < predicted, np.arange(5 * images) // 5


def test_what_is_kept_is_below_the_threshold_and_mostly_right() -> None:
    predicted, wrong, image_of = some(400)
    found = promise(predicted, wrong, image_of, 0.1, 0.95)
    assert found
    keep = predicted <= found.threshold
    assert found.coverage == pytest.approx(keep.mean()) and found.risk == pytest.approx(wrong[keep].mean())
    assert 0.06 < found.risk < 0.1
    # The threshold with a true risk of 0.1 keeps more.
    order = np.argsort(predicted)
    reached = np.cumsum(predicted[order]) / np.arange(1, len(order) + 1)
    assert found.threshold < predicted[order][np.searchsorted(reached, 0.1)]
    everybody = promise(predicted, wrong, image_of, 0.5, 0.95)
    assert everybody and everybody.coverage == 1 and everybody.threshold == predicted.max()


def test_of_few_images_or_where_all_are_wrong_nothing_is_promised() -> None:
    predicted, wrong, image_of = some(FEWEST_IMAGES - 1)
    assert promise(predicted, np.zeros_like(wrong), image_of, 0.1, 0.95) is None
    predicted, wrong, image_of = some(400)
    assert promise(predicted, np.ones_like(wrong), image_of, 0.1, 0.95) is None
    assert promise(predicted[:0], wrong[:0], image_of[:0], 0.1, 0.95) is None


def test_a_promise_is_broken_seldom() -> None:
    """The true risk of what is kept is the mean prediction below the threshold."""
    risks = some(40_000, 1)[0]
    broken = 0
    for seed in range(100):
        found = promise(*some(100, 100 + seed), 0.1, 0.95)
        broken += bool(found and risks[risks <= found.threshold].mean() > 0.1)
    assert broken <= 10  # of 5 expected at most; 11 or more happen once in a hundred

"""Average precision by hand, and in resamples as of persons that come several times; pycocotools is asked in
tests/test_chapters/test_error_types/test_oks_ap.py.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from shg_xai.stats import average_precision as own
from shg_xai.stats.average_precision import Ranking, average_precision, unpacked


def test_by_hand() -> None:
    """Right, wrong, right of three that are there: precision 1, 1/2, 2/3 at recalls 1/3, 1/3, 2/3; best from there on
    1, 2/3, 2/3. Of 101 recalls 0 to 0.33 are reached with 1, 0.34 to 0.66 with 2/3, the rest never.
    """
    found = average_precision(np.array([[1.0, 0, 1]]), np.ones(3), 3)
    assert found == pytest.approx((34 + 33 * 2 / 3) / 101)
    both = average_precision(np.array([[1.0, 0, 1], [0, 0, 0]]), np.ones(3), 3)
    assert both == pytest.approx(found / 2)  # the mean over two thresholds
    assert average_precision(np.ones((1, 2)), np.ones(2), 2) == 1
    assert np.isnan(average_precision(np.zeros((1, 0)), np.zeros(0), 0))


def test_bits_are_thresholds() -> None:
    assert unpacked(np.array([0b01, 0b10, 0b11], np.uint16), 2).tolist() == [[1, 0, 1], [0, 1, 1]]


def made(random: np.random.Generator, listed: int, images: int) -> Ranking:
    """A list whose first are right more often than its last, in two variants at three thresholds."""
    chance = np.linspace(0.95, 0.4, listed)
    right = [
        sum((random.random(listed) < chance * part).astype(np.uint16) << t for t, part in enumerate((1, 0.8, 0.5)))
        for _ in range(2)
    ]
    image_of = random.integers(0, images, listed)
    return Ranking(np.array(right, np.uint16), image_of, np.bincount(image_of, minlength=images) + 1, 3)


def repeated(ranking: Ranking, weights: np.ndarray) -> list[float]:
    """The list with every person as often as the image was drawn."""
    times = weights[ranking.image_of]
    return [
        average_precision(
            np.repeat(unpacked(right, 3), times, axis=1), np.ones(times.sum()), float(weights @ ranking.there)
        )
        for right in ranking.right
    ]


def test_resamples_are_persons_that_come_several_times(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    ranking = made(random, 300, 120)
    weights = random.multinomial(120, np.full(120, 1 / 120), 60).astype(np.uint8)
    weights[0] = 1
    expected = np.array([repeated(ranking, one) for one in weights])
    with ThreadPoolExecutor(2) as pool:
        found = ranking.in_resamples(weights, pool)
        assert found.shape == (60, 2)
        assert found == pytest.approx(expected, abs=1e-12)
        assert ranking.exactly() == pytest.approx(expected[0], abs=1e-12)
        # A hundred slices of three persons.
        monkeypatch.setattr(own, 'SLICES', 100)
        assert ranking.in_resamples(weights, pool) == pytest.approx(expected, abs=0.01)
        assert (ranking.in_resamples(weights, pool) != found).any()
        assert ranking.in_resamples(weights[:1], pool)[0] == pytest.approx(ranking.exactly(), abs=1e-12)


def test_a_long_list_in_slices() -> None:
    random = np.random.default_rng(1)
    ranking = made(random, 9_001, 4000)
    weights = random.multinomial(4000, np.full(4000, 1 / 4000), 5).astype(np.uint8)
    with ThreadPoolExecutor(1) as pool:
        found = ranking.in_resamples(weights, pool)
    assert found == pytest.approx(np.array([repeated(ranking, one) for one in weights]), abs=2e-3)

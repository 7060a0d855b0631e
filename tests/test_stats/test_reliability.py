"""Predicted risks beside what is wrong, by hand."""

import numpy as np
import pytest

from shg_xai.stats.reliability import BINS, Reliability, moved_down


def test_two_values_by_hand() -> None:
    """Of four told 0.25 one is wrong, of six told 0.5 all: (4 * 0 + 6 * 0.5) / 10."""
    predicted = np.repeat([0.25, 0.5], [4, 6])
    wrong = np.array([True, False, False, False, *[True] * 6])
    means, shares, error = Reliability.of(predicted, wrong, np.arange(10) % 5, 5).shares(np.ones((1, 5)))
    known = np.isfinite(means[0])
    assert means[0, known] == pytest.approx([0.25, 0.5])
    assert shares[0, known] == pytest.approx([0.25, 1])
    assert error == pytest.approx([0.3])


def test_weights_are_repeated_images() -> None:
    random = np.random.default_rng(0)
    predicted, image_of = random.random(3000), np.arange(3000) // 3
    wrong = random.random(3000) < predicted**2
    found = Reliability.of(predicted, wrong, image_of, 1000)
    times = random.integers(0, 3, 1000)
    twice = np.repeat(np.arange(3000), times[image_of])
    edges = np.quantile(predicted, np.arange(1, BINS) / BINS)
    which = np.searchsorted(edges, predicted[twice])
    apart = [abs((wrong[twice].astype(float) - predicted[twice])[which == own].sum()) for own in range(BINS)]
    assert found.shares(times[None].astype(float))[2] == pytest.approx([sum(apart) / len(twice)])
    # E |p - p^2| is 1/6.
    assert found.shares(np.ones((1, 1000)))[2] == pytest.approx([1 / 6], abs=0.02)


def test_resampled_errors_are_moved_by_what_chance_adds() -> None:
    assert moved_down(0.1, np.array([0.1, 0.2, 0.3, np.nan])) == pytest.approx([0.0, 0.1, 0.2, np.nan], nan_ok=True)
    assert np.isnan(moved_down(0.1, np.array([np.nan]))).all()

"""Which numbers of components are tried, and which one is suggested."""

import math
from typing import Any

import numpy as np
import pytest
from scipy.stats import bootstrap

from shg_xai.chapters.component_projection.width import ladder, mean_estimate, paired_difference, rules, suggestion


@pytest.mark.parametrize(
    'dimensions, expected',
    [
        (1, [0, 1]),
        (3, [0, 1, 2, 3]),
        (50, [0, 1, 2, 4, 8, 16, 32, 50]),
        (51, [0, 1, 2, 4, 8, 16, 32, 50, 51]),
        (512, [0, 1, 2, 4, 8, 16, 32, 50, 64, 128, 256, 512]),
        (4096, [0, 1, 2, 4, 8, 16, 32, 50, 64, 128, 256, 512, 1024, 2048, 4096]),
    ],
)
def test_the_ladder(dimensions: int, expected: list[int]) -> None:
    assert ladder(dimensions) == expected


def test_a_difference_is_that_of_who_has_both() -> None:
    a = np.array([1, 0.5, math.nan, 0.75, 1])
    b = np.array([0.5, 0.5, 1, math.nan, 0.25])
    found = paired_difference(a, b, np.arange(5), 200, 0.95, 0)
    assert found['value'] == pytest.approx((0.5 + 0 + 0.75) / 3)
    assert 0 <= found['low'] < found['value'] < found['high'] <= 0.75


def test_pairs_tell_what_two_means_do_not() -> None:
    generator = np.random.default_rng(0)
    persons = generator.random(100)
    lower = persons - generator.normal(0.02, 0.01, 100)
    found = paired_difference(persons, lower, np.arange(100), 2000, 0.9, 1)
    expected = bootstrap(
        ((persons - lower),), np.mean, confidence_level=0.9, n_resamples=5000, method='percentile', random_state=0
    ).confidence_interval
    assert found['low'] == pytest.approx(expected.low, abs=2e-4)
    assert found['high'] == pytest.approx(expected.high, abs=2e-4)
    assert found['low'] > 0
    ends = [mean_estimate(values, np.arange(100), 500, 0.9, 1) for values in (persons, lower)]
    assert ends[0]['low'] < ends[1]['high']  # of each alone


def test_persons_of_one_image_are_drawn_together() -> None:
    a, images = np.tile([1.0, 0.0], 20), np.repeat(np.arange(20), 2)
    found = paired_difference(a, np.zeros(40), images, 100, 0.95, 0)
    assert found == dict(value=0.5, low=0.5, high=0.5)  # every image has one of each


@pytest.mark.parametrize('values, images', [([math.nan, math.nan], [1, 2]), ([0.5, 0.25], [1, 1])])
def test_what_is_not_known_is_none(values: list[float], images: list[int]) -> None:
    found = mean_estimate(np.array(values), np.array(images), 100, 0.95, 0)
    assert found['value'] == (None if math.isnan(values[0]) else 0.375)
    assert (found['low'], found['high']) == (None, None)


def curve(drops: dict[int, float]) -> list[dict[str, Any]]:
    return [
        dict(k=k, drop=dict(labelled=dict(value=drop, low=drop - 0.01, high=drop + 0.01))) for k, drop in drops.items()
    ]


@pytest.mark.parametrize(
    'drops, tolerance, expected',
    [
        ({0: 0.5, 4: 0.1, 8: 0.005, 16: 0.001, 32: 0}, 0.005, 8),
        # 4 is good by chance, as 8 shows.
        ({0: 0.5, 4: 0.001, 8: 0.02, 16: 0.001, 32: 0}, 0.005, 16),
        ({0: 0.5, 4: 0.1, 8: 0.1, 16: 0.1, 32: 0}, 0.005, 32),
        ({0: 0.001, 4: -0.1, 8: 0.001, 16: 0.001, 32: 0}, 0.005, 0),
        # Rounding may move a joint over the threshold even with all components.
        ({0: 0.5, 16: 0, 32: 1e-3}, 0, 16),
        ({0: 0.5, 16: 0.2, 32: 1e-3}, 0, 32),
        ({32: 0, 0: 0.5, 16: 0.001}, 0.005, 16),
    ],
)
def test_the_suggestion(drops: dict[int, float], tolerance: float, expected: int) -> None:
    found = suggestion(curve(drops), tolerance)
    value = drops[expected]
    assert found == dict(k=expected, tolerance=tolerance, drop=dict(value=value, low=value - 0.01, high=value + 0.01))


def test_rules_from_the_latents_alone() -> None:
    # Shares 0.5, 0.3, 0.12, 0.05, 0.03: 90 % need 3, 95 % need 4, 99 % need 5.
    values = np.array([50, 30, 12, 5, 3.0])
    names = [f'{share} % of the variance' for share in (90, 95, 99)]
    expected = [*zip(names, (3, 4, 5), strict=True), ('above noise (parallel analysis)', 2)]
    assert [(rule['name'], rule['k']) for rule in rules(values, 2)] == expected
    assert rules(np.ones(50), 2)[-1]['name'] == 'above noise (parallel analysis)'
    assert rules(np.ones(51), 2)[-1] == dict(name="the study's 50", k=50)

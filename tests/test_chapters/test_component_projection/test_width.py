"""Which numbers of components are tried, what is lost with each, and which one is suggested."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import bootstrap

from shg_xai.chapters.component_projection.results import Rule, Suggestion
from shg_xai.chapters.component_projection.width import (
    curves,
    ladder,
    rules,
    stack_of,
    steps,
    suggestion,
    untouched_pck,
)
from shg_xai.errors import InputError
from shg_xai.results import Curve, Estimate
from shg_xai.stats.bootstrap import Bootstrap
from shg_xai.stats.pca import STUDY


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
    assert ladder(dimensions, [STUDY]) == expected
    assert ladder(dimensions) == [k for k in expected if k != STUDY or dimensions == STUDY]


def test_numbers_asked_for_are_ascending_with_all_of_them() -> None:
    assert steps((), 6, '') == [0, 1, 2, 4, 6]
    assert steps((3, 1, 3), 6, '') == [1, 3, 6]
    with pytest.raises(InputError, match=r'--k 7: the latent has 6 components; give at most as many'):
        steps((7,), 6, 'the latent has 6 components')


def lost(a: NDArray[np.float64], b: NDArray[np.float64], drawn: Bootstrap) -> Estimate:
    """What is lost from a to b, as the curve has it."""
    drop = curves({'labelled': a}, {3: {'labelled': b}}, drawn, 0.005)['drop']
    assert drop['labelled'].x == [3]
    return drop['labelled'].y[0]


def test_a_difference_is_that_of_who_has_both() -> None:
    a = np.array([1, 0.5, math.nan, 0.75, 1])
    b = np.array([0.5, 0.5, 1, math.nan, 0.25])
    found = lost(a, b, Bootstrap(np.arange(5), 200))
    assert (found.value, found.n) == (pytest.approx((0.5 + 0 + 0.75) / 3), 3)
    assert found.ends is not None and 0 <= found.ends[0] < (0.5 + 0.75) / 3 < found.ends[1] <= 0.75


def test_pairs_tell_what_two_means_do_not() -> None:
    generator = np.random.default_rng(0)
    persons = generator.random(100)
    lower = persons - generator.normal(0.02, 0.01, 100)
    found = lost(persons, lower, Bootstrap(np.arange(100), 2000, 0.9, 1))
    expected = bootstrap(
        ((persons - lower),), np.mean, confidence_level=0.9, n_resamples=5000, method='percentile', random_state=0
    ).confidence_interval
    assert found.ends == (pytest.approx(expected.low, abs=2e-4), pytest.approx(expected.high, abs=2e-4))
    assert found.holds() is False
    drawn = Bootstrap(np.arange(100), 500, 0.9, 1)
    pck = curves({'labelled': persons}, {3: {'labelled': lower}}, drawn, 0.005)['pck']
    alone = Bootstrap(np.arange(100), 500, 0.9, 1).mean(persons)
    (other,) = pck['labelled'].y
    assert alone.ends is not None and other.ends is not None and alone.ends[0] < other.ends[1]


def test_persons_of_one_image_are_drawn_together() -> None:
    a, images = np.tile([1.0, 0.0], 20), np.repeat(np.arange(20), 2)
    found = lost(a, np.zeros(40), Bootstrap(images, 100))
    assert found == Estimate(value=0.5, low=0.5, high=0.5, n=40)  # every image has one of each


def test_what_is_not_known_is_none() -> None:
    nobody, one_image = np.array([math.nan, math.nan]), Bootstrap(np.array([1, 1]), 100)
    assert lost(nobody, nobody, Bootstrap(np.array([1, 2]), 100)) == Estimate(value=None, n=0)
    known = np.array([0.5, 0.25])
    assert untouched_pck({'labelled': known, 'limbs': nobody}, one_image, 'val') == {
        'labelled': Estimate(value=0.375, n=2),
        'limbs': Estimate(value=None, n=0),
    }
    with pytest.raises(InputError, match='val: no person has a labelled joint that can be judged'):
        untouched_pck({'labelled': nobody}, one_image, 'val')


def estimate(drop: float) -> Estimate:
    return Estimate(value=drop, low=drop - 0.01, high=drop + 0.01)


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
    curve = Curve(x=[float(k) for k in drops], y=[estimate(drop) for drop in drops.values()])
    assert suggestion(curve, tolerance) == Suggestion(k=expected, tolerance=tolerance, drop=estimate(drops[expected]))


def test_rules_from_the_latents_alone() -> None:
    # Shares 0.5, 0.3, 0.12, 0.05, 0.03: 90 % need 3, 95 % need 4, 99 % need 5.
    values = np.array([50, 30, 12, 5, 3.0])
    names = [f'{share} % of the variance' for share in (90, 95, 99)]
    expected = [*zip(names, (3, 4, 5), strict=True), ('above noise (parallel analysis)', 2)]
    assert [(rule.name, rule.k) for rule in rules(values, 2)] == expected
    assert rules(np.ones(50), 2)[-1].name == 'above noise (parallel analysis)'
    assert rules(np.ones(51), 2)[-1] == Rule(name="the study's 50", k=50)


def test_which_stack_a_layer_is_in() -> None:
    assert stack_of('backbone.hourglasses.1.bottleneck_residuals.2') == 1
    assert stack_of('backbone.hourglasses.10.ups.0') == 10
    assert stack_of('backbone.residuals.1') is stack_of('neck.backbone.hourglasses.1.x') is None

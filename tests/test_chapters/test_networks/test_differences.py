"""Networks over seeds: hand-made scores, and scipy's own bootstrap."""

import re
from typing import Any

import numpy as np
import pytest
from scipy.stats import bootstrap, t

from shg_xai.chapters.networks.differences import compare, network_summary, seeds_interval
from shg_xai.chapters.networks.results import Difference, SeededEstimate
from shg_xai.errors import InputError
from shg_xai.results import Estimate, Verdict
from shg_xai.stats.bootstrap import Bootstrap

NAN = np.nan
IMAGES = np.array([1, 1, 2, 3])
A = [np.array([1, 0.5, NAN, 0.75]), np.array([1, 1, NAN, 0.25])]
B = [np.array([0.5, 0.5, 1, 0.5]), np.array([0.5, 0.75, 1, NAN])]
SETTINGS: dict[str, Any] = dict(resamples=200, confidence=0.9, seed=0)
PERSONS = Bootstrap(IMAGES, **SETTINGS)


def ends(estimate: Estimate) -> tuple[float, float]:
    assert estimate.ends is not None
    return estimate.ends


def test_a_summary_is_the_mean_over_seeds_of_the_mean_over_persons() -> None:
    found = network_summary(A, PERSONS)
    # Seeds: 2.25 / 3 = 0.75 and 2.25 / 3 = 0.75.
    assert found.value == pytest.approx(0.75) and found.sd == 0
    found = network_summary([A[0], A[1] + 0.1], PERSONS)
    assert found.value == pytest.approx(0.8)
    assert found.sd == pytest.approx(0.1 / np.sqrt(2)), 'of 0.75 and 0.85, n - 1'
    # Persons' means over the seeds are 1.05, 0.8 and 0.55 in images 1, 1 and 3.
    low, high = ends(found)
    assert 0.55 <= low < 0.8 < high <= 0.925 + 1e-9


def test_one_seed_has_no_standard_deviation_and_one_image_no_interval() -> None:
    assert network_summary(A[:1], PERSONS).sd is None
    assert network_summary(A, Bootstrap(np.ones(4, int), **SETTINGS)) == SeededEstimate(value=0.75, n=3, sd=0)


def test_nobody_known_is_not_a_number() -> None:
    nobody = [np.full(4, NAN)] * 2
    assert network_summary(nobody, PERSONS) == SeededEstimate(value=None, n=0, sd=None)
    assert compare(nobody, nobody, PERSONS) == Difference(
        difference=Estimate(value=None, n=0),
        by_seed=[None, None],
        over_seeds=Estimate(value=None, n=2, over='seeds'),
        persons=0,
        verdict=Verdict.NO_DIFFERENCE,
    )


def test_a_comparison_leaves_out_who_is_missing_anywhere() -> None:
    found = compare(A, B, PERSONS)
    # The third is missing in A, the fourth in the second seed of B; left are the first two.
    assert found.persons == 2
    assert found.by_seed == pytest.approx([0.25, 0.375])
    assert found.difference.value == pytest.approx(0.3125)
    # Both are of one image; resamples without it have no value, the others the same one.
    assert found.difference.low == found.difference.high == pytest.approx(0.3125)
    # Student's t of one degree of freedom is 6.31 at 0.95: two seeds so far apart tell nothing.
    over = found.over_seeds
    assert (over.value, over.n, over.over) == (0.3125, 2, 'seeds')
    assert over.ends == pytest.approx((0.3125 - 6.3138 * 0.0625, 0.3125 + 6.3138 * 0.0625), abs=1e-4)
    assert found.verdict is Verdict.TOO_FEW_SEEDS


@pytest.mark.parametrize(
    ('shifts', 'verdict'),
    [
        # At 0.9: 6.31 * 0.05 = 0.316 about 0.25 for the first, 2.92 * 0.029 = 0.084 for the second.
        ((0.2, 0.3), 'too few seeds to tell'),
        ((0.2, 0.25, 0.3), 'better'),
        ((-0.2, -0.25, -0.3), 'worse'),
        ((0.5, -0.01), 'too few seeds to tell'),
        ((0.2,), 'too few seeds to tell'),
        ((-0.5, 0.01), 'too few seeds to tell'),
        # One of many may be of the other sign: 1.86 * 0.0083 = 0.015 about 0.053.
        ((0.06, 0.08, 0.05, 0.07, 0.04, -0.002, 0.06, 0.08, 0.04), 'better'),
        ((0.001, 0.001), 'no difference found'),
    ],
)
def test_a_verdict_needs_both_intervals(shifts: tuple[float, ...], verdict: str) -> None:
    random = np.random.default_rng(0)
    base = [random.random(60) for _ in shifts]
    noise = random.normal(0, 0.05, (len(shifts), 60))
    noise -= noise.mean(1, keepdims=True)  # so that a seed's difference is its shift
    other = [scores + shift + part for scores, shift, part in zip(base, shifts, noise, strict=True)]
    found = compare(other, base, Bootstrap(np.arange(60), **SETTINGS))
    assert found.by_seed == pytest.approx(shifts, abs=1e-12)
    assert found.verdict == verdict
    # What decided: large shifts of unlike sign leave out 0 over persons, small ones do not.
    low, high = ends(found.difference)
    assert (low <= 0 <= high) == (max(map(abs, shifts)) < 0.01)


def test_the_interval_over_seeds_is_students() -> None:
    values = [0.006, 0.009, 0.015, -0.002]
    found = seeds_interval(values, 0.95)
    low, high = t.interval(0.95, 3, np.mean(values), np.std(values, ddof=1) / 2)
    assert found.value == pytest.approx(0.007) and ends(found) == pytest.approx((low, high))
    assert seeds_interval([0.5], 0.95) == Estimate(value=0.5, n=1, over='seeds')
    assert seeds_interval([0.5, None], 0.95) == Estimate(value=None, n=2, over='seeds')
    assert seeds_interval([0.25, 0.25], 0.95) == Estimate(value=0.25, low=0.25, high=0.25, n=2, over='seeds')


def test_swapped_networks_change_the_sign_alone() -> None:
    random = np.random.default_rng(1)
    a, b = random.random((2, 3, 40))
    one, two = (
        compare(*pair, Bootstrap(np.arange(40) // 2, **SETTINGS)) for pair in ((list(a), list(b)), (list(b), list(a)))
    )
    assert one.difference.value == pytest.approx(-(two.difference.value or 0))
    assert ends(one.difference) == pytest.approx([-end for end in ends(two.difference)[::-1]])
    assert one.by_seed == pytest.approx([-(value or 0) for value in two.by_seed])


def test_intervals_are_those_of_scipy() -> None:
    random = np.random.default_rng(2)
    images = np.repeat(np.arange(80), 2)[:150]
    a = random.random((3, 150)) + random.normal(0, 0.2, 80)[images]
    b = random.random((3, 150))
    a[:, ::11] = NAN
    persons = Bootstrap(images, resamples=4000, confidence=0.9, seed=3)

    def reference(values: np.ndarray) -> tuple[float, float]:
        known = np.isfinite(values)
        sums = np.bincount(images[known], values[known], 80)
        counts = np.bincount(images[known], minlength=80)
        found = bootstrap(
            (sums, counts),
            lambda x, y, axis: x.sum(axis) / y.sum(axis),
            paired=True,
            vectorized=True,
            n_resamples=4000,
            confidence_level=0.9,
            method='percentile',
            random_state=np.random.default_rng(4),
        )
        return found.confidence_interval.low, found.confidence_interval.high

    for found, values in (
        (compare(list(a), list(b), persons).difference, (a - b).mean(0)),
        (network_summary(list(a), persons), a.mean(0)),
    ):
        low, high = reference(values)
        assert found.low == pytest.approx(low, abs=0.05 * (high - low))
        assert found.high == pytest.approx(high, abs=0.05 * (high - low))
    # A comparison that forgot the pairs would be wider: the networks share what is hard.
    low, high = ends(compare(list(a), list(a + random.normal(0.1, 0.01, a.shape)), persons).difference)
    assert high - low < 0.01


def test_the_same_seed_gives_the_same_interval() -> None:
    first, second = (compare(A, B[::-1], PERSONS) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ('a', 'b', 'message'),
    [
        (A, B[:1], 'a, b: 2 and 1 seeds'),
        ([], [], 'a: no seed at all'),
        (A, [B[0], B[1][:3]], 'b[1]: scores of shape (3,) for persons of shape (4,)'),
    ],
)
def test_what_cannot_be_compared_is_refused(a: list, b: list, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        compare(a, b, PERSONS)


def test_a_summary_of_no_seed_is_refused() -> None:
    with pytest.raises(InputError, match='scores: no seed at all'):
        network_summary([], PERSONS)

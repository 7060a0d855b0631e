"""Networks over seeds: hand-made scores, and scipy's own bootstrap."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import bootstrap

from shg_xai.chapters.networks.differences import compare, judged, network_summary, seeds_needed, verdict
from shg_xai.chapters.networks.results import Difference, SeededEstimate
from shg_xai.errors import InputError
from shg_xai.results import Estimate, Verdict
from shg_xai.stats.bootstrap import Bootstrap
from shg_xai.stats.crossed import Crossed
from tests.helpers.made_scores import Spreads, shares

NAN = np.nan
IMAGES = np.array([1, 1, 2, 3])
A = [np.array([1, 0.5, NAN, 0.75]), np.array([1, 1, NAN, 0.25])]
B = [np.array([0.5, 0.5, 1, 0.5]), np.array([0.5, 0.75, 1, NAN])]
SETTINGS: dict[str, Any] = dict(resamples=200, confidence=0.9, seed=0)
PERSONS = Bootstrap(IMAGES, **SETTINGS)
FOUR_AN_IMAGE = np.repeat(np.arange(125), 4)


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
    unknown = Estimate(value=None, n=0, over='seeds and images')
    assert compare(nobody, nobody, PERSONS, 0.005) == Difference(
        difference=unknown,
        equivalence=unknown,
        margin=0.005,
        by_seed=[None, None],
        persons=0,
        degrees=None,
        sd_seeds=None,
        sd_images=None,
        sd_both=None,
        seeds_needed=None,
        verdict=Verdict.UNDECIDED,
    )


def test_a_comparison_leaves_out_who_is_missing_anywhere() -> None:
    found = compare(A, B, PERSONS, 0.005)
    # The third is missing in A, the fourth in the second seed of B; left are the first two.
    assert found.persons == 2
    assert found.by_seed == pytest.approx([0.25, 0.375])
    # Both are of one image, which does not tell how another would differ.
    assert found.difference == Estimate(value=0.3125, n=2, over='seeds and images')
    assert found.verdict is Verdict.UNDECIDED


@pytest.mark.parametrize(
    ('shifts', 'verdict'),
    [
        # At 0.9: 6.31 * 0.05 = 0.316 about 0.25 for the first, 2.92 * 0.029 = 0.084 for the second.
        ((0.2, 0.3), 'undecided'),
        ((0.2, 0.25, 0.3), 'better'),
        ((-0.2, -0.25, -0.3), 'worse'),
        ((0.5, -0.01), 'undecided'),
        ((0.2,), 'undecided'),
        ((-0.5, 0.01), 'undecided'),
        # One of many may be of the other sign: 1.86 * 0.0083 = 0.015 about 0.053.
        ((0.06, 0.08, 0.05, 0.07, 0.04, -0.002, 0.06, 0.08, 0.04), 'better'),
        # The persons leave a standard error of 0.05 / sqrt(60) = 0.006 a seed.
        ((0.001, 0.001), 'equivalent'),
        ((0.001,), 'undecided'),
        ((0.01, -0.03, 0.02), 'undecided'),
    ],
)
def test_a_verdict_is_of_seeds_and_persons_at_once(shifts: tuple[float, ...], verdict: str) -> None:
    random = np.random.default_rng(0)
    base = [random.random(60) for _ in shifts]
    noise = random.normal(0, 0.05, (len(shifts), 60))
    noise -= noise.mean(1, keepdims=True)  # so that a seed's difference is its shift
    other = [scores + shift + part for scores, shift, part in zip(base, shifts, noise, strict=True)]
    found = compare(other, base, Bootstrap(np.arange(60), **SETTINGS), 0.02)
    assert found.by_seed == pytest.approx(shifts, abs=1e-12)
    assert found.verdict == verdict
    assert found.difference.over == ('images' if len(shifts) == 1 else 'seeds and images')


def three_seeds(mean: float, sd_seeds: float, sd_images: float) -> Crossed:
    return Crossed(mean, 3, 100, sd_seeds**2 / 3, sd_images**2, 0)


@pytest.mark.parametrize(
    ('mean', 'margin', 'verdict'),
    [
        # Of 99 degrees of freedom t is 1.984 at 0.975 and 1.660 at 0.95: an interval of ±0.00198, of ±0.00166 for two
        # tests.
        (0.0019, 0.001, 'undecided'),
        (0.0020, 0.001, 'better'),
        (-0.0020, 0.001, 'worse'),
        (0.0010, 0.0026, 'undecided'),
        (0.0010, 0.0027, 'equivalent'),
        (-0.0010, 0.0027, 'equivalent'),
        (0.0, 0.0, 'undecided'),
        # Surely above 0, and surely below the margin.
        (0.0025, 0.005, 'equivalent'),
        (0.0034, 0.005, 'better'),
    ],
)
def test_equivalent_is_two_tests_inside_the_margin(mean: float, margin: float, verdict: str) -> None:
    found = judged(three_seeds(mean, 0, 0.001), [mean] * 3, 200, 0.95, margin)
    assert (found.verdict, found.margin, found.degrees) == (verdict, margin, pytest.approx(99))
    assert ends(found.difference) == pytest.approx((mean - 0.001984, mean + 0.001984), abs=1e-6)
    assert ends(found.equivalence) == pytest.approx((mean - 0.001660, mean + 0.001660), abs=1e-6)
    assert (found.sd_seeds, found.sd_images, found.sd_both) == pytest.approx((0, 0.001, 0))


def test_one_seed_or_one_image_decides_nothing() -> None:
    for found in (Crossed(0.5, 1, 100, 0, 1e-9, 0), Crossed(0.5, 3, 1, 1e-9, 0, 0)):
        assert verdict(found, 0.95, 0.005) is Verdict.UNDECIDED
        assert seeds_needed(found, 0.95, 0.005) is None


def test_the_seeds_needed_are_those_whose_interval_decides() -> None:
    # Persons leave next to nothing: S seeds leave t_(S-1) 0.01 / sqrt(S), below 0.006 from 14 on (2.160 x 0.00267 =
    # 0.0058; of 13 2.179 x 0.00277 = 0.00604).
    found = three_seeds(0.006, 0.01, 1e-9)
    assert verdict(found, 0.95, 0) is Verdict.UNDECIDED
    assert seeds_needed(found, 0.95, 0) == 14
    # Equal ones: t_(S-1) 0.01 / sqrt(S) at 0.95 is below 0.005 from 13 on (1.782 x 0.00277 = 0.0049; 12: 0.0052).
    assert seeds_needed(three_seeds(0, 0.01, 1e-9), 0.95, 0.005) == 13
    # Persons alone leave 1.984 x 0.004 = 0.0079: no seeds can help; with half of that they can.
    assert seeds_needed(three_seeds(0.006, 0.01, 0.004), 0.95, 0) is None
    assert (seeds_needed(three_seeds(0.006, 0.01, 0.002), 0.95, 0) or 0) > 14
    for sd in (0.0, 0.001, 0.002):
        needed = seeds_needed(three_seeds(0.006, 0.01, sd), 0.95, 0)
        assert needed is not None
        reach = [three_seeds(0.006, 0.01, sd).planned(seeds).reach(0.95) for seeds in (needed - 1, needed)]
        assert reach[1] < 0.006 <= reach[0]
    assert judged(found, [0.006] * 3, 200, 0.95, 0).seeds_needed == 14
    assert judged(three_seeds(0.006, 0, 1e-9), [0.006] * 3, 200, 0.95, 0).seeds_needed is None, 'it is decided'


# Two intervals that both have to leave out 0 are wrong in 10 % where seeds and persons scatter alike.
@pytest.mark.parametrize(
    ('seeds', 'spreads'), [(3, Spreads(seeds=0.008)), (8, Spreads(seeds=0.002)), (8, Spreads(both=0.002))]
)
def test_one_in_twenty_verdicts_on_equal_networks_is_false(seeds: int, spreads: Spreads) -> None:
    found = shares(1000, spreads, FOUR_AN_IMAGE, seeds)
    assert 0.03 <= found[Verdict.BETTER] + found[Verdict.WORSE] <= 0.07


def test_equal_networks_are_found_equivalent_and_unequal_ones_are_not() -> None:
    spreads = Spreads(seeds=0.0005, images=0.001, both=0.001)
    assert shares(200, spreads, FOUR_AN_IMAGE, 8, margin=0.005)[Verdict.EQUIVALENT] > 0.95
    at_margin = replace(spreads, mean=0.005)
    assert shares(1000, at_margin, FOUR_AN_IMAGE, 8, margin=0.005)[Verdict.EQUIVALENT] <= 0.07


def test_swapped_networks_change_the_sign_alone() -> None:
    random = np.random.default_rng(1)
    a, b = random.random((2, 3, 40))
    one, two = (
        compare(*pair, Bootstrap(np.arange(40) // 2, **SETTINGS), 0.005)
        for pair in ((list(a), list(b)), (list(b), list(a)))
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

    found = network_summary(list(a), persons)
    low, high = reference(a.mean(0))
    assert found.low == pytest.approx(low, abs=0.05 * (high - low))
    assert found.high == pytest.approx(high, abs=0.05 * (high - low))
    # Of one seed a difference is over images alone, and there both ways agree.
    low, high = reference(a[0] - b[0])
    assert ends(compare([a[0]], [b[0]], persons, 0.005).difference) == pytest.approx(
        (low, high), abs=0.05 * (high - low)
    )
    # A comparison that forgot the pairs would be wider: the networks share what is hard.
    low, high = ends(compare(list(a), list(a + random.normal(0.1, 0.01, a.shape)), persons, 0.005).difference)
    assert high - low < 0.01


def test_the_same_seed_gives_the_same_interval() -> None:
    first, second = (compare(A, B[::-1], PERSONS, 0.005) for _ in range(2))
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
        compare(a, b, PERSONS, 0.005)


def test_a_summary_of_no_seed_is_refused() -> None:
    with pytest.raises(InputError, match='scores: no seed at all'):
        network_summary([], PERSONS)

"""Measures of walks on poses whose shifts are known."""

import msgspec
import numpy as np
import pytest
from scipy.stats import binom, kstest

from shg_xai.chapters.decoded_walk.effects import WalkedPoses, beside_random, compared, reachable, walk_of
from shg_xai.chapters.decoded_walk.results import RandomWalks, Walk
from shg_xai.results import Estimate
from shg_xai.stats.bootstrap import Bootstrap

STEPS = np.array([-3.0, -2, -1, 0, 1, 2, 3])
JOINTS = ('a', 'b')
IMAGES = np.array([1, 1, 2, 3, 4])
DRAWN = Bootstrap(IMAGES, 200)
BASE = np.random.default_rng(0).random((5, 2, 2))


def linear(amount: tuple[float, float], concepts: dict[str, np.ndarray] | None = None) -> WalkedPoses:
    """Joint b moves by an amount per sigma, joint a stays; peaks fall by 0.01 c."""
    poses = np.repeat(BASE[None], len(STEPS), axis=0)
    poses[:, :, 1] += STEPS[:, None, None] * np.array(amount)
    peaks = 0.8 - 0.01 * STEPS[:, None, None] * np.ones((1, 5, 2))
    return WalkedPoses(STEPS, (-2, 2), poses, peaks, concepts or {})


def walked(poses: WalkedPoses) -> Walk:
    return walk_of(poses, JOINTS, [0.5] * len(poses.steps), DRAWN)


def assert_is(estimate: Estimate, value: float) -> None:
    assert (estimate.value, estimate.low, estimate.high) == pytest.approx((value,) * 3, abs=1e-12)


def test_a_joint_that_moves_by_a_known_amount() -> None:
    found = walked(linear((0.03, 0.04)))  # 0.05 per sigma
    for c, point in zip(STEPS, found.points, strict=True):
        assert (point.c, point.nearest_distance) == (c, 0.5)
        assert_is(point.shift['a'], 0)
        assert_is(point.shift['b'], 0.05 * abs(c))
        assert_is(point.mean_shift, 0.025 * abs(c))
        assert_is(point.peak_change, -0.01 * c)
        np.testing.assert_allclose(point.pose[0], BASE[:, 0].mean(0), atol=1e-6)
        np.testing.assert_allclose(point.pose[1], BASE[:, 1].mean(0) + c * np.array([0.03, 0.04]), atol=1e-6)
        assert point.peaks == pytest.approx([0.8 - 0.01 * c] * 2)
    assert_is(found.shift_per_sigma, 0.025)
    assert found.most_moved == ['b', 'a']


def test_persons_who_differ_have_an_interval_over_images() -> None:
    walk = linear((0.1, 0), dict(much=STEPS[:, None] * 0 + np.arange(5.0)))
    found = walked(walk).points[0].concepts['much']
    assert (found.value, found.n) == (2, 5)
    assert found.ends and 0 < found.ends[0] < 2 < found.ends[1] <= 4


@pytest.mark.parametrize(
    'values, expected',
    [
        ([9, 1, 2, 3, 4, 5, 0], 1),  # beyond the ends anything may be
        ([0, 5, 4, 3, 2, 1, 9], 1),
        ([0, 1, 2, 2, 4, 5, 6], 0),  # one step does nothing
        ([0, 1, 2, 3, 2, 5, 6], 0),
        ([0, 1, 2, np.nan, 4, 5, 6], None),
    ],
)
def test_every_step_goes_one_way(values: list[float], expected: float | None) -> None:
    own = np.array(values, float)[:, None] + 100 * np.arange(5)
    assert walked(linear((0, 0), dict(much=own))).one_way['much'].value == expected


def test_the_share_of_persons_whose_steps_go_the_mean_s_way() -> None:
    own = STEPS[:, None] * np.array([1, 1, 1, -1, 1])
    found = walked(linear((0, 0), dict(much=own))).one_way['much']
    assert (found.value, found.n) == (0.8, 5)
    assert walked(linear((0, 0), dict(much=-own))).one_way['much'].value == 0.8


def test_what_is_compared_is_the_mean_over_ends_and_persons() -> None:
    walk = linear((0.03, 0.04), dict(much=(STEPS**3)[:, None] * np.arange(5), none=np.full((7, 5), np.nan)))
    # 0.05 a sigma of one joint of two; 8 - (-8) times the mean of 1 and 3.
    assert walk.numbers(np.array([1, 3])) == pytest.approx([0.025, 32, np.nan], nan_ok=True)
    # Two walks at the ends 0 and 2, of two persons: a joint moves by 1 and 3, then not at all.
    poses = np.zeros((2, 2, 2, 1, 2))
    poses[1, 0, :, 0, 0] = 1, 3
    concept = np.array([[[0, 0], [0, np.nan]], [[4, 6], [7, 1]]], float)
    found = compared(np.array([0.0, 2]), poses, np.zeros((2, 1, 2)), [concept])
    np.testing.assert_allclose(found, [[1, 5], [0, 7]])


def test_directions_beside_random_ones_by_hand() -> None:
    """Two directions, one concept, 99 random ones whose numbers are 1 to 99, of either sign for the concept."""
    sizes = np.arange(1.0, 100)
    drawn = np.empty((100, 2, 2))
    drawn[1:, :, 0], drawn[1:, :, 1] = sizes[:, None], (sizes * (-1) ** np.arange(99))[:, None]
    drawn[0] = [[1000, -98.5], [0.5, 0.25]]
    more, less = beside_random(drawn, ['much'], 7)
    assert more.persons == 7
    shift, change = more.shift_per_sigma, more.concept_change['much']
    assert (shift.value, shift.low, shift.high) == (1000, pytest.approx(3.45), pytest.approx(96.55))
    assert shift.p == pytest.approx(0.01)
    assert shift.p_corrected == pytest.approx(0.02), 'of shifts and concepts each has half of the level'
    assert shift.found and not less.shift_per_sigma.found
    # 99 and itself reach 98.5, whatever their sign; of both directions the largest is what counts.
    assert (change.value, change.p) == (-98.5, pytest.approx(0.02))
    assert change.p_corrected is not None and change.p_corrected >= 0.04
    assert (less.shift_per_sigma.p, less.concept_change['much'].p) == (1, 1)
    assert msgspec.json.decode(msgspec.json.encode(more), type=RandomWalks) == more
    drawn[:, 1, 1] = np.nan
    assert beside_random(drawn, ['much'], 7)[1].concept_change['much'].value is None


def test_how_many_random_directions_are_enough() -> None:
    assert (reachable(199), reachable(40), reachable(39), reachable(5)) == (True, True, False, False)


def linear_walks(seed: int, idle: bool) -> np.ndarray:
    """A linear decoder of 30 numbers into 6 joints and 4 concepts, of ten persons whose joints have noise of their own;
    four directions, of random ones' kind or in its null space, beside 199 random ones each."""
    random = np.random.default_rng(seed)
    scales, decoder, concepts = (
        np.linspace(3, 0.2, 30),
        random.standard_normal((30, 12)),
        random.standard_normal((30, 4)),
    )
    decoder[20:], concepts[20:] = 0, 0
    ends, drawn = np.array([-2.0, 2]), np.empty((200, 4, 5))
    for m, length in enumerate((3.0, 2, 1, 0.5)):
        vectors = random.standard_normal((200, 30)) * scales
        if idle:
            vectors[0, :20] = 0
        moved = ends[:, None, None] * length * vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        poses = (moved @ decoder)[:, :, None] + 0.05 * random.standard_normal((2, 200, 10, 12))
        start = 0.05 * random.standard_normal((10, 6, 2))
        known = [np.repeat((moved @ own)[..., None], 10, 2) for own in concepts.T]
        drawn[:, m] = compared(ends, poses.reshape(2, 200, 10, 6, 2), start, known)
    return drawn


def found_in(drawn: np.ndarray) -> list[bool]:
    every = beside_random(drawn, list('abcd'), 10)
    return [one.found for own in every for one in (own.shift_per_sigma, *own.concept_change.values())]


def test_where_no_direction_is_special_few_are_said_to_be() -> None:
    noise = [linear_walks(seed, False) for seed in range(60)]
    assert sum(any(found_in(drawn)) for drawn in noise) <= binom.ppf(0.999, 60, 0.05)
    p = [one.shift_per_sigma.p for drawn in noise for one in beside_random(drawn, list('abcd'), 10)]
    assert kstest(p, 'uniform').pvalue > 0.01
    assert not any(any(found_in(linear_walks(seed, True))) for seed in range(5)), 'idle directions do nothing'


def test_the_direction_that_moves_joints_is_told_from_199_random_ones_and_the_idle_one_is_not() -> None:
    """Of 64 numbers a decoder sees one alone, along which persons hardly differ."""
    random, scales = np.random.default_rng(0), np.r_[np.full(63, 2.0), 0.5]
    vectors = random.standard_normal((2, 200, 64)) * scales
    vectors[0, 0], vectors[1, 0] = np.eye(64)[63], np.eye(64)[0]
    vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
    ends, drawn = np.array([-2.0, 2]), np.empty((200, 2, 2))
    for m in (0, 1):
        seen = ends[:, None] * vectors[m, :, 63]
        poses = np.zeros((2, 200, 1, 3, 2))
        poses[..., 0, 0, 1] = 0.1 * seen
        drawn[:, m] = compared(ends, poses, np.zeros((1, 3, 2)), [seen[..., None]])
    moving, idle = beside_random(drawn, ['much'], 1)
    assert moving.shift_per_sigma.found and moving.concept_change['much'].found
    assert moving.shift_per_sigma.p == pytest.approx(1 / 200)
    assert not idle.shift_per_sigma.found and not idle.concept_change['much'].found
    assert idle.shift_per_sigma.p == 1


def test_changes_are_those_between_two_sigmas() -> None:
    walk = linear((0, 0), dict(much=(STEPS**3)[:, None] * np.arange(5)))
    found = walked(walk).concept_change['much']
    assert found.value == pytest.approx(16 * 2)  # 8 - (-8), by the mean of 0 to 4

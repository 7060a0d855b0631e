"""Measures of walks on poses whose shifts are known."""

import msgspec
import numpy as np
import pytest

from shg_xai.chapters.decoded_walk.effects import WalkedPoses, baseline, beyond, more_than, one_sign, walk_of
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
    return WalkedPoses(STEPS, poses, peaks, concepts or {})


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
        ([9, 1, 2, 3, 4, 5, 0], True),  # beyond 2 sigmas anything may be
        ([0, 5, 4, 3, 2, 1, 9], True),
        ([0, 1, 2, 2, 4, 5, 6], False),  # one step does nothing
        ([0, 1, 2, 3, 2, 5, 6], False),
        ([0, 1, 2, np.nan, 4, 5, 6], None),
    ],
)
def test_monotonic(values: list[float], expected: bool | None) -> None:
    # Persons differ, but each changes alike: the differences are paired.
    own = np.array(values, float)[:, None] + 100 * np.arange(5)
    assert linear((0, 0), dict(much=own)).monotonic(DRAWN) == dict(much=expected)


def test_a_rise_that_persons_do_not_share_is_not_monotonic() -> None:
    signs = np.array([1, 1, 1, -1, 1])
    own = STEPS[:, None] * signs
    walk = linear((0, 0), dict(much=own))
    assert own.mean(1)[-1] > own.mean(1)[0]
    assert walk.monotonic(DRAWN) == dict(much=False)
    assert linear((0, 0), dict(much=own[:, :3])).monotonic(Bootstrap(np.array([1, 1, 1]), 50)) == dict(
        much=None
    )  # one image
    assert linear((0, 0)).monotonic(DRAWN) == {}


def test_steps_within_two_sigmas_are_needed() -> None:
    steps = np.array([-3.0, 0, 3])
    walk = WalkedPoses(steps, np.zeros((3, 5, 2, 2)), np.zeros((3, 5, 2)), dict(much=steps[:, None] * np.ones(5)))
    assert walk.monotonic(DRAWN) == dict(much=None)


def test_signs() -> None:
    up, down = Estimate(value=1, low=0.5, high=2), Estimate(value=-1, low=-2, high=-0.5)
    zero, unknown = Estimate(value=1, low=0, high=2), Estimate(value=1, low=None, high=None)
    assert one_sign([up, up]) is one_sign([down]) is True
    assert one_sign([up, down]) is one_sign([up, zero]) is False
    assert one_sign([up, unknown]) is None
    assert one_sign([Estimate(value=1e-6, low=1e-6, high=1e-6)]) is False  # rounding


def test_changes_beyond_those_of_random_directions() -> None:
    up, down = Estimate(value=1, low=0.5, high=2), Estimate(value=-1, low=-2, high=-0.5)
    assert beyond(up, 0.4) is beyond(down, 0.4) is True
    assert beyond(up, 0.5) is beyond(down, 0.6) is False
    assert beyond(up, None) is beyond(Estimate(value=1, low=None, high=None), 0.1) is None


def test_random_directions_make_a_baseline() -> None:
    amounts = np.linspace(0, 1, 21)
    walks = [
        linear(
            (0, amount), dict(much=(-1) ** place * amount * STEPS[:, None] * np.ones(5), none=np.full((7, 5), np.nan))
        )
        for place, amount in enumerate(amounts)
    ]
    found = baseline(walks, walked(walks[0]), DRAWN)
    assert found.shift_per_sigma_97_5 == pytest.approx(np.percentile(amounts / 2, 97.5))
    np.testing.assert_allclose(found.mean_shift_97_5, np.abs(STEPS) * np.percentile(amounts / 2, 97.5))
    # Sizes of changes from -2 to 2, whatever their sign.
    assert found.concept_change_97_5 == dict(much=pytest.approx(np.percentile(4 * amounts, 97.5)), none=None)
    assert found.monotonic == dict(much=20, none=0)  # all but the one that stays
    assert msgspec.json.decode(msgspec.json.encode(found), type=RandomWalks) == found, 'no NaN'


def test_changes_are_those_between_two_sigmas() -> None:
    walk = linear((0, 0), dict(much=(STEPS**3)[:, None] * np.arange(5)))
    found = walked(walk).concept_change['much']
    assert found.value == pytest.approx(16 * 2)  # 8 - (-8), by the mean of 0 to 4


def test_shifts_beyond_those_of_random_directions() -> None:
    shift = Estimate(value=0.05, low=0.04, high=0.06)
    assert more_than(shift, 0.039) is True
    assert more_than(shift, 0.04) is False
    assert more_than(Estimate(value=0.05), 0.01) is None

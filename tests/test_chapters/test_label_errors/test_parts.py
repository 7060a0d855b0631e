"""What scores are made of, worked out by hand."""

import math
from typing import Any

import numpy as np
import pytest
from scipy.special import logsumexp

from shg_xai.chapters.label_errors import boxes, flags, moves, swaps
from shg_xai.chapters.label_errors.body import Body
from shg_xai.chapters.label_errors.fit import Fit, misfit, typical
from shg_xai.chapters.label_errors.labels import Labels
from shg_xai.chapters.label_errors.learning import NOTHING, Cases, calibrated, either, learn
from tests.helpers.label_stores import LINKS, MIRRORED

FIVE = Body(np.array([0, 2, 1, 4, 3]), [(1, 3), (2, 4), (0, 1)])
POSE = np.array([[(0, 0), (0.2, 0), (-0.2, 0), (0.3, 0.1), (-0.3, 0.1)]], np.float32)


def labels(places: Any = POSE, predicted: Any = None, count: int = 1, **changes: Any) -> Labels:
    """Persons whose labels are POSE, and who are predicted there."""
    places = np.repeat(np.asarray(places, np.float32), count, axis=0)
    many, joints = places.shape[:2]
    facts = dict(
        rows=np.arange(many),
        image_of=np.arange(many),
        places=places,
        flags=np.full((many, joints), 2),
        predicted=places if predicted is None else np.repeat(np.asarray(predicted, np.float32), count, axis=0),
        heights=np.full((many, joints), 0.5, np.float32),
        box=np.tile(np.array([-0.4, -0.2, 0.4, 0.2], np.float32), (many, 1)),
        side=np.full(many, 100, np.float32),
        middle=np.full((many, 2), 50, np.float32),
    )
    return Labels(**{**facts, **changes})


def test_limbs_are_chains_of_pairs_and_the_last_set_is_the_person() -> None:
    body = Body(np.array(MIRRORED), LINKS)
    assert body.pairs.tolist() == [[1, 2], [3, 4], [5, 6], [7, 8], [9, 10]]
    # Wrists - elbows - shoulders - hips - knees: chains of one, two and three, and all five.
    assert body.sets == [
        *((0,), (1,), (2,), (3,), (4,)),
        *((0, 1), (0, 3), (1, 2), (3, 4)),
        *((0, 1, 2), (0, 1, 3), (0, 3, 4)),
        (0, 1, 2, 3, 4),
    ]
    assert body.joints_of((1, 2)).tolist() == [3, 4, 5, 6]
    assert body.crossing((1, 2)).tolist() == [[3, 1], [4, 2]]


def test_a_body_without_mirrored_joints_has_no_pairs() -> None:
    assert Body(np.arange(3), [(0, 1)]).pairs.shape == (0, 2)


def test_misfit_grows_little_far_away() -> None:
    assert misfit(np.array([1.0, 3.0]), np.array(1.0)) == pytest.approx([math.log(2), math.log(10)])


def test_typical_is_the_median_of_labelled_joints() -> None:
    predicted = POSE.repeat(3, 0)
    predicted[:, 1, 0] += (0.01, 0.02, 0.06)
    own = labels(POSE.repeat(3, 0), predicted, flags=np.array([[2, 2, 2, 2, 0]] * 3))
    # Nobody has the last one labelled: the median of all others, which is 0; no joint is below the floor.
    assert typical(own) == pytest.approx([0.005, 0.02, 0.005, 0.005, 0.005])


def test_exchange_gains_what_it_mends_and_damage_turns_the_sign() -> None:
    exchanged = labels(POSE[:, [0, 2, 1, 4, 3]], POSE)
    scale = np.full(5, 0.1, np.float32)
    pairs = swaps.Pairs(exchanged, FIVE, Fit.of(exchanged, FIVE, scale))
    # Hands are 0.4 apart, feet 0.6: log(1 + 16) and log(1 + 36) for each of two.
    assert pairs.gain[0] == pytest.approx([2 * math.log(17), 2 * math.log(37)], rel=1e-5)
    assert pairs.moves[0] == pytest.approx([0.4, 0.6], rel=1e-5)
    assert pairs.candidates((0, 1), damaged=False).tolist() == [0]
    assert pairs.candidates((0, 1), damaged=True).tolist() == []
    right = labels(POSE)
    mended = swaps.Pairs(right, FIVE, Fit.of(right, FIVE, scale))
    for own in FIVE.sets:
        damaged = swaps.numbers(mended, own, np.array([0]), damaged=True)
        copy = swaps.exchanged(right, FIVE, own)
        again = swaps.Pairs(copy, FIVE, Fit.of(copy, FIVE, scale))
        assert damaged == pytest.approx(swaps.numbers(again, own, np.array([0]), damaged=False), abs=1e-5)


def test_exchange_takes_flags_along_and_leaves_pairs_of_which_one_is_not_labelled() -> None:
    own = swaps.exchanged(labels(flags=np.array([[2, 1, 2, 0, 2]])), FIVE, (0, 1))
    assert own.flags.tolist() == [[2, 2, 1, 0, 2]]
    assert own.places[0] == pytest.approx(POSE[0, [0, 2, 1, 3, 4]])


def test_damaged_joints_are_moved_far_and_never_most_of_a_person() -> None:
    own = labels(count=200)
    hurt, which = moves.damaged(own, np.random.default_rng(0))
    far = np.linalg.norm(hurt.places - own.places, axis=-1)
    assert (far[which] >= 0.1).all() and not far[~which].any()
    assert which.sum(1).max() == 2  # half of five joints, though up to three may be
    assert set(map(tuple, hurt.places.reshape(-1, 2).tolist())) == set(map(tuple, POSE[0].tolist()))


def test_joints_outside_of_the_box_count_where_they_are_predicted() -> None:
    # The feet are 0.1 outside of a box that is 0.4 wide; one of them is predicted elsewhere.
    predicted = POSE.copy()
    predicted[0, 4] = 0
    own = labels(POSE, predicted, box=np.array([[-0.2, -0.2, 0.2, 0.2]], np.float32))
    assert boxes.outside(own)[0] == pytest.approx([0, 0, 0, 0.25, 0])
    assert boxes.numbers(own)[0] == pytest.approx([0.25, 1, 0.2])


def test_boxes_are_cut_at_one_side() -> None:
    own = labels(count=50)
    change = np.abs(boxes.damaged(own, np.random.default_rng(0)).box - own.box)
    assert ((change > 0).sum(1) == 1).all()
    share = (change / [0.8, 0.4, 0.8, 0.4]).max(1)
    assert share.min() >= 0.2 - 1e-6 and share.max() <= 0.5 + 1e-6


def test_flags_are_judged_of_joints_that_are_labelled_now_and_then() -> None:
    many = np.full((200, 5), 2)
    many[:100, 1], many[:49, 2] = 0, 0
    own = labels(count=200, flags=many)
    assert flags.judged(own).tolist() == [1]
    assert flags.base(own, np.array([1])) == pytest.approx([0])
    hurt, which = flags.damaged(own, np.array([1]), np.random.default_rng(0))
    assert which.sum(1).tolist() == [1] * 200 and ((hurt.flags[:, 1] > 0) == (many[:, 1] == 0)).all()


def test_either_is_the_mean_ratio() -> None:
    scores = np.array([[1.0, 2.0, NOTHING], [NOTHING] * 3])
    expected = logsumexp([1, 2, NOTHING]) - math.log(4)
    assert either(scores, np.array([4, 4])) == pytest.approx([expected, NOTHING])


def test_scores_are_log_ratios_of_densities() -> None:
    """Of normal numbers around 0 and 2 that is 2x - 2, whatever many cases of either kind there are."""
    random = np.random.default_rng(0)
    own, other = random.normal(0, 1, 6000), random.normal(2, 1, 3000)
    as_is, damaged = (
        Cases(of[:, None].astype(np.float32), random.integers(0, 500, len(of)), len(of)) for of in (own, other)
    )
    at = np.array([0.0, 1.0, 2.0])
    learned = learn(as_is, damaged, 0, 500)
    found = learned.scores(Cases(at[:, None].astype(np.float32), np.array([0, 1, 2]), 3))
    assert found == pytest.approx(2 * at - 2, abs=0.5)
    # A tenth of the labels as they are is looked at, all of the damaged ones: ten times likelier.
    fewer = learn(Cases(as_is.numbers, as_is.image_of, 60_000), damaged, 0, 500)
    assert fewer.shift - learned.shift == pytest.approx(math.log(10), abs=0.01)


def test_where_no_label_is_looked_at_all_damaged_ones_are_equally_suspect() -> None:
    damaged = Cases(np.zeros((100, 1), np.float32), np.arange(100), 100)
    learned = learn(Cases(np.zeros((0, 1), np.float32), np.zeros(0, int), 998), damaged, 0, 100)
    expected = math.log(101 / 102) - math.log(1 / 1000)
    assert learned.scores(damaged) == pytest.approx([expected] * 100)
    nothing = learn(damaged, Cases(np.zeros((5, 1), np.float32), np.arange(5), 5), 0, 100)
    assert nothing.scores(damaged) == pytest.approx([NOTHING] * 100)


def test_calibration_undoes_scores_that_say_too_much() -> None:
    """True log ratios of normal numbers around -1 and 1 are 2x; scores say 6x."""
    random = np.random.default_rng(0)
    as_is, damaged = random.normal(-1, 1, 4000), random.normal(1, 1, 4000)
    found = calibrated(np.array([-6.0, 0.0, 6.0]), 6 * as_is, 6 * damaged)
    assert found == pytest.approx([-2, 0, 2], abs=0.2)
    assert calibrated(np.array([NOTHING]), 6 * as_is, 6 * damaged)[0] == NOTHING


def test_where_next_to_nobody_is_suspect_a_score_says_no_more_than_that() -> None:
    as_is, damaged = np.array([NOTHING] * 97 + [9.0]), np.full(98, 9.0)
    # All of 98 damaged ones, and one of 98 as they are.
    assert calibrated(as_is, as_is, damaged)[-1] == pytest.approx(math.log(99 / 2))
    assert calibrated(as_is, as_is, damaged[:3]).tolist() == [NOTHING] * 98

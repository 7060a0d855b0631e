"""Both ends of walks, one picture over the other."""

import numpy as np
import pytest

from shg_xai.chapters.decoded_walk.figures import drawn_directions
from shg_xai.chapters.decoded_walk.overlays import MARGIN, NARROW, TALL, ends_of, frame_of, overlays
from shg_xai.drawing.material import Material
from tests.helpers.made_decoded_walk import decoded_walk
from tests.helpers.made_results import among


def test_a_pair_a_drawn_direction_from_one_end_to_the_other() -> None:
    answer = decoded_walk()
    (found,) = overlays(answer, Material(among(decoded_walk('mean', 'none'), answer)))
    assert found.name == 'ends-1' and found.sides == ('−2 σ', '2 σ')
    assert len(found.pairs) == len(drawn_directions(answer)) == 4
    low, high = (half().axes[0] for half in (found.pairs[0].one, found.pairs[0].other))
    assert (low.get_xlim(), low.get_ylim()) == (high.get_xlim(), high.get_ylim())
    # Component 1 moves every joint by 0.04 a sigma, and the ends are four apart.
    first, last = (np.array([one.get_xdata() for one in ax.lines], float) for ax in (low, high))
    assert last - first == pytest.approx(0.16)


def test_the_frame_holds_all_bodies_with_a_margin_and_is_no_needle() -> None:
    answer = decoded_walk()
    points = [point for one in answer.directions for point in ends_of(answer, one)]
    left, right, top, bottom = frame_of(points)
    (x, y), (most_x, most_y) = (way(np.concatenate([point.pose for point in points]), 0) for way in (np.min, np.max))
    assert left < x < most_x < right and top < y < most_y < bottom
    assert bottom - top == pytest.approx((1 + 2 * MARGIN) * (most_y - y))
    for point in points:
        point.pose = [(0.5, y) for _, y in point.pose]
    left, right, top, bottom = frame_of(points)
    assert (right - left) / (bottom - top) == pytest.approx(NARROW / TALL)


def test_one_pose_for_all_is_called_so() -> None:
    answer = decoded_walk('mean', 'mean')
    (found,) = overlays(answer, Material(among(answer)))
    assert 'the one pose that all persons have' in found.caption

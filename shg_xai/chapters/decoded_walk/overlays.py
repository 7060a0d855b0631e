"""The decoded pose at both ends of each walk, one picture over the other."""

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
from matplotlib import figure

from shg_xai.chapters.decoded_walk.figures import drawn_directions
from shg_xai.chapters.decoded_walk.findings import heading, title
from shg_xai.chapters.decoded_walk.results import DecodedWalk, Direction, Point
from shg_xai.drawing.material import Material, Overlay, Twice
from shg_xai.drawing.panels import picture
from shg_xai.drawing.skeletons import draw_body, draw_pose
from shg_xai.drawing.style import styled
from shg_xai.drawing.text import number

TALL, NARROW, WIDE = 2.4, 1.3, 2.4  # inches of a picture: height, least and largest width
LIMB, MARGIN = 12.0, 0.12  # points of a limb; about the bodies, in their height
Frame = tuple[float, float, float, float]  # left, right, top, bottom


def overlays(answer: DecodedWalk, material: Material) -> Iterator[Overlay]:
    """The pose at both ends that are compared, along each direction that has a row in the figure."""
    place = next((place for place, one in enumerate(material.results.all(DecodedWalk)) if one is answer), 0)
    shown = drawn_directions(answer)
    if not shown:
        return
    low, high = (f'{number(end, 0 if end == round(end) else 1)} σ' for end in answer.ends)
    whose = 'the one pose that all persons have' if answer.one_pose else 'each joint at its mean over persons'
    frame = frame_of([point for one in shown for point in ends_of(answer, one)])
    yield Overlay(
        f'ends-{place}',
        f'{heading(answer, material.results)}: the decoded pose',
        f'What the decoder makes of both ends of each walk, {low} and {high}: {whose}. Blue: left side of the body, '
        'orange: right. Dotted with hollow joints: the network hardly sees them. Which walks move joints more than '
        'random ones do is said above; the pictures alone do not tell.',
        (low, high),
        [
            Twice(title(answer, one.name), *(partial(draw_end, answer, point, frame) for point in ends_of(answer, one)))
            for one in shown
        ],
    )


def ends_of(answer: DecodedWalk, direction: Direction) -> tuple[Point, Point]:
    """The first and the last of the steps that are compared."""
    first, last = ({point.c: point for point in direction.walk.points}[end] for end in answer.ends)
    return first, last


def frame_of(points: Sequence[Point]) -> Frame:
    """What holds all poses with a margin, as high as the highest needs and no narrower than :data:`NARROW` asks."""
    every = np.array([place for point in points for place in point.pose], float)
    (left, top), (right, bottom) = np.nanmin(every, 0), np.nanmax(every, 0)
    height = max(bottom - top, 1e-6) * (1 + 2 * MARGIN)
    width = float(np.clip(right - left + 2 * MARGIN * height, NARROW / TALL * height, WIDE / TALL * height))
    across, down = (left + right) / 2, (top + bottom) / 2
    return across - width / 2, across + width / 2, down - height / 2, down + height / 2


@styled
def draw_end(answer: DecodedWalk, point: Point, frame: Frame) -> figure.Figure:
    """Draw the decoded pose of one step as a body."""
    left, right, top, bottom = frame
    drawn, ax = picture(TALL * (right - left) / (bottom - top), TALL)
    draw_body(ax, point.pose, answer.joints, answer.links, LIMB)
    draw_pose(ax, point.pose, answer.joints, answer.links, faint=[peak < answer.peak for peak in point.peaks])
    ax.set(xlim=(left, right), ylim=(bottom, top))
    return drawn

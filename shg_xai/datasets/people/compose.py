"""One picture: the main person under its factors, distractors, object in front, labels."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator

from shg_xai.datasets.people.body import Person, draw_person, hidden_joints, make_person
from shg_xai.datasets.people.draw import Canvas
from shg_xai.datasets.people.factors import Factors, Restrictions, sample_factors
from shg_xai.datasets.people.looks import sample_looks
from shg_xai.datasets.people.scene import background, drop_shadow, occluder
from shg_xai.datasets.people.vectors import norm, turned
from shg_xai.errors import InputError

MIN_LABELLED = 3
MAX_TRIES = 200
LIMBS = np.arange(5, 17)  # joints an object in front may aim at: not the face
MakePerson = Callable[[Generator, Factors], Person]


@dataclass(frozen=True)
class Picture:
    """A finished picture."""

    image: np.ndarray  # (S, S, 3) uint8, BGR
    keypoints: np.ndarray  # (17, 3) float of the main person: x, y in pixels and v as in COCO
    mask: np.ndarray  # (S, S) bool, visible pixels of the main person
    others: list[np.ndarray]  # masks (S, S) bool of the visible distractors
    factors: Factors  # of the main person


def usual_person(rng: Generator, factors: Factors) -> Person:
    """Somebody in clothes drawn at random."""
    return make_person(rng, factors, sample_looks(rng))


def make_picture(
    rng: Generator, side: int, restrictions: Restrictions, main_person: MakePerson = usual_person
) -> Picture:
    """Draw a picture of S = ``side`` pixels whose main person has at least three labelled joints.

    InputError if the restrictions leave too few in MAX_TRIES tries.
    """
    for _ in range(MAX_TRIES):
        # Separate streams: a restriction of one factor leaves everything else as it was.
        streams = rng.spawn(6)
        if picture := _try(streams[2:], side, sample_factors(streams[:2], restrictions), main_person):
            return picture
    fault = f'no person with {MIN_LABELLED} labelled joints in {MAX_TRIES} tries'
    raise InputError(f'{fault}: lower truncation or label_dropout')


def _try(streams: list[Generator], side: int, factors: Factors, main_person: MakePerson) -> Picture | None:
    """A picture, or None where too little of the person is labelled or seen."""
    body_rng, scene_rng, crowd_rng, label_rng = streams
    person = main_person(body_rng, factors)
    unit = factors.scale * side
    origin = _place(label_rng, person, factors, side)
    keypoints = np.zeros((17, 3))
    keypoints[:, :2] = person.keypoints()[:, :2] * unit + origin
    inside = ((keypoints[:, :2] >= 0) & (keypoints[:, :2] <= side - 1)).all(1)
    labelled = inside & (label_rng.uniform(size=17) >= factors.label_dropout)
    targets = LIMBS[inside[LIMBS]]
    # Known before anything is drawn, so a hopeless picture costs nothing.
    if labelled.sum() < MIN_LABELLED or (factors.occluder and not len(targets)):
        return None
    aim = keypoints[targets[int(label_rng.integers(len(targets)))], :2] if len(targets) else None
    canvas, others = _stage(scene_rng, crowd_rng, person, factors, origin, side)
    draw_person(canvas, person, origin, unit)
    hidden = hidden_joints(canvas, person, origin, unit)
    covered = np.zeros((side, side), bool)
    if factors.occluder and aim is not None:
        covered = occluder(label_rng, canvas.image, aim, unit) > 0.5
    columns, rows = np.clip(np.round(keypoints[:, :2]).astype(int), 0, side - 1).T
    keypoints[:, 2] = np.where(hidden | covered[rows, columns], 1, 2)
    keypoints[~labelled] = 0
    own = canvas.mask > 0.5
    mask = own & ~covered
    if not mask.any():
        return None
    image = np.clip(canvas.image + scene_rng.normal(0, 2.0, (side, side, 1)), 0, 255)
    return Picture(image.astype(np.uint8), keypoints, mask, [other & ~own & ~covered for other in others], factors)


def _place(rng: Generator, person: Person, factors: Factors, side: int) -> np.ndarray:
    """Pelvis position (2,) in pixels with exactly the share ``truncation`` out of the frame.

    The cut is at the bottom (60 %), left, right (15 % each) or top (10 %); otherwise the person stands anywhere in the
    middle 70 % of its leeway.
    """
    low, high = (corner * factors.scale * side for corner in person.extent())
    size = high - low
    edge, share = rng.uniform(), rng.uniform(0.15, 0.85, 2)
    start = share * np.maximum(side - size, 0)
    if factors.truncation > 0:
        axis = 1 if edge < 0.6 or edge >= 0.9 else 0
        outside = factors.truncation * size[axis]
        start[axis] = side - size[axis] + outside if edge < 0.6 or 0.75 <= edge < 0.9 else -outside
    return start - low


def _stage(
    rng: Generator, crowd_rng: Generator, person: Person, factors: Factors, origin: np.ndarray, side: int
) -> tuple[Canvas, list[np.ndarray]]:
    """Background, shadow and distractors: the canvas and the distractors' masks (S, S) bool."""
    unit = factors.scale * side
    feet = person.points['floor'][:2] * unit + origin
    upright = _unroll(feet, factors.roll_deg, side)
    horizon = float(upright[1] - unit * rng.uniform(0.06, 0.28))
    light = np.array((rng.choice((-1.0, 1.0)) * rng.uniform(0.35, 0.75), -0.55, -0.65))
    canvas = Canvas(background(rng, side, horizon, factors.roll_deg), light / norm(light))
    drop_shadow(canvas.image, feet, (0.2 * unit, 0.05 * unit))
    masks = []
    for _ in range(factors.distractors):
        drawn = sample_factors(crowd_rng.spawn(2), {})
        other = replace(drawn, roll_deg=factors.roll_deg, scale=factors.scale * crowd_rng.uniform(0.4, 0.6))
        figure = usual_person(crowd_rng, other)
        size = other.scale * side
        column = feet[0] + crowd_rng.choice((-1.0, 1.0)) * unit * crowd_rng.uniform(0.22, 0.6)
        # Farther feet stand higher in the picture: between the wall and the main person's feet.
        row = horizon + crowd_rng.uniform(0.1, 0.7) * (upright[1] - horizon)
        foot = _unroll(np.array((column, row)), -factors.roll_deg, side)
        drop_shadow(canvas.image, foot, (0.2 * size, 0.05 * size))
        draw_person(canvas, figure, foot - figure.points['floor'][:2] * size, size)
        masks.append(canvas.mask > 0.5)
    return canvas, masks


def _unroll(point: np.ndarray, roll_deg: float, side: int) -> np.ndarray:
    """Undo the camera's roll of an image point (2,) about the centre of the picture."""
    c, s = np.cos(np.radians(roll_deg)), np.sin(np.radians(roll_deg))
    return turned(np.array(((c, s), (-s, c))), point - side / 2) + side / 2

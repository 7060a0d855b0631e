"""A whole person: body parts sorted back to front, furniture, and which joints can be seen."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from itertools import product

import numpy as np

from shg_xai.datasets.people import skeleton
from shg_xai.datasets.people.draw import Canvas, Material, Tube, draw_tube, flat_face
from shg_xai.datasets.people.face import draw_head
from shg_xai.datasets.people.factors import Factors
from shg_xai.datasets.people.looks import Looks, mix
from shg_xai.datasets.people.skeleton import KEYPOINTS, SIDES, Points
from shg_xai.datasets.people.vectors import composed, dot, norm, turned

SEATED_FROM = 0.3  # posture from which there is something to sit on
SEAT_GAP = 0.055  # seat below the hip joints, body heights

# Outline radii of the limbs in body heights, before girth.
UPPER_ARM = np.array((0.036, 0.034, 0.027))
FOREARM = np.array((0.027, 0.026, 0.019))
HAND = np.array((0.019, 0.023, 0.014))
THIGH = np.array((0.058, 0.054, 0.041))
SHANK = np.array((0.039, 0.041, 0.025))
FOOT = np.array((0.027, 0.025))

# A joint counts as hidden when a drawn surface lies this far (body heights) before its own.
HIDDEN_BEHIND, HIDDEN_BEHIND_FACE = 0.04, 0.015
# The skin over each joint lies this far (body heights) before the joint's centre.
SKIN_DEPTH = {'shoulder': 0.036, 'elbow': 0.027, 'wrist': 0.019, 'hip': 0.055, 'knee': 0.04, 'ankle': 0.025}

# Radius of the outline (body heights) around the points that can be outermost.
OUTLINE = {'hand': 0.02, 'toe': 0.03, 'heel': 0.03, 'elbow': 0.03, 'knee': 0.045, 'shoulder': 0.04, 'hip': 0.07}
# Queues a tube, all its lengths but those of its axis in body heights.
Add = Callable[[Tube], None]
# How deep a thing lies, and what draws it.
Part = tuple[float, Callable[[], None]]


@dataclass(frozen=True)
class Person:
    """A posed body in the camera frame, in body heights around its pelvis."""

    points: Points  # the 17 keypoints among them
    turn: np.ndarray  # (3, 3), body frame to camera frame
    head_turn: np.ndarray  # (3, 3), head frame to camera frame
    body: skeleton.Proportions
    looks: Looks
    posture: float  # decides about the seat

    def keypoints(self) -> np.ndarray:
        """The (17, 3) keypoints in COCO's order."""
        return np.array([self.points[name] for name in KEYPOINTS])

    def extent(self) -> tuple[np.ndarray, np.ndarray]:
        """Low and high corners (2,) of the body's outline, without the seat."""
        thick = {'head': self.body.head_y, **OUTLINE}
        outer = [(at[:2], radius) for name, at in self.points.items() if (radius := thick.get(name.split('_')[-1]))]
        return np.min([at - radius for at, radius in outer], 0), np.max([at + radius for at, radius in outer], 0)


def make_person(rng: np.random.Generator, factors: Factors, looks: Looks) -> Person:
    """Pose a random body under the given factors."""
    body = skeleton.sample_proportions(rng)
    points, head_turn = skeleton.body_points(skeleton.sample_pose(rng, factors.posture, factors.activity), body)
    turn = skeleton.camera_rotation(factors.yaw_deg, factors.roll_deg)
    points = {name: turned(turn, point) for name, point in points.items()}
    return Person(points, turn, composed(turn, head_turn), body, looks, factors.posture)


def draw_person(canvas: Canvas, person: Person, origin: np.ndarray, unit: float) -> None:
    """Draw a person with its seat, back to front; the canvas' depth and mask are those of this person afterwards.

    ``origin`` (2,) is where the pelvis is in the image, ``unit`` a body height, both in pixels.
    """
    canvas.reset()
    shift = np.array((origin[0], origin[1], 0.0))
    at = {name: point * unit + shift for name, point in person.points.items()}
    parts: list[Part] = []

    def add(tube: Tube) -> None:
        caps = None if tube.caps is None else (tube.caps[0] * unit, tube.caps[1] * unit)
        sized = replace(tube, radii=tube.radii * unit, caps=caps)
        parts.append((0.5 * float(tube.start[2] + tube.end[2]), partial(draw_tube, canvas, sized, unit)))

    if person.posture >= SEATED_FROM:
        parts += _seat(canvas, person, at, unit)
    for name, _ in SIDES:
        _add_limbs(add, at, name, person)
    _add_trunk(add, at, person)
    axes = unit * np.array((person.body.head_x, person.body.head_y, person.body.head_z))
    head = partial(draw_head, canvas, person.looks, at['head'], axes, person.head_turn, unit)
    parts.append((float(at['head'][2]), head))
    for _, paint in sorted(parts, key=lambda part: -part[0]):
        paint()


def _add_limbs(add: Add, at: Points, side: str, person: Person) -> None:
    """Queue one arm and one leg."""
    looks, girth, skin = person.looks, person.body.girth, Material(person.looks.skin)
    wrist, hand = at[f'{side}_wrist'], at[f'{side}_hand']
    add(Tube(at[f'{side}_shoulder'], at[f'{side}_elbow'], UPPER_ARM * girth, looks.sleeve))
    add(Tube(at[f'{side}_elbow'], wrist, FOREARM * girth, looks.forearm))
    add(Tube(wrist, hand, HAND, skin))
    # The thumb points to the front of the body.
    thumb = wrist + 0.35 * (hand - wrist)
    reach = norm(hand - wrist) * turned(person.turn, np.array((0, 0, -0.45)))
    add(Tube(thumb, thumb + 0.35 * (hand - wrist) + reach, np.array((0.011, 0.008)), skin))
    add(Tube(at[f'{side}_hip'], at[f'{side}_knee'], THIGH * girth, looks.thigh))
    add(Tube(at[f'{side}_knee'], at[f'{side}_ankle'], SHANK * girth, looks.shank))
    add(Tube(at[f'{side}_heel'], at[f'{side}_toe'], FOOT, looks.shoe))


def _add_trunk(add: Add, at: Points, person: Person) -> None:
    """Queue neck, chest, pelvis and skirt: flattened tubes whose width follows their turn."""
    looks, body, chest, pelvis = person.looks, person.body, at['chest'], at['pelvis']

    def frontal(joint: str) -> float:
        """Share of the side-to-side axis lying in the image: 1 from the front, 0 from the side."""
        across = at[f'left_{joint}'] - at[f'right_{joint}']
        return np.hypot(*across[:2]) / max(norm(across), 1e-6)

    def widths(wide: np.ndarray, deep: np.ndarray, share: float) -> np.ndarray:
        return np.sqrt((wide * share) ** 2 + (deep**2) * (1 - share**2))

    shoulder, share = body.shoulder + 0.006, frontal('shoulder')
    wide = np.array((shoulder, shoulder * 0.99, shoulder * 0.9, shoulder * 0.8, shoulder * 0.82))
    torso = widths(wide, np.array((0.05, 0.068, 0.066, 0.062, 0.066)) * body.girth, share)
    depth = float((0.062 + 0.04 * (1 - share)) / torso.mean())
    add(Tube(chest, chest + 0.86 * (pelvis - chest), torso, looks.shirt, (0.034, 0.02), depth))
    seat_wide = np.array((0.088, 0.1, 0.108)) * (body.hip / 0.062)
    hem = widths(seat_wide, np.array((0.062, 0.07, 0.07)) * body.girth, frontal('hip'))
    below = looks.skirt or looks.trousers
    add(Tube(chest + 0.72 * (pelvis - chest), pelvis, hem, below, (0.01, 0.045), 0.062 / hem.mean()))
    add(Tube(chest, at['head'], np.array((0.034, 0.03)), Material(mix(looks.skin, (30, 30, 70), 0.12))))
    if looks.skirt is not None:
        knees, spread = 0.5 * (at['left_knee'] + at['right_knee']), at['left_knee'] - at['right_knee']
        flare = 0.5 * np.hypot(*spread[:2]) / max(norm(chest - pelvis), 1e-6)
        width = np.array((hem[-1], max(hem[-1], flare * body.torso) + 0.05))
        add(Tube(pelvis, pelvis + 0.75 * (knees - pelvis), width, looks.skirt, (0.02, 0.012), 0.09 / width.mean()))


def _seat(canvas: Canvas, person: Person, at: Points, unit: float) -> list[Part]:
    """Faces of the box under a sitting person."""
    drop = float(turned(person.turn.T, person.points['floor'] - person.points['pelvis'])[1])
    x, y, z = (-0.15, 0.15), (SEAT_GAP, drop), (-0.16 * person.posture, 0.1)
    corner = {
        (i, j, k): at['pelvis'] + unit * turned(person.turn, np.array((x[i], y[j], z[k])))
        for i, j, k in product((0, 1), repeat=3)
    }
    faces = {
        (0, -1, 0): ((0, 0, 0), (1, 0, 0), (1, 0, 1), (0, 0, 1)),
        (0, 0, -1): ((0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)),
        (0, 0, 1): ((0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1)),
        (-1, 0, 0): ((0, 0, 0), (0, 0, 1), (0, 1, 1), (0, 1, 0)),
        (1, 0, 0): ((1, 0, 0), (1, 0, 1), (1, 1, 1), (1, 1, 0)),
    }
    blue, green, red = mix(person.looks.hat, (70, 110, 160), 0.6)
    found: list[Part] = []
    for normal, names in faces.items():
        outward = turned(person.turn, np.array(normal, float))
        if outward[2] < -0.02:  # towards the camera
            shade = 0.55 + 0.5 * max(0.0, dot(outward, canvas.light))
            corners = np.array([corner[name] for name in names])
            paint = partial(flat_face, canvas, corners, (shade * blue, shade * green, shade * red), 0.5)
            found.append((float(corners[:, 2].mean()), paint))
    return found


def hidden_joints(canvas: Canvas, person: Person, origin: np.ndarray, unit: float) -> np.ndarray:
    """Which joints (17,) lie behind the person's own parts or seat; False for joints outside the frame.

    Judged by the depth of a canvas on which :func:`draw_person` has just drawn this person, at this place.
    """
    side = canvas.depth.shape[0]
    hidden = np.zeros(len(KEYPOINTS), bool)
    for k, (name, point) in enumerate(zip(KEYPOINTS, person.keypoints(), strict=True)):
        column, row = np.round(point[:2] * unit + origin).astype(int)
        if not (0 <= column < side and 0 <= row < side):
            continue
        depth = SKIN_DEPTH.get(name.split('_')[-1])
        margin = HIDDEN_BEHIND_FACE if depth is None else HIDDEN_BEHIND
        hidden[k] = canvas.depth[row, column] / unit < point[2] - (depth or 0.0) - margin
        # Furniture just before a limb: limbs are wide enough to cover their own joints.
        hidden[k] |= depth is not None and canvas.mask[row, column] < 0.5
    return hidden

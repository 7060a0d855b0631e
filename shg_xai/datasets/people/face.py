"""The head: a textured ellipsoid, so that the face turns in true perspective; nose, ears, hair."""

from collections.abc import Callable
from functools import partial

import numpy as np

from shg_xai.datasets.people.draw import Canvas, Colour, Material, ellipsoid, tube
from shg_xai.datasets.people.looks import Looks, mix
from shg_xai.datasets.people.skeleton import FACE_POINTS

EYE = FACE_POINTS['left_eye']


def _spot(
    x: np.ndarray, y: np.ndarray, centre: tuple[float, float], half: tuple[float, float],
    pixel: float,
) -> np.ndarray:  # fmt: skip
    """Soft cover (h, w) of an ellipse on the face; ``half`` axes never shrink below a pixel."""
    half_x, half_y = max(half[0], 0.55 * pixel), max(half[1], 0.55 * pixel)
    q = np.sqrt(((x - centre[0]) / half_x) ** 2 + ((y - centre[1]) / half_y) ** 2)
    return np.clip((1 - q) * (min(half_x, half_y) / pixel) + 0.5, 0, 1)


def _lay(colour: np.ndarray, over: Colour, cover: np.ndarray) -> None:
    """Lay a colour over (h, w, 3) in place."""
    colour += (np.array(over, np.float32) - colour) * cover[..., None]


def _hairline(y: np.ndarray, z: np.ndarray, pixel: float) -> np.ndarray:
    """Cover (h, w) of the scalp: low at the nape, above the brow in front."""
    line = -0.52 + 0.9 * np.maximum(z + 0.35, 0)
    return np.clip((line - y) / pixel + 0.5, 0, 1)


def _paint_face(
    looks: Looks, x: np.ndarray, y: np.ndarray, z: np.ndarray, pixel: float
) -> tuple[np.ndarray, np.ndarray]:
    """Painter of the skull: skin, features on the front half, scalp."""
    colour = np.empty((*x.shape, 3), np.float32)
    colour[:] = looks.skin
    front = np.clip(-z * 6, 0, 1)
    dark = mix(looks.skin, (30, 30, 60), 0.45)
    lips = mix(looks.skin, (70, 50, 190), 0.6)
    for side in (-1.0, 1.0):
        centre = (side * EYE[0], EYE[1])
        _lay(colour, dark, 0.5 * front * _spot(x, y, centre, (0.27, 0.17), pixel))
        _lay(colour, (245, 245, 245), front * _spot(x, y, centre, (0.21, 0.115), pixel))
        _lay(colour, looks.iris, front * _spot(x, y, centre, (0.095, 0.11), pixel))
        brow = mix(looks.hair, (30, 30, 30), 0.3)
        _lay(colour, brow, front * _spot(x, y, (side * 0.37, -0.38), (0.21, 0.04), pixel))
        _lay(colour, mix(looks.skin, (110, 110, 235), 0.4),
             0.5 * front * _spot(x, y, (side * 0.5, 0.28), (0.2, 0.15), pixel))  # fmt: skip
    _lay(colour, lips, front * _spot(x, y, (0.0, 0.56), (0.26, 0.075), pixel))
    if looks.haircut != 'bald':
        _lay(colour, looks.hair, _hairline(y, z, pixel))
    return colour, np.float32(1.0)


def _paint_hair(
    colour_of: Colour, region: Callable, x: np.ndarray, y: np.ndarray, z: np.ndarray, pixel: float
) -> tuple[np.ndarray, np.ndarray]:
    """Painter of a shell around the skull: strands of one colour inside ``region``."""
    strands = (1 + 0.12 * np.sin(14 * x + 5 * z))[..., None].astype(np.float32)
    return np.array(colour_of, np.float32) * strands, region(y, z, pixel)


def _crown(y: np.ndarray, z: np.ndarray, pixel: float) -> np.ndarray:
    """Cover of a cap: everything above a level line."""
    return np.clip((-0.42 + 0.16 * z - y) / pixel + 0.5, 0, 1)


def draw_head(
    canvas: Canvas, looks: Looks, centre: np.ndarray, axes: np.ndarray, turn: np.ndarray,
    unit: float,
) -> None:  # fmt: skip
    """Draw a head.

    Args:
        canvas: picture to draw on.
        looks: skin, hair, haircut.
        centre: (3,) in pixels.
        axes: (3,) semi-axes of the skull in pixels.
        turn: (3, 3) rotation from the head's frame to the camera frame.
        unit: pixels of a body height.
    """

    def place(x: float, y: float, z: float) -> np.ndarray:
        return centre + turn @ (axes * np.array((x, y, z)))

    shade = Material(mix(looks.skin, (40, 40, 90), 0.22))
    size = float(axes[0])
    if looks.haircut == 'long':
        hair = Material(looks.hair, mix(looks.hair, (0, 0, 0), 0.35), 'lengthwise', 0.016)
        tube(canvas, place(0, -0.2, 0.35), place(0, 1.55, 0.55),
             size * np.array((1.05, 1.2, 1.1, 0.8)), unit, hair, flat=0.55)  # fmt: skip
    if looks.haircut == 'bun':
        knot = place(0, -0.75, 0.85)
        tube(canvas, knot, knot, np.array((0.45, 0.45)) * size, unit, Material(looks.hair))
    ellipsoid(canvas, centre, axes, turn, partial(_paint_face, looks))
    for side in (-1.0, 1.0):
        x, y, z = FACE_POINTS['left_ear']
        tube(canvas, place(side * x, y - 0.14, z), place(side * (x - 0.04), y + 0.14, z - 0.04),
             size * np.array((0.20, 0.15)), unit, shade)  # fmt: skip
    x, y, z = FACE_POINTS['nose']
    ruddy = Material(mix(looks.skin, (60, 60, 150), 0.16))
    tube(canvas, place(x, -0.1, -0.93), place(x, y, z + 0.12), size * np.array((0.09, 0.17)),
         unit, ruddy)  # fmt: skip
    if looks.haircut != 'bald':
        region, colour = (_crown, looks.hat) if looks.haircut == 'cap' else (_hairline, looks.hair)
        shell = partial(_paint_hair, colour, region)
        ellipsoid(canvas, place(0, -0.06, 0.08), axes * 1.07, turn, shell)
    if looks.haircut == 'cap':
        tube(canvas, place(-0.45, -0.47, -1.05), place(0.45, -0.47, -1.05),
             size * np.array((0.3, 0.34, 0.3)), unit, Material(looks.hat), flat=0.8)  # fmt: skip

"""The head: a textured ellipsoid, so that the face turns in true perspective; nose, ears, hair."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from shg_xai.datasets.people.draw import Canvas, Colour, Material, Tube, draw_tube, ellipsoid
from shg_xai.datasets.people.looks import Looks, mix
from shg_xai.datasets.people.skeleton import FACE_POINTS
from shg_xai.datasets.people.vectors import turned


def _scalp(y: np.ndarray, z: np.ndarray, pixel: float, cap: bool = False) -> np.ndarray:
    """Cover (h, w) of hair, low at the nape and above the brow in front, or of a cap, above a level line."""
    edge = -0.42 + 0.16 * z if cap else -0.52 + 0.9 * np.maximum(z + 0.35, 0)
    return np.clip((edge - y) / pixel + 0.5, 0, 1)


def _paint_face(
    looks: Looks, x: np.ndarray, y: np.ndarray, z: np.ndarray, pixel: float
) -> tuple[np.ndarray, np.ndarray]:
    """Painter of the skull: skin, features on the front half, scalp."""
    skin, front = looks.skin, np.clip(-z * 6, 0, 1)
    colour = np.full((*x.shape, 3), skin, float)

    def lay(over: Colour, cover: np.ndarray) -> None:
        colour[:] += (np.array(over) - colour) * cover[..., None]

    def spot(centre: Sequence[float], half: Sequence[float]) -> np.ndarray:
        """Soft cover (h, w) of an ellipse; its half axes never shrink below a pixel."""
        half_x, half_y = max(half[0], 0.55 * pixel), max(half[1], 0.55 * pixel)
        q = np.sqrt(((x - centre[0]) / half_x) ** 2 + ((y - centre[1]) / half_y) ** 2)
        return np.clip((1 - q) * (min(half_x, half_y) / pixel) + 0.5, 0, 1)

    eye_x, eye_y, _ = FACE_POINTS['left_eye']
    for side in (-1.0, 1.0):
        eye = (side * eye_x, eye_y)
        lay(mix(skin, (30, 30, 60), 0.45), 0.5 * front * spot(eye, (0.27, 0.17)))
        lay((245, 245, 245), front * spot(eye, (0.21, 0.115)))
        lay(looks.iris, front * spot(eye, (0.095, 0.11)))
        lay(mix(looks.hair, (30, 30, 30), 0.3), front * spot((side * 0.37, -0.38), (0.21, 0.04)))  # brow
        lay(mix(skin, (110, 110, 235), 0.4), 0.5 * front * spot((side * 0.5, 0.28), (0.2, 0.15)))  # cheek
    lay(mix(skin, (70, 50, 190), 0.6), front * spot((0.0, 0.56), (0.26, 0.075)))  # lips
    if looks.haircut != 'bald':
        lay(looks.hair, _scalp(y, z, pixel))
    return colour, np.ones(())


def draw_head(
    canvas: Canvas, looks: Looks, centre: np.ndarray, axes: np.ndarray, turn: np.ndarray, unit: float
) -> None:
    """Draw a head: centre (3,) and semi-axes (3,) of the skull in pixels, its turn (3, 3) to the camera frame."""

    def place(x: float, y: float, z: float) -> np.ndarray:
        return centre + turned(turn, axes * np.array((x, y, z)))

    def add(start: np.ndarray, end: np.ndarray, radii: Sequence[float], material: Material, flat: float = 1.0) -> None:
        draw_tube(canvas, Tube(start, end, float(axes[0]) * np.array(radii), material, flat=flat), unit)

    def shell(x: np.ndarray, y: np.ndarray, z: np.ndarray, pixel: float) -> tuple[np.ndarray, np.ndarray]:
        """Painter of a shell around the skull: strands of hair, or a cap."""
        strands = (1 + 0.12 * np.sin(14 * x + 5 * z))[..., None]
        colour = looks.hat if looks.haircut == 'cap' else looks.hair
        return np.array(colour) * strands, _scalp(y, z, pixel, looks.haircut == 'cap')

    if looks.haircut == 'long':
        hair = Material(looks.hair, mix(looks.hair, (0, 0, 0), 0.35), 'lengthwise', 0.016)
        add(place(0, -0.2, 0.35), place(0, 1.55, 0.55), (1.05, 1.2, 1.1, 0.8), hair, flat=0.55)
    if looks.haircut == 'bun':
        add(place(0, -0.75, 0.85), place(0, -0.75, 0.85), (0.45, 0.45), Material(looks.hair))
    ellipsoid(canvas, centre, axes, turn, partial(_paint_face, looks))
    shade = Material(mix(looks.skin, (40, 40, 90), 0.22))
    x, y, z = FACE_POINTS['left_ear']
    for side in (-1.0, 1.0):
        add(place(side * x, y - 0.14, z), place(side * (x - 0.04), y + 0.14, z - 0.04), (0.20, 0.15), shade)
    x, y, z = FACE_POINTS['nose']
    add(place(x, -0.1, -0.93), place(x, y, z + 0.12), (0.09, 0.17), Material(mix(looks.skin, (60, 60, 150), 0.16)))
    if looks.haircut != 'bald':
        ellipsoid(canvas, place(0, -0.06, 0.08), axes * 1.07, turn, shell)
    if looks.haircut == 'cap':
        add(place(-0.45, -0.47, -1.05), place(0.45, -0.47, -1.05), (0.3, 0.34, 0.3), Material(looks.hat), flat=0.8)

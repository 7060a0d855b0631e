"""Everything but people: wall, floor, clutter, shadows and objects in front."""

from itertools import product

import cv2
import numpy as np

from shg_xai.datasets.people.draw import SHIFT, Colour, polygon_mask
from shg_xai.datasets.people.looks import mix, random_colour
from shg_xai.datasets.people.vectors import turned


def _turn(points: np.ndarray, roll_deg: float, side: int) -> np.ndarray:
    """Roll points (P, 2), or one (2,), clockwise about the centre of the image, as the camera does."""
    c, s = np.cos(np.radians(roll_deg)), np.sin(np.radians(roll_deg))
    return turned(np.array(((c, -s), (s, c))), points - side / 2) + side / 2


def _fill(image: np.ndarray, points: np.ndarray, roll_deg: float, colour: Colour) -> None:
    """Paint a convex polygon (P, 2), rolled as the camera is."""
    fixed = np.round(_turn(points, roll_deg, image.shape[0]) * (1 << SHIFT)).astype(np.int32)
    cv2.fillConvexPoly(image, fixed, colour, cv2.LINE_AA, SHIFT)


def _rectangle(x: float, y: float, width: float, height: float) -> np.ndarray:
    return np.array(((x, y), (x + width, y), (x + width, y + height), (x, y + height)))


def _noise(rng: np.random.Generator, side: int, cells: int) -> np.ndarray:
    """Smooth noise (S, S, 1) with about unit spread."""
    coarse = rng.standard_normal((cells, cells))
    return cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC)[..., None]


def background(rng: np.random.Generator, side: int, horizon: float, roll_deg: float) -> np.ndarray:
    """Draw wall, floor and clutter: (S, S, 3), BGR.

    ``horizon`` is the row in pixels where the wall meets the floor, before the camera rolls.
    """
    wall = random_colour(rng, (0.02, 0.24), (0.5, 0.95))
    floor = random_colour(rng, (0.05, 0.32), (0.25, 0.7))
    far = 3.0 * side
    image = np.full((side, side, 3), np.round(wall), np.uint8)
    _wall_pattern(rng, image, wall, roll_deg)
    _fill(image, _rectangle(-far, horizon, 3 * far, far), roll_deg, floor)
    if rng.uniform() < 0.6:
        skirting = _rectangle(-far, horizon - 0.014 * side, 3 * far, 0.014 * side)
        _fill(image, skirting, roll_deg, mix(wall, (40, 40, 40), 0.5))
    _floor_pattern(rng, image, floor, horizon, roll_deg)
    for _ in range(int(rng.integers(1, 5))):
        _clutter(rng, image, horizon, roll_deg)
    slope, ramp = rng.uniform(-0.16, 0.16, 2), np.linspace(-1, 1, side)
    gain = 1 + slope[0] * ramp[:, None, None] + slope[1] * ramp[None, :, None]
    rough, fine = rng.uniform((2, 0), (8, 3))
    painted = image * gain
    painted += rough * _noise(rng, side, int(rng.integers(4, 9)))
    painted += fine * _noise(rng, side, side // 3)
    return painted


def _wall_pattern(rng: np.random.Generator, image: np.ndarray, wall: Colour, roll_deg: float) -> None:
    """Wallpaper stripes, bricks' courses, or nothing."""
    side = image.shape[0]
    kind, pitch = rng.uniform(), side * rng.uniform(0.06, 0.16)
    other = mix(wall, (60, 60, 60) if rng.uniform() < 0.5 else (255, 255, 255), 0.22)
    steps = np.arange(-0.4 * side, 1.4 * side, pitch)
    if kind < 0.25:
        for x in steps:
            _fill(image, _rectangle(x, -side, pitch / 2, 3 * side), roll_deg, other)
    elif kind < 0.4:
        for y in steps:
            _fill(image, _rectangle(-side, y, 3 * side, max(1.0, 0.006 * side)), roll_deg, other)


def _floor_pattern(rng: np.random.Generator, image: np.ndarray, floor: Colour, horizon: float, roll_deg: float) -> None:
    """Boards running to a vanishing point, or a rug, or nothing."""
    side = image.shape[0]
    kind, centre = rng.uniform(), side * rng.uniform(0.3, 0.7)
    dark = mix(floor, (20, 20, 20), 0.3)
    if kind < 0.45:
        for x in np.linspace(-2.5, 2.5, 22):
            near, top = centre + x * 2.4 * side, centre + x * side
            bottom, width = horizon + 1.2 * side, 0.004 * side
            board = np.array(((top, horizon), (top + width, horizon), (near + 4 * width, bottom), (near, bottom)))
            _fill(image, board, roll_deg, dark)
    elif kind < 0.6:
        rug = random_colour(rng, (0.2, 0.7), (0.3, 0.8))
        y, wide = horizon + 0.04 * side, 0.35 * side
        for share, colour in ((1.0, rug), (0.86, mix(rug, (230, 230, 230), 0.4)), (0.78, rug)):
            w, inset = wide * share, 0.12 * side * (1 - share)
            top, bottom = y + inset, y + 0.3 * side
            rim = ((centre - w, top), (centre + w, top), (centre + 1.5 * w, bottom), (centre - 1.5 * w, bottom))
            _fill(image, np.array(rim), roll_deg, colour)


def _clutter(rng: np.random.Generator, image: np.ndarray, horizon: float, roll_deg: float) -> None:
    """One thing at the back: picture, window, cupboard, lamp or ball."""
    side = image.shape[0]
    colour = random_colour(rng, (0.1, 0.7), (0.2, 0.9))
    light, dark = mix(colour, (255, 255, 255), 0.35), mix(colour, (0, 0, 0), 0.35)
    x, size = rng.uniform((-0.1, 0.1), (0.95, 0.28)) * side
    kind = int(rng.integers(5))

    def box(left: float, top: float, width: float, height: float, paint: Colour) -> None:
        _fill(image, _rectangle(left, top, width, height), roll_deg, paint)

    if kind == 0:  # picture
        y = horizon - side * rng.uniform(0.45, 0.7)
        box(x, y, size, 0.75 * size, dark)
        box(x + 0.08 * size, y + 0.08 * size, 0.84 * size, 0.59 * size, light)
        box(x + 0.08 * size, y + 0.4 * size, 0.84 * size, 0.27 * size, colour)
    elif kind == 1:  # window
        y, tall = horizon - side * rng.uniform(0.55, 0.8), 1.3 * size
        box(x, y, size, tall, (235, 235, 235))
        for i, j in product((0, 1), repeat=2):
            left, top = x + (0.06 + 0.47 * i) * size, y + (0.06 + 0.64 * j) * size
            box(left, top, 0.41 * size, 0.57 * size, (235, 205 - 25 * j, 165))
    elif kind == 2:  # cupboard
        tall = side * rng.uniform(0.12, 0.4)
        box(x, horizon - tall, size, tall + 0.02 * side, colour)
        box(x, horizon - tall, size, 0.02 * side, light)
        box(x + 0.48 * size, horizon - tall, 0.02 * size, tall, dark)
    elif kind == 3:  # lamp
        tall = side * rng.uniform(0.3, 0.6)
        box(x, horizon - tall, 0.012 * side, tall + 0.03 * side, (60, 60, 65))
        box(x - 0.03 * side, horizon + 0.02 * side, 0.075 * side, 0.014 * side, (50, 50, 55))
        shade = np.array(((-0.03, -0.06), (0.042, -0.06), (0.07, 0.03), (-0.058, 0.03)))
        _fill(image, shade * side + (x, horizon - tall), roll_deg, (170, 220, 240))
    else:  # ball on the floor
        middle = _turn(np.array((x, horizon + 0.04 * side)), roll_deg, side)
        for shift, share, paint in ((0.0, 1.0, dark), (-0.12, 0.8, colour), (-0.3, 0.35, light)):
            at = np.round((middle + shift * 0.3 * size) * (1 << SHIFT)).astype(int)
            cv2.circle(image, at.tolist(), int(0.28 * size * share * (1 << SHIFT)), paint, -1, cv2.LINE_AA, SHIFT)


def drop_shadow(image: np.ndarray, centre: np.ndarray, half: tuple[float, float]) -> None:
    """Darken the floor of ``image`` softly around a centre (2,), half as wide and high as the shadow is; in pixels."""
    reach = 1.4 * np.array(half)
    x0, y0 = np.clip(np.floor(centre - reach).astype(int), 0, image.shape[0])
    x1, y1 = np.clip(np.ceil(centre + reach).astype(int), 0, image.shape[0])
    dx = (np.arange(x0, x1, dtype=float) - centre[0])[None, :] / half[0]
    dy = (np.arange(y0, y1, dtype=float) - centre[1])[:, None] / half[1]
    dark = 0.5 * np.exp(-1.6 * (dx * dx + dy * dy))
    image[y0:y1, x0:x1] *= (1 - dark)[..., None]


def occluder(rng: np.random.Generator, image: np.ndarray, target: np.ndarray, height: float) -> np.ndarray:
    """Draw an object over one joint at ``target`` (2,) of a body of this ``height``: its cover (S, S) in 0..1."""
    side = image.shape[0]
    colour = random_colour(rng, (0.15, 0.75), (0.25, 0.85))
    light, dark = mix(colour, (255, 255, 255), 0.25), mix(colour, (0, 0, 0), 0.3)
    x, y = target + rng.uniform(-0.02, 0.02, 2) * height
    kind = int(rng.integers(4))
    shapes: list[tuple[np.ndarray, Colour]] = []
    far = 2.0 * side
    if kind == 0:  # post, shaded like a cylinder
        wide = height * rng.uniform(0.07, 0.12)
        for k in range(6):
            strip = _rectangle(x + (k / 6 - 0.5) * wide, -far, wide / 6 + 0.5, 2 * far)
            shapes.append((strip, mix(light, dark, abs(k - 1.5) / 4)))
    elif kind == 1:  # crate
        wide, tall = height * rng.uniform((0.2, 0.18), (0.4, 0.34))
        left, top = x - wide * rng.uniform(0.3, 0.7), y - tall * rng.uniform(0.3, 0.6)
        back = top - 0.12 * wide
        lid = np.array(((left, top), (left + wide, top), (left + 0.88 * wide, back), (left + 0.12 * wide, back)))
        shapes += [(_rectangle(left, top, wide, far), colour), (lid, light)]
        shapes += [(_rectangle(left, top + s * tall, wide, 0.02 * height), dark) for s in (0.3, 0.65, 1.0)]
    elif kind == 2:  # table: a top and two legs
        wide = height * rng.uniform(0.5, 0.8)
        left = x - wide * rng.uniform(0.25, 0.75)
        shapes += [(_rectangle(left + s * wide, y, 0.045 * wide, far), dark) for s in (0.04, 0.91)]
        near, back = y + 0.035 * height, y - 0.045 * height
        board = np.array(((left, near), (left + wide, near), (left + 0.93 * wide, back), (left + 0.07 * wide, back)))
        shapes += [(board, light), (_rectangle(left, near, wide, 0.03 * height), colour)]
    else:  # plant: leaves out of a pot, one of them over the target
        root = np.array((x + rng.uniform(-0.04, 0.04) * height, y + 0.2 * height))
        shapes.append((_rectangle(root[0] - 0.06 * height, root[1], 0.12 * height, far), dark))
        green = random_colour(rng, (0.4, 0.7), (0.3, 0.6))
        green = (0.5 * green[0], max(green), 0.5 * green[2])
        for k, bend in enumerate((*rng.uniform(-1, 1, 8), 0.0)):
            tip = root + height * np.array((0.16 * bend, -0.3 + 0.1 * abs(bend)))
            if k == 8:
                tip = 2 * np.array((x, y)) - root
            middle, stem = 0.5 * (root + tip), tip - root
            square = 0.11 * np.array((-stem[1], stem[0]))
            leaf = np.array((root, middle + square, tip, middle - square))
            shapes.append((leaf, mix(green, (20, 40, 20) if k % 2 else (150, 230, 190), 0.3)))
    cover = np.zeros((side, side))
    for points, colour in shapes:
        x0, y0 = np.clip(np.floor(points.min(0)).astype(int) - 1, 0, side)
        x1, y1 = np.clip(np.ceil(points.max(0)).astype(int) + 2, 0, side)
        if x0 >= x1 or y0 >= y1:
            continue
        alpha = polygon_mask(points - (x0, y0), (y1 - y0, x1 - x0))
        window = image[y0:y1, x0:x1]
        window += (np.array(colour) - window) * alpha[..., None]
        np.maximum(cover[y0:y1, x0:x1], alpha, out=cover[y0:y1, x0:x1])
    return cover

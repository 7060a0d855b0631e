"""Drawing primitives: shaded, textured, depth-tested tubes, ellipsoids and flat faces.

Everything works in pixels (x right, y down, z away from the camera) and only inside the bounding box of what it draws.
Colours are BGR in 0..255.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import cv2
import numpy as np

Colour = tuple[float, float, float]
SHIFT = 4  # sub-pixel bits of cv2's integer coordinates


@dataclass
class Canvas:
    """A picture being drawn.

    Attributes:
        image: (S, S, 3) float32, BGR.
        depth: (S, S) float32, nearest surface so far in pixels; infinite where nothing is.
        mask: (S, S) float32, cover of the current person in 0..1.
        light: (3,) unit vector towards the light.
    """

    image: np.ndarray
    light: np.ndarray
    depth: np.ndarray = field(init=False)
    mask: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget depth and mask: what follows is drawn over everything so far."""
        self.depth = np.full(self.image.shape[:2], np.inf, np.float32)
        self.mask = np.zeros(self.image.shape[:2], np.float32)


@dataclass(frozen=True)
class Material:
    """A colour with a pattern of a second colour, optionally another material beyond ``cut``.

    ``pattern``: plain, rings, lengthwise, checks, dots or noise; ``pitch``: its period in body heights; ``cut``: share
    of the limb's length that has this material; ``below``: the rest.
    """

    colour: Colour
    second: Colour = (0, 0, 0)
    pattern: str = 'plain'
    pitch: float = 0.04
    cut: float = 1.0
    below: Colour | None = None
    gloss: float = 0.0


@dataclass(frozen=True)
class Tube:
    """A tapered tube with rounded ends.

    Attributes:
        start: (3,) one end of its axis, in pixels.
        end: (3,) the other.
        radii: (R,) in pixels, at even steps from start to end.
        material: Colours and pattern.
        caps: Lengths of the two end caps in pixels; None for half circles.
        flat: Depth of the cross-section relative to its width.
    """

    start: np.ndarray
    end: np.ndarray
    radii: np.ndarray
    material: Material
    caps: tuple[float, float] | None = None
    flat: float = 1.0


class Window(NamedTuple):
    """A part of the image: its rows and columns, and the float32 grids (1, W), (h, 1) of its pixels."""

    rows: slice
    columns: slice
    xs: np.ndarray
    ys: np.ndarray


_WHITE = np.random.default_rng(7).standard_normal((64, 64)).astype(np.float32)
_NOISE = np.asarray(cv2.GaussianBlur(_WHITE, (0, 0), 1.2, borderType=cv2.BORDER_REFLECT))
_NOISE = np.clip(0.5 + _NOISE / (4 * _NOISE.std()), 0, 1)


def _soft_wave(phase: np.ndarray, sharpness: float) -> np.ndarray:
    """A square wave in 0..1 of period 1 with soft edges."""
    return np.clip(np.sin(phase * (2 * np.pi)) * sharpness + 0.5, 0, 1)


def _pattern(name: str, u: np.ndarray, v: np.ndarray, sharpness: float) -> np.ndarray:
    """Weight in 0..1 of the second colour at surface coordinates ``u``, ``v`` (periods)."""
    if name == 'rings':
        return _soft_wave(u, sharpness)
    if name == 'lengthwise':
        return _soft_wave(v, sharpness)
    if name == 'checks':
        return 0.5 * (_soft_wave(u, sharpness) + _soft_wave(v, sharpness))
    if name == 'dots':
        bumps = np.cos(u * (2 * np.pi)) + np.cos(v * (2 * np.pi))
        return np.clip((bumps - 0.9) * sharpness, 0, 1)
    return _NOISE[(u * 9).astype(np.int32) & 63, (v * 9).astype(np.int32) & 63]


def _window(canvas: Canvas, low: np.ndarray, high: np.ndarray) -> Window | None:
    """What a box covers of the image; None outside of it."""
    side = canvas.image.shape[0]
    x0, y0 = np.maximum(np.floor(low[:2]).astype(int) - 1, 0)
    x1, y1 = np.minimum(np.ceil(high[:2]).astype(int) + 2, side)
    if x0 >= x1 or y0 >= y1:
        return None
    xs = np.arange(x0, x1, dtype=np.float32)[None, :]
    ys = np.arange(y0, y1, dtype=np.float32)[:, None]
    return Window(slice(y0, y1), slice(x0, x1), xs, ys)


def _blend(
    canvas: Canvas, window: Window, colour: np.ndarray, alpha: np.ndarray, z: np.ndarray, is_person: float = 1.0
) -> None:
    """Composite colour (h, w, 3) with cover ``alpha`` (h, w) where ``z`` (h, w) is nearest."""
    rows, columns, *_ = window
    depth = canvas.depth[rows, columns]
    # A pixel or so of softness lets limbs flow into the trunk instead of cutting it.
    weight = alpha * np.clip((depth - z) * 0.7 + 0.5, 0, 1)
    image = canvas.image[rows, columns]
    image += (colour - image) * weight[..., None]
    np.copyto(depth, z, where=(alpha > 0.5) & (z < depth))
    mask = canvas.mask[rows, columns]
    mask += (is_person - mask) * weight


def draw_tube(canvas: Canvas, tube: Tube, unit: float) -> None:
    """Draw a tube; ``unit`` is the pixels of a body height, the scale of the texture."""
    start, end, caps, material = tube.start, tube.end, tube.caps, tube.material
    radii = np.maximum(tube.radii, 0.6)
    reach = max(float(radii.max()), *(caps or (0.0, 0.0)))
    window = _window(canvas, np.minimum(start, end) - reach, np.maximum(start, end) + reach)
    if window is None:
        return
    _, _, xs, ys = window
    axis = (end - start).astype(np.float32)
    length, full = float(np.hypot(axis[0], axis[1])), float(np.linalg.norm(axis))
    ux, uy = (axis[:2] / length) if length > 1e-3 else (np.float32(0), np.float32(1))
    dx, dy = xs - np.float32(start[0]), ys - np.float32(start[1])
    along = dx * ux + dy * uy
    t = np.clip(along / max(length, 1e-3), 0, 1)
    radius = _profile(t, radii.astype(np.float32))
    beyond = along - t * np.float32(length)
    cap = radius if caps is None else np.where(beyond < 0, *(np.float32(max(end, 0.6)) for end in caps))
    across, ahead = (dy * ux - dx * uy) / radius, beyond / cap
    squared = across * across + ahead * ahead
    # Pixels to the outline: the sides are as sharp as the ends, however short the caps.
    edge = np.where(beyond == 0, radius, np.minimum(radius, cap))
    alpha = np.clip((1 - np.sqrt(squared)) * edge + 0.5, 0, 1)
    bulge = np.sqrt(np.maximum(1 - squared, 0))
    z = np.float32(start[2]) + t * axis[2] - np.float32(tube.flat) * radius * bulge
    # Normal of a cylinder: across, towards the camera square to the axis, and the end cap.
    cosine, sine = length / max(full, 1e-3), float(axis[2]) / max(full, 1e-3)
    light = canvas.light
    toward = ux * sine * light[0] + uy * sine * light[1] - max(cosine, 0.35) * light[2]
    lambert = (
        across * np.float32(ux * light[1] - uy * light[0])
        + ahead * np.float32(ux * light[0] + uy * light[1])
        + bulge * np.float32(toward)
    )
    lengthwise = along / unit if length > 0.5 * full else t * (full / unit)
    colour = _paint(material, t, lengthwise, across * (radius / unit), length, unit)
    _blend(canvas, window, colour * _shade(lambert, material.gloss), alpha, z)


def _profile(t: np.ndarray, radii: np.ndarray) -> np.ndarray:
    """Radius at ``t`` in 0..1, piecewise linear."""
    if len(radii) == 2:
        return radii[0] + (radii[1] - radii[0]) * t
    return np.interp(t, np.linspace(0, 1, len(radii)), radii).astype(np.float32)


def _shade(lambert: np.ndarray, gloss: float) -> np.ndarray:
    """Brightness (h, w, 1): a light side, a dark side and a little bounce light."""
    lit = np.clip(lambert, 0, 1)
    shade = 0.52 + 0.60 * lit + 0.06 * np.clip(-lambert, 0, 1)
    if gloss:
        shade = shade + gloss * lit**12
    return shade[..., None].astype(np.float32)


def _paint(material: Material, t: np.ndarray, u: np.ndarray, v: np.ndarray, length: float, unit: float) -> np.ndarray:
    """Unshaded colour (h, w, 3) of a tube at ``u`` along and ``v`` across in body heights."""
    colour = np.array(material.colour, np.float32)
    if material.pattern == 'plain':
        painted = np.broadcast_to(colour, (*t.shape, 3))
    else:
        sharpness = max(0.6, 0.3 * material.pitch * unit)
        weight = _pattern(material.pattern, u / material.pitch, v / material.pitch, sharpness)
        painted = colour + (np.array(material.second, np.float32) - colour) * weight[..., None]
    if material.below is not None:
        bare = np.clip((t - material.cut) * length + 0.5, 0, 1)[..., None]
        painted = painted + (np.array(material.below, np.float32) - painted) * bare
    return painted


Painter = Callable[[np.ndarray, np.ndarray, np.ndarray, float], tuple[np.ndarray, np.ndarray]]


def ellipsoid(canvas: Canvas, centre: np.ndarray, axes: np.ndarray, turn: np.ndarray, paint: Painter) -> None:
    """Draw an ellipsoid by casting a ray through every pixel.

    Centre (3,) and semi-axes (3,) are in pixels; ``turn`` (3, 3) leads from its own frame to the camera's; ``paint``
    is given unit-sphere coordinates x, y, z (h, w) in its own frame and the size of a pixel in them, and returns
    colours (h, w, 3) and a cover (h, w), or one for all, in 0..1.
    """
    reach = float(axes.max()) + 1
    window = _window(canvas, centre - reach, centre + reach)
    if window is None:
        return
    _, _, xs, ys = window
    inverse = (turn.T / axes[:, None]).astype(np.float32)
    dx, dy = xs - np.float32(centre[0]), ys - np.float32(centre[1])
    origin = [inverse[i, 0] * dx + inverse[i, 1] * dy for i in range(3)]
    ray = inverse[:, 2]
    a = float(ray @ ray)
    b = sum(origin[i] * ray[i] for i in range(3))
    c = sum(o * o for o in origin) - 1
    inside = (b * b - a * c) / a  # 1 - squared distance from the outline in the image
    radius = float(axes.min())
    alpha = np.clip((1 - np.sqrt(np.maximum(1 - inside, 0))) * radius + 0.5, 0, 1)
    z = -(b + np.sqrt(np.maximum(inside * a, 0))) / a
    local = [origin[i] + z * ray[i] for i in range(3)]
    colour, cover = paint(local[0], local[1], local[2], 1 / radius)
    # The gradient of the quadric is the normal; semi-axes are similar, so sphere normals do.
    light = (turn.T @ canvas.light).astype(np.float32)
    lambert = sum(local[i] * light[i] for i in range(3))
    _blend(canvas, window, colour * _shade(lambert, 0.0), alpha * cover, z + np.float32(centre[2]))


def polygon_mask(corners: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Anti-aliased cover (h, w) in 0..1 float32 of a convex polygon (P, 2) in pixels."""
    mask = np.zeros(shape, np.uint8)
    fixed = np.round(corners * (1 << SHIFT)).astype(np.int32)
    cv2.fillConvexPoly(mask, fixed, (255,), cv2.LINE_AA, SHIFT)
    return mask.astype(np.float32) * np.float32(1 / 255)


def flat_face(canvas: Canvas, corners: np.ndarray, colour: Colour, grain: float) -> None:
    """Draw a flat convex face, part of furniture: it hides the person where it is nearer.

    Corners (P, 3) in pixels, P >= 3, in order around the face; the colour is shaded for the face's direction already;
    ``grain`` is the strength of the wood grain in 0..1.
    """
    window = _window(canvas, corners.min(0), corners.max(0))
    if window is None:
        return
    _, _, xs, ys = window
    alpha = polygon_mask(corners[:, :2] - (xs[0, 0], ys[0, 0]), (ys.size, xs.size))
    normal = np.cross(corners[1] - corners[0], corners[2] - corners[0])
    zx, zy = -normal[:2] / (normal[2] if abs(normal[2]) > 1e-6 else 1e-6)
    z = (zx * (xs - corners[0, 0]) + zy * (ys - corners[0, 1]) + corners[0, 2]).astype(np.float32)
    row, column = ys.astype(np.int32) * 2, xs.astype(np.int32) // 6
    tone = 1 + grain * (_NOISE[row & 63, column & 63] - 0.5)
    painted = tone[..., None].astype(np.float32) * np.array(colour, np.float32)
    _blend(canvas, window, painted, alpha, z, is_person=0.0)

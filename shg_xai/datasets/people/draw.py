"""Shaded, textured, depth-tested tubes, ellipsoids and flat faces, each drawn within its bounding box only.

In pixels: x right, y down, z away from the camera; S is the side of the picture. Colours are BGR in 0..255.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import cv2
import numpy as np

from shg_xai.datasets.people.vectors import dot, norm, turned

Colour = tuple[float, float, float]
# A box of the image: its rows and columns, and the grids (1, w) and (h, 1) of x and y of its pixels.
Window = tuple[tuple[slice, slice], np.ndarray, np.ndarray]
# Colours (h, w, 3) and cover (h, w) in 0..1 at unit-sphere coordinates x, y, z (h, w), where a pixel has this size.
Painter = Callable[[np.ndarray, np.ndarray, np.ndarray, float], tuple[np.ndarray, np.ndarray]]
SHIFT = 4  # sub-pixel bits of cv2's integer coordinates


@dataclass
class Canvas:
    """A picture being drawn."""

    image: np.ndarray  # (S, S, 3)
    light: np.ndarray  # unit vector (3,) towards the light
    depth: np.ndarray = field(init=False)  # (S, S), nearest surface so far; infinite where nothing is
    mask: np.ndarray = field(init=False)  # (S, S), cover of the current person in 0..1

    def __post_init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget depth and mask: what follows is drawn over everything so far."""
        self.depth = np.full(self.image.shape[:2], np.inf)
        self.mask = np.zeros(self.image.shape[:2])


@dataclass(frozen=True)
class Material:
    """A colour with a pattern of a second one."""

    colour: Colour
    second: Colour = (0, 0, 0)
    pattern: str = 'plain'  # or rings, lengthwise, checks, dots, noise
    pitch: float = 0.04  # period of the pattern in body heights
    cut: float = 1.0  # share of the limb's length that has this material
    below: Colour | None = None  # of the rest
    gloss: float = 0.0


@dataclass(frozen=True)
class Tube:
    """A tapered tube with rounded ends."""

    start: np.ndarray  # of its axis, (3,)
    end: np.ndarray
    radii: np.ndarray  # (R,), at even steps from start to end
    material: Material
    caps: tuple[float, float] | None = None  # lengths of the two end caps; None for half circles
    flat: float = 1.0  # depth of the cross-section relative to its width


_WHITE = np.random.default_rng(7).standard_normal((64, 64))
_NOISE = np.asarray(cv2.GaussianBlur(_WHITE, (0, 0), 1.2, borderType=cv2.BORDER_REFLECT))
_NOISE = np.clip(0.5 + _NOISE / (4 * _NOISE.std()), 0, 1)


def _pattern(name: str, u: np.ndarray, v: np.ndarray, sharpness: float) -> np.ndarray:
    """Weight in 0..1 of the second colour at surface coordinates ``u``, ``v`` (periods)."""
    if name == 'noise':
        return _NOISE[(u * 9).astype(np.int32) & 63, (v * 9).astype(np.int32) & 63]
    if name == 'dots':
        return np.clip((np.cos(u * (2 * np.pi)) + np.cos(v * (2 * np.pi)) - 0.9) * sharpness, 0, 1)
    # Square waves of period 1 with soft edges.
    rings, lengthwise = (np.clip(np.sin(phase * (2 * np.pi)) * sharpness + 0.5, 0, 1) for phase in (u, v))
    return rings if name == 'rings' else lengthwise if name == 'lengthwise' else 0.5 * (rings + lengthwise)


def _window(canvas: Canvas, low: np.ndarray, high: np.ndarray) -> Window | None:
    """What a box covers of the image; None outside of it."""
    x0, y0 = np.maximum(np.floor(low[:2]).astype(int) - 1, 0)
    x1, y1 = np.minimum(np.ceil(high[:2]).astype(int) + 2, canvas.image.shape[0])
    if x0 >= x1 or y0 >= y1:
        return None
    xs, ys = np.arange(x0, x1, dtype=float)[None, :], np.arange(y0, y1, dtype=float)[:, None]
    return (slice(y0, y1), slice(x0, x1)), xs, ys


def _blend(canvas: Canvas, at: Window, colour: np.ndarray, alpha: np.ndarray, z: np.ndarray, own: float = 1.0) -> None:
    """Composite colour (h, w, 3) with cover ``alpha`` (h, w) where ``z`` (h, w) is nearest."""
    image, depth, mask = (layer[at[0]] for layer in (canvas.image, canvas.depth, canvas.mask))
    # A pixel or so of softness lets limbs flow into the trunk instead of cutting it.
    weight = alpha * np.clip((depth - z) * 0.7 + 0.5, 0, 1)
    image += (colour - image) * weight[..., None]
    np.copyto(depth, z, where=(alpha > 0.5) & (z < depth))
    mask += (own - mask) * weight


def draw_tube(canvas: Canvas, tube: Tube, unit: float) -> None:
    """Draw a tube; ``unit`` is the pixels of a body height, the scale of the texture."""
    start, end, caps, material = tube.start, tube.end, tube.caps, tube.material
    radii = np.maximum(tube.radii, 0.6)
    reach = max(float(radii.max()), *(caps or (0.0, 0.0)))
    window = _window(canvas, np.minimum(start, end) - reach, np.maximum(start, end) + reach)
    if window is None:
        return
    _, xs, ys = window
    axis = end - start
    length, full = float(np.hypot(axis[0], axis[1])), norm(axis)
    ux, uy = (axis[:2] / length) if length > 1e-3 else (0.0, 1.0)
    dx, dy = xs - start[0], ys - start[1]
    along = dx * ux + dy * uy
    t = np.clip(along / max(length, 1e-3), 0, 1)
    if len(radii) == 2:
        radius = radii[0] + (radii[1] - radii[0]) * t
    else:
        radius = np.interp(t, np.linspace(0, 1, len(radii)), radii)
    beyond = along - t * length
    cap = radius if caps is None else np.where(beyond < 0, *(max(end, 0.6) for end in caps))
    across, ahead = (dy * ux - dx * uy) / radius, beyond / cap
    squared = across * across + ahead * ahead
    # Pixels to the outline: the sides are as sharp as the ends, however short the caps.
    edge = np.where(beyond == 0, radius, np.minimum(radius, cap))
    alpha = np.clip((1 - np.sqrt(squared)) * edge + 0.5, 0, 1)
    bulge = np.sqrt(np.maximum(1 - squared, 0))
    z = start[2] + t * axis[2] - tube.flat * radius * bulge
    # Normal of a cylinder: across, towards the camera square to the axis, and the end cap.
    cosine, sine = length / max(full, 1e-3), float(axis[2]) / max(full, 1e-3)
    light = canvas.light
    toward = ux * sine * light[0] + uy * sine * light[1] - max(cosine, 0.35) * light[2]
    turned, along_light = ux * light[1] - uy * light[0], ux * light[0] + uy * light[1]
    lambert = across * turned + ahead * along_light + bulge * toward
    lengthwise = along / unit if length > 0.5 * full else t * (full / unit)
    colour = _paint(material, t, lengthwise, across * (radius / unit), length, unit)
    _blend(canvas, window, colour * _shade(lambert, material.gloss), alpha, z)


def _shade(lambert: np.ndarray, gloss: float) -> np.ndarray:
    """Brightness (h, w, 1): a light side, a dark side and a little bounce light."""
    lit = np.clip(lambert, 0, 1)
    shade = 0.52 + 0.60 * lit + 0.06 * np.clip(-lambert, 0, 1)
    return (shade + gloss * lit**12 if gloss else shade)[..., None]


def _paint(material: Material, t: np.ndarray, u: np.ndarray, v: np.ndarray, length: float, unit: float) -> np.ndarray:
    """Unshaded colour (h, w, 3) of a tube at ``u`` along and ``v`` across in body heights."""
    colour = np.array(material.colour)
    if material.pattern == 'plain':
        painted = np.broadcast_to(colour, (*t.shape, 3))
    else:
        sharpness = max(0.6, 0.3 * material.pitch * unit)
        weight = _pattern(material.pattern, u / material.pitch, v / material.pitch, sharpness)
        painted = colour + (np.array(material.second) - colour) * weight[..., None]
    if material.below is not None:
        bare = np.clip((t - material.cut) * length + 0.5, 0, 1)[..., None]
        painted = painted + (np.array(material.below) - painted) * bare
    return painted


def ellipsoid(canvas: Canvas, centre: np.ndarray, axes: np.ndarray, turn: np.ndarray, paint: Painter) -> None:
    """Draw an ellipsoid by one ray a pixel; ``turn`` (3, 3) leads from the frame of ``paint`` to the camera's."""
    reach = float(axes.max()) + 1
    window = _window(canvas, centre - reach, centre + reach)
    if window is None:
        return
    _, xs, ys = window
    inverse = turn.T / axes[:, None]
    dx, dy = xs - centre[0], ys - centre[1]
    origin = [inverse[i, 0] * dx + inverse[i, 1] * dy for i in range(3)]
    ray = inverse[:, 2]
    a, b, c = dot(ray, ray), sum(origin[i] * ray[i] for i in range(3)), sum(o * o for o in origin) - 1
    inside = (b * b - a * c) / a  # 1 - squared distance from the outline in the image
    radius = float(axes.min())
    alpha = np.clip((1 - np.sqrt(np.maximum(1 - inside, 0))) * radius + 0.5, 0, 1)
    z = -(b + np.sqrt(np.maximum(inside * a, 0))) / a
    local = [origin[i] + z * ray[i] for i in range(3)]
    colour, cover = paint(local[0], local[1], local[2], 1 / radius)
    # The gradient of the quadric is the normal; semi-axes are similar, so sphere normals do.
    light = turned(turn.T, canvas.light)
    lambert = sum(local[i] * light[i] for i in range(3))
    _blend(canvas, window, colour * _shade(lambert, 0.0), alpha * cover, z + centre[2])


def polygon_mask(corners: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Anti-aliased cover (h, w) in 0..1 of a convex polygon (P, 2)."""
    mask = np.zeros(shape, np.uint8)
    cv2.fillConvexPoly(mask, np.round(corners * (1 << SHIFT)).astype(np.int32), (255,), cv2.LINE_AA, SHIFT)
    return mask / 255


def flat_face(canvas: Canvas, corners: np.ndarray, colour: Colour, grain: float) -> None:
    """Draw a convex face (P, 3) of furniture, in a shaded colour with ``grain`` in 0..1, over what it hides."""
    window = _window(canvas, corners.min(0), corners.max(0))
    if window is None:
        return
    _, xs, ys = window
    alpha = polygon_mask(corners[:, :2] - (xs[0, 0], ys[0, 0]), (ys.size, xs.size))
    normal = np.cross(corners[1] - corners[0], corners[2] - corners[0])
    zx, zy = -normal[:2] / (normal[2] if abs(normal[2]) > 1e-6 else 1e-6)
    z = zx * (xs - corners[0, 0]) + zy * (ys - corners[0, 1]) + corners[0, 2]
    tone = 1 + grain * (_NOISE[(ys.astype(np.int32) * 2) & 63, (xs.astype(np.int32) // 6) & 63] - 0.5)
    painted = tone[..., None] * np.array(colour)
    _blend(canvas, window, painted, alpha, z, own=0.0)

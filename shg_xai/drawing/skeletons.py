"""Skeletons in figures, left in blue and right in orange, and over persons' crops, in a data set's colours."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Polygon
from numpy.typing import NDArray

LEFT, RIGHT, MIDDLE, GHOST = '#0072B2', '#D55E00', '#222222', '#CCCCCC'
Pairs = NDArray[np.float64] | Sequence[Sequence[float | None]]  # x and y of each joint; not known: NaN or None
Links = Sequence[Sequence[int]]  # pairs of joints that are connected
Faint = Sequence[bool] | None
HEAD = frozenset({'nose', 'left_eye', 'right_eye', 'left_ear', 'right_ear'})
TRUNK = ('left_shoulder', 'right_shoulder', 'right_hip', 'left_hip')


def draw_pose(
    ax: Axes, pose: Pairs, joints: Sequence[str], links: Links, ghost: bool = False, faint: Faint = None
) -> None:
    """Draw a skeleton of K joints by their names; what is not known is left out; y downwards is the axes' business.

    A ghost is light grey, behind all else. ``faint``: of which joints the network is not sure; their lines are dotted.
    """
    faint = faint or [False] * len(joints)
    points = np.array(pose, float).reshape(-1, 2)  # None becomes NaN
    shown = np.isfinite(points).all(1)
    drawn = [(a, b) for a, b in links if shown[a] and shown[b]]
    lines = LineCollection(
        [points[[a, b]] for a, b in drawn],
        colors=[GHOST if ghost else _side(joints[a], joints[b]) for a, b in drawn],
        linewidths=1.2 if ghost else 1.5,
        capstyle='round',
        linestyles=[(0, (1, 1.2)) if faint[a] or faint[b] else 'solid' for a, b in drawn] or 'solid',
        zorder=1 if ghost else 3,
    )
    ax.add_collection(lines)
    for place, name in enumerate(joints if not ghost else ()):
        if shown[place]:
            colour = _side(name, name)
            face = 'white' if faint[place] else colour
            ax.plot(
                *points[place], 'o', markersize=2.2, zorder=4, markeredgewidth=0.5, color=colour, markerfacecolor=face
            )


def draw_body(ax: Axes, pose: Pairs, joints: Sequence[str], links: Links, width: float) -> None:
    """Draw a body beneath a skeleton of K joints, pale, so that a pose is seen as one: limbs of a width in points, a
    trunk between shoulders and hips, a head about nose and ears; what is not known is left out.
    """
    places = dict(zip(joints, np.array(pose, float).reshape(-1, 2), strict=True))
    known = {name: place for name, place in places.items() if np.isfinite(place).all()}
    limbs = [(joints[a], joints[b]) for a, b in links if not {joints[a], joints[b]} & HEAD]
    drawn = [pair for pair in limbs if set(pair) <= set(known)]
    look: Any = dict(colors=[_side(*pair) for pair in drawn], linewidths=width, capstyle='round', alpha=0.25, zorder=0)
    ax.add_collection(LineCollection([[known[a], known[b]] for a, b in drawn], **look))
    if set(TRUNK) <= set(known):
        ax.add_patch(Polygon([known[name] for name in TRUNK], color=MIDDLE, alpha=0.16, linewidth=0, zorder=0))
    head = [known[name] for name in HEAD & set(known)]
    if len(head) > 1:
        middle = np.mean(head, 0)
        radius = 1.1 * max(float(np.hypot(*(place - middle))) for place in head)
        ax.add_patch(Circle((middle[0], middle[1]), radius, color=MIDDLE, alpha=0.16, linewidth=0, zorder=0))


def _side(a: str, b: str) -> str:
    """The colour of a line between two joints."""
    sides = {'left': LEFT, 'right': RIGHT}
    return next((sides[word] for word in sides if a.startswith(word) and b.startswith(word)), MIDDLE)


def side_legend(figure: Figure, *more: tuple[str, str]) -> None:
    """Explain the colours of skeletons above a figure; ``more`` are labels with a colour."""
    entries = [('left side of the body', LEFT), ('right side', RIGHT), *more]
    handles = [Line2D([], [], color=colour, linewidth=2, label=label) for label, colour in entries]
    figure.legend(handles=handles, loc='outside upper left', ncols=len(entries))


class Pose(NamedTuple):
    """One person's joints: places in pixels of the crop, (K, 2); which are drawn, (K,); PCK for the title, if any."""

    keypoints: NDArray[Any]
    drawn: NDArray[np.bool_]
    score: float | None = None


def draw_pose_sheet(
    crops: Sequence[NDArray[np.uint8]], rows: Mapping[str, Sequence[Pose]], links: Links, colours: NDArray[Any]
) -> Figure:
    """Draw a column a person, a row for the truth and for each network; RGB crops (H, W, 3), links' RGB 0 to 255."""
    figure = Figure(figsize=(1.6 * len(crops), 1.75 * len(rows)), layout='constrained')
    axes = figure.subplots(len(rows), len(crops), squeeze=False)
    for line, (name, poses) in zip(axes, rows.items(), strict=True):
        line[0].set_ylabel(name, fontsize=9)
        for ax, crop, pose in zip(line, crops, poses, strict=True):
            ax.imshow(crop)
            for link, colour in zip(links, colours / 255, strict=True):
                if pose.drawn[list(link)].all():
                    ax.plot(*pose.keypoints[list(link)].T, color=colour, linewidth=1.6)
            ax.plot(*pose.keypoints[pose.drawn].T, '.', color='white', markersize=3)
            ax.set(xticks=[], yticks=[], xlim=(0, crop.shape[1] - 1), ylim=(crop.shape[0] - 1, 0))
            if pose.score is not None:
                ax.set_title(f'PCK {pose.score:.2f}', fontsize=7, pad=2)
    return figure

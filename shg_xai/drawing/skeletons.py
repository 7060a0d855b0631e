"""Skeletons in figures: left in blue, right in orange.

Shapes: K keypoints.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEFT, RIGHT, MIDDLE, GHOST = '#0072B2', '#D55E00', '#222222', '#CCCCCC'
Point = Sequence[float | None]


def draw_pose(
    ax: 'Axes',
    pose: Sequence[Point],
    joints: Sequence[str],
    links: Sequence[Sequence[int]],
    ghost: bool = False,
    faint: Sequence[bool] | None = None,
) -> None:
    """Draw a skeleton; y downwards is the axes' business.

    Args:
        ax: Where.
        pose: K pairs; a joint that is not known is left out.
        joints: K names.
        links: Pairs of joints.
        ghost: In light grey, behind all else.
        faint: Which of the K joints the network is not sure of; their lines are dotted.
    """
    from matplotlib.collections import LineCollection

    faint = faint or [False] * len(joints)
    shown = [None not in point for point in pose]
    drawn = [(a, b) for a, b in links if shown[a] and shown[b]]
    lines = LineCollection(
        [np.array([pose[a], pose[b]], float) for a, b in drawn],
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
                *np.array(pose[place], float),
                'o',
                markersize=2.2,
                zorder=4,
                markeredgewidth=0.5,
                color=colour,
                markerfacecolor=face,
            )


def _side(a: str, b: str) -> str:
    """The colour of a line between two joints."""
    for word, colour in (('left', LEFT), ('right', RIGHT)):
        if a.startswith(word) and b.startswith(word):
            return colour
    return MIDDLE


def side_legend(figure: 'Figure', *more: tuple[str, str]) -> None:
    """Explain the colours of skeletons above a figure; ``more`` are labels with a colour."""
    from matplotlib.lines import Line2D

    entries = [('left side of the body', LEFT), ('right side', RIGHT), *more]
    figure.legend(
        handles=[Line2D([], [], color=colour, linewidth=2, label=label) for label, colour in entries],
        loc='outside upper left',
        ncols=len(entries),
    )

"""Persons in their crops, the truth and predictions one above the other."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

matplotlib.use('Agg')


class Pose(NamedTuple):
    """One person's joints.

    Attributes:
        keypoints: Shape (K, 2), in pixels of the crop.
        drawn: Which joints are drawn, bool, shape (K,).
        score: The person's PCK, for the title; None where there is none.
    """

    keypoints: NDArray[Any]
    drawn: NDArray[np.bool_]
    score: float | None = None


def draw_pose_sheet(
    crops: Sequence[NDArray[np.uint8]],
    rows: Mapping[str, Sequence[Pose]],
    links: Sequence[tuple[int, int]],
    colours: NDArray[Any],
) -> Figure:
    """Draw a sheet: a column a person, a row for the truth and for each network.

    Args:
        crops: RGB crops (H, W, 3), uint8, one a person.
        rows: For each row's name its poses, one a person.
        links: Pairs of joints that are connected.
        colours: RGB of each link, 0 to 255, shape (number of links, 3).
    """
    figure = Figure(figsize=(1.6 * len(crops), 1.75 * len(rows)), layout='constrained')
    axes = figure.subplots(len(rows), len(crops), squeeze=False)
    for line, (name, poses) in zip(axes, rows.items(), strict=True):
        line[0].set_ylabel(name, fontsize=9)
        for ax, crop, pose in zip(line, crops, poses, strict=True):
            _draw_pose(ax, crop, pose, links, colours / 255)
    return figure


def _draw_pose(
    ax: Axes, crop: NDArray[np.uint8], pose: Pose, links: Sequence[tuple[int, int]], colours: NDArray[Any]
) -> None:
    height, width = crop.shape[:2]
    ax.imshow(crop)
    for (a, b), colour in zip(links, colours, strict=True):
        if pose.drawn[a] and pose.drawn[b]:
            ax.plot(*pose.keypoints[[a, b]].T, color=colour, linewidth=1.6)
    ax.plot(*pose.keypoints[pose.drawn].T, '.', color='white', markersize=3)
    ax.set(xticks=[], yticks=[], xlim=(0, width - 1), ylim=(height - 1, 0))
    if pose.score is not None:
        ax.set_title(f'PCK {pose.score:.2f}', fontsize=7, pad=2)

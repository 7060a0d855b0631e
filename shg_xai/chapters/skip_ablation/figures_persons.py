"""Persons of a network whose skips are turned off: how many have which PCK, and their poses."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from shg_xai.chapters.skip_ablation.figures import COLOURS, NAMES
from shg_xai.drawing.style import PAGE, new_figure, nothing, styled
from shg_xai.drawing.text import known, number
from shg_xai.report.intervention_parts import REPLACED, draw_pose, side_legend

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Item = Mapping[str, Any]
COLUMNS = 4


@styled
def draw_histograms(skips: Item) -> 'Figure':
    """Draw how many persons have which PCK, with skips (grey) and without (lines).

    Args:
        skips: of the interventions.
    """
    found = skips['histogram']
    panels = [
        (f'all off,\nby {NAMES[by]}', found['all_off'][by], COLOURS[by]) for by in REPLACED if by in found['all_off']
    ]
    if found['against']:
        panels.append(('trained\nwithout skips', found['against'], '#882255'))
    figure = new_figure(PAGE, 2.6)
    if not panels:
        nothing(figure.subplots())
        return figure
    axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for ax, (title, counts, colour) in zip(axes, panels, strict=True):
        ax.stairs(found['untouched'], found['edges'], fill=True, color='#CFCFCF', label='untouched')
        ax.stairs(counts, found['edges'], color=colour, linewidth=1.5, label='without')
        ax.set_title(title, fontsize=8.5)
        ax.set(xlim=(0, 1), xlabel='PCK of a person')
        ax.set_xticks([0, 0.5, 1], ['0', '0.5', '1'])
        ax.grid(axis='y')
        ax.set_axisbelow(True)
    axes[0].set_ylabel('persons')
    axes[0].legend(loc='upper left')
    return figure


@styled
def draw_examples(skips: Item, links: Sequence[Sequence[int]]) -> 'Figure':
    """Draw persons found with skips: to the left with them, to the right with all at zero.

    Args:
        skips: of the interventions.
        links: pairs of joints.
    """
    items, joints = skips['examples'], list(skips['untouched']['joints'])
    lines = max(1, -(-len(items) // COLUMNS))
    figure = new_figure(PAGE, 1.28 * lines + 0.4)
    figure.get_layout_engine().set(w_pad=0.03, h_pad=0.03, hspace=0.02, wspace=0.03)
    axes = figure.subplots(lines, COLUMNS, squeeze=False).ravel()
    for ax in axes[len(items) :]:
        ax.set_axis_off()
    for ax, item in zip(axes, items, strict=False):
        before, after = (_unit(item, way) for way in ('untouched', 'all_off'))
        beside = [[x + 1.25 if known(x) else x, y] for x, y in after]
        behind = [[x + 1.25 if known(x) else x, y] for x, y in before]
        draw_pose(ax, before, joints, links)
        draw_pose(ax, behind, joints, links, ghost=True)
        draw_pose(ax, beside, joints, links)
        ax.set(xlim=(-0.08, 2.33), ylim=(1.06, -0.06), xticks=[], yticks=[])
        ax.set_aspect('equal')
        ax.set_title(
            f'PCK {number(item["pck"]["untouched"])} → {number(item["pck"]["all_off"])}',
            fontsize=8,
            weight='normal',
            pad=2,
        )
        for spine in ax.spines.values():
            spine.set(visible=True, color='#CCCCCC')
    side_legend(figure, ('with skips', '#BBBBBB'))
    return figure


def _unit(item: Item, way: str) -> list[list[float | None]]:
    """A pose in the square about both poses of a person, from 0 to 1; both lie in the crop."""
    both = np.array(
        [
            [np.nan if value is None else value for value in point]
            for pose in item['keypoints'].values()
            for point in pose
        ],
        float,
    )
    low, high = np.nanmin(both, axis=0), np.nanmax(both, axis=0)
    side = max(float((high - low).max()), 1e-9)
    corner = (low + high - side) / 2
    return [
        [None if value is None else (value - start) / side for value, start in zip(point, corner, strict=True)]
        for point in item['keypoints'][way]
    ]

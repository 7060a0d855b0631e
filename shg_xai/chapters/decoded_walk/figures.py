"""Walks through the latent as the network decodes them: poses, shifts of joints, concepts."""

import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from shg_xai.drawing.style import BLUE, FAINT, INK, PAGE, new_figure, nothing, styled, wrap
from shg_xai.drawing.text import known, number
from shg_xai.report.intervention_parts import concept_title, direction_title, directions, draw_pose, side_legend

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Item = Mapping[str, Any]
RANDOM, COLUMNS = '#8A8A8A', 3
# Fonts of a strip's labels in points, which a column of poses leaves room for.
LABEL = 8.5


@styled
def draw_strips(walk: Item) -> 'Figure':
    """Draw the decoded pose at each c, a row a direction, that at c = 0 in grey beneath.

    Args:
        walk: of the interventions.
    """
    entries = [entry for entry, _ in directions(walk)]
    if not entries:
        figure = new_figure(PAGE, 1.5)
        nothing(figure.subplots())
        return figure
    steps = [point['c'] for point in entries[0]['walk']]
    width, height = _extent(walk)
    side = (PAGE - 1.3) / len(steps)
    figure = new_figure(PAGE, len(entries) * (side * height / width + 0.05) + 0.75)
    figure.get_layout_engine().set(w_pad=0.02, h_pad=0.02, hspace=0.01, wspace=0.01)
    axes = figure.subplots(len(entries), len(steps), squeeze=False)
    for line, entry in zip(axes, entries, strict=True):
        start = next(point for point in entry['walk'] if point['c'] == 0)
        for ax, point in zip(line, entry['walk'], strict=True):
            _draw_step(ax, walk, point, start, width, height)
        line[0].set_ylabel(
            wrap_short(direction_title(walk, entry)),
            rotation=0,
            ha='right',
            va='center',
            fontsize=LABEL,
            parse_math=False,
        )
    for ax, c in zip(axes[0], steps, strict=True):
        ax.set_title(f'{number(c, 0) if c == round(c) else number(c, 1)} σ' if c else '0', fontsize=LABEL, loc='center')
    side_legend(figure, ('at 0', '#BBBBBB'))
    return figure


def wrap_short(text: str) -> str:
    """Broken into lines short enough to stand left of a pose."""
    return textwrap.fill(text, 14)


def _extent(walk: Item) -> tuple[float, float]:
    """Width and height of a crop in units of its longer side; a square where it is not known."""
    if not walk['examples']:
        return 1.0, 1.0
    width, height = walk['examples'][0]['crop_scale']
    return width / max(width, height), height / max(width, height)


def _draw_step(ax: 'Axes', walk: Item, point: Item, start: Item, width: float, height: float) -> None:
    """Draw one pose in the frame of the crop; dotted where the network hardly sees a joint."""
    limit = walk['settings']['peak']
    faint = [known(peak) and known(limit) and peak < limit for peak in point['peaks']]
    if point['c']:
        draw_pose(ax, start['pose'], walk['joints'], walk['links'], ghost=True)
    draw_pose(ax, point['pose'], walk['joints'], walk['links'], faint=faint)
    ax.set(xlim=(0, width), ylim=(height, 0), xticks=[], yticks=[])
    ax.set_aspect('equal')
    for spine in ax.spines.values():
        spine.set(visible=True, color='#CCCCCC' if point['c'] else '#666666')


@styled
def draw_shifts(walk: Item) -> 'Figure':
    """Draw how far joints move for each sigma, beside random directions of the same length.

    Args:
        walk: of the interventions.
    """
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    entries = [entry for entry, _ in directions(walk)]
    figure = new_figure(PAGE, 0.3 * max(len(entries), 1) + 0.95)
    ax = figure.subplots()
    if not entries:
        nothing(ax)
        return figure
    for y, entry in enumerate(entries):
        item, random = entry['shift_per_sigma'], entry['random_mean_shift_97_5']
        # Without an interval there is no verdict, and no colour for one.
        more = known(item['low']) and known(random) and item['low'] > random
        if known(item['value']):
            ax.barh(y, 100 * item['value'], height=0.62, linewidth=0, color=BLUE if more else '#B5B5B5', alpha=0.8)
        else:
            ax.text(0, y, ' not known', va='center', color=FAINT)
        if known(item['low']) and known(item['high']):
            ax.plot([100 * item['low'], 100 * item['high']], [y, y], color=INK, linewidth=1.2, solid_capstyle='butt')
        if known(random):
            ax.plot([100 * random] * 2, [y - 0.42, y + 0.42], color='#D55E00', linewidth=2)
    ax.set_yticks(range(len(entries)), [direction_title(walk, entry) for entry in entries], parse_math=False)
    ax.set_ylim(len(entries) - 0.45, -0.55)
    ax.set_xlim(left=0)
    ax.tick_params(axis='y', length=0)
    ax.grid(axis='x')
    ax.set_axisbelow(True)
    ax.set_xlabel('mean shift of the joints for each σ, % of the crop’s longer side')
    handles = [
        Patch(color=BLUE, alpha=0.8, label='more than random'),
        Patch(color='#B5B5B5', alpha=0.8, label='no more than random'),
        Line2D([], [], color='#D55E00', linewidth=2, label='97.5 % of random directions of this length'),
    ]
    figure.legend(handles=handles, loc='outside upper left', ncols=3)
    return figure


def shown_concept(entry: Item) -> str | None:
    """The concept a direction's panel shows: its own, else that which changes most beside random.

    Returns:
        None where no concept's change is known.
    """
    changes, random = entry['concept_change'], entry['random_concept_change_97_5']
    if entry['name'] in changes:
        return entry['name']
    sizes = {
        name: abs(item['value']) / random[name]
        for name, item in changes.items()
        if known(item['value']) and known(random.get(name)) and random[name] > 0
    }
    return max(sizes, key=lambda name: sizes[name]) if sizes else None


@styled
def draw_concepts(walk: Item) -> 'Figure':
    """Draw a concept of the decoded poses along each direction and along a random one.

    Args:
        walk: of the interventions.
    """
    entries = [
        (entry, beside, name) for entry, beside in directions(walk) if (name := shown_concept(entry)) is not None
    ]
    lines = max(1, -(-len(entries) // COLUMNS))
    figure = new_figure(PAGE, 2.1 * lines + 0.4)
    axes = figure.subplots(lines, COLUMNS, squeeze=False).ravel()
    if not entries:
        nothing(axes[0])
    for ax in axes[len(entries) or 1 :]:
        ax.set_axis_off()
    for ax, (entry, beside, name) in zip(axes, entries, strict=False):
        _draw_line(ax, entry, name, BLUE, 'the direction')
        if beside:
            _draw_line(ax, beside, name, RANDOM, 'a random direction of the same length')
        ax.set_title(wrap(direction_title(walk, entry)), fontsize=8.5, parse_math=False)
        ax.set_ylabel(wrap_short(concept_title(walk, name)), fontsize=8, parse_math=False)
        ax.set_xlabel(_change_text(entry, name), fontsize=7.5, color='#555555')
        ax.set_xticks([point['c'] for point in entry['walk']])
        ax.xaxis.set_major_formatter(lambda value, _: f'{value:g}σ'.replace('-', '−'))
        ax.axvline(0, color='#CCCCCC', linewidth=0.8, zorder=0)
        ax.tick_params(labelsize=7.5)
        ax.grid(axis='y')
    if entries:
        figure.legend(*axes[0].get_legend_handles_labels(), loc='outside upper left', ncols=2)
    return figure


def _draw_line(ax: 'Axes', entry: Item, name: str, colour: str, label: str) -> None:
    """Draw a concept along a walk with its band; what is not known is a gap."""
    at = [point['c'] for point in entry['walk']]
    items = [point['concepts'][name] for point in entry['walk']]
    value, low, high = (
        np.array([item[key] if known(item[key]) else np.nan for item in items], float)
        for key in ('value', 'low', 'high')
    )
    ax.fill_between(at, low, high, color=colour, alpha=0.2, linewidth=0)
    ax.plot(at, value, 'o-', color=colour, markersize=3, linewidth=1.4, label=label)


def _change_text(entry: Item, name: str) -> str:
    """``change −0.50; random ±0.66``; what is between is in the caption."""
    change = entry['concept_change'][name]['value']
    random = entry['random_concept_change_97_5'].get(name)
    return (
        f'change {number(change if change is None else float(change))}; '
        f'random ±{number(random if random is None else float(random))}'
    )

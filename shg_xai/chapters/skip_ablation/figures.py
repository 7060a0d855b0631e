"""A network whose skips are turned off: PCK by level and joint, and by condition."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from shg_xai.chapters.concepts.figures import DIVERGING
from shg_xai.drawing.style import BLUE, FAINT, GREEN, INK, ORANGE, PAGE, new_figure, nothing, styled
from shg_xai.drawing.text import known, number
from shg_xai.report.intervention_parts import (
    PARTS,
    REPLACED,
    above,
    below,
    condition,
    condition_text,
    joint,
    kept,
    replacements,
    stack_text,
    whole,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Item = Mapping[str, Any]
COLOURS = {'zero': BLUE, 'mean': ORANGE, 'donor': GREEN}
NAMES = {'zero': 'nothing', 'mean': 'mean', 'donor': 'another person’s'}
# With more stacks than this only all of them together are drawn by level and joint.
STACKS = 2


def stacks_drawn(skips: Item) -> list[int | None]:
    """The stacks that have panels by level and joint; None for all together."""
    if skips['stacks'] == 1:
        return [0]
    return [None, *(range(skips['stacks']) if skips['stacks'] <= STACKS else ())]


@styled
def draw_levels(skips: Item) -> 'Figure':
    """Draw what each joint loses where one level is off: a panel a replacement, a row a stack.

    Args:
        skips: of the interventions.
    """
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LinearSegmentedColormap, Normalize

    joints, ways, stacks = list(skips['untouched']['joints']), replacements(skips), stacks_drawn(skips)
    figure = new_figure(PAGE, len(stacks) * (0.195 * len(joints) + 0.7) + 0.2)
    if not ways or not joints or not skips['levels']:
        nothing(figure.subplots())
        return figure
    axes = figure.subplots(len(stacks), len(ways), squeeze=False, sharey=True)
    drops = [
        entry['drop']['joints'][name]['labelled']['value']
        for entry in skips['conditions']
        if entry['skips'] == 'level off'
        for name in entry['drop']['joints']
    ]
    reach = max((abs(value) for value in drops if known(value)), default=0) or 0.01
    scale = ScalarMappable(Normalize(-reach, reach), LinearSegmentedColormap.from_list('diverging', DIVERGING))
    for line, stack in zip(axes, stacks, strict=True):
        for ax, by in zip(line, ways, strict=True):
            _draw_map(ax, skips, by, stack, joints, scale)
            where = '' if skips['stacks'] == 1 else f'{stack_text(stack)}, '
            ax.set_title(f'{where}by {NAMES[by]}', fontsize=9)
    for ax in axes[-1]:
        ax.set_xlabel('level off (0: finest)')
    bar = figure.colorbar(scale, ax=axes, fraction=0.025, pad=0.015, aspect=35)
    bar.set_label('PCK lost')
    bar.ax.yaxis.set_major_formatter(lambda value, _: number(float(value)))
    bar.outline.set_visible(False)
    return figure


def _draw_map(ax: 'Axes', skips: Item, by: str, stack: int | None, joints: Sequence[str], scale: Any) -> None:
    """Draw one panel; what an interval does not tell from zero is left white."""
    from matplotlib.patches import Rectangle

    levels = skips['levels']
    for column, level in enumerate(levels):
        entry = condition(skips, by, stack, 'level off', level)
        for row, name in enumerate(joints):
            item = entry['drop']['joints'][name]['labelled'] if entry else {}
            value = item.get('value')
            if not known(value):
                ax.text(column, row, '–', ha='center', va='center', color=FAINT)
                continue
            sure = above(item) or below(item)
            red, green, blue, _ = scale.to_rgba(value)
            dark = 0.3 * red + 0.59 * green + 0.11 * blue < 0.55
            if sure:
                ax.add_patch(
                    Rectangle((column - 0.48, row - 0.48), 0.96, 0.96, linewidth=0, facecolor=(red, green, blue))
                )
            ax.text(
                column,
                row,
                number(float(value)),
                ha='center',
                va='center',
                fontsize=8,
                color=FAINT if not sure else 'white' if dark else INK,
            )
    ax.set(xlim=(-0.5, len(levels) - 0.5), ylim=(len(joints) - 0.5, -0.5))
    ax.set_xticks(range(len(levels)), [number(level) for level in levels])
    ax.set_yticks(range(len(joints)), list(map(joint, joints)), parse_math=False)
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)


def rows_of(skips: Item) -> list[tuple[str, dict[str, Item]]]:
    """The rows of :func:`draw_conditions`: a name, and results by replacement.

    What has no replacement is under an empty one. Of several stacks all together are meant.
    """
    stack, ways = whole(skips), replacements(skips)
    asked: list[dict[str, Any]] = [{'what': 'all off'}]
    asked += [{'what': 'level on alone', 'level': level} for level in skips['levels']]
    rows: list[tuple[str, dict[str, Item]]] = [('untouched', {'': skips['untouched']})]
    for one in [*asked, {}]:
        found = {by: entry for by in ways if (entry := condition(skips, by, stack, **(one or {'latent': by})))}
        if found:
            rows.append((condition_text(next(iter(found.values())), 1), found))
    rows += [(condition_text(entry, 1), {'': entry}) for entry in kept(skips, stack)]
    if skips['against']:
        rows.append(('trained without skips', {'': skips['against']}))
    return rows


@styled
def draw_conditions(skips: Item) -> 'Figure':
    """Draw PCK under each condition as bars with intervals, of all joints and of three parts.

    Args:
        skips: of the interventions.
    """
    from matplotlib.patches import Patch

    rows, ways = rows_of(skips), replacements(skips)
    places, at = [], 0.0
    for _, found in rows:
        places.append([at + place for place in range(len(found))])
        at += len(found) + 0.7
    figure = new_figure(PAGE, 0.155 * at + 0.95)
    axes = figure.subplots(1, 1 + len(PARTS), sharey=True, sharex=True)
    for ax, part in zip(axes, ('', *PARTS), strict=True):
        for (_, found), own in zip(rows, places, strict=True):
            for y, (by, entry) in zip(own, found.items(), strict=True):
                _draw_bar(ax, y, _of_part(entry, part), COLOURS.get(by, '#9A9A9A'))
        base = _of_part(skips['untouched'], part)['value']
        if known(base):
            ax.axvline(base, color=INK, linewidth=0.9, linestyle=(0, (2, 2)), zorder=1)
        ax.set_title(PARTS[part] if part else 'all labelled joints', fontsize=9)
        ax.set(xlim=(0, 1.02), xlabel='PCK', ylim=(at - 0.7, -0.8))
        ax.set_xticks([0, 0.5, 1], ['0', '0.5', '1'])
        ax.tick_params(axis='y', length=0)
        ax.grid(axis='x')
        ax.set_axisbelow(True)
    axes[0].set_yticks([float(np.mean(own)) for own in places], [name for name, _ in rows], parse_math=False)
    figure.legend(
        handles=[Patch(color=COLOURS[by], label=f'replaced by {REPLACED[by]}') for by in ways],
        loc='outside upper left',
        ncols=3,
    )
    return figure


def _of_part(entry: Item, part: str) -> Item:
    return entry['parts'][part]['labelled'] if part else entry['pck']['labelled']


def _draw_bar(ax: 'Axes', y: float, item: Item, colour: str) -> None:
    if not known(item['value']):
        ax.text(0.02, y, 'not known', va='center', fontsize=7.5, color=FAINT)
        return
    ax.barh(y, item['value'], height=0.86, color=colour, alpha=0.75, linewidth=0)
    if known(item['low']) and known(item['high']):
        ax.plot([item['low'], item['high']], [y, y], color=INK, linewidth=1.1, solid_capstyle='butt')

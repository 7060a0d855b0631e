"""How many components a network needs: PCK against what is kept of its latent."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from shg_xai.chapters.networks.parts import GROUPS, rule_text, stack_name
from shg_xai.drawing.style import BLUE, GREEN, INK, ORANGE, PAGE, new_figure, nothing, styled
from shg_xai.drawing.text import known, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LINES = {'labelled': (BLUE, 'o'), 'visible': (GREEN, 's'), 'limbs': (ORANGE, '^')}
MARK = '#B8B8B8'
COLUMNS = 2
# Ticks that keep apart on half a page.
TICKS = (0, 1, 4, 16, 64, 256, 1024, 4096)


@styled
def draw_width(study: Mapping[str, Any]) -> 'Figure':
    """Draw for each stack PCK, what rules say, and the variance kept, one above the other.

    Args:
        study: of results.json.
    """
    widths = study['widths']
    columns = min(COLUMNS, max(1, len(widths)))
    lines = max(1, -(-len(widths) // columns))
    rules = max((len(item['rules']) for item in widths), default=0) + 1
    strip = 0.2 * rules + 0.1
    figure = new_figure(PAGE, lines * (2.6 + strip + 1.35) + 0.5)
    axes = figure.subplots(3 * lines, columns, squeeze=False, sharex='col', height_ratios=[2.6, strip, 0.95] * lines)
    for place in range(lines * columns):
        line, column = divmod(place, columns)
        panels = axes[3 * line : 3 * line + 3, column]
        if place < len(widths):
            _draw_stack(panels, widths[place], len(widths) > 1)
        else:
            for ax in panels:
                ax.set_axis_off()
    if not widths:
        nothing(axes[0, 0])
        return figure
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc='outside upper left', ncols=4)
    return figure


def _draw_stack(panels: Sequence['Axes'], item: Mapping[str, Any], several: bool) -> None:
    """Draw the three panels of a stack."""
    above, _, below = panels
    kept = [point['k'] for point in item['curve']]
    for group, (colour, marker) in LINES.items():
        _draw_curve(above, kept, item, group, colour, marker)
    above.plot([], [], ':', color=INK, linewidth=1.1, label='untouched network')
    above.set(ylabel='PCK', title=stack_name(item['stack']) if several else '')
    above.set_ylim(bottom=0)
    below.plot(
        kept,
        _numbers(point['explained_variance_ratio'] for point in item['curve']),
        'o-',
        color=INK,
        markersize=3,
        linewidth=1.2,
    )
    below.set(ylabel='variance\nkept', ylim=(-0.05, 1.08), yticks=[0, 0.5, 1], xlabel='components kept')
    _draw_rules(panels, item)
    above.set_xscale('symlog', linthresh=1, linscale=0.4)
    above.set_xlim(-0.25, item['dimensions'] * 1.3)
    above.minorticks_off()
    for ax in panels:
        ax.minorticks_off()
        ax.set_xticks([tick for tick in TICKS if tick < item['dimensions'] * 0.4] + [item['dimensions']])
        ax.xaxis.set_major_formatter(lambda value, _: number(round(value)))
        ax.tick_params(labelbottom=ax is below)
    for ax in (above, below):
        ax.grid(axis='y')


def _numbers(values: Any) -> np.ndarray:
    """As float64, NaN for what is not known."""
    return np.array([value if known(value) else np.nan for value in values], float)


def _draw_curve(ax: 'Axes', kept: Sequence[int], item: Mapping[str, Any], group: str, colour: str, marker: str) -> None:
    """Draw a group's PCK with its interval, and the untouched network's as a line."""
    points = [point['pck'][group] for point in item['curve']]
    low, high = (_numbers(point[end] for point in points) for end in ('low', 'high'))
    ax.fill_between(kept, low, high, color=colour, alpha=0.18, linewidth=0)
    ax.plot(
        kept,
        _numbers(point['value'] for point in points),
        marker=marker,
        color=colour,
        markersize=4,
        linewidth=1.4,
        label=GROUPS[group],
    )
    untouched = item['untouched'][group]['value']
    if known(untouched):
        ax.axhline(untouched, color=colour, linestyle=':', linewidth=1.1)


def _draw_rules(panels: Sequence['Axes'], item: Mapping[str, Any]) -> None:
    """Draw each rule as a line that ends at its name, in a row of its own."""
    above, middle, below = panels
    entries = [
        ('suggested', item['suggestion']['k'], True),
        *((rule['name'], rule['k'], False) for rule in item['rules']),
    ]
    # By k: a name to the left of its line then crosses no other.
    entries = sorted((entry for entry in entries if known(entry[1])), key=lambda entry: (entry[1], not entry[2]))
    bottom = len(entries) - 0.4
    for y, (name, k, first) in enumerate(entries):
        line = dict(
            color=INK if first else MARK,
            linewidth=1.3 if first else 0.8,
            linestyle='-' if first else (0, (2, 2)),
            zorder=1.5 if first else 1,
        )
        for ax in (above, below):
            ax.axvline(k, **line)
        middle.plot([k, k], [-0.6, y], **line)
        middle.plot(k, y, 'D' if first else 'o', color=INK if first else '#666666', markersize=5.5 if first else 4)
        left = k > item['dimensions'] ** 0.45
        middle.annotate(
            rule_text(name, k),
            (k, y),
            (-6 if left else 6, 0),
            textcoords='offset points',
            ha='right' if left else 'left',
            va='center',
            fontsize=8.5,
            weight='bold' if first else 'normal',
            parse_math=False,
            bbox=dict(facecolor='white', edgecolor='none', alpha=0.85, pad=0.6),
        ).set_in_layout(False)
    middle.set_ylim(max(bottom, 0.4), -0.6)
    middle.set_yticks([])
    for side in ('left', 'bottom'):
        middle.spines[side].set_visible(False)
    middle.tick_params(axis='x', length=0)

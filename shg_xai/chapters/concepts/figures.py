"""What goes with what: concepts against components, and linear probes."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from shg_xai.drawing.style import BLUE, FAINT, INK, PAGE, new_figure, nothing, styled, wrap
from shg_xai.drawing.text import known, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Blue, white, orange-brown: told apart by every kind of colour vision, unlike red and green.
DIVERGING = ('#08519C', '#6BAED6', '#F7F7F7', '#FDAE6B', '#A63603')


def rho_matrix(result: Mapping[str, Any], key: str, field: str = 'value') -> np.ndarray:
    """``rho`` or ``partial`` of each concept and component, shape (C, M), NaN where not known."""
    concepts = [item['name'] for item in result['concepts']['definitions']]
    entries = result['concepts']['components']
    components = sorted({entry['component'] for entry in entries})
    matrix = np.full((len(concepts), len(components)), np.nan)
    for entry in entries:
        value = (entry[key] or {}).get(field)
        if entry['concept'] in concepts and known(value):
            matrix[concepts.index(entry['concept']), components.index(entry['component'])] = value
    return matrix


@styled
def draw_heat_map(result: Mapping[str, Any]) -> 'Figure':
    """Draw Spearman's rho of each concept and component: above plain, below the partial one.

    Numbers whose interval contains zero are grey on white: no clear relation.

    Args:
        result: an analysis of results.json.
    """
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LinearSegmentedColormap, Normalize

    titles = [item['title'] for item in result['concepts']['definitions']]
    plain = rho_matrix(result, 'rho')
    rows, columns = plain.shape
    figure = new_figure(PAGE, 0.44 * max(rows, 2) + 1)
    ax = figure.subplots()
    if not plain.size:
        nothing(ax)
        return figure
    colours = LinearSegmentedColormap.from_list('diverging', DIVERGING)
    scale = ScalarMappable(Normalize(-1, 1), colours)
    for key, top in (('rho', 0.0), ('partial', 0.5)):
        values = rho_matrix(result, key)
        low, high = rho_matrix(result, key, 'low'), rho_matrix(result, key, 'high')
        for (row, column), value in np.ndenumerate(values):
            unclear = not low[row, column] > 0 and not high[row, column] < 0
            _draw_cell(ax, column, row + top, value, unclear, scale, key == 'partial')
    ax.set(xlim=(0, columns), ylim=(rows, 0), xlabel='component')
    ax.set_xticks(np.arange(columns) + 0.5, [str(m + 1) for m in range(columns)])
    ax.set_yticks(np.arange(rows) + 0.5, list(map(wrap, titles)), parse_math=False)
    ax.tick_params(length=0)
    for row in range(rows + 1):
        ax.axhline(row, color='white', linewidth=3.5)
    for column in range(columns + 1):
        ax.axvline(column, color='white', linewidth=3.5)
    for spine in ax.spines.values():
        spine.set_visible(False)
    bar = figure.colorbar(scale, ax=ax, fraction=0.025, pad=0.015, ticks=[-1, -0.5, 0, 0.5, 1])
    bar.set_label('Spearman’s ρ')
    bar.ax.set_yticklabels(['−1', '−0.5', '0', '0.5', '1'])
    bar.outline.set_visible(False)
    return figure


def _draw_cell(ax: 'Axes', x: float, y: float, value: float, unclear: bool, scale: Any, partial: bool) -> None:
    """Draw half a cell and its number."""
    from matplotlib.patches import Rectangle

    empty = np.isnan(value)
    colour = '#F2F2F2' if empty else 'white' if unclear else scale.to_rgba(value)
    ax.add_patch(Rectangle((x, y), 1, 0.5, facecolor=colour, edgecolor='none'))
    ink = '#777777' if empty or unclear else 'white' if abs(value) > 0.62 else INK
    ax.text(
        x + 0.5,
        y + 0.27,
        '–' if empty else number(float(value)),
        ha='center',
        va='center',
        fontsize=8,
        color=ink,
        style='italic' if partial else 'normal',
    )


@styled
def draw_probes(result: Mapping[str, Any]) -> 'Figure':
    """Draw how well a linear probe tells each concept from the first components.

    Args:
        result: an analysis of results.json.
    """
    probes = result['concepts']['probes']
    titles = {item['name']: item['title'] for item in result['concepts']['definitions']}
    columns = 3
    lines = -(-len(probes) // columns) or 1
    figure = new_figure(PAGE, 1.75 * lines + 0.55)
    axes = figure.subplots(lines, columns, squeeze=False, sharex=True)
    for ax in axes.flat[len(probes) :]:
        ax.set_axis_off()
    for place, (ax, probe) in enumerate(zip(axes.flat, probes, strict=False)):
        _draw_probe(ax, probe)
        ax.set_title(wrap(titles.get(probe['concept'], probe['concept'])), fontsize=9, parse_math=False)
        # Nothing below it: its axis has to carry the numbers.
        ax.tick_params(labelbottom=place + columns >= len(probes))
    handles, labels = next(
        (ax.get_legend_handles_labels() for ax in axes.flat if ax.get_legend_handles_labels()[1]), ([], [])
    )
    if handles:
        figure.legend(handles, labels, loc='outside upper left', ncols=2)
    figure.supxlabel('first components the probe may use', fontsize=9)
    return figure


def _draw_probe(ax: 'Axes', probe: Mapping[str, Any]) -> None:
    """Draw one probe: the score with its interval, and the same with shuffled values."""
    from matplotlib.ticker import NullFormatter, NullLocator

    def curve(key: str) -> np.ndarray:
        return np.array([value if known(value) else np.nan for value in probe[key]], float)

    auc = probe['measure'] == 'auc'
    chance = 0.5 if auc else 0.0
    ax.set(xscale='log', ylabel='AUC' if auc else 'R²', ylim=(0.35, 1.03) if auc else (-0.25, 1.05))
    ax.set_xticks(probe['components'], [number(m) for m in probe['components']])
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_minor_formatter(NullFormatter())
    # Doubling numbers of up to four digits: every other one leaves room.
    if len(probe['components']) > 6:
        for label in ax.get_xticklabels()[1::2]:
            label.set_visible(False)
    ax.axhline(chance, color='#BBBBBB', linewidth=0.8)
    ax.grid(axis='y')
    if np.isnan(curve('values')).all():
        nothing(ax)
        return
    at = probe['components']
    ax.fill_between(at, curve('low'), curve('high'), color=BLUE, alpha=0.2, linewidth=0)
    ax.plot(at, curve('values'), 'o-', color=BLUE, markersize=3.5, label='held-out persons')
    ax.plot(at, curve('shuffled'), 's--', color=FAINT, markersize=3, label='shuffled concept')

"""How many channels each stage of a network needs, and PCK with fewer of them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from shg_xai.drawing.style import FAINT, INK, PAGE, PALETTE, new_figure, nothing, styled
from shg_xai.drawing.text import known, number
from shg_xai.report.intervention_parts import several_stacks, stage_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Item = Mapping[str, Any]
# By part of a network; what is no known stage is grey.
COLOURS = {
    'encoder': PALETTE[0],
    'skip': PALETTE[1],
    'bottleneck': PALETTE[6],
    'decoder': PALETTE[2],
    'after': PALETTE[3],
}
NAMES = {
    'encoder': 'encoder',
    'skip': 'skips',
    'bottleneck': 'bottleneck',
    'decoder': 'decoder',
    'after': 'after the decoder',
}
OTHER = '#777777'


@styled
def draw_redundancy(redundancy: Item) -> 'Figure':
    """Draw the share of channels each stage needs, and PCK against the share that is kept.

    Args:
        redundancy: of the interventions.
    """
    from matplotlib.lines import Line2D

    layers = redundancy['layers']
    figure = new_figure(PAGE, max(0.27 * len(layers) + 1.1, 3.4))
    left, right = figure.subplots(1, 2, width_ratios=[1, 1.05])
    if not layers:
        nothing(left)
        right.set_axis_off()
        return figure
    _draw_shares(left, redundancy)
    _draw_curves(right, redundancy)
    found = {layer['part'] for layer in layers}
    handles = [Line2D([], [], color=COLOURS[part], linewidth=2, label=NAMES[part]) for part in COLOURS if part in found]
    if found - set(COLOURS):
        handles.append(Line2D([], [], color=OTHER, linewidth=2, label='other layers'))
    handles += [
        Line2D([], [], color=INK, marker='o', linestyle='none', label='suggested k'),
        Line2D([], [], color=INK, marker='D', markerfacecolor='white', linestyle='none', label='95 % of the variance'),
    ]
    figure.legend(handles=handles, loc='outside upper left', ncols=4)
    return figure


def _colour(layer: Item) -> str:
    return COLOURS.get(layer['part'], OTHER)


def _draw_shares(ax: 'Axes', redundancy: Item) -> None:
    """Draw two marks a stage, the first stage on top."""
    layers, several = redundancy['layers'], several_stacks(redundancy)
    for y, layer in enumerate(layers):
        best, held, all_of = layer['suggestion']['k'], layer['components_95'], layer['channels']
        shares = [100 * k / all_of for k in (best, held) if known(k)]
        if not shares:
            ax.text(2, y, 'not known', va='center', color=FAINT)
        ax.plot(shares, [y] * len(shares), color=_colour(layer), linewidth=1, alpha=0.6)
        if known(held):
            ax.plot(100 * held / all_of, y, 'D', color=_colour(layer), markerfacecolor='white', markersize=5)
        if known(best):
            ax.plot(100 * best / all_of, y, 'o', color=_colour(layer), markersize=5.5)
            ax.annotate(
                number(best),
                (100 * best / all_of, y),
                (0, 4),
                fontsize=7.5,
                ha='center',
                textcoords='offset points',
                annotation_clip=False,
            )
    names = [stage_text(layer, several) for layer in layers]
    # A long name ends in what tells it from others.
    ax.set_yticks(
        range(len(layers)), [name if len(name) < 30 else f'…{name[-28:]}' for name in names], parse_math=False
    )
    ax.set(xlim=(0, 106), ylim=(len(layers) - 0.4, -0.6), xlabel='channel components, % of all')
    ax.tick_params(axis='y', length=0)
    ax.grid(axis='x')
    ax.set_axisbelow(True)


def _draw_curves(ax: 'Axes', redundancy: Item) -> None:
    """Draw PCK of labelled joints against the share of components kept, a line a stage."""
    for layer in redundancy['layers']:
        points = [
            (100 * point['k'] / layer['channels'], point['pck']['labelled']['value'])
            for point in layer['curve']
            if known(point['pck']['labelled']['value'])
        ]
        if points:
            ax.plot(*zip(*points, strict=True), 'o-', color=_colour(layer), markersize=3, linewidth=1.2, alpha=0.85)
    untouched = redundancy['untouched']['labelled']['value']
    if known(untouched):
        ax.axhline(untouched, color=INK, linestyle=':', linewidth=1.1)
        ax.annotate('untouched network', (0, untouched), (3, 4), textcoords='offset points', fontsize=8)
    ax.set_xscale('symlog', linthresh=2, linscale=0.5)
    ax.minorticks_off()
    ax.set_xticks([0, 2, 5, 10, 25, 50, 100], ['0', '2', '5', '10', '25', '50', '100'])
    ax.set(xlabel='channel components kept, % of all', ylabel='PCK of labelled joints', xlim=(-0.3, 115))
    ax.set_ylim(bottom=0)
    ax.grid(axis='y')

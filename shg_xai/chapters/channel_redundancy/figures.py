"""How many channels each stage of a network needs, and PCK with fewer of them."""

from collections.abc import Iterator

from matplotlib import figure
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from shg_xai.chapters.channel_redundancy.findings import several_stacks, stage_text
from shg_xai.chapters.channel_redundancy.results import ChannelRedundancy, Part
from shg_xai.drawing.material import Figure, Material
from shg_xai.drawing.panels import name_rows, new_panels
from shg_xai.drawing.style import INK, PAGE, PALETTE, styled
from shg_xai.drawing.text import number

# Colour and name by part of a network; what is no known stage is grey.
PARTS: dict[Part | None, tuple[str, str]] = {
    'encoder': (PALETTE[0], 'encoder'),
    'skip': (PALETTE[1], 'skips'),
    'bottleneck': (PALETTE[6], 'bottleneck'),
    'decoder': (PALETTE[2], 'decoder'),
    'after': (PALETTE[3], 'after the decoder'),
    None: ('#777777', 'other layers'),
}


def figures(answer: ChannelRedundancy, material: Material) -> Iterator[Figure]:
    """Shares of channels and curves of PCK."""
    several = len(material.results.all(ChannelRedundancy)) > 1
    yield Figure(
        f'redundancy-{answer.of}' if several else 'redundancy',
        'Share of the channels each stage needs, and PCK with fewer of them.',
        'Left: how many channel components, of all, each stage needs so that PCK hardly drops (dots with their '
        'number), and how many hold 95 % of the variance (diamonds), in the order of flow. Right: PCK with fewer of '
        'them, one stage at a time. Level 0 is the finest.',
        lambda: draw_redundancy(answer),
    )


@styled
def draw_redundancy(answer: ChannelRedundancy) -> figure.Figure:
    """Draw the share of channels each stage needs, and PCK against the share that is kept."""
    tall = max(0.27 * len(answer.layers) + 1.1, 3.4)
    figure, (left, right) = new_panels(PAGE, tall, 1, 2, width_ratios=[1, 1.05])
    _draw_shares(left, answer)
    _draw_curves(right, answer)
    shown = [PARTS[part] for part in PARTS if any(layer.part == part for layer in answer.layers)]
    handles = [Line2D([], [], color=colour, linewidth=2, label=name) for colour, name in shown]
    for marker, face, name in (('o', INK, 'suggested k'), ('D', 'white', '95 % of the variance')):
        handles += [Line2D([], [], color=INK, marker=marker, markerfacecolor=face, linestyle='none', label=name)]
    figure.legend(handles=handles, loc='outside upper left', ncols=4)
    return figure


def _draw_shares(ax: Axes, answer: ChannelRedundancy) -> None:
    """Draw two marks a stage, the first stage on top."""
    for y, layer in enumerate(answer.layers):
        colour, best = PARTS[layer.part][0], 100 * layer.suggestion.k / layer.channels
        if layer.spectrum:
            held = 100 * layer.spectrum.components_95 / layer.channels
            ax.plot([best, held], [y, y], color=colour, linewidth=1, alpha=0.6)
            ax.plot(held, y, 'D', color=colour, markerfacecolor='white', markersize=5)
        ax.plot(best, y, 'o', color=colour, markersize=5.5)
        said = ax.annotate(number(layer.suggestion.k), (best, y), (0, 4), fontsize=7.5, textcoords='offset points')
        said.set(ha='center', annotation_clip=False)
    names = [stage_text(layer, several_stacks(answer)) for layer in answer.layers]
    # A long name ends in what tells it from others.
    name_rows(ax, [name if len(name) < 30 else f'…{name[-28:]}' for name in names])
    ax.set(xlim=(0, 106), ylim=(len(names) - 0.4, -0.6), xlabel='channel components, % of all')


def _draw_curves(ax: Axes, answer: ChannelRedundancy) -> None:
    """Draw PCK of labelled joints against the share of components kept, a line a stage."""
    for layer in answer.layers:
        points = zip(layer.ks, layer.pck['labelled'].y, strict=True)
        known = [(100 * k / layer.channels, point.value) for k, point in points if point.value is not None]
        if known:
            colour = PARTS[layer.part][0]
            ax.plot(*zip(*known, strict=True), 'o-', color=colour, markersize=3, linewidth=1.2, alpha=0.85)
    if (untouched := answer.untouched['labelled'].value) is not None:
        ax.axhline(untouched, color=INK, linestyle=':', linewidth=1.1)
        ax.annotate('untouched network', (0, untouched), (3, 4), textcoords='offset points', fontsize=8)
    ax.set_xscale('symlog', linthresh=2, linscale=0.5)
    ax.minorticks_off()
    ax.set_xticks([0, 2, 5, 10, 25, 50, 100], ['0', '2', '5', '10', '25', '50', '100'])
    ax.set(xlabel='channel components kept, % of all', ylabel='PCK of labelled joints', xlim=(-0.3, 115))
    ax.set_ylim(bottom=0)
    ax.grid(axis='y')

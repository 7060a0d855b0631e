"""How many components a network needs: PCK against how many of them its latent is projected on."""

from collections.abc import Iterator, Sequence
from typing import Any

from matplotlib import figure
from matplotlib.axes import Axes

from shg_xai.chapters.component_projection.findings import latent_name, rule_text
from shg_xai.chapters.component_projection.results import ComponentProjection
from shg_xai.chapters.networks.results import GROUPS, Group
from shg_xai.drawing.material import Figure, Material
from shg_xai.drawing.panels import curve, new_panels
from shg_xai.drawing.style import BLUE, GREEN, INK, ORANGE, PAGE, styled
from shg_xai.drawing.text import confidence_of, number

LINES: dict[Group, tuple[str, str]] = {'labelled': (BLUE, 'o'), 'visible': (GREEN, 's'), 'limbs': (ORANGE, '^')}
MARK = '#B8B8B8'
TICKS = (0, 1, 4, 16, 64, 256, 1024, 4096)  # they keep apart on half a page


def figures(answer: ComponentProjection, material: Material) -> Iterator[Figure]:
    """One figure for all latents of a network, beside the first of them."""
    everything = material.results.all(ComponentProjection)
    own = [other for other in everything if other.of == answer.of] or [answer]
    if answer is own[0]:
        yield Figure(
            'width' if len(own) >= len(everything) else f'width-{answer.of}',
            'PCK against the number of components kept, with rules for it.',
            f'Above: PCK when only the first components of the latent are kept ({confidence_of(answer)} intervals; '
            'dotted: the untouched network; the axis does not begin at 0). Between: the width suggested by it, and '
            'what other rules ask for. Below: the share of the variance kept.',
            lambda: draw_width(own),
        )


@styled
def draw_width(answers: Sequence[ComponentProjection]) -> figure.Figure:
    """Draw for each latent PCK, what rules say, and the variance kept, one above the other."""
    columns, lines = min(2, len(answers)), -(-len(answers) // 2)
    strip = 0.2 * (max(len(answer.rules) for answer in answers) + 1) + 0.1
    kind: Any = dict(squeeze=False, sharex='col', height_ratios=[2.6, strip, 0.95] * lines)
    figure, axes = new_panels(PAGE, lines * (2.6 + strip + 1.35) + 0.5, 3 * lines, columns, **kind)
    for ax in axes.ravel():
        ax.set_axis_off()
    for place, answer in enumerate(answers):
        line, column = divmod(place, columns)
        _draw_latent(axes[3 * line :, column][:3], answer, latent_name(answer) if len(answers) > 1 else '')
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc='outside upper left', ncols=4)
    return figure


def _draw_latent(panels: Sequence[Axes], answer: ComponentProjection, title: str) -> None:
    """Draw the three panels of a latent, one above the other."""
    above, _, below = panels
    for group, (colour, marker) in LINES.items():
        pck: Any = dict(color=colour, markersize=4, linewidth=1.4, label=GROUPS[group])
        curve(above, answer.pck[group].x, answer.pck[group].y, f'{marker}-', alpha=0.18, **pck)
        if (untouched := answer.untouched[group].value) is not None:
            above.axhline(untouched, color=colour, linestyle=':', linewidth=1.1)
    above.plot([], [], ':', color=INK, linewidth=1.1, label='untouched network')
    above.set(ylabel='PCK', title=title)
    above.set_ylim(_least(answer), None)  # from where the curves begin: what is lost is little
    below.plot(answer.ks, answer.explained_variance_ratio, 'o-', color=INK, markersize=3, linewidth=1.2)
    below.set(ylabel='variance\nkept', ylim=(-0.05, 1.08), yticks=[0, 0.5, 1], xlabel='components kept')
    _draw_rules(panels, answer)
    above.set_xscale('symlog', linthresh=1, linscale=0.4)
    above.set_xlim(-0.25, answer.dimensions * 1.3)
    for ax in panels:
        ax.set_axis_on()
        ax.minorticks_off()
        ax.set_xticks([tick for tick in TICKS if tick < answer.dimensions * 0.4] + [answer.dimensions])
        ax.xaxis.set_major_formatter(lambda value, _: number(round(value)))
        ax.tick_params(labelbottom=ax is below)
    for ax in (above, below):
        ax.grid(axis='y')


def _least(answer: ComponentProjection) -> float:
    """A little below everything that is drawn."""
    drawn = [one for group in LINES for one in answer.pck[group].y]
    known = [value for one in drawn for value in (one.value, one.low) if value is not None]
    return max(0.0, min(known, default=0.0) - 0.03)


def _draw_rules(panels: Sequence[Axes], answer: ComponentProjection) -> None:
    """Draw each rule as a line that ends at its name, in a row of its own."""
    above, middle, below = panels
    entries = [('suggested', answer.suggestion.k, True), *((rule.name, rule.k, False) for rule in answer.rules)]
    # By k: a name to the left of its line then crosses no other.
    for y, (name, k, first) in enumerate(sorted(entries, key=lambda entry: (entry[1], not entry[2]))):
        lines = (above.axvline(k), below.axvline(k), *middle.plot([k, k], [-0.6, y]))
        colour, width, style, layer = (INK, 1.3, '-', 1.5) if first else (MARK, 0.8, (0, (2, 2)), 1)
        for line in lines:
            line.set(color=colour, linewidth=width, linestyle=style, zorder=layer)
        middle.plot(k, y, 'D' if first else 'o', color=INK if first else '#666666', markersize=5.5 if first else 4)
        offset, side = (-6, 'right') if k > answer.dimensions**0.45 else (6, 'left')
        said = middle.annotate(rule_text(name, k), (k, y), (offset, 0), textcoords='offset points', parse_math=False)
        said.set(ha=side, va='center', fontsize=8.5, weight='bold' if first else 'normal', in_layout=False)
        said.set_bbox(dict(facecolor='white', edgecolor='none', alpha=0.85, pad=0.6))
    middle.set(ylim=(max(len(entries) - 0.4, 0.4), -0.6), yticks=[])
    middle.spines[['left', 'bottom']].set_visible(False)
    middle.tick_params(axis='x', length=0)

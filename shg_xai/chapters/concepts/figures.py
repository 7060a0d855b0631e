"""Concepts against components, clusters and the whole latent."""

from collections.abc import Iterator, Sequence
from functools import partial
from math import nan
from typing import Literal

import numpy as np
from matplotlib import figure
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.patches import Rectangle
from matplotlib.ticker import NullFormatter, NullLocator
from numpy.typing import NDArray

from shg_xai.chapters.concepts.findings import none_of, size_of
from shg_xai.chapters.concepts.results import LEVEL, Concepts, Probe
from shg_xai.drawing.material import Colour, Figure, Material
from shg_xai.drawing.panels import DIVERGING, curve, new_grid, new_panels, nothing, wrap
from shg_xai.drawing.style import BLUE, COLUMN, FAINT, INK, PAGE, styled
from shg_xai.drawing.text import DASH, confidence_of, number, plural
from shg_xai.results import Estimate


def figures(answer: Concepts, material: Material) -> Iterator[Figure]:
    """Explained variance, correlations, effects and probes; a part that was left out leaves no empty panels."""
    confidence = confidence_of(answer)
    filled = f'Filled: chance is ruled out, at p below {LEVEL} for everything tested here.'
    if answer.span:
        alt = 'How much of each concept the first components explain together.'
        caption = (
            'Share of the variance of a concept’s ranks that the first components explain together, without what '
            f'chance adds, with {confidence} intervals. {filled}'
        )
        yield Figure('explained', alt, caption, partial(draw_span, answer), wide=False)
    if answer.components:
        alt = 'Spearman correlations of concepts and components, with numbers.'
        caption = (
            'Spearman’s rank correlation of each concept with each component: above, plain; below in italics, with the '
            'controls held fixed that do not follow from the concept. Coloured: chance is ruled out, at p below '
            f'{LEVEL} for everything tested here; below, the {confidence} interval leaves out zero, too. The sign of a '
            'component is arbitrary, and the axis of one with a star turns in other samples of the images.'
        )
        yield Figure('concepts', alt, caption, partial(draw_heat_map, answer))
    for k in sorted({entry.k for entry in answer.clusters}):
        alt = f'How far {k} clusters differ in each concept'
        within = f'with {confidence} intervals; the dashed line means not at all.'
        caption = f'How far the {k} clusters differ in each concept, {within} {filled}'
        yield Figure(f'effects-k{k}', f'{alt}.', caption, partial(draw_effects, answer, k), wide=False)
    if answer.probes:
        alt = 'Scores of linear probes against the number of components.'
        caption = (
            f'How well a linear probe tells a concept of held-out persons from the first components, with {confidence} '
            'intervals, and a control task: the same after the concept was shuffled among persons.'
        )
        yield Figure('probes', alt, caption, partial(draw_probes, answer))


def colours(answer: Concepts) -> list[Colour]:
    """The concepts."""
    named = [(item, f'{item.title} ({item.unit})' if item.unit else item.title) for item in answer.definitions]
    return [Colour(f'concept.{item.name}', title, item.kind) for item, title in named]


def rho_matrix(answer: Concepts, key: Literal['rho', 'partial']) -> NDArray[np.float64]:
    """Value, low and high end of each concept and component, shape (3, C, M), NaN where not known."""
    concepts, components = list(answer.titles), sorted({entry.component for entry in answer.components})
    matrix = np.full((3, len(concepts), len(components)), nan)
    for entry in answer.components:
        item = entry.rho if key == 'rho' else entry.partial
        row, column = concepts.index(entry.concept), components.index(entry.component)
        matrix[:, row, column] = np.array([item.value, item.low, item.high], float)
    return matrix


@styled
def draw_heat_map(answer: Concepts) -> figure.Figure:
    """Draw Spearman's rho of each concept and component, above plain, below partial; on white: it may be chance."""
    plain, controlled = rho_matrix(answer, 'rho'), rho_matrix(answer, 'partial')
    _, rows, columns = plain.shape
    names = list(answer.titles)
    sure = {(names.index(entry.concept), entry.component - 1) for entry in answer.components if entry.is_claimed}
    canvas, ax = new_panels(PAGE, 0.44 * max(rows, 2) + 1)
    if not plain.size:
        return nothing(ax)
    scale = ScalarMappable(Normalize(-1, 1), DIVERGING)
    for (values, low, high), top, style in ((plain, 0.0, 'normal'), (controlled, 0.5, 'italic')):
        for (row, column), value in np.ndenumerate(values):
            empty, zero = np.isnan(value), low[row, column] <= 0 <= high[row, column]
            clear = (row, column) in sure and not (top and zero)
            colour = '#F2F2F2' if empty else scale.to_rgba(np.array(value)) if clear else 'white'
            ax.add_patch(Rectangle((column, row + top), 1, 0.5, facecolor=colour, edgecolor='none'))
            ink = '#777777' if empty or not clear else 'white' if abs(value) > 0.62 else INK
            text = DASH if empty else number(float(value))
            ax.text(column + 0.5, row + top + 0.27, text, ha='center', va='center', fontsize=8, color=ink, style=style)
    ax.set(xlim=(0, columns), ylim=(rows, 0), xlabel='component')
    ax.set_xticks(np.arange(columns) + 0.5, [f'{m}{"" if m in answer.stable else "*"}' for m in range(1, columns + 1)])
    ax.set_yticks(np.arange(rows) + 0.5, list(map(wrap, answer.titles.values())), parse_math=False)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    for draw, count in ((ax.axhline, rows), (ax.axvline, columns)):
        for place in range(count + 1):
            draw(place, color='white', linewidth=3.5)
    bar = canvas.colorbar(scale, ax=ax, fraction=0.025, pad=0.015, ticks=[-1, -0.5, 0, 0.5, 1])
    bar.set_label('Spearman’s ρ')
    bar.ax.set_yticklabels(['−1', '−0.5', '0', '0.5', '1'])
    bar.outline.set_visible(False)
    return canvas


@styled
def draw_span(answer: Concepts) -> figure.Figure:
    """Draw how much of each concept the first components explain together, the largest above."""
    entries = sorted(answer.span, key=lambda entry: -1 if entry.explained.value is None else entry.explained.value)
    lines = [(answer.titles[entry.concept], entry.explained, entry.is_claimed) for entry in entries]
    return _draw_lines(lines, 0, f'R² of its ranks on the first {plural(entries[0].components, "component")}')


@styled
def draw_effects(answer: Concepts, k: int) -> figure.Figure:
    """Draw how far K clusters differ in each concept, with intervals, the largest above."""
    entries = sorted((entry for entry in answer.clusters if entry.k == k), key=size_of)
    lines = [(answer.titles[entry.concept], entry.effect, entry.is_claimed) for entry in entries]
    more = 'chance that a person of cluster 1\nhas more of it than one of cluster 0'
    centre = none_of(entries[0])
    return _draw_lines(lines, centre, more if centre else 'share of the ranks’ variance between clusters (ε²)')


def _draw_lines(lines: Sequence[tuple[str, Estimate, bool]], centre: float, label: str) -> figure.Figure:
    """Draw estimates by name from below to above, filled where chance is ruled out, and where none lies."""
    canvas, ax = new_panels(COLUMN + 0.4, 0.31 * max(len(lines), 2) + 1.1)
    for row, (_, estimate, sure) in enumerate(lines):
        if estimate.value is None:
            ax.text(centre, row, ' not known', color=FAINT, va='center', fontsize=8.5)
            continue
        if estimate.ends:
            ax.plot(estimate.ends, [row, row], color=BLUE, linewidth=1.6)
        ax.plot(estimate.value, row, 'o', color=BLUE, markersize=5, markerfacecolor=BLUE if sure else 'white')
    ax.axvline(centre, color=INK, linewidth=0.9, linestyle='--')
    ax.set_yticks(range(len(lines)), [wrap(title) for title, *_ in lines], parse_math=False)
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.6, len(lines) - 0.4), xlabel=label)
    ax.grid(axis='x')
    return canvas


@styled
def draw_probes(answer: Concepts) -> figure.Figure:
    """Draw how well a linear probe tells each concept from the first components."""
    count, columns = len(answer.probes), 3
    canvas, axes = new_grid(count, columns, PAGE, 1.75, 0.55, sharex=True)
    for place, (ax, probe) in enumerate(zip(axes, answer.probes, strict=False)):
        _draw_probe(ax, probe)
        ax.set_title(wrap(answer.titles[probe.concept]), fontsize=9, parse_math=False)
        # Nothing below it: its axis has to carry the numbers.
        ax.tick_params(labelbottom=place + columns >= count)
    if named := [found for ax in axes if (found := ax.get_legend_handles_labels())[1]]:
        canvas.legend(*named[0], loc='outside upper left', ncols=2)
    canvas.supxlabel('first components the probe may use', fontsize=9)
    return canvas


def _draw_probe(ax: Axes, probe: Probe) -> None:
    """Draw one probe: the score with its interval, and that of the control task."""
    auc = probe.measure == 'auc'
    at = [int(components) for components in probe.score.x]
    ax.set(xscale='log', ylabel='AUC' if auc else 'R²', ylim=(0.35, 1.03) if auc else (-0.25, 1.05))
    ax.set_xticks(at, [number(m) for m in at])
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_minor_formatter(NullFormatter())
    # Doubling numbers of up to four digits: every other one leaves room.
    for label in ax.get_xticklabels()[1::2] if len(at) > 6 else ():
        label.set_visible(False)
    ax.axhline(probe.chance, color='#BBBBBB', linewidth=0.8)
    ax.grid(axis='y')
    if all(item.value is None for item in probe.score.y):
        nothing(ax)
        return
    curve(ax, at, probe.score.y, 'o-', color=BLUE, markersize=3.5, label='held-out persons')
    ax.plot(at, np.array(probe.control, float), 's--', color=FAINT, markersize=3, label='control task')

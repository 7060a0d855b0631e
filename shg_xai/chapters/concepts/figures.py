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
from numpy.typing import NDArray

from shg_xai.chapters.concepts.findings import none_of, size_of
from shg_xai.chapters.concepts.results import LEVEL, Concepts, Probe
from shg_xai.chapters.concepts.tables import end_of
from shg_xai.drawing.material import Colour, Figure, Material
from shg_xai.drawing.panels import DIVERGING, name_rows, new_panels, nothing, wrap
from shg_xai.drawing.style import BLUE, COLUMN, FAINT, INK, ORANGE, PAGE, styled
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
        alt = 'Scores of linear probes for each concept, beside their control and the best baseline.'
        caption = (
            'How well a linear probe tells a concept of held-out persons: from all leading components, with '
            f'{confidence} intervals; ticks: from fewer of them. Crosses: a control task, the same after '
            'the concept was shuffled among persons. Diamonds: the best baseline that learned nothing.'
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
    more = 'AUC (below 0.5: cluster 0 has more of it,\nabove: cluster 1)'
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
    probes = sorted(answer.probes, key=lambda probe: (probe.measure == 'auc', -1 - (end_of(probe)[1].value or -1)))
    canvas, ax = new_panels(PAGE, 0.3 * max(len(probes), 2) + 1.2)
    for row, probe in enumerate(probes):
        _draw_probe(ax, row, probe, [one.score for one in answer.learned if one.concept == probe.concept])
    name_rows(ax, [f'{answer.titles[one.concept]} ({"AUC" if one.measure == "auc" else "R²"})' for one in probes])
    ax.set(xlim=(-0.12, 1.03), xlabel='score of held-out persons: R², or AUC for yes or no')
    handles, labels = ax.get_legend_handles_labels()
    named = dict(zip(labels, handles, strict=True))
    canvas.legend(named.values(), named.keys(), loc='outside upper left', ncols=4)
    return canvas


def _draw_probe(ax: Axes, row: int, probe: Probe, baselines: Sequence[Estimate]) -> None:
    """Draw one probe in its row: scores with few components to all, the last with its interval; control; baselines."""
    scores = [item.value for item in probe.score.y if item.value is not None]
    if not scores:
        ax.text(probe.chance, row, ' not known', color=FAINT, va='center', fontsize=8.5)
        return
    _, last, control = end_of(probe)
    ax.plot(
        [max(score, -0.1) for score in scores[:-1]],
        [row] * (len(scores) - 1),
        '|',
        color='#9DBFDD',
        markersize=7,
        label='fewer components',
    )
    if last.ends:
        ax.plot(last.ends, [row, row], color=BLUE, linewidth=1.6)
    if last.value is not None:
        ax.plot(last.value, row, 'o', color=BLUE, markersize=5, label='all components')
    if control is not None:
        ax.plot(max(control, -0.1), row, 'x', color=FAINT, markersize=4, label='control task')
    known = [one.value for one in baselines if one.value is not None]
    if known:
        ax.plot(max(known), row, 'D', color=ORANGE, markersize=4, label='best baseline that learned nothing')

"""Networks, their differences and their autoencoders: a point, an interval, and each seed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from shg_xai.chapters.component_projection.results import ComponentProjection
from shg_xai.chapters.networks.figures_loop import draw_loop
from shg_xai.chapters.networks.results import AUTOENCODERS, GROUPS, Group, Networks
from shg_xai.drawing import material
from shg_xai.drawing.style import BLUE, FAINT, INK, ORANGE, PAGE, PALETTE, new_figure, styled, wrap
from shg_xai.drawing.text import confidence_of, number, plural, signed, stack_name
from shg_xai.results import Estimate, Verdict

GREY = '#666666'
MARKS = {Verdict.BETTER: (BLUE, 'o'), Verdict.WORSE: (PALETTE[4], 's')}
MARKS |= {Verdict.TOO_FEW_SEEDS: (ORANGE, '^'), Verdict.NO_DIFFERENCE: (GREY, 'D')}
SHOWN: tuple[Group, ...] = ('labelled', 'limbs')
FAR = 4  # so many times as far away as the middle one a row becomes an arrow at the edge


def figures(answer: Networks, drawn: material.Material) -> Iterator[material.Figure]:
    """The loop, then its networks; a part that was not run leaves no empty panels."""
    confidence = confidence_of(answer)
    yield material.Figure(
        'loop',
        'The steps from the plain network to the one with an autoencoder and back, each with its number.',
        'The loop with the numbers of this run: what the latents hold and how many components the network needs decide '
        'the width of the autoencoder that is put in; the control is trained on as long without it. The PCK of step 3 '
        'is of the persons the width was chosen on, all others of the persons tested.',
        partial(draw_loop, answer, drawn.results.all(ComponentProjection)),
        opens=True,
    )
    yield material.Figure(
        'networks',
        'PCK of each network, with its interval and each seed.',
        f'PCK of each network: the mean over seeds with its {confidence} interval over images, and beneath it each '
        'seed. What lies too far away is an arrow with its number.',
        partial(draw_networks, answer),
    )
    if answer.comparisons:
        yield material.Figure(
            'differences',
            'Differences in PCK between networks, with intervals and seeds.',
            f'How much more the first network scores than the second, person by person, with its {confidence} interval '
            'over images, and beneath it each seed with the one over seeds. Better or worse only where both leave out '
            'zero.',
            partial(draw_differences, answer),
        )
    if answer.autoencoders:
        yield material.Figure(
            'autoencoders',
            'Variance explained by each autoencoder, beside PCA.',
            'How much of the variance of persons not trained on each autoencoder explains, one point a seed, beside '
            'PCA of the same width, the best that any linear one can do on the persons it was fitted to.',
            partial(draw_autoencoders, answer),
        )


@dataclass(frozen=True)
class Row:
    """A number with its interval, and beneath it each seed and the interval over them."""

    estimate: Estimate
    text: str
    seeds: Sequence[float | None] = ()
    over_seeds: Estimate | None = None
    colour: str = BLUE
    marker: str = 'o'

    @property
    def numbers(self) -> list[float]:
        """All that are known, its value first."""
        ends = (self.estimate.value, self.estimate.low, self.estimate.high)
        return [value for value in (*ends, *self.seeds) if value is not None]

    def draw(self, ax: Axes, y: float) -> None:
        """Draw it; beyond the axis as an arrow with its number."""
        value, (low, high) = self.estimate.value, ax.get_xlim()
        if value is not None and not low <= value <= high:
            end, step, side = (high, low - high, 'right') if value > high else (low, high - low, 'left')
            arrow = dict(arrowstyle='-|>', color=self.colour, linewidth=1.4, shrinkA=1, shrinkB=0)
            font: dict[str, Any] = dict(color=self.colour, fontsize=8.5, va='center', ha=side)
            ax.annotate(self.text, (end, y), (end + 0.16 * step, y), arrowprops=arrow, **font)
            return
        if self.over_seeds and self.over_seeds.ends:
            # Of few seeds it may reach far: it ends where the axis ends.
            ax.plot(self.over_seeds.ends, [y + 0.24] * 2, color=self.colour, linewidth=0.8)
        below = [seed for seed in self.seeds if seed is not None]
        hollow: dict[str, Any] = dict(markerfacecolor='white', markersize=4, markeredgewidth=0.9, alpha=0.9)
        ax.plot(below, [y + 0.24] * len(below), 'o', color=self.colour, **hollow)
        if value is not None:
            if self.estimate.ends:
                ax.plot(self.estimate.ends, [y, y], color=self.colour, linewidth=1.8, solid_capstyle='butt')
            ax.plot(value, y, self.marker, color=self.colour, markersize=5)


def _name_rows(ax: Axes, labels: Sequence[str]) -> None:
    """One row a label, the first on top."""
    ax.set_yticks(range(len(labels)), labels, parse_math=False)
    ax.set_ylim(len(labels) - 0.45, -0.55)
    ax.tick_params(axis='y', length=0)
    ax.grid(axis='x')
    ax.set_axisbelow(True)


def _legend(figure: Figure, entries: Sequence[tuple[str, str, str, str]]) -> None:
    """Explain marks; each is a label, a colour, a marker and the colour within it."""
    alone: dict[str, Any] = dict(linestyle='none', markersize=5.5)
    handles = [
        Line2D([], [], color=colour, label=label, marker=marker, markerfacecolor=face, **alone)
        for label, colour, marker, face in entries
    ]
    figure.legend(handles=handles, loc='outside upper left', ncols=len(handles))


def _range(rows: Sequence[Row], centre: float | None = None) -> tuple[float, float]:
    """Ends of an axis that holds most rows, evenly around a centre; a few far away would squeeze all others."""
    known = [row.numbers for row in rows if row.numbers]
    if not known:
        return -1, 1
    middle = median(numbers[0] for numbers in known) if centre is None else centre
    reach = FAR * median(max(abs(value - middle) for value in numbers) for numbers in known)
    inside = [value for numbers in known if abs(numbers[0] - middle) <= reach for value in numbers] or known[0]
    low, high = min(inside), max(inside)
    if centre is not None:
        high = max(abs(low - centre), abs(high - centre))
        low, high = centre - high, centre + high
    margin = 0.08 * (high - low) or 0.01
    return low - margin, high + margin


@styled
def draw_networks(answer: Networks) -> Figure:
    """Draw PCK of labelled and of limb joints of each network, and of the mean pose."""
    titles = [wrap(network.title) for network in answer.networks] + ['mean pose'] * bool(answer.mean_pose)
    figure = new_figure(PAGE, 0.52 * len(titles) + 1.15)
    for ax, group in zip(figure.subplots(1, len(SHOWN), sharey=True), SHOWN, strict=True):
        rows = []
        for network in answer.networks:
            pck, seeds = network.pck[group], [seed.pck[group].value for seed in network.seeds]
            rows.append(Row(pck, number(pck.value, 3), seeds))
        low, high = _range(rows)
        ax.set(title=GROUPS[group], xlabel='PCK', xlim=(low, high))
        if (pose := (answer.mean_pose or {}).get(group)) is not None:
            if low <= pose <= high:
                ax.axvline(pose, color=FAINT, linestyle='--', linewidth=1.2)
            rows.append(Row(Estimate(value=pose), number(pose, 3), colour=GREY, marker='D'))
        for y, row in enumerate(rows):
            row.draw(ax, y)
        _name_rows(ax, titles)
    _legend(figure, [('mean over seeds, with its interval', BLUE, 'o', BLUE), ('one seed', BLUE, 'o', 'white')])
    return figure


@styled
def draw_differences(answer: Networks) -> Figure:
    """Draw how much more each network scores than the one it is compared with."""
    pairs = list(dict.fromkeys((item.a, item.b) for item in answer.comparisons))
    groups = [group for group in GROUPS if any(item.group == group for item in answer.comparisons)]
    figure = new_figure(PAGE, 0.62 * max(len(pairs), 2) + 1.15)
    axes = figure.subplots(1, len(groups), sharey=True, squeeze=False)[0]
    rows = [
        Row(item.difference, signed(item.difference.value), item.by_seed, item.over_seeds, *MARKS[item.verdict])
        for item in answer.comparisons
    ]
    ends = _range(rows, 0)
    for ax, group in zip(axes, groups, strict=True):
        ax.set(title=GROUPS[group], xlim=ends)
        for item, row in zip(answer.comparisons, rows, strict=True):
            if item.group == group:
                row.draw(ax, pairs.index((item.a, item.b)))
        ax.axvline(0, color=INK, linewidth=1)
        ax.locator_params(axis='x', nbins=4)
        _name_rows(ax, [f'{wrap(answer.title(a))}\n− {wrap(answer.title(b))}' for a, b in pairs])
    figure.supxlabel('difference in PCK: the first less the second', fontsize=9)
    there = {item.verdict for item in answer.comparisons}
    marks = [(verdict.value, colour, mark, colour) for verdict, (colour, mark) in MARKS.items() if verdict in there]
    _legend(figure, [*marks, ('one seed', GREY, 'o', 'white')])
    return figure


@styled
def draw_autoencoders(answer: Networks) -> Figure:
    """Draw the variance each autoencoder explains beside PCA of the same width."""
    groups = answer.autoencoder_groups()
    figure = new_figure(PAGE, 0.5 * max(len(groups), 2) + 1.1)
    ax = figure.subplots()
    several = len({stack for _, stack, _ in groups}) > 1
    for y, items in enumerate(groups.values()):
        for place, item in enumerate(items):
            # Seeds a little apart, so that equal ones can all be seen.
            at = y + 0.16 * (place - (len(items) - 1) / 2)
            own, pca = item.explained_variance_ratio, item.pca_explained_variance_ratio
            if own is not None and pca is not None:
                ax.plot([own, pca], [at, at], color='#BBBBBB', linewidth=1, zorder=1)
            for value, marker, colour in ((pca, 'D', ORANGE), (own, 'o', BLUE)):
                if value is not None:
                    ax.plot(value, at, marker, color=colour, markersize=5.5)
    labels = [f'{AUTOENCODERS[key]}, {plural(width, "unit")}\n{stack_name(stack)}' for key, stack, width in groups]
    _name_rows(ax, labels if several else [label.split('\n')[0] for label in labels])
    # Worse than the mean explains less than nothing.
    ax.set(xlim=(min(0, ax.get_xlim()[0]), 1.02), xlabel='share of the variance explained, of persons not trained on')
    _legend(figure, [('autoencoder, one seed each', BLUE, 'o', BLUE), ('PCA of the same width', ORANGE, 'D', ORANGE)])
    return figure

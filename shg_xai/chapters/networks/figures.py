"""The loop as a diagram with the numbers of one run; networks, their differences and their autoencoders as points."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyBboxPatch

from shg_xai.chapters.component_projection.results import ComponentProjection
from shg_xai.chapters.networks.results import AUTOENCODERS, GROUPS, Group, Networks
from shg_xai.drawing import material
from shg_xai.drawing.panels import name_rows, new_panels, wrap
from shg_xai.drawing.style import BLUE, FAINT, INK, ORANGE, PAGE, PALETTE, UNKNOWN, styled
from shg_xai.drawing.text import confidence_of, listed, number, plural, signed, spread, stack_name, value_and_span
from shg_xai.results import Estimate, Verdict

GREY, SOFT = '#666666', '#555555'
MARKS = {Verdict.BETTER: (BLUE, 'o'), Verdict.WORSE: (PALETTE[4], 's')}
MARKS |= {Verdict.EQUIVALENT: (ORANGE, 'D'), Verdict.UNDECIDED: (GREY, '^')}
SHOWN: tuple[Group, ...] = ('labelled', 'limbs')
FAR = 4  # so many times as far away as the middle one a row becomes an arrow at the edge
# Inches. Lines of a box: its title, a number, and what the number is.
WIDTH, GAP, MARGIN, PAD, BELOW = 1.7, 0.4, 0.1, 0.1, 0.62
TITLE_LINE, BIG_LINE, LINE, BETWEEN = 0.2, 0.27, 0.165, 0.08
GREY_BOX, BLUE_BOX, ORANGE_BOX = ('#F4F4F2', SOFT), ('#EAF2F8', BLUE), ('#FDF4E3', ORANGE)  # face and edge
SMALL: dict[str, Any] = dict(fontsize=8.5, color=SOFT)
SHARE = '95 %'
Block = tuple[str, list[str]]  # a number and the lines that say what it is
NOT_RUN: list[Block] = [('not run', [])]


def figures(answer: Networks, drawn: material.Material) -> Iterator[material.Figure]:
    """The loop, then its networks; a part that was not run leaves no empty panels."""
    confidence = confidence_of(answer)
    yield material.Figure(
        'loop',
        'The steps from the plain network to the one with an autoencoder and back, each with its number.',
        'The loop with the numbers of this run: what the latents hold and how many components the network needs decide '
        'the width of the autoencoder that is inserted; the control is fine-tuned as long without it. PCK in step 3 '
        'is of the persons the width was chosen on, all others of the persons tested.',
        partial(draw_loop, answer, drawn.results.all(ComponentProjection)),
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
            'over seeds and photos at once, thicker that of the two tests for equivalence, and beneath it each seed. '
            'Better or worse: the interval leaves out zero. Equivalent: the thicker one lies within the margin, which '
            'is shaded. Of one seed the interval is over photos alone, and nothing is decided.',
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
class Box:
    """A step of the loop."""

    number: str  # if it has one
    title: list[str]  # its lines
    blocks: list[Block]  # what stands below
    column: int
    row: int | None  # 0 above, 1 below, None as high as both
    colours: tuple[str, str] = BLUE_BOX

    @property
    def height(self) -> float:
        """How much room its text takes, in inches."""
        blocks = sum(BIG_LINE + LINE * len(lines) for _, lines in self.blocks)
        return 2 * PAD + TITLE_LINE * len(self.title) + blocks + BETWEEN * (len(self.blocks) - 1)


def boxes(answer: Networks, widths: Sequence[ComponentProjection]) -> list[Box]:
    """The steps with their numbers; ``not run`` where there are none."""
    extra, plain = answer.settings.more_epochs, answer.network('plain')
    more = [] if extra is None else [f'after {plural(extra, "more epoch")}']
    first = [f'after {plural(plain.epochs, "epoch")}'] if plain else []
    # Which stack a number is of, where there are several.
    stacks = {item.stack for item in widths} | {item.stack for item in answer.autoencoders}
    where = {stack: [f'in the {stack_name(stack)}'] * (len(stacks) > 1) for stack in stacks}
    spectrum, kept = list[Block](), list[Block]()
    for item in widths:
        lines = ['components hold', f'{SHARE} of the variance', *where[item.stack]]
        held = [rule for rule in item.rules if rule.name.startswith(SHARE)]
        spectrum += [(f'{number(rule.k)} of {number(item.dimensions)}', lines) for rule in held]
        drop, ends = value_and_span(item.suggestion.drop)
        lines = ['components: PCK', f'drops by {drop}', f'({ends})', *where[item.stack]]
        kept.append((f'k = {number(item.suggestion.k)}', lines))
    return [
        Box('1', ['Train the plain', 'network'], _pck(answer, 'plain', first), 0, 0, GREY_BOX),
        Box('2', ['Look at its latents'], spectrum or NOT_RUN, 1, 0),
        Box('3', ['Keep the first k'], kept or NOT_RUN, 2, 0),
        Box('4', ['Train the auto-', 'encoder alone'], _autoencoder(answer, where) or NOT_RUN, 3, None),
        Box('5', ['Insert it'], _pck(answer, 'spliced', ['before fine-tuning']), 2, 1),
        Box('6', ['Fine-tune with it'], _pck(answer, last_of(answer), more), 1, 1, ORANGE_BOX),
        Box('', ['Control: fine-tune', 'without it'], _pck(answer, 'control', more), 0, 1, GREY_BOX),
    ]


def last_of(answer: Networks) -> str:
    """The network the loop ends with: with the study's autoencoder only if with no other."""
    only = answer.network('improved') is None and answer.network('improved_study')
    return 'improved_study' if only else 'improved'


def _pck(answer: Networks, key: str, more: list[str]) -> list[Block]:
    if (found := answer.network(key)) is None:
        return NOT_RUN
    value, ends = value_and_span(found.pck['labelled'])
    return [(f'PCK {value}', [ends, *more])]


def _autoencoder(answer: Networks, where: dict[int | None, list[str]]) -> list[Block]:
    """The suggested autoencoder, or the study's where no other was trained."""
    groups, blocks = answer.autoencoder_groups(), []
    shown = 'suggested' if any(key == 'suggested' for key, _, _ in groups) else 'study'
    for (key, stack, width), items in groups.items():
        if key == shown:
            ratios = [(item.explained_variance_ratio, item.pca_explained_variance_ratio) for item in items]
            held, pca = (spread(values, share=True) or 'not known' for values in zip(*ratios, strict=True))
            lines = [f'explain {held}', 'of the variance', f'(PCA: {pca})', *where[stack]]
            blocks.append((plural(width, 'unit'), lines))
    return blocks


@styled
def draw_loop(answer: Networks, widths: Sequence[ComponentProjection]) -> Figure:
    """Draw the steps as boxes, the way between them as arrows, and what came of it."""
    steps = boxes(answer, widths)
    rows = [max(box.height for box in steps if box.row == row) for row in (0, 1)]
    missing = max(box.height for box in steps) - (sum(rows) + GAP)
    rows = [height + max(0, missing) / 2 for height in rows]
    figure, ax = new_panels(PAGE, sum(rows) + GAP + 2 * MARGIN + BELOW)
    figure.set_layout_engine('none')
    # One unit an inch, so that boxes fit their text.
    ax.set(position=(0, 0, 1, 1), xlim=(0, PAGE), ylim=(0, figure.get_figheight()))
    ax.set_axis_off()
    bottoms = {1: MARGIN + BELOW, 0: MARGIN + BELOW + rows[1] + GAP}
    for box in steps:
        row, height = (1, sum(rows) + GAP) if box.row is None else (box.row, rows[box.row])
        _draw_box(ax, box, bottoms[row], height)
    _draw_arrows(ax, answer, bottoms, rows)
    _draw_verdict(ax, answer, bottoms[1])
    return figure


def _left(column: int) -> float:
    return MARGIN + column * (WIDTH + (PAGE - 2 * MARGIN - 4 * WIDTH) / 3)


def _draw_box(ax: Axes, box: Box, bottom: float, height: float) -> None:
    """Draw a box with its text from the top."""
    left, (face, edge) = _left(box.column), box.colours
    shape: dict[str, Any] = dict(boxstyle='round,pad=0,rounding_size=0.06', linewidth=1.1)
    ax.add_patch(FancyBboxPatch((left, bottom), WIDTH, height, facecolor=face, edgecolor=edge, **shape))
    write = partial(ax.text, va='top', parse_math=False)
    head = partial(write, fontsize=9, weight='bold', color=INK)
    left, top = left + PAD, bottom + height - PAD
    head(left, top, box.number)
    for text in box.title:
        head(left + (0.18 if box.number else 0), top, text)
        top -= TITLE_LINE
    for big, lines in box.blocks:
        write(left, top - 0.02, big, fontsize=12.5, color=SOFT if big in ('not run', 'PCK not known') else INK)
        top -= BIG_LINE
        for text in lines:
            write(left, top, text, **SMALL)
            top -= LINE
        top -= BETWEEN


def _draw_arrows(ax: Axes, answer: Networks, bottoms: dict[int, float], rows: list[float]) -> None:
    """From step to step, and back from the last to the second."""
    above, under = bottoms[0] + rows[0] / 2, bottoms[1] + rows[1] / 2
    ends = [((_left(column) + WIDTH, above), (_left(column + 1), above)) for column in range(3)]
    ends += [((_left(column + 1), under), (_left(column) + WIDTH, under)) for column in (2, 1)]
    top, low, first, second = bottoms[0], bottoms[0] - GAP, _left(0) + WIDTH / 2, _left(1) + WIDTH / 2
    ends += [((first, top), (first, low)), ((second, low), (second, top))]  # to the control, and up to look again
    arrow = dict(arrowstyle='-|>,head_width=0.25,head_length=0.5', color=SOFT, linewidth=1.4, shrinkA=2, shrinkB=2)
    for start, end in ends:
        ax.annotate('', end, start, arrowprops=arrow)
    looked = [(item.spectrum_components_95, item.code_channels) for item in answer.autoencoders]
    found = [f'{number(needed)} of {number(channels)}' for needed, channels in looked if needed is not None]
    again = f'look again: {SHARE} of the code’s variance\nin {listed(found)} components' if found else 'look again'
    ax.text(second + 0.1, bottoms[0] - GAP / 2, again, va='center', style='italic', **SMALL)


def _draw_verdict(ax: Axes, answer: Networks, bottom: float) -> None:
    """Bracket the last step and its control and say how they differ."""
    low, high, y = _left(0) + WIDTH / 2, _left(1) + WIDTH / 2, bottom - 0.18
    about = f'PCK of labelled joints; in brackets and beneath numbers: {confidence_of(answer)} intervals'
    ax.text(PAGE - MARGIN, y - 0.26, about, va='top', ha='right', **SMALL)
    if found := answer.comparison(last_of(answer), 'control'):
        ax.plot([low, low, high, high], [bottom - 0.06, y, y, bottom - 0.06], color=SOFT, linewidth=1.1)
        difference = f'{signed(found.difference.value)} ({value_and_span(found.difference)[1]})'
        text = f'with it − without it, {plural(len(found.by_seed), "seed")}: {difference}'
        ax.text(_left(0), y - 0.07, text, va='top', fontsize=9)
        ax.text(_left(0), y - 0.25, found.verdict.value, va='top', fontsize=9, weight='bold')


@dataclass(frozen=True)
class Row:
    """A number with its interval, a shorter one thicker upon it, and beneath it each seed."""

    estimate: Estimate
    text: str
    seeds: Sequence[float | None] = ()
    shorter: Estimate | None = None
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
        below = [seed for seed in self.seeds if seed is not None]
        hollow: dict[str, Any] = dict(markerfacecolor='white', markersize=4, markeredgewidth=0.9, alpha=0.9)
        ax.plot(below, [y + 0.24] * len(below), 'o', color=self.colour, **hollow)
        if value is not None:
            for width, estimate in ((1.8, self.estimate), (3.6, self.shorter)):
                if estimate and estimate.ends:
                    ax.plot(estimate.ends, [y, y], color=self.colour, linewidth=width, solid_capstyle='butt')
            ax.plot(value, y, self.marker, color=self.colour, markersize=5)


def _legend(figure: Figure, entries: Sequence[tuple[str, str, str, str]]) -> None:
    """Explain marks; each is a label, a colour, a marker and the colour within it."""
    mark = partial(Line2D, [], [], linestyle='none', markersize=5.5)
    handles = [mark(color=colour, label=name, marker=own, markerfacecolor=face) for name, colour, own, face in entries]
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
    figure, axes = new_panels(PAGE, 0.52 * len(titles) + 1.15, 1, len(SHOWN), sharey=True)
    for ax, group in zip(axes, SHOWN, strict=True):
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
        name_rows(ax, titles)
    _legend(figure, [('mean over seeds, with its interval', BLUE, 'o', BLUE), ('one seed', BLUE, 'o', 'white')])
    return figure


@styled
def draw_differences(answer: Networks) -> Figure:
    """Draw how much more each network scores than the one it is compared with."""
    pairs = list(dict.fromkeys((item.a, item.b) for item in answer.comparisons))
    groups = [group for group in GROUPS if any(item.group == group for item in answer.comparisons)]
    tall = 0.62 * max(len(pairs), 2) + 1.15
    figure, axes = new_panels(PAGE, tall, 1, len(groups), sharey=True, squeeze=False)
    rows = [
        Row(item.difference, signed(item.difference.value), item.by_seed, item.equivalence, *MARKS[item.verdict])
        for item in answer.comparisons
    ]
    ends = _range(rows, 0)
    for ax, group in zip(axes[0], groups, strict=True):
        ax.set(title=GROUPS[group], xlim=ends)
        for item, row in zip(answer.comparisons, rows, strict=True):
            if item.group == group:
                row.draw(ax, pairs.index((item.a, item.b)))
        ax.axvspan(-answer.settings.margin, answer.settings.margin, color=UNKNOWN, alpha=0.4, linewidth=0)
        ax.axvline(0, color=INK, linewidth=1)
        ax.locator_params(axis='x', nbins=4)
        name_rows(ax, [f'{wrap(answer.title(a))}\n− {wrap(answer.title(b))}' for a, b in pairs])
    figure.supxlabel('difference in PCK: the first less the second', fontsize=9)
    there = {item.verdict for item in answer.comparisons}
    marks = [(verdict.value, colour, mark, colour) for verdict, (colour, mark) in MARKS.items() if verdict in there]
    _legend(figure, [*marks, ('one seed', GREY, 'o', 'white')])
    return figure


@styled
def draw_autoencoders(answer: Networks) -> Figure:
    """Draw the variance each autoencoder explains beside PCA of the same width."""
    groups = answer.autoencoder_groups()
    figure, ax = new_panels(PAGE, 0.5 * max(len(groups), 2) + 1.1)
    several = len({stack for _, stack, _ in groups}) > 1
    for y, items in enumerate(groups.values()):
        for place, item in enumerate(items):
            at = y + 0.16 * (place - (len(items) - 1) / 2)  # a little apart, so that equal seeds can all be seen
            own, pca = item.explained_variance_ratio, item.pca_explained_variance_ratio
            if own is not None and pca is not None:
                ax.plot([own, pca], [at, at], color='#BBBBBB', linewidth=1, zorder=1)
            for value, marker, colour in ((pca, 'D', ORANGE), (own, 'o', BLUE)):
                if value is not None:
                    ax.plot(value, at, marker, color=colour, markersize=5.5)
    labels = [f'{AUTOENCODERS[key]}, {plural(width, "unit")}\n{stack_name(stack)}' for key, stack, width in groups]
    name_rows(ax, labels if several else [label.split('\n')[0] for label in labels])
    # Worse than the mean explains less than nothing.
    ax.set(xlim=(min(0, ax.get_xlim()[0]), 1.02), xlabel='share of the variance explained, of persons not trained on')
    _legend(figure, [('autoencoder, one seed each', BLUE, 'o', BLUE), ('PCA of the same width', ORANGE, 'D', ORANGE)])
    return figure

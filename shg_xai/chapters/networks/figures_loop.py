"""The loop as a diagram, with the numbers of one run in its boxes."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from shg_xai.chapters.component_projection.results import ComponentProjection
from shg_xai.chapters.networks.results import Networks
from shg_xai.drawing.style import BLUE, INK, ORANGE, PAGE, new_figure, styled
from shg_xai.drawing.text import confidence_of, listed, number, plural, signed, spread, stack_name, value_and_span

# Inches. Lines of a box: its title, a number, and what the number is.
WIDTH, GAP, MARGIN, PAD, BELOW = 1.7, 0.4, 0.1, 0.1, 0.62
TITLE_LINE, BIG_LINE, LINE, BETWEEN = 0.2, 0.27, 0.165, 0.08
SOFT = '#555555'
GREY_BOX, BLUE_BOX, ORANGE_BOX = ('#F4F4F2', SOFT), ('#EAF2F8', BLUE), ('#FDF4E3', ORANGE)  # face and edge
SMALL: dict[str, Any] = dict(fontsize=8.5, color=SOFT)
SHARE = '95 %'
Block = tuple[str, list[str]]  # a number and the lines that say what it is
NOT_RUN: list[Block] = [('not run', [])]


@dataclass(frozen=True)
class Box:
    """A step of the loop: its number if it has one, the lines of its title, and what stands below.

    Columns go from left to right; row 0 is above, 1 below, None as high as both.
    """

    number: str
    title: list[str]
    blocks: list[Block]
    column: int
    row: int | None
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
        Box('5', ['Put it in'], _pck(answer, 'spliced', ['before training on']), 2, 1),
        Box('6', ['Train on with it'], _pck(answer, last_of(answer), more), 1, 1, ORANGE_BOX),
        Box('', ['Control: train on', 'without it'], _pck(answer, 'control', more), 0, 1, GREY_BOX),
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
            held = spread((item.explained_variance_ratio for item in items), share=True) or 'not known'
            pca = spread((item.pca_explained_variance_ratio for item in items), share=True) or 'not known'
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
    figure = new_figure(PAGE, sum(rows) + GAP + 2 * MARGIN + BELOW)
    figure.set_layout_engine('none')
    ax = figure.add_axes((0, 0, 1, 1))  # one unit an inch, so that boxes fit their text
    ax.set(xlim=(0, PAGE), ylim=(0, figure.get_figheight()))
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
    # Down to the control, and up to look again.
    top, low, first, second = bottoms[0], bottoms[0] - GAP, _left(0) + WIDTH / 2, _left(1) + WIDTH / 2
    ends += [((first, top), (first, low)), ((second, low), (second, top))]
    arrow = dict(arrowstyle='-|>,head_width=0.25,head_length=0.5', color=SOFT, linewidth=1.4, shrinkA=2, shrinkB=2)
    for start, end in ends:
        ax.annotate('', end, start, arrowprops=arrow)
    looked = [item for item in answer.autoencoders if item.spectrum_components_95 is not None]
    found = [f'{number(item.spectrum_components_95)} of {number(item.code_channels)}' for item in looked]
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

"""The loop as a diagram, with the numbers of one run in its boxes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shg_xai.chapters.networks.parts import (
    autoencoder_groups,
    comparison,
    network,
    signed,
    spread,
    stack_name,
    value_and_span,
)
from shg_xai.drawing.style import BLUE, INK, ORANGE, PAGE, new_figure, styled
from shg_xai.drawing.text import confidence_of, known, listed, number, plural, span

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Inches. Lines of a box: its title, a number, and what the number is.
WIDTH, GAP, MARGIN, PAD = 1.7, 0.4, 0.1, 0.1
TITLE_LINE, BIG_LINE, LINE, BETWEEN = 0.2, 0.27, 0.165, 0.08
GREY_BOX, BLUE_BOX, ORANGE_BOX = '#F4F4F2', '#EAF2F8', '#FDF4E3'
ARROW, SOFT = '#555555', '#555555'
SHARE = '95 %'
# A number and the lines that say what it is.
Block = tuple[str, list[str]]


@dataclass(frozen=True)
class Box:
    """A step of the loop.

    Attributes:
        number: of the step, or nothing.
        title: one or two lines.
        blocks: its numbers.
        column: from 0, left to right.
        row: 0 above, 1 below; None: as high as both.
        face: its colour.
        edge: the colour of its edge.
    """

    number: str
    title: list[str]
    blocks: list[Block]
    column: int
    row: int | None
    face: str = GREY_BOX
    edge: str = ARROW

    @property
    def height(self) -> float:
        """How much room its text takes, in inches."""
        blocks = sum(BIG_LINE + LINE * len(lines) for _, lines in self.blocks)
        return 2 * PAD + TITLE_LINE * len(self.title) + blocks + BETWEEN * (len(self.blocks) - 1)


def boxes(study: Mapping[str, Any]) -> list[Box]:
    """The steps with their numbers; ``not run`` where there are none.

    Args:
        study: of results.json.
    """
    extra = study['settings'].get('more_epochs')
    more = [f'after {plural(extra, "more epoch")}'] if known(extra) else []
    plain = network(study, 'plain')
    return [
        Box(
            '1',
            ['Train the plain', 'network'],
            _pck(study, 'plain', [f'after {plural(plain["epochs"], "epoch")}']),
            0,
            0,
        ),
        Box('2', ['Look at its latents'], _spectrum(study) or _not_run(), 1, 0, BLUE_BOX, BLUE),
        Box('3', ['Keep the first k'], _kept(study) or _not_run(), 2, 0, BLUE_BOX, BLUE),
        Box('4', ['Train the auto-', 'encoder alone'], _autoencoder(study) or _not_run(), 3, None, BLUE_BOX, BLUE),
        Box('5', ['Put it in'], _pck(study, 'spliced', ['before training on']), 2, 1, BLUE_BOX, BLUE),
        Box('6', ['Train on with it'], _pck(study, last_of(study), more), 1, 1, ORANGE_BOX, ORANGE),
        Box('', ['Control: train on', 'without it'], _pck(study, 'control', more), 0, 1),
    ]


def last_of(study: Mapping[str, Any]) -> str:
    """The network the loop ends with: with the study's autoencoder only if with no other."""
    only = network(study, 'improved') is None and network(study, 'improved_study')
    return 'improved_study' if only else 'improved'


def _not_run() -> list[Block]:
    return [('not run', [])]


def _pck(study: Mapping[str, Any], key: str, more: list[str]) -> list[Block]:
    found = network(study, key)
    if found is None:
        return _not_run()
    value, ends = value_and_span(found['pck']['labelled'])
    return [(f'PCK {value}', [ends, *more])]


def _in_stack(study: Mapping[str, Any], stack: int) -> list[str]:
    """Which stack, where there are several."""
    stacks = {item['stack'] for item in [*study['widths'], *study['autoencoders']]}
    return [f'in the {stack_name(stack)}'] if len(stacks) > 1 else []


def _spectrum(study: Mapping[str, Any]) -> list[Block]:
    """Components for 95 per cent of the variance of each stack's latent."""
    return [
        (
            f'{number(rule["k"])} of {number(item["dimensions"])}',
            ['components hold', f'{SHARE} of the variance', *_in_stack(study, item['stack'])],
        )
        for item in study['widths']
        for rule in item['rules']
        if rule['name'].startswith(SHARE) and known(rule['k'])
    ]


def _kept(study: Mapping[str, Any]) -> list[Block]:
    blocks = []
    for item in study['widths']:
        drop, ends = value_and_span(item['suggestion']['drop'])
        blocks.append(
            (
                f'k = {number(item["suggestion"]["k"])}',
                ['components: PCK', f'drops by {drop}', f'({ends})', *_in_stack(study, item['stack'])],
            )
        )
    return blocks


def _autoencoder(study: Mapping[str, Any]) -> list[Block]:
    """The suggested autoencoder, or the study's where no other was trained."""
    groups = autoencoder_groups(study)
    first = min((key for key, _, _ in groups), key=lambda key: key != 'suggested', default=None)
    blocks = []
    for (key, stack, width), items in groups.items():
        if key == first:
            held, reference = (
                spread((item[name] for item in items), share=True) or 'not known'
                for name in ('explained_variance_ratio', 'pca_explained_variance_ratio')
            )
            blocks.append(
                (
                    plural(width, 'unit'),
                    [f'explain {held}', 'of the variance', f'(PCA: {reference})', *_in_stack(study, stack)],
                )
            )
    return blocks


def again(study: Mapping[str, Any]) -> str:
    """What the code looked like after all was trained on, where somebody looked."""
    found = [
        f'{number(item["spectrum_components_95"])} of {number(item["code_channels"])}'
        for item in study['autoencoders']
        if known(item['spectrum_components_95'])
    ]
    return f'look again: {SHARE} of the code’s variance\nin {listed(found)} components' if found else 'look again'


@styled
def draw_loop(study: Mapping[str, Any]) -> 'Figure':
    """Draw the steps as boxes, the way between them as arrows, and what came of it.

    Args:
        study: of results.json.
    """
    steps = boxes(study)
    rows = [max(box.height for box in steps if box.row == row) for row in (0, 1)]
    missing = max(box.height for box in steps) - (sum(rows) + GAP)
    rows = [height + max(0, missing) / 2 for height in rows]
    below = 0.62
    figure = new_figure(PAGE, sum(rows) + GAP + 2 * MARGIN + below)
    # One unit an inch, so that boxes fit their text.
    figure.set_layout_engine('none')
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, PAGE), ylim=(0, figure.get_figheight()))
    ax.set_axis_off()
    bottoms = {1: MARGIN + below, 0: MARGIN + below + rows[1] + GAP}
    for box in steps:
        bottom = bottoms[1 if box.row is None else box.row]
        height = sum(rows) + GAP if box.row is None else rows[box.row]
        _draw_box(ax, box, _left(box.column), bottom, height)
    _draw_arrows(ax, study, bottoms, rows)
    _draw_verdict(ax, study, bottoms[1])
    return figure


def _left(column: int) -> float:
    return MARGIN + column * (WIDTH + (PAGE - 2 * MARGIN - 4 * WIDTH) / 3)


def _draw_box(ax: 'Axes', box: Box, left: float, bottom: float, height: float) -> None:
    """Draw a box with its text from the top."""
    from matplotlib.patches import FancyBboxPatch

    ax.add_patch(
        FancyBboxPatch(
            (left, bottom),
            WIDTH,
            height,
            facecolor=box.face,
            edgecolor=box.edge,
            linewidth=1.1,
            boxstyle='round,pad=0,rounding_size=0.06',
        )
    )
    for x, y, text, style in _lines(box, left + PAD, bottom + height - PAD):
        ax.text(x, y, text, va='top', parse_math=False, **style)


def _lines(box: Box, left: float, top: float) -> Iterator[tuple[float, float, str, dict]]:
    """Each line of a box with its place and type."""
    heading = dict(fontsize=9, weight='bold', color=INK)
    yield left, top, box.number, heading
    for text in box.title:
        yield left + (0.18 if box.number else 0), top, text, heading
        top -= TITLE_LINE
    for big, lines in box.blocks:
        absent = big in ('not run', 'PCK not known')
        yield left, top - 0.02, big, dict(fontsize=12.5, color=SOFT if absent else INK)
        top -= BIG_LINE
        for text in lines:
            yield left, top, text, dict(fontsize=8.5, color=SOFT)
            top -= LINE
        top -= BETWEEN


def _draw_arrows(ax: 'Axes', study: Mapping[str, Any], bottoms: Mapping[int, float], rows: list[float]) -> None:
    """From step to step, and back from the last to the second."""
    above, under = bottoms[0] + rows[0] / 2, bottoms[1] + rows[1] / 2
    ends = [((_left(column) + WIDTH, above), (_left(column + 1), above)) for column in range(3)]
    ends += [((_left(column + 1), under), (_left(column) + WIDTH, under)) for column in (2, 1)]
    # Down to the control, and up to look again.
    ends += [
        ((_left(0) + WIDTH / 2, bottoms[0]), (_left(0) + WIDTH / 2, bottoms[0] - GAP)),
        ((_left(1) + WIDTH / 2, bottoms[0] - GAP), (_left(1) + WIDTH / 2, bottoms[0])),
    ]
    for start, end in ends:
        ax.annotate(
            '',
            end,
            start,
            arrowprops=dict(
                arrowstyle='-|>,head_width=0.25,head_length=0.5', color=ARROW, linewidth=1.4, shrinkA=2, shrinkB=2
            ),
        )
    ax.text(
        _left(1) + WIDTH / 2 + 0.1,
        bottoms[0] - GAP / 2,
        again(study),
        va='center',
        fontsize=8.5,
        style='italic',
        color=SOFT,
    )


def _draw_verdict(ax: 'Axes', study: Mapping[str, Any], bottom: float) -> None:
    """Bracket the last step and its control and say how they differ."""
    low, high, y = _left(0) + WIDTH / 2, _left(1) + WIDTH / 2, bottom - 0.18
    ax.text(
        PAGE - MARGIN,
        y - 0.26,
        f'PCK of labelled joints; in brackets and beneath numbers: {confidence_of(study)} intervals',
        va='top',
        ha='right',
        fontsize=8.5,
        color=SOFT,
    )
    found = comparison(study, last_of(study), 'control')
    if found is None:
        return
    ax.plot([low, low, high, high], [bottom - 0.06, y, y, bottom - 0.06], color=ARROW, linewidth=1.1)
    ends = span(found['difference'], 3) or 'interval not known'
    ax.text(
        _left(0),
        y - 0.07,
        f'with it − without it, {plural(len(found["by_seed"]), "seed")}: '
        f'{signed(found["difference"]["value"])} ({ends})',
        va='top',
        fontsize=9,
    )
    ax.text(_left(0), y - 0.25, found['verdict'], va='top', fontsize=9, weight='bold')

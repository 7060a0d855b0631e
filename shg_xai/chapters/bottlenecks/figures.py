"""Bottlenecks side by side: how readable each is, and what PCK it leaves."""

from collections.abc import Iterator, Sequence

from matplotlib import figure
from matplotlib.axes import Axes

from shg_xai.chapters.bottlenecks.findings import TITLES
from shg_xai.chapters.bottlenecks.results import Bottlenecks, Name
from shg_xai.drawing.material import Figure, Material
from shg_xai.drawing.panels import name_rows, new_panels
from shg_xai.drawing.style import BLUE, FAINT, INK, ORANGE, PAGE, styled
from shg_xai.drawing.text import confidence_of
from shg_xai.results import Estimate


def figures(answer: Bottlenecks, material: Material) -> Iterator[Figure]:
    """One figure."""
    several = len(material.results.all(Bottlenecks)) > 1
    yield Figure(
        f'kinds-{answer.of}' if several else 'kinds',
        'How readable the units of each bottleneck are, and PCK with it in the network.',
        'Left: correlation in ranks of a concept with its best unit, mean over concepts (filled: the trained network; '
        'open: before training); middle: how well a unit tells the upper or lower fifth of one; over starts and '
        'photos. Right: PCK on labelled joints with the bottleneck in the '
        f'network (dotted: untouched). Bars are {confidence_of(answer)} intervals.',
        lambda: draw_bottlenecks(answer),
    )


@styled
def draw_bottlenecks(answer: Bottlenecks) -> figure.Figure:
    """Draw three panels with a row for each kind."""
    names: list[Name] = list(dict.fromkeys(one.name for one in answer.bottlenecks))
    figure, (left, middle, right) = new_panels(PAGE, 0.36 * len(names) + 0.9, 1, 3, sharey=True)
    for one in answer.bottlenecks:
        y = names.index(one.name)
        if one.latents == 'trained':
            _mark(left, one.readout.readability, y - 0.1, BLUE, filled=True)
            _mark(middle, one.readout.ends, y - 0.1, BLUE, filled=True)
        else:
            _mark(left, one.readout.readability, y + 0.15, ORANGE, filled=False)
            _mark(middle, one.readout.ends, y + 0.15, ORANGE, filled=False)
        if one.spliced:
            _mark(right, one.spliced.pck, y, INK, filled=True)
    if answer.untouched.value is not None:
        right.axvline(answer.untouched.value, color=FAINT, linestyle=':', linewidth=1.1)
    name_rows(left, [TITLES[name] for name in names])
    for ax in (middle, right):
        ax.grid(axis='x')
        ax.tick_params(axis='y', length=0)
    left.set(xlabel='whole concepts, rank correlation')
    middle.set(xlabel='ends of concepts, 2 AUC − 1')
    right.set(xlabel='PCK of labelled joints')
    return figure


def _mark(ax: Axes, value: Estimate, y: float, colour: str, filled: bool) -> None:
    """A dot and its interval."""
    if value.value is None:
        return
    if value.ends:
        ax.plot(_ends(value), [y, y], color=colour, linewidth=1.2)
    ax.plot(value.value, y, 'o', color=colour, markerfacecolor=colour if filled else 'white', markersize=5)


def _ends(value: Estimate) -> Sequence[float]:
    return value.ends or ()

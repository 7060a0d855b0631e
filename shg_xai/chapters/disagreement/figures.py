"""Groups on whom two networks differ, as dots with intervals."""

from collections.abc import Iterator
from functools import partial

from matplotlib import figure

from shg_xai.chapters.disagreement.findings import words
from shg_xai.chapters.disagreement.results import Disagreement
from shg_xai.drawing.material import Figure, Material
from shg_xai.drawing.panels import name_rows, new_panels, wrap
from shg_xai.drawing.style import BLUE, COLUMN, FAINT, styled
from shg_xai.drawing.text import confidence_of


def figures(answer: Disagreement, material: Material) -> Iterator[Figure]:
    """The difference on all persons and on each group; nothing where no group is told."""
    if not answer.groups:
        return
    place = [one for one in material.results.all(Disagreement) if one.groups].index(answer) + 1
    caption = (
        f'PCK of “{answer.second}” less that of “{answer.first}” on all persons and on groups of them, with '
        f'{confidence_of(answer)} intervals, each for itself alone.'
    )
    title = 'Differences between two networks on groups of persons.'
    yield Figure(f'disagreement-{place}', title, caption, partial(draw, answer), wide=False)


@styled
def draw(answer: Disagreement) -> figure.Figure:
    """Draw a dot and an interval for all persons and for each group."""
    rows = [('all persons', answer.difference), *((wrap(words(one)), one.difference) for one in answer.groups)]
    lines = sum(name.count('\n') + 1.6 for name, _ in rows)
    canvas, ax = new_panels(COLUMN, max(1.8, 0.7 + 0.17 * lines))
    for place, (_, difference) in enumerate(rows):
        if difference.ends:
            ax.plot(difference.ends, [place, place], color=BLUE, linewidth=1.6, solid_capstyle='butt')
        ax.plot(difference.value, place, 'o', color=BLUE, markersize=5)
    ax.axvline(0, color=FAINT, linewidth=0.8)
    name_rows(ax, [name for name, _ in rows])
    ax.set(xlabel=f'PCK of “{answer.second}” less “{answer.first}”')
    return canvas

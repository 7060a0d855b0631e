"""Weak spots as gaps with intervals, and their persons."""

from collections.abc import Iterator
from functools import partial

from matplotlib import figure

from shg_xai.chapters.weak_spots.findings import name_of
from shg_xai.chapters.weak_spots.results import WeakSpots
from shg_xai.drawing.material import DrawnPersons, Figure, Material
from shg_xai.drawing.panels import Row, Tile, draw_sheet, name_rows, new_panels, wrap
from shg_xai.drawing.style import BLUE, COLUMN, FAINT, ORANGE, PALETTE, styled
from shg_xai.drawing.text import confidence_of, number, percent

SHOWN = 6  # groups whose persons are drawn, the most costly


def figures(answer: WeakSpots, material: Material) -> Iterator[Figure]:
    """Gaps beside those of plainer searches, then a row of persons for each group; nothing where none is told."""
    if not answer.spots:
        return
    caption = (
        f'By how much PCK is lower on each group than on the others, with {confidence_of(answer)} intervals that hold '
        'for all candidates at once (blue); what a plainer search finds (orange, each for itself). Dashed: the margin.'
    )
    yield Figure('weak-spots', 'Gaps in PCK of groups of persons.', caption, partial(draw_gaps, answer), wide=False)
    persons = material.persons.get(answer.of)
    if persons:
        which = f'the {SHOWN} most costly groups' if len(answer.spots) > SHOWN else 'each group'
        caption = (
            f'Persons of {which} with their PCK, evenly from the worst met to the best. Skeletons are those annotated.'
        )
        draw = partial(draw_faces, answer, persons)
        yield Figure('weak-spots-persons', 'Persons of the groups the network is worse on.', caption, draw)


@styled
def draw_gaps(answer: WeakSpots) -> figure.Figure:
    """Draw a dot and an interval for each group and each plainer search."""
    rows = [(wrap(name_of(spot)), spot.gap, BLUE) for spot in answer.spots]
    rows += [(wrap(own.name), own.gap, ORANGE) for own in answer.baselines if own.gap.value is not None]
    lines = sum(name.count('\n') + 1.6 for name, *_ in rows)
    canvas, ax = new_panels(COLUMN, 0.7 + 0.17 * lines)
    for place, (_, gap, colour) in enumerate(rows):
        if gap.ends:
            ax.plot(gap.ends, [place, place], color=colour, linewidth=1.6, solid_capstyle='butt')
        ax.plot(gap.value, place, 'o', color=colour, markersize=5)
    ax.axvline(0, color=FAINT, linewidth=0.8)
    ax.axvline(answer.margin, color=FAINT, linestyle='--', linewidth=1)
    name_rows(ax, [name for name, *_ in rows])
    ax.set(xlabel='PCK of the others less that of the group')
    return canvas


def draw_faces(answer: WeakSpots, persons: DrawnPersons) -> figure.Figure:
    """Draw persons of each group."""
    rows = []
    for place, spot in enumerate(answer.spots[:SHOWN]):
        tiles = [Tile(persons.picture(own.annotation_id), f'PCK {number(own.pck)}') for own in spot.faces]
        name = f'{name_of(spot)}: {percent(spot.share)} of persons'
        rows.append(Row(name, tiles, PALETTE[place % len(PALETTE)]))
    return draw_sheet(rows)

"""The most suspicious labels as crops, with lines to where joints are predicted."""

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
from matplotlib import figure
from matplotlib.axes import Axes

from shg_xai.chapters.label_errors.results import LabelErrors, Suspect
from shg_xai.drawing.material import DrawnPersons, Figure, Material
from shg_xai.drawing.panels import new_grid, show_picture
from shg_xai.drawing.style import ORANGE, PAGE, styled
from shg_xai.drawing.text import number

SHOWN, COLUMNS = 12, 6
WORDS = dict(sides='left and right', limb='a limb’s sides', joint='a joint', flag='a flag', box='the box')


def figures(answer: LabelErrors, material: Material) -> Iterator[Figure]:
    """The first of the ranking; nothing where none is, or where persons cannot be drawn."""
    persons = material.persons.get(answer.of)
    if persons and answer.suspects:
        alt = 'Pictures of the persons whose labels look most wrong.'
        caption = (
            'The labels that look most wrong, as they are, the first first; lines go from suspect joints to where they '
            'are predicted (crosses). Beneath: what looks wrong, and the score.'
        )
        yield Figure('suspects', alt, caption, partial(draw_suspects, answer.suspects[:SHOWN], persons))


@styled
def draw_suspects(suspects: Sequence[Suspect], persons: DrawnPersons) -> figure.Figure:
    """Draw a picture of each."""
    canvas, axes = new_grid(len(suspects), COLUMNS, PAGE, PAGE / COLUMNS + 0.3, 0.1)
    for ax, one in zip(axes, suspects, strict=False):
        show_picture(ax, persons.picture(one.annotation_id))
        ax.set_xlabel(f'{WORDS[one.kind]}: {number(one.score, 1)}', fontsize=7, labelpad=2)
        if ax.images:
            _lines(ax, one)
    return canvas


def _lines(ax: Axes, one: Suspect) -> None:
    height, width = ax.images[0].get_size()
    for place in one.places:
        found = np.array(place.predicted) * (width, height) - 0.5
        ax.plot(*found, 'x', color=ORANGE, markersize=5, markeredgewidth=1.4)
        if place.labelled:
            label = np.array(place.labelled) * (width, height) - 0.5
            ax.plot(*np.stack([label, found], 1), color=ORANGE, linewidth=1)
    ax.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))

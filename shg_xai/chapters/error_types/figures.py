"""Kinds of error joint by joint, and joints that are far from their place."""

from collections.abc import Iterator

import numpy as np
from matplotlib import figure
from matplotlib.axes import Axes

from shg_xai.chapters.error_types.findings import WORDS
from shg_xai.chapters.error_types.results import ERRORS, KINDS, ErrorTypes, Example, JointErrors
from shg_xai.drawing.material import DrawnPersons, Figure, Material
from shg_xai.drawing.panels import name_rows, new_panels, nothing, show_picture
from shg_xai.drawing.style import COLUMN, PAGE, styled
from shg_xai.drawing.text import number

COLOURS = dict(good='#D9E8E3', jitter='#56B4E9', inversion='#E69F00', swap='#CC79A7', miss='#D55E00')
MOST, EACH = 40, 6  # joints with a bar, examples of a kind
TRUE, FOUND = '#FFFFFF', '#E31A1C'


def figures(answer: ErrorTypes, material: Material) -> Iterator[Figure]:
    """Bars of the kinds by joint, then examples."""
    if answer.all is None:
        return
    bars = bars_of(answer)
    left_out = sum(one.labelled > 0 for one in answer.joints) + 1 - len(bars)
    alt = 'Stacked bars: of each joint the share of good predictions, jitter, inversions, swaps and misses.'
    caption = 'Of each joint the labelled ones by kind of error; above, of all joints. Intervals are in the table.'
    if left_out:
        caption += f' Drawn are the {MOST} joints with the fewest good ones; {left_out} are left out.'
    yield Figure('kinds', alt, caption, lambda: draw_kinds(bars), wide=False)
    if answer.examples and answer.of in material.persons:
        alt = 'Pictures of persons with a joint that was predicted far from its place, by kind of error.'
        caption = (
            'Of each kind the joints farthest from their place, each on another photo: from where it is annotated '
            '(white ring) to where it was predicted (red cross). The skeleton is the annotated one.'
        )
        yield Figure('examples', alt, caption, lambda: draw_examples(answer, material.persons[answer.of]))


def bars_of(answer: ErrorTypes) -> list[JointErrors]:
    """All joints as one, then those drawn, in the skeleton's order."""
    known = [one for one in answer.joints if one.labelled]
    worst = sorted(known, key=lambda one: -one.erring)[:MOST]
    return [*([answer.all] if answer.all else []), *(one for one in known if one in worst)]


@styled
def draw_kinds(bars: list[JointErrors]) -> figure.Figure:
    """Draw one stacked bar a joint."""
    canvas, ax = new_panels(COLUMN, 0.9 + 0.19 * len(bars))
    if not bars:
        return nothing(ax)
    name_rows(ax, [one.joint or 'all joints' for one in bars])
    left = np.zeros(len(bars))
    for kind in KINDS:
        shares = np.array([one.of(kind).share.value or 0.0 for one in bars])
        ax.barh(range(len(bars)), shares, 0.78, left, color=COLOURS[kind], label=WORDS[kind])
        left += shares
    ax.set(xlim=(0, 1), xlabel='share of labelled joints')
    canvas.legend(loc='outside upper center', ncols=len(KINDS), columnspacing=1, handlelength=1)
    return canvas


@styled
def draw_examples(answer: ErrorTypes, persons: DrawnPersons) -> figure.Figure:
    """Draw pictures of persons, a row a kind, with one joint of each as it is and as it was predicted."""
    rows = {kind: [one for one in answer.examples if one.kind == kind][:EACH] for kind in ERRORS}
    rows = {kind: own for kind, own in rows.items() if own}
    side, shape = PAGE / 6.4, (max(len(rows), 1), EACH)
    canvas, axes = new_panels(PAGE, max(len(rows), 1) * (side + 0.46), *shape, squeeze=False)
    for ax in axes.flat:
        ax.set_axis_off()
    for line, (kind, own) in zip(axes, rows.items(), strict=False):
        for ax, one in zip(line, own, strict=False):
            _draw_example(ax, one, persons.picture(one.annotation_id))
        line[0].set_title(WORDS[kind], fontsize=9)
    return canvas


def _draw_example(ax: Axes, one: Example, picture: bytes | None) -> None:
    ax.set_axis_on()
    show_picture(ax, picture, COLOURS[one.kind])
    away = float(np.hypot(*np.subtract(one.predicted, one.annotated)))
    ax.set_xlabel(f'{one.joint}: {number(away)}', fontsize=7, labelpad=2, parse_math=False)
    if not ax.images:
        return
    height, width = ax.images[0].get_size()
    places = np.array([one.annotated, one.predicted]) * (width, height) - 0.5
    ax.plot(*places.T, color=FOUND, linewidth=1)
    ax.plot(*places[0], 'o', markerfacecolor='none', markeredgecolor=TRUE, markersize=6, markeredgewidth=1.4)
    ax.plot(*places[1], 'x', color=FOUND, markersize=6, markeredgewidth=1.6)
    ax.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))

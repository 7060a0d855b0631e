"""Sheets of pictures of real persons."""

import io
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from shg_xai.drawing.panels import new_panels, nothing
from shg_xai.drawing.style import FAINT, PAGE, styled

FRAME = '#999999'


class Tile(NamedTuple):
    """One picture of a sheet: a JPEG or None, and a line beneath it."""

    picture: bytes | None
    caption: str = ''


class Row(NamedTuple):
    """Pictures with a name above them and a colour for their frames."""

    name: str
    tiles: Sequence[Tile]
    colour: str = FRAME


def show_picture(ax: Axes, picture: bytes | None, colour: str = FRAME) -> None:
    """Show a JPEG without axes, or a grey tile that says there is none."""
    if picture is None:
        ax.set_facecolor('#EEEEEE')
        ax.text(0.5, 0.5, 'no\npicture', transform=ax.transAxes, ha='center', va='center', color=FAINT, fontsize=8)
        ax.set_box_aspect(1)
    else:
        ax.imshow(np.asarray(Image.open(io.BytesIO(picture)).convert('RGB')), aspect='equal', interpolation='lanczos')
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set(visible=True, color=colour, linewidth=0.8 if colour == FRAME else 2)


@styled
def draw_sheet(rows: Sequence[Row], columns: int = 6) -> Figure:
    """Draw rows of so many pictures; further ones go on below."""
    lines = [
        row._replace(name='' if start else row.name, tiles=row.tiles[start : start + columns])
        for row in rows
        for start in range(0, max(len(row.tiles), 1), columns)
    ]
    side = PAGE / 6.4
    height = sum(side + 0.22 + (0.24 if line.name else 0) for line in lines)
    pads, shape = dict(w_pad=0.03, h_pad=0.03, hspace=0.02, wspace=0.02), (len(lines), columns) if lines else (1, 1)
    figure, axes = new_panels(side * columns, max(height, 0.8), *shape, pads=pads, squeeze=False)
    if not lines:
        return nothing(axes[0, 0], 'nobody')
    for row, line in zip(axes, lines, strict=True):
        for ax in row[len(line.tiles) :]:
            ax.set_axis_off()
        if not line.tiles:
            row[0].text(0, 0.5, 'nobody', color=FAINT)
        for ax, tile in zip(row, line.tiles, strict=False):
            show_picture(ax, tile.picture, line.colour)
            ax.set_xlabel(tile.caption, fontsize=8, labelpad=2)
        row[0].set_title(line.name, fontsize=9)
    return figure

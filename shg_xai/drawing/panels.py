"""Figures and their panels, what panels are filled with, and sheets of pictures of real persons."""

import io
import textwrap
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from PIL import Image

from shg_xai.drawing.style import FAINT, PAGE, styled
from shg_xai.results import Estimate

# From blue for below zero to red for above.
DIVERGING = LinearSegmentedColormap.from_list('diverging', ('#08519C', '#6BAED6', '#F7F7F7', '#FDAE6B', '#A63603'))
FRAME = '#999999'


def new_panels(width: float, height: float, *shape: int, pads: Any = None, **kind: Any) -> Any:
    """A figure, in inches, of no window and no pyplot, and its axes (Figure.subplots); ``pads`` go to its layout."""
    figure = Figure(figsize=(width, height), layout=ConstrainedLayoutEngine(**(pads or {})))
    FigureCanvasAgg(figure)
    return figure, figure.subplots(*shape, **kind)


def new_grid(count: int, columns: int, width: float, each: float, more: float, **kind: Any) -> Any:
    """A figure and a flat array of axes, one line ``each`` inches high; all but the first ``count`` are off."""
    lines = max(1, -(-count // columns))
    figure, axes = new_panels(width, each * lines + more, lines, columns, squeeze=False, **kind)
    for ax in axes.flat[count:]:
        ax.set_axis_off()
    return figure, axes.ravel()


def picture(width: float, height: float) -> tuple[Figure, Axes]:
    """A figure, in inches, that is all picture: one panel without axes from edge to edge, y downwards its caller's."""
    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set_axis_off()
    return figure, ax


def curve(ax: Axes, x: Sequence[float], items: Sequence[Estimate], line: str, alpha: float = 0.2, **look: Any) -> None:
    """Draw values as a line and their intervals as a band around it; what is not known is a gap."""
    value, low, high = np.array([(item.value, item.low, item.high) for item in items], float).T  # None becomes NaN
    ax.fill_between(x, low, high, color=look['color'], alpha=alpha, linewidth=0)
    ax.plot(x, value, line, **look)


def name_rows(ax: Axes, names: Sequence[str]) -> None:
    """One row a name, the first on top, on a grid that lies behind all."""
    ax.set_yticks(range(len(names)), names, parse_math=False)
    ax.set(ylim=(len(names) - 0.45, -0.55), axisbelow=True)
    ax.tick_params(axis='y', length=0)
    ax.grid(axis='x')


def wrap(title: str) -> str:
    """A title broken into lines short enough to stand beside or above a panel."""
    return textwrap.fill(title, 26)


def nothing(ax: Axes, text: str = 'not known') -> Any:
    """Say in an empty panel that there is nothing to draw; its figure comes back."""
    ax.set_axis_on()
    ax.text(0.5, 0.5, text, transform=ax.transAxes, ha='center', va='center', color=FAINT)
    return ax.figure


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
        # The title's height is kept by an empty one: its width would push the first column away from the others.
        row[0].set_title(' ' if line.name else '', fontsize=9)
        look: Any = dict(fontsize=9, weight='bold', va='bottom', parse_math=False, in_layout=False)
        row[0].annotate(line.name, (0, 1), (0, 4), xycoords='axes fraction', textcoords='offset points', **look)
    return figure

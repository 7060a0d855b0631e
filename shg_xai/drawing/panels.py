"""Figures and their panels, and what panels are filled with."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from shg_xai.drawing.style import FAINT
from shg_xai.results import Estimate

# From blue for below zero to red for above.
DIVERGING = LinearSegmentedColormap.from_list('diverging', ('#08519C', '#6BAED6', '#F7F7F7', '#FDAE6B', '#A63603'))


def new_panels(width: float, height: float, *shape: int, pads: Mapping[str, float] = {}, **kind: Any) -> Any:
    """A figure, sizes in inches, that belongs to no window and no pyplot, and its axes: one, or an array of the shape.

    ``pads`` go to its layout, ``kind`` to Figure.subplots.
    """
    figure = Figure(figsize=(width, height), layout=ConstrainedLayoutEngine(**pads))
    FigureCanvasAgg(figure)
    return figure, figure.subplots(*shape, **kind)


def new_grid(count: int, columns: int, width: float, each: float, more: float, **kind: Any) -> Any:
    """A figure and a flat array of axes, one line ``each`` inches high; all but the first ``count`` are off."""
    lines = max(1, -(-count // columns))
    figure, axes = new_panels(width, each * lines + more, lines, columns, squeeze=False, **kind)
    for ax in axes.flat[max(count, 1) :]:
        ax.set_axis_off()
    return figure, axes.ravel()


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
    ax.text(0.5, 0.5, text, transform=ax.transAxes, ha='center', va='center', color=FAINT)
    return ax.figure

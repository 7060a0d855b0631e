"""Real persons in figures: sheets of pictures, and skeletons where the components put them."""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image

from shg_xai.drawing.style import FAINT, PAGE, PALETTE, UNKNOWN, new_figure, nothing, styled
from shg_xai.drawing.text import number
from shg_xai.report.reading import Analysis

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_SKELETONS = 150
# Side of a skeleton's crop, and how near the next may be (persons are taller than wide), as shares
# of the longer axis.
SKELETON, APART = 0.068, (0.038, 0.054)


class Tile(NamedTuple):
    """One picture of a sheet: a JPEG or None, and a line beneath it."""

    picture: bytes | None
    caption: str = ''


def show_picture(ax: 'Axes', picture: bytes | None, colour: str = '#999999') -> None:
    """Show a JPEG without axes, or a grey tile that says there is none."""
    if picture is None:
        ax.set_facecolor('#EEEEEE')
        ax.text(0.5, 0.5, 'no\npicture', transform=ax.transAxes, ha='center', va='center', color=FAINT, fontsize=8)
        ax.set_box_aspect(1)
    else:
        ax.imshow(np.asarray(Image.open(io.BytesIO(picture)).convert('RGB')), aspect='equal', interpolation='lanczos')
    ax.set(xticks=[], yticks=[])
    for spine in ax.spines.values():
        spine.set(visible=True, color=colour, linewidth=0.8 if colour == '#999999' else 2)


@styled
def draw_sheet(
    rows: Sequence[tuple[str, Sequence[Tile]]], columns: int = 6, colours: Sequence[str] | None = None
) -> 'Figure':
    """Draw rows of pictures, each row with a name above it.

    Args:
        rows: name and pictures of each row.
        columns: pictures a row; further ones go on below.
        colours: frame of each row's pictures.
    """
    lines = [
        (name if start == 0 else '', tiles[start : start + columns], place)
        for place, (name, tiles) in enumerate(rows)
        for start in range(0, max(len(tiles), 1), columns)
    ]
    side = PAGE / 6.4
    height = sum(side + 0.22 + (0.24 if name else 0) for name, *_ in lines)
    figure = new_figure(side * columns, max(height, 0.8))
    if not lines:
        nothing(figure.subplots(), 'nobody')
        return figure
    axes = figure.subplots(len(lines), columns, squeeze=False)
    figure.get_layout_engine().set(w_pad=0.03, h_pad=0.03, hspace=0.02, wspace=0.02)
    for line, (name, tiles, place) in zip(axes, lines, strict=True):
        for ax in line[max(len(tiles), 1) :]:
            ax.set_axis_off()
        if not tiles:
            line[0].set_axis_off()
            line[0].text(0, 0.5, 'nobody', color=FAINT)
        for ax, tile in zip(line, tiles, strict=False):
            show_picture(ax, tile.picture, colours[place] if colours else '#999999')
            ax.set_xlabel(tile.caption, fontsize=8, labelpad=2)
        if name:
            line[0].set_title(name, fontsize=9)
    return figure


def draw_centroids(analysis: Analysis, k: int, persons: int = 6) -> 'Figure':
    """Draw the persons nearest to the centre of each of K clusters, with their distance."""
    fit = fit_of(analysis, k)
    rows = [
        (
            f'cluster {place}: {number(size)} persons',
            [Tile(analysis.picture(item['annotation_id']), number(item['distance'])) for item in items[:persons]],
        )
        for place, (items, size) in enumerate(zip(fit['centroids'], fit['sizes'], strict=True))
    ]
    return draw_sheet(rows, persons, PALETTE)


def draw_misfits(analysis: Analysis, k: int) -> 'Figure':
    """Draw the persons that fit their cluster worst: its number and their silhouette."""
    tiles = [
        Tile(analysis.picture(item['annotation_id']), f'in {item["cluster"]}: {number(item["silhouette"])}')
        for item in fit_of(analysis, k)['misfits']
    ]
    return draw_sheet([('', tiles)])


def fit_of(analysis: Analysis, k: int) -> dict:
    """The entry of ``clusters.k`` for K clusters."""
    return next(item for item in analysis.result['clusters']['k'] if item['k'] == k)


@styled
def draw_skeletons(analysis: Analysis, k: int) -> 'Figure':
    """Draw persons as small skeletons in the plane of components 1 and 2, coloured by cluster.

    They are thinned until none lies on another; all persons of the map lie beneath as dots.
    """
    from matplotlib.collections import LineCollection
    from matplotlib.lines import Line2D

    x, y = analysis.numbers('component_1'), analysis.numbers('component_2')
    cluster = analysis.numbers(f'cluster_k{k}')
    shown = np.isfinite(x) & np.isfinite(y) & (analysis.numbers('in_map') == 1)
    if not shown.any():
        figure = new_figure(PAGE, 2)
        nothing(figure.subplots(), 'nobody')
        return figure
    place = np.stack([x, y], 1)
    low, high = place[shown].min(0), place[shown].max(0)
    span = np.maximum(high - low, 1e-9)
    size = SKELETON * span.max()
    # Both axes have one scale, so the figure takes the shape of what is in it.
    figure = new_figure(PAGE, min(max((PAGE - 0.7) * (span[1] + size) / (span[0] + size), 3), 6.4) + 0.8)
    ax = figure.subplots()
    colours = np.array([PALETTE[int(c) % len(PALETTE)] if np.isfinite(c) else UNKNOWN for c in cluster])
    ax.scatter(*place[shown].T, s=2.5, c=colours[shown], alpha=0.35, linewidths=0, rasterized=True)
    drawn = _thin(place, np.flatnonzero(shown & _has_skeleton(analysis)), np.array(APART) / SKELETON * size)
    lines, shades = [], []
    for row in drawn:
        bones = _bones(analysis, row) * size + place[row]
        lines += list(bones)
        shades += [colours[row]] * len(bones)
    ax.add_collection(LineCollection(lines, colors='white', linewidths=2.6, zorder=2))
    ax.add_collection(LineCollection(lines, colors=shades, linewidths=1.2, zorder=3, capstyle='round'))
    ax.update_datalim([low - size, high + size])
    ax.margins(0)
    ax.autoscale_view()
    ax.set(xlabel='component 1', ylabel='component 2')
    ax.set_aspect('equal', adjustable='datalim')
    handles = [Line2D([], [], color=PALETTE[c % len(PALETTE)], label=f'cluster {c}', linewidth=2.5) for c in range(k)]
    figure.legend(handles=handles, loc='outside upper left', ncols=5)
    return figure


def _has_skeleton(analysis: Analysis) -> np.ndarray:
    """Which rows of the atlas have at least one bone with both ends labelled, bool."""
    links = analysis.result['skeleton_links']
    flags = analysis.atlas['visibility'].to_pylist()
    return np.array([any(v[a] > 0 and v[b] > 0 for a, b in links) if v else False for v in flags], bool)


def _thin(place: np.ndarray, rows: np.ndarray, apart: np.ndarray) -> list[int]:
    """Take rows in their order, leave out those too near to one taken, up to the most."""
    taken: list[int] = []
    for row in rows:
        if all((np.abs(place[row] - place[other]) >= apart).any() for other in taken):
            taken.append(int(row))
            if len(taken) == MAX_SKELETONS:
                break
    return taken


def _bones(analysis: Analysis, row: int) -> np.ndarray:
    """Bones of a person, shape (bones, 2 ends, 2), in crop sides from the middle, y upwards."""
    atlas = analysis.atlas
    points = np.array(atlas['keypoints'][row].as_py(), float).reshape(-1, 2)
    flags = atlas['visibility'][row].as_py()
    # In the crop's frame: where a person is cut off and how large it stands in it stays visible.
    middle = np.array(atlas['crop_center'][row].as_py(), float)
    extent = max(*atlas['crop_scale'][row].as_py(), 1e-9)
    ends = [(points[a], points[b]) for a, b in analysis.result['skeleton_links'] if flags[a] > 0 and flags[b] > 0]
    return (np.array(ends) - middle) / extent * (1, -1)

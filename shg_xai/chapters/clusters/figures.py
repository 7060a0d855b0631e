"""Groups of persons: how many, how clear, and who sits where and badly in them."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from matplotlib import figure
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from shg_xai.chapters.clusters.findings import claims
from shg_xai.chapters.clusters.results import Clusters
from shg_xai.drawing import style
from shg_xai.drawing.material import Colour, DrawnPersons, Figure, Material, column_of
from shg_xai.drawing.panels import Row, Tile, draw_sheet, new_panels, nothing
from shg_xai.drawing.style import COLUMN, PAGE, PALETTE, styled
from shg_xai.drawing.text import confidence_of, number
from shg_xai.stats.groups import WIDE, along, in_windows, neighbours, valley

Links = Sequence[tuple[int, int]]
MAX_BARS, MAX_SKELETONS = 600, 150  # a bar of so many lines a cluster looks the same as one of 100,000
# Side of a skeleton's crop, and how near the next may be (persons are taller than wide), as shares of the longer axis.
SKELETON, APART = 0.068, (0.038, 0.054)
CENTRAL = 6


def figures(answer: Clusters, material: Material) -> Iterator[Figure]:
    """How many groups, then those of the best number."""
    confidence, persons, best = confidence_of(answer), material.persons[answer.of], answer.best_k
    alt = 'Mean silhouette and agreement of random halves for each K.'
    ring = 'the number of groups' if claims(answer) else 'the highest'
    caption = (
        f'Above: mean silhouette for each number of clusters with {confidence} intervals; the ring marks {ring}. '
        'Below: agreement of the clusters of random halves of the persons (adjusted Rand index; 1: the same).'
    )
    yield Figure('silhouette', alt, caption, lambda: draw_silhouettes(answer), wide=False)
    if claims(answer):
        alt = f'Persons along the line between two of {best} groups.'
        caption = (
            'All persons between the two neighbouring groups that are parted least, along the line from one centre (0) '
            'to the other (1). There is a valley where the window midway holds fewer than both of the others.'
        )
        yield Figure('valley', alt, caption, lambda: draw_valley(persons, best), wide=False)
    alt = f'Silhouettes of all persons in each of {best} clusters.'
    caption = (
        f'Silhouettes of all persons with K = {best}, sorted within each cluster. Left of zero: nearer to another '
        'cluster than to their own.'
    )
    yield Figure('silhouette-plot', alt, caption, lambda: draw_silhouette_plot(persons, best), wide=False)
    alt = 'Skeletons of persons in the plane of components 1 and 2.'
    caption = (
        f'Persons where the first two components put them, coloured by cluster (K = {best}). As many are drawn as fit '
        'without lying on each other, at one size; the dots are all persons of the map.'
    )
    links = material.layer(answer.of).skeleton_links
    yield Figure('skeletons', alt, caption, lambda: draw_skeletons(persons, best, links))
    alt = f'Persons nearest to the centres of {best} clusters.'
    caption = 'Persons nearest to the centre of each cluster, and their distance to it. Skeletons are those annotated.'
    yield Figure('centroids', alt, caption, lambda: draw_centroids(answer, persons, best))
    if misfits := answer.fit(best).misfits:
        caption = 'The persons that fit worst, with cluster and silhouette. Skeletons are those annotated.'
        texts = [f'in {item.cluster}: {number(item.silhouette)}' for item in misfits]
        tiles = [Tile(persons.picture(item.annotation_id), text) for item, text in zip(misfits, texts, strict=True)]
        yield Figure('misfits', 'Persons with the lowest silhouettes.', caption, lambda: draw_sheet([Row('', tiles)]))


def colours(answer: Clusters) -> list[Colour]:
    """The clusters, those of the best number and of two first."""
    best = answer.best_k
    found = [Colour(f'silhouette_k{best}', f'silhouette, K = {best}', groups=best, rank=0)]
    for k in dict.fromkeys([best, 2, *(fit.k for fit in answer.fits)]):
        place = 0 if k == best else len(found)
        found.insert(place, Colour(f'cluster_k{k}', f'cluster, K = {k}', 'group', k, 0 if k in (best, 2) else 2))
    return found


@styled
def draw_silhouettes(answer: Clusters) -> figure.Figure:
    """Draw the mean silhouette against K with its intervals, and how well random halves agree."""
    canvas, (above, below) = new_panels(COLUMN, 4, 2, 1, sharex=True, height_ratios=(3, 2))
    k = [fit.k for fit in answer.fits]
    found = [(fit.k, fit.silhouette) for fit in answer.fits if fit.silhouette.value is not None]
    points = [at for at, _ in found], [item.value for _, item in found]
    above.plot(*points, 'o', color=style.BLUE, markersize=5, linestyle='none')
    for at, item in found:
        if item.ends:
            above.plot([at, at], item.ends, '-', color=style.BLUE, linewidth=1.4, solid_capstyle='butt')
    if (best := answer.fit(answer.best_k).silhouette.value) is not None:
        ring = dict(markersize=11, markerfacecolor='none', markeredgecolor=style.ORANGE, markeredgewidth=2)
        above.plot(answer.best_k, best, 'o', **ring)
    above.set(ylabel='mean silhouette')
    above.grid(axis='y')
    mean, low = np.array([(fit.stability.value, fit.stability.low) for fit in answer.fits], float).T
    below.plot(k, mean, 'o-', color=style.GREEN, markersize=4, label='mean of all pairs')
    below.plot(k, low, 'v:', color=style.FAINT, markersize=4, label='worst pair')
    below.set(xlabel='number of clusters K', ylabel='agreement\nof halves', xticks=k)
    below.set_ylim(top=1.05)
    below.grid(axis='y')
    below.legend(loc='lower left', bbox_to_anchor=(0, 0.98), ncols=2, borderaxespad=0.1)
    return canvas


@styled
def draw_valley(persons: DrawnPersons, k: int) -> figure.Figure:
    """Draw where persons are on the line between two neighbouring centres of K, of those that are parted least."""
    names = [name for name in persons.persons.column_names if name.startswith('component_')]
    values = np.stack([column_of(persons.persons, name) for name in names], 1)
    cluster = column_of(persons.persons, f'cluster_k{k}')
    centres = np.stack([values[cluster == own].mean(0) for own in range(k)])
    places = {pair: along(values, centres, *pair) for pair in neighbours(centres)}
    (a, b), between = max(places.items(), key=lambda item: valley(in_windows(item[1])[None])[1])
    canvas, ax = new_panels(COLUMN, 2.6)
    for at in (0, 0.5, 1):
        ax.axvspan(at - WIDE / 2, at + WIDE / 2, color=style.FAINT, alpha=0.2, linewidth=0)
    counts, edges = np.histogram(between, np.arange(-1, 2, WIDE / 4) + WIDE / 8)
    ax.stairs(counts, edges, fill=True, color=style.BLUE)
    ax.set(xlabel=f'from the centre of cluster {a} to that of {b}', ylabel='persons', xlim=(-1, 2))
    return canvas


@styled
def draw_silhouette_plot(persons: DrawnPersons, k: int) -> figure.Figure:
    """Draw each person's silhouette, sorted within the cluster (Rousseeuw 1987, figure 1)."""
    values = column_of(persons.persons, f'silhouette_k{k}')
    cluster = column_of(persons.persons, f'cluster_k{k}')
    there = np.isfinite(values) & np.isfinite(cluster)
    canvas, ax = new_panels(COLUMN, 4)
    if not there.any():
        return nothing(ax)
    gap, start, ticks = 0.02 * there.sum(), 0.0, {}
    for own in np.unique(cluster[there]).astype(int):
        members = np.sort(values[there & (cluster == own)])[::-1]
        edges = np.linspace(0, len(members), min(len(members), MAX_BARS) + 1)
        middle = members[((edges[:-1] + edges[1:]) / 2).astype(int)]
        colour = PALETTE[own % len(PALETTE)]
        ax.stairs(middle, start + edges, orientation='horizontal', fill=True, color=colour, linewidth=0)
        ticks[start + len(members) / 2] = f'{own}\n({number(len(members))})'
        start += len(members) + gap
    low, mean, high = (float(find(values[there])) for find in (np.min, np.mean, np.max))
    ax.axvline(mean, color=style.INK, linestyle='--', linewidth=1)
    ax.axvline(0, color='#555555', linewidth=0.8)
    look: Any = dict(xycoords=('data', 'axes fraction'), xytext=(4, 2), textcoords='offset points', fontsize=8.5)
    ax.annotate(f'mean {number(mean)}', (mean, 1), **look)
    ax.set(xlabel='silhouette of each person', xlim=(min(-0.1, low - 0.03), high + 0.05))
    ax.set(ylabel='cluster (persons)', ylim=(start, 0))
    ax.set_yticks(list(ticks), list(ticks.values()))
    return canvas


def draw_centroids(answer: Clusters, persons: DrawnPersons, k: int) -> figure.Figure:
    """Draw the persons nearest to the centre of each of K clusters, with their distance."""
    fit, rows = answer.fit(k), []
    for place, (items, size) in enumerate(zip(fit.centroids, fit.sizes, strict=True)):
        tiles = [Tile(persons.picture(item.annotation_id), number(item.distance)) for item in items[:CENTRAL]]
        rows.append(Row(f'cluster {place}: {number(size)} persons', tiles, PALETTE[place % len(PALETTE)]))
    return draw_sheet(rows, CENTRAL)


@styled
def draw_skeletons(persons: DrawnPersons, k: int, links: Links) -> figure.Figure:
    """Draw persons as small skeletons in the plane of components 1 and 2, coloured by cluster.

    They are thinned until none lies on another; all persons of the map lie beneath as dots.
    """
    place = np.stack([persons.numbers('component_1'), persons.numbers('component_2')], 1)
    cluster = persons.numbers(f'cluster_k{k}')
    shown = np.isfinite(place).all(1) & (persons.numbers('in_map') == 1)
    if not shown.any():
        return nothing(new_panels(PAGE, 2)[1], 'nobody')
    low, high = place[shown].min(0), place[shown].max(0)
    span = np.maximum(high - low, 1e-9)
    size = SKELETON * span.max()
    # Both axes have one scale, so the figure takes the shape of what is in it.
    canvas, ax = new_panels(PAGE, min(max((PAGE - 0.7) * (span[1] + size) / (span[0] + size), 3), 6.4) + 0.8)
    colours = np.array([PALETTE[int(own) % len(PALETTE)] if np.isfinite(own) else style.UNKNOWN for own in cluster])
    ax.scatter(place[shown, 0], place[shown, 1], s=2.5, c=colours[shown], alpha=0.35, linewidths=0, rasterized=True)
    flags = persons.atlas['visibility'].to_pylist()
    boned = np.array([any(v[a] > 0 and v[b] > 0 for a, b in links) if v else False for v in flags], bool)
    lines, shades = list[NDArray[np.float64]](), list[str]()
    names = ('keypoints', 'visibility', 'crop_center', 'crop_scale')
    for row in _thin(place, np.flatnonzero(shown & boned), np.array(APART) / SKELETON * size):
        keypoints, flags, middle, scale = (persons.atlas[name][row].as_py() for name in names)
        points = np.array(keypoints, float).reshape(-1, 2)
        ends = np.array([(points[a], points[b]) for a, b in links if flags[a] > 0 and flags[b] > 0])
        # In the crop's frame, y upwards: where a person is cut off and how large it stands in it stays visible.
        lines += list((ends - np.array(middle, float)) / max(*scale, 1e-9) * (1, -1) * size + place[row])
        shades += [colours[row]] * len(ends)
    ax.add_collection(LineCollection(lines, colors='white', linewidths=2.6, zorder=2))
    ax.add_collection(LineCollection(lines, colors=shades, linewidths=1.2, zorder=3, capstyle='round'))
    ax.update_datalim([low - size, high + size])
    ax.margins(0)
    ax.set(xlabel='component 1', ylabel='component 2')
    ax.set_aspect('equal', adjustable='datalim')
    handles = [Line2D([], [], color=PALETTE[c % len(PALETTE)], label=f'cluster {c}', linewidth=2.5) for c in range(k)]
    canvas.legend(handles=handles, loc='outside upper left', ncols=5)
    return canvas


def _thin(place: NDArray[np.float64], rows: NDArray[np.int64], apart: NDArray[np.float64]) -> list[int]:
    """Take rows in their order, leave out those too near to one taken, up to the most."""
    taken: list[int] = []
    for row in rows:
        if all((np.abs(place[row] - place[other]) >= apart).any() for other in taken):
            taken.append(int(row))
            if len(taken) == MAX_SKELETONS:
                break
    return taken

"""Networks, their differences and their autoencoders: a point, an interval, and each seed."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import TYPE_CHECKING, Any

from shg_xai.chapters.networks.parts import (
    AUTOENCODERS,
    BETTER,
    FEW,
    GROUPS,
    NOTHING,
    WORSE,
    autoencoder_groups,
    signed,
    stack_name,
    title,
)
from shg_xai.drawing.style import BLUE, FAINT, INK, ORANGE, PAGE, PALETTE, new_figure, nothing, styled, wrap
from shg_xai.drawing.text import known, number, plural

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

VERDICTS = {BETTER: (BLUE, 'o'), WORSE: (PALETTE[4], 's'), FEW: (ORANGE, '^'), NOTHING: ('#666666', 'D')}
# A row that lies so many times as far away as the middle one becomes an arrow at the edge.
FAR = 4
SHOWN = ('labelled', 'limbs')


def _draw_point(
    ax: 'Axes',
    y: float,
    item: Mapping[str, Any] | None,
    seeds: Sequence[float | None],
    colour: str,
    marker: str = 'o',
    over_seeds: Mapping[str, Any] | None = None,
) -> None:
    """Draw a value with its interval, and beneath it each seed and the interval over them."""
    if over_seeds and known(over_seeds['low']) and known(over_seeds['high']):
        # Of few seeds it may reach far: it ends where the axis ends.
        ax.plot([over_seeds['low'], over_seeds['high']], [y + 0.24] * 2, color=colour, linewidth=0.8)
    below = [value for value in seeds if known(value)]
    ax.plot(
        below,
        [y + 0.24] * len(below),
        'o',
        color=colour,
        markerfacecolor='white',
        markersize=4,
        markeredgewidth=0.9,
        alpha=0.9,
    )
    if not item or not known(item.get('value')):
        return
    if known(item.get('low')) and known(item.get('high')):
        ax.plot([item['low'], item['high']], [y, y], color=colour, linewidth=1.8, solid_capstyle='butt')
    ax.plot(item['value'], y, marker, color=colour, markersize=5)


def _rows(ax: 'Axes', labels: Sequence[str]) -> None:
    """One row a label, the first on top."""
    ax.set_yticks(range(len(labels)), labels, parse_math=False)
    ax.set_ylim(len(labels) - 0.45, -0.55)
    ax.tick_params(axis='y', length=0)
    ax.grid(axis='x')
    ax.set_axisbelow(True)


def _legend(figure: 'Figure', entries: Sequence[tuple[str, str, str, str]]) -> None:
    """Explain marks; each is a label, a colour, a marker and the colour within it."""
    from matplotlib.lines import Line2D

    handles = [
        Line2D(
            [],
            [],
            color=colour,
            marker=marker,
            markerfacecolor=face,
            label=label,
            linestyle='--' if not marker else 'none',
            markersize=5.5,
        )
        for label, colour, marker, face in entries
    ]
    figure.legend(handles=handles, loc='outside upper left', ncols=len(handles))


def _numbers(item: Mapping[str, Any], seeds: Sequence[float | None]) -> list[float]:
    """All known numbers of a row."""
    return [value for value in (*(item.get(key) for key in ('value', 'low', 'high')), *seeds) if known(value)]


def _range(rows: Sequence[list[float]], centre: float | None = None) -> tuple[float, float]:
    """The ends of an axis that holds most rows; a few far away would squeeze all others.

    Args:
        rows: the numbers of each, its value first.
        centre: what the ends lie evenly around, or None.
    """
    rows = [row for row in rows if row]
    if not rows:
        return -1, 1
    middle = median(row[0] for row in rows) if centre is None else centre
    reach = FAR * median(max(abs(value - middle) for value in row) for row in rows)
    inside = [value for row in rows if abs(row[0] - middle) <= reach for value in row] or rows[0]
    low, high = min(inside), max(inside)
    if centre is not None:
        high = max(abs(low - centre), abs(high - centre))
        low, high = centre - high, centre + high
    margin = 0.08 * (high - low) or 0.01
    return low - margin, high + margin


def _draw_row(
    ax: 'Axes',
    y: int,
    item: Mapping[str, Any],
    seeds: Sequence[float | None],
    text: str,
    colour: str,
    marker: str = 'o',
    over_seeds: Mapping[str, Any] | None = None,
) -> None:
    """Draw a row; one that lies beyond the axis as an arrow with its number."""
    value = item.get('value')
    low, high = ax.get_xlim()
    if not known(value) or low <= value <= high:
        _draw_point(ax, y, item, seeds, colour, marker, over_seeds)
        return
    end, step = (high, low - high) if value > high else (low, high - low)
    ax.annotate(
        text,
        (end, y),
        (end + 0.16 * step, y),
        color=colour,
        fontsize=8.5,
        va='center',
        ha='right' if value > high else 'left',
        arrowprops=dict(arrowstyle='-|>', color=colour, linewidth=1.4, shrinkA=1, shrinkB=0),
    )


@styled
def draw_networks(study: Mapping[str, Any]) -> 'Figure':
    """Draw PCK of labelled and of limb joints of each network, and of the mean pose.

    Args:
        study: of results.json.
    """
    networks, pose = study['networks'], study['mean_pose']
    titles = [wrap(network['title']) for network in networks] + ['mean pose'] * bool(pose)
    figure = new_figure(PAGE, 0.52 * len(titles) + 1.15)
    axes = figure.subplots(1, len(SHOWN), sharey=True)
    for ax, group in zip(axes, SHOWN, strict=True):
        rows = [
            (network['pck'][group], [seed['pck'][group]['value'] for seed in network['seeds']]) for network in networks
        ]
        ax.set(title=GROUPS[group], xlabel='PCK', xlim=_range([_numbers(item, seeds) for item, seeds in rows]))
        for y, (item, seeds) in enumerate(rows):
            _draw_row(ax, y, item, seeds, number(item['value'], 3), BLUE)
        if pose and known(pose[group]):
            if ax.get_xlim()[0] <= pose[group] <= ax.get_xlim()[1]:
                ax.axvline(pose[group], color=FAINT, linestyle='--', linewidth=1.2)
            _draw_row(ax, len(networks), {'value': pose[group]}, [], number(pose[group], 3), '#666666', 'D')
        _rows(ax, titles)
    _legend(figure, [('mean over seeds, with its interval', BLUE, 'o', BLUE), ('one seed', BLUE, 'o', 'white')])
    return figure


@styled
def draw_differences(study: Mapping[str, Any]) -> 'Figure':
    """Draw how much more each network scores than the one it is compared with.

    Args:
        study: of results.json.
    """
    comparisons = study['comparisons']
    pairs = list(dict.fromkeys((item['a'], item['b']) for item in comparisons))
    groups = [group for group in GROUPS if any(item['group'] == group for item in comparisons)]
    figure = new_figure(PAGE, 0.62 * max(len(pairs), 2) + 1.15)
    axes = figure.subplots(1, max(len(groups), 1), sharey=True, squeeze=False)[0]
    if not pairs:
        nothing(axes[0])
        return figure
    ends = _range([_numbers(item['difference'], item['by_seed']) for item in comparisons], 0)
    for ax, group in zip(axes, groups, strict=True):
        ax.set(title=GROUPS[group], xlim=ends)
        for item in comparisons:
            if item['group'] == group:
                _draw_row(
                    ax,
                    pairs.index((item['a'], item['b'])),
                    item['difference'],
                    item['by_seed'],
                    signed(item['difference']['value']),
                    *VERDICTS[item['verdict']],
                    over_seeds=item['over_seeds'],
                )
        ax.axvline(0, color=INK, linewidth=1)
        ax.locator_params(axis='x', nbins=4)
        _rows(ax, [f'{wrap(title(study, a))}\n− {wrap(title(study, b))}' for a, b in pairs])
    figure.supxlabel('difference in PCK: the first less the second', fontsize=9)
    there = {item['verdict'] for item in comparisons}
    _legend(
        figure,
        [(verdict, colour, marker, colour) for verdict, (colour, marker) in VERDICTS.items() if verdict in there]
        + [('one seed', '#666666', 'o', 'white')],
    )
    return figure


@styled
def draw_autoencoders(study: Mapping[str, Any]) -> 'Figure':
    """Draw the variance each autoencoder explains beside PCA of the same width.

    Args:
        study: of results.json.
    """
    groups = autoencoder_groups(study)
    figure = new_figure(PAGE, 0.5 * max(len(groups), 2) + 1.1)
    ax = figure.subplots()
    if not groups:
        nothing(ax)
        return figure
    several = len({stack for _, stack, _ in groups}) > 1
    for y, items in enumerate(groups.values()):
        for place, item in enumerate(items):
            # Seeds a little apart, so that equal ones can all be seen.
            at = y + 0.16 * (place - (len(items) - 1) / 2)
            own, pca = item['explained_variance_ratio'], item['pca_explained_variance_ratio']
            if known(own) and known(pca):
                ax.plot([own, pca], [at, at], color='#BBBBBB', linewidth=1, zorder=1)
            if known(pca):
                ax.plot(pca, at, 'D', color=ORANGE, markersize=5.5)
            if known(own):
                ax.plot(own, at, 'o', color=BLUE, markersize=5.5)
    _rows(
        ax,
        [
            f'{AUTOENCODERS.get(key, key)}, {plural(width, "unit")}' + (f'\n{stack_name(stack)}' if several else '')
            for key, stack, width in groups
        ],
    )
    # Worse than the mean explains less than nothing.
    ax.set(xlim=(min(0, ax.get_xlim()[0]), 1.02), xlabel='share of the variance explained, of persons not trained on')
    _legend(figure, [('autoencoder, one seed each', BLUE, 'o', BLUE), ('PCA of the same width', ORANGE, 'D', ORANGE)])
    return figure

"""Several analyses side by side."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from shg_xai.drawing.style import COLUMN, INK, PAGE, PALETTE, new_figure, nothing, styled, wrap
from shg_xai.drawing.text import known, number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MARKERS = ('o', 's', '^', 'D', 'v', 'P', 'X', '*')


def _value(item: Mapping[str, Any] | None) -> float:
    value = (item or {}).get('value')
    return value if known(value) else np.nan


@styled
def draw_cka(comparison: Mapping[str, Any]) -> 'Figure':
    """Draw how alike the latents are as a matrix with numbers.

    Args:
        comparison: of results.json.
    """
    names = comparison['names']
    values = np.array([[_value(item) for item in line] for line in comparison['cka']], float)
    side = max(2.2, 0.75 * len(names))
    longest = max(map(len, names))
    figure = new_figure(min(PAGE, side + 0.09 * longest + 1.2), side + 0.05 * longest + 0.6)
    ax = figure.subplots()
    image = ax.imshow(values, cmap='cividis', vmin=0, vmax=1)
    for (row, column), value in np.ndenumerate(values):
        ax.text(
            column,
            row,
            '–' if np.isnan(value) else number(float(value)),
            ha='center',
            va='center',
            color='white' if value < 0.55 else INK,
        )
    turn = dict(rotation=35, ha='right', rotation_mode='anchor') if longest > 6 else {}
    ax.set_xticks(range(len(names)), names, parse_math=False, **turn)
    ax.set_yticks(range(len(names)), names, parse_math=False)
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)
    figure.colorbar(image, ax=ax, fraction=0.046, pad=0.03, ticks=[0, 0.5, 1]).set_label('CKA')
    return figure


@styled
def draw_balance(comparison: Mapping[str, Any]) -> 'Figure':
    """Draw for each K how evenly persons spread over clusters, one curve an analysis.

    Args:
        comparison: of results.json.
    """
    figure = new_figure(COLUMN, 4)
    above, below = figure.subplots(2, 1, sharex=True)
    for ax, key, label in ((above, 'entropy_share', 'evenness'), (below, 'smallest_share', 'smallest cluster')):
        for place, name in enumerate(comparison['names']):
            entries = [item for item in comparison['balance'] if item['name'] == name]
            ax.plot(
                [item['k'] for item in entries],
                [item[key] if known(item[key]) else np.nan for item in entries],
                '-',
                marker=MARKERS[place % len(MARKERS)],
                markersize=4.5,
                label=name,
                color=PALETTE[place % len(PALETTE)],
            )
        ax.set(ylabel=label)
        ax.grid(axis='y')
        # As many ticks in any room: others, with more digits, would not fit what was laid out.
        ax.locator_params(axis='y', nbins=4)
    above.set_ylim(top=1.02)
    below.set_ylim(bottom=0)
    below.set(xlabel='number of clusters K', xticks=sorted({item['k'] for item in comparison['balance']}))
    figure.legend(*above.get_legend_handles_labels(), loc='outside upper left', ncols=2)
    return figure


@styled
def draw_purity(comparison: Mapping[str, Any], titles: Mapping[str, str], k: int) -> 'Figure':
    """Draw how much of the clusters each concept explains, one mark an analysis.

    Args:
        comparison: of results.json.
        titles: name of a concept -> its title.
        k: number of clusters.
    """
    entries = [item for item in comparison['purity'] if item['k'] == k]
    concepts = list(dict.fromkeys(item['concept'] for item in entries))

    def highest(concept: str) -> float:
        return max(
            (item['entropy_share'] for item in entries if item['concept'] == concept and known(item['entropy_share'])),
            default=-1,
        )

    concepts.sort(key=highest)
    figure = new_figure(COLUMN + 0.4, 0.3 * max(len(concepts), 2) + 1.1)
    ax = figure.subplots()
    if not concepts:
        nothing(ax)
        return figure
    for place, name in enumerate(comparison['names']):
        shown = [
            (item['entropy_share'], concepts.index(item['concept']))
            for item in entries
            if item['name'] == name and known(item['entropy_share'])
        ]
        # A little apart, so that equal values can both be seen.
        shift = 0.22 * (place - (len(comparison['names']) - 1) / 2) / len(comparison['names'])
        ax.plot(
            [x for x, _ in shown],
            [y - shift * 2 for _, y in shown],
            linestyle='none',
            marker=MARKERS[place % len(MARKERS)],
            color=PALETTE[place % len(PALETTE)],
            markersize=6,
            label=name,
        )
    ax.set_yticks(range(len(concepts)), [wrap(titles.get(name, name)) for name in concepts], parse_math=False)
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.6, len(concepts) - 0.4), xlabel='share of the clusters’ entropy it explains')
    ax.grid(axis='both')
    figure.legend(*ax.get_legend_handles_labels(), loc='outside upper left', ncols=2)
    return figure

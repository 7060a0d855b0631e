"""Groups of persons: how many, how clear, and who sits badly in them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from shg_xai.drawing.style import (
    BLUE,
    COLUMN,
    FAINT,
    GREEN,
    INK,
    ORANGE,
    PALETTE,
    band,
    new_figure,
    nothing,
    styled,
    wrap,
)
from shg_xai.drawing.text import known, number
from shg_xai.report.reading import Analysis, column_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# A bar of so many lines a cluster looks the same as one of 100,000.
MAX_BARS = 600


@styled
def draw_silhouettes(result: Mapping[str, Any]) -> 'Figure':
    """Draw the mean silhouette against K with its intervals, and how well restarts agree.

    Args:
        result: an analysis of results.json.
    """
    fits = result['clusters']['k']
    figure = new_figure(COLUMN, 4)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    if not fits:
        nothing(above)
        nothing(below)
        return figure
    k = [fit['k'] for fit in fits]
    band(above, k, [fit['silhouette'] for fit in fits], BLUE, 'silhouette')
    best = result['clusters'].get('best_k')
    for fit in fits:
        value = (fit['silhouette'] or {}).get('value')
        if fit['k'] == best and known(value):
            above.plot(
                best, value, 'o', markersize=11, markerfacecolor='none', markeredgecolor=ORANGE, markeredgewidth=2
            )
    above.set(ylabel='mean silhouette')
    above.grid(axis='y')
    low = [(fit['stability'] or {}).get('low') for fit in fits]
    mean = [(fit['stability'] or {}).get('value') for fit in fits]
    for values, style, label in ((mean, 'o-', 'mean of all pairs'), (low, 'v:', 'worst pair')):
        below.plot(
            k,
            [value if known(value) else np.nan for value in values],
            style,
            color=GREEN if style == 'o-' else FAINT,
            markersize=4,
            label=label,
        )
    below.set(xlabel='number of clusters K', ylabel='agreement\nof restarts', xticks=k)
    below.set_ylim(top=1.05)
    below.grid(axis='y')
    below.legend(loc='lower left', bbox_to_anchor=(0, 0.98), ncols=2, borderaxespad=0.1)
    return figure


@styled
def draw_silhouette_plot(analysis: Analysis, k: int) -> 'Figure':
    """Draw each person's silhouette, sorted within the cluster (Rousseeuw 1987, figure 1)."""
    values = column_of(analysis.persons, f'silhouette_k{k}')
    cluster = column_of(analysis.persons, f'cluster_k{k}')
    there = np.isfinite(values) & np.isfinite(cluster)
    figure = new_figure(COLUMN, 4)
    ax = figure.subplots()
    if not there.any():
        nothing(ax)
        return figure
    total, gap, start, ticks = int(there.sum()), 0.02 * there.sum(), 0.0, []
    for c in range(k):
        members = np.sort(values[there & (cluster == c)])[::-1]
        if not len(members):
            continue
        bars = min(len(members), MAX_BARS)
        edges = np.linspace(0, len(members), bars + 1)
        middle = members[((edges[:-1] + edges[1:]) / 2).astype(int)]
        ax.stairs(
            middle, start + edges, orientation='horizontal', fill=True, color=PALETTE[c % len(PALETTE)], linewidth=0
        )
        ticks.append((start + len(members) / 2, f'{c}\n({number(len(members))})'))
        start += len(members) + gap
    mean = float(values[there].mean())
    ax.axvline(mean, color=INK, linestyle='--', linewidth=1)
    ax.axvline(0, color='#555555', linewidth=0.8)
    ax.annotate(
        f'mean {number(mean)}',
        (mean, 1),
        xycoords=('data', 'axes fraction'),
        xytext=(4, 2),
        textcoords='offset points',
        fontsize=8.5,
    )
    ax.set(
        xlabel='silhouette of each person',
        ylabel='cluster (persons)',
        ylim=(start, 0),
        xlim=(min(-0.1, float(values[there].min()) - 0.03), float(values[there].max()) + 0.05),
    )
    ax.set_yticks([at for at, _ in ticks], [label for _, label in ticks])
    if total == 0:
        nothing(ax)
    return figure


@styled
def draw_effects(result: Mapping[str, Any], k: int) -> 'Figure':
    """Draw how far the clusters differ in each concept, with intervals, the largest above.

    Args:
        result: an analysis of results.json.
        k: number of clusters, one of those with effects.
    """
    entries = [entry for entry in result['concepts']['clusters'] if entry['k'] == k]
    titles = {item['name']: item['title'] for item in result['concepts']['definitions']}
    measures = {entry['effect']['measure'] for entry in entries if entry['effect']}
    centre = 0.5 if measures == {'auc'} else 0.0

    def size(entry: Mapping[str, Any]) -> float:
        value = (entry['effect'] or {}).get('value')
        return abs(value - centre) if known(value) else -1.0

    entries.sort(key=size)
    figure = new_figure(COLUMN + 0.4, 0.31 * max(len(entries), 2) + 1.1)
    ax = figure.subplots()
    if not entries:
        nothing(ax)
        return figure
    for row, entry in enumerate(entries):
        effect = entry['effect'] or {}
        if not known(effect.get('value')):
            ax.text(centre, row, ' not known', color=FAINT, va='center', fontsize=8.5)
            continue
        if known(effect.get('low')) and known(effect.get('high')):
            ax.plot([effect['low'], effect['high']], [row, row], color=BLUE, linewidth=1.6)
        ax.plot(effect['value'], row, 'o', color=BLUE, markersize=5)
    ax.axvline(centre, color=INK, linewidth=0.9, linestyle='--')
    ax.set_yticks(
        range(len(entries)),
        [wrap(titles.get(entry['concept'], entry['concept'])) for entry in entries],
        parse_math=False,
    )
    ax.set(
        xlim=(-0.02, 1.02),
        ylim=(-0.6, len(entries) - 0.4),
        xlabel='chance that a person of cluster 1\nhas more of it than one of cluster 0'
        if centre
        else 'share of the ranks’ variance between clusters (ε²)',
    )
    ax.grid(axis='x')
    return figure

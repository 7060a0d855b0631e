"""What the components hold: the spectrum of the latent and its running sum."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from shg_xai.drawing.style import BLUE, COLUMN, FAINT, INK, ORANGE, PALETTE, new_figure, nothing, styled
from shg_xai.drawing.text import known, number, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Of thousands of components a curve of so many points looks the same and is a small file.
MAX_POINTS = 600


def _places(count: int) -> np.ndarray:
    """Components (from 1) that are drawn: all, or evenly on the logarithmic axis."""
    if count <= MAX_POINTS:
        return np.arange(1, count + 1)
    return np.unique(np.geomspace(1, count, MAX_POINTS).round().astype(int))


def _values(values: Sequence[float | None]) -> np.ndarray:
    return np.array([np.nan if value is None else value for value in values], float)


@styled
def draw_spectrum(result: Mapping[str, Any]) -> 'Figure':
    """Draw the share of variance of each component, with what noise would give.

    Args:
        result: an analysis of results.json.
    """
    spectrum = result['spectrum']
    figure = new_figure(COLUMN, 3.5)
    ax = figure.subplots()
    ratio = _values(spectrum['explained_variance_ratio'])
    at = _places(len(ratio))
    if not (np.nan_to_num(ratio) > 0).any():
        nothing(ax)
        return figure
    floor = max(np.nanmax(ratio) * 1e-6, np.nanmin(ratio[ratio > 0]))
    marker = '.' if len(ratio) <= 100 else ''
    ax.plot(at, np.where(ratio > 0, ratio, np.nan)[at - 1], color=BLUE, marker=marker, label='this latent')
    _draw_intervals(ax, spectrum)
    _draw_null(ax, spectrum, at)
    ax.set(
        xscale='log',
        yscale='log',
        xlabel='component',
        xlim=(0.9, len(ratio) * 1.1),
        ylabel='share of the variance',
        ylim=(floor * 0.6, np.nanmax(ratio) * 5),
    )
    _mark(ax, spectrum, len(ratio))
    ax.grid(axis='y')
    ax.legend(loc='lower left')
    plain_ticks(ax)
    return figure


def plain_ticks(ax: 'Axes') -> None:
    """Write a logarithmic axis of components as 1, 10, 100 instead of powers."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f'{x:,.0f}'))
    ax.xaxis.set_minor_formatter(NullFormatter())


def _draw_intervals(ax: 'Axes', spectrum: Mapping[str, Any]) -> None:
    for item in spectrum.get('leading') or []:
        if known(item['low']) and known(item['high']):
            ax.plot(
                [item['component']] * 2,
                [item['low'], item['high']],
                color=BLUE,
                linewidth=3.5,
                alpha=0.35,
                solid_capstyle='butt',
            )


def _draw_null(ax: 'Axes', spectrum: Mapping[str, Any], at: np.ndarray) -> None:
    """Draw the eigenvalues without structure, over the same total as the spectrum's."""
    noise = spectrum.get('noise') or {}
    null, values = _values(noise.get('null') or []), _values(spectrum['eigenvalues'])
    ratio = _values(spectrum['explained_variance_ratio'])
    if not len(null) or not ratio[0] > 0:
        return
    null = null * ratio[0] / values[0]
    at = at[at <= len(null)]
    ax.plot(at, np.where(null > 0, null, np.nan)[at - 1], color=FAINT, linestyle='--', label='without structure')


def _mark(ax: 'Axes', spectrum: Mapping[str, Any], count: int) -> None:
    """Mark where noise begins and where the study saw it begin."""
    noise, study = spectrum.get('noise') or {}, spectrum.get('study')
    marks = [(noise.get('value'), ORANGE, 'above noise: {}', '-')]
    if study:
        marks.append((study['component'], INK, 'the study’s {}', ':'))
    marks = sorted((mark for mark in marks if known(mark[0]) and mark[0] >= 1), key=lambda mark: mark[0])
    for place, (component, colour, label, style) in enumerate(marks):
        ax.axvline(component, color=colour, linestyle=style, linewidth=1.2)
        # The first writes to its left, the second to its right, where there is room for it.
        left = component > count / 6 or (place == 0 and len(marks) == 2 and component > 4)
        ax.annotate(
            label.format(number(component)),
            (component, 1),
            xycoords=('data', 'axes fraction'),
            color=INK,
            fontsize=8.5,
            xytext=(-4 if left else 4, -11 - 13 * place),
            textcoords='offset points',
            ha='right' if left else 'left',
            bbox=dict(facecolor='white', edgecolor='none', alpha=0.8, pad=1),
        )


@styled
def draw_running_sums(results: Sequence[Mapping[str, Any]]) -> 'Figure':
    """Draw the share of variance of the first components, one curve an analysis.

    Args:
        results: analyses of results.json; of a single one the components for 90, 95 and 99 per cent are marked.
    """
    figure = new_figure(COLUMN, 3.5)
    ax = figure.subplots()
    styles = ('-', '--', '-.', ':')
    for place, result in enumerate(results):
        sums = _values(result['spectrum']['cumulative'])
        at = _places(len(sums))
        ax.plot(
            at,
            sums[at - 1],
            color=PALETTE[place % len(PALETTE)],
            linestyle=styles[place % len(styles)],
            label=result['name'],
        )
    for share in (0.90, 0.95, 0.99):
        ax.axhline(share, color=FAINT, linewidth=0.7, linestyle=':')
    if len(results) == 1:
        for item in results[0]['spectrum']['components_for']:
            _mark_width(ax, item, results[0]['spectrum']['cumulative'])
    else:
        ax.legend(loc='lower right')
    longest = max(len(result['spectrum']['cumulative']) for result in results)
    ax.set(
        xscale='log',
        xlabel='number of components',
        xlim=(0.9, longest * 1.1),
        ylabel='share of the variance they hold',
        ylim=(0, 1.02),
    )
    plain_ticks(ax)
    return figure


def _mark_width(ax: 'Axes', item: Mapping[str, Any], sums: Sequence[float | None]) -> None:
    """Mark how many components hold a share, the number in a column of its own below."""
    if not known(item['value']):
        return
    held = _values(sums)[item['value'] - 1]
    ax.plot([item['value']] * 2, [0, held], color=FAINT, linewidth=0.7)
    ax.plot(item['value'], held, 'o', color=ORANGE, markersize=6, zorder=3)
    place = {0.9: 0, 0.95: 1, 0.99: 2}.get(round(item['share'], 2), 0)
    ax.annotate(
        f'{percent(item["share"])}: {number(item["value"])}',
        (item['value'], 0.06 + 0.09 * (2 - place)),
        xytext=(-4, 0),
        ha='right',
        textcoords='offset points',
        fontsize=8.5,
        va='center',
        bbox=dict(facecolor='white', edgecolor='none', alpha=0.8, pad=1),
    )

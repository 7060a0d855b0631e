"""The spectrum and its running sum, as curves."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from matplotlib import figure
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import NullFormatter
from numpy.typing import NDArray

from shg_xai.chapters.spectrum.results import Spectrum
from shg_xai.drawing.material import Figure, Material
from shg_xai.drawing.panels import new_panels, nothing
from shg_xai.drawing.style import BLUE, COLUMN, FAINT, INK, ORANGE, PALETTE, styled
from shg_xai.drawing.text import confidence_of, number, percent
from shg_xai.results import Estimate

MAX_POINTS = 600  # of thousands of components such a curve looks the same and is a small file
LABEL: Any = dict(textcoords='offset points', fontsize=8.5, bbox=dict(fc='white', ec='none', alpha=0.8, pad=1))


def figures(answer: Spectrum, material: Material) -> Iterator[Figure]:
    """The share of each component, and of the first ones together."""
    alt = 'Share of the variance of each component, falling, with the level of noise; the first ten with intervals.'
    caption = (
        'Above: the share of the variance that each of the first components holds, as fitted (ring) and with a '
        f'{confidence_of(answer)} interval where it is fitted to one half of the images and measured on the other. '
        'Below: the fitted shares of all, on logarithmic axes. Dashed: what the first would hold at most, in 39 of 40 '
        'draws, if dimensions had nothing to do with each other.'
    )
    yield Figure('spectrum', alt, caption, lambda: draw_spectrum(answer), wide=False)
    alt = 'Running sum of the shares of variance, with the components for 90, 95 and 99 per cent.'
    caption = 'How much of the variance the first components hold together, and how many it takes for 90, 95 and 99 %.'
    yield Figure('running-sum', alt, caption, lambda: draw_running_sums([answer]), wide=False)


def _places(count: int) -> NDArray[np.int64]:
    """Components (from 1) that are drawn: all, or evenly on the logarithmic axis."""
    few = count <= MAX_POINTS
    return np.arange(1, count + 1) if few else np.unique(np.geomspace(1, count, MAX_POINTS).round().astype(int))


@styled
def draw_spectrum(answer: Spectrum) -> figure.Figure:
    """Draw the share of variance of each component, with what noise would give."""
    ratio = np.array(answer.explained_variance_ratio)
    measured = [(place, one) for place, one in enumerate(answer.held_out, 1) if one.ends]
    canvas, axes = new_panels(COLUMN, 5.6 if measured else 3.5, 2 if measured else 1, 1, squeeze=False)
    ax = axes[-1, 0]
    if not (ratio > 0).any():
        return nothing(ax)
    if measured:
        _draw_first(axes[0, 0], measured, ratio)
    at, marker = _places(len(ratio)), '.' if len(ratio) <= 100 else ''
    ax.plot(at, np.where(ratio > 0, ratio, np.nan)[at - 1], color=BLUE, marker=marker, label='this latent')
    # The most there would be without structure, over the same total.
    ax.axhline(answer.noise.threshold / sum(answer.eigenvalues), color=FAINT, linestyle='--', label='without structure')
    floor = max(ratio.max() * 1e-6, ratio[ratio > 0].min())
    ax.set(xscale='log', xlabel='component', xlim=(0.9, len(ratio) * 1.1))
    ax.set(yscale='log', ylabel='share of the variance', ylim=(floor * 0.6, ratio.max() * 5))
    _mark(ax, answer)
    ax.grid(axis='y')
    ax.legend(loc='lower left')
    plain_ticks(ax)
    return canvas


def _draw_first(ax: Axes, measured: Sequence[tuple[int, Estimate]], ratio: NDArray[np.float64]) -> None:
    """Draw the first components on an axis from 0, where intervals can be seen."""
    for component, item in measured:
        if item.ends and item.value is not None:
            ax.plot([component] * 2, item.ends, color=ORANGE, linewidth=6, alpha=0.45, solid_capstyle='butt')
            ax.plot([component - 0.2, component + 0.2], [item.value] * 2, color=ORANGE, linewidth=2)
        ax.plot(component, ratio[component - 1], 'o', color=BLUE, markersize=5, markerfacecolor='none')
    handles: Any = [
        Line2D([], [], marker='o', linestyle='', color=BLUE, markerfacecolor='none', label='as fitted'),
        Patch(color=ORANGE, alpha=0.45, label='measured on other images'),
    ]
    ax.legend(handles=handles, loc='upper right')
    ax.set(xlabel='component', ylabel='share of the variance', xticks=[component for component, _ in measured])
    ax.set_ylim(bottom=0)
    ax.grid(axis='y')


def plain_ticks(ax: Axes) -> None:
    """Write a logarithmic axis of components as 1, 10, 100 instead of powers."""
    ax.xaxis.set_major_formatter(lambda x, _: f'{x:,.0f}')
    ax.xaxis.set_minor_formatter(NullFormatter())


def _mark(ax: Axes, answer: Spectrum) -> None:
    """Mark where noise begins and where the study saw it begin."""
    marks = [(answer.noise.value, ORANGE, 'above noise: {}', '-')] if answer.noise.value >= 1 else []
    if answer.study:
        marks.append((answer.study.component, INK, 'the study’s {}', ':'))
    for place, (component, colour, label, style) in enumerate(sorted(marks, key=lambda mark: mark[0])):
        ax.axvline(component, color=colour, linestyle=style, linewidth=1.2)
        # The first writes to its left, the second to its right, where there is room for it.
        left = component > len(answer.eigenvalues) / 6 or (place == 0 and len(marks) == 2 and component > 4)
        at: Any = dict(xycoords=('data', 'axes fraction'), xytext=(-4 if left else 4, -11 - 13 * place), **LABEL)
        ax.annotate(label.format(number(component)), (component, 1), color=INK, ha='right' if left else 'left', **at)


@styled
def draw_running_sums(answers: Sequence[Spectrum]) -> figure.Figure:
    """Draw the share of variance of the first components, a curve a layer; of one layer 90, 95 and 99 % are marked."""
    canvas, ax = new_panels(COLUMN, 3.5)
    for place, answer in enumerate(answers):
        at, line = _places(len(answer.cumulative)), ('-', '--', '-.', ':')[place % 4]
        ax.plot(at, np.array(answer.cumulative)[at - 1], line, label=answer.of, color=PALETTE[place % len(PALETTE)])
    for share in (0.90, 0.95, 0.99):
        ax.axhline(share, color=FAINT, linewidth=0.7, linestyle=':')
    for place, item in enumerate(answers[0].components_for if len(answers) == 1 else ()):
        height = answers[0].cumulative[item.value - 1]
        ax.plot([item.value] * 2, [0, height], color=FAINT, linewidth=0.7)
        ax.plot(item.value, height, 'o', color=ORANGE, markersize=6, zorder=3)
        text = f'{percent(item.share)}: {number(item.value)}'
        ax.annotate(text, (item.value, 0.24 - 0.09 * place), xytext=(-4, 0), ha='right', va='center', **LABEL)
    if len(answers) > 1:
        ax.legend(loc='lower right')
    longest = max(len(answer.cumulative) for answer in answers)
    ax.set(xscale='log', xlabel='number of components', xlim=(0.9, longest * 1.1))
    ax.set(ylabel='share of the variance they hold', ylim=(0, 1.02))
    plain_ticks(ax)
    return canvas

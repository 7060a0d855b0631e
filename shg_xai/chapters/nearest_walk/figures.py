"""Walks along components: the nearest real persons, and how near they are."""

from typing import TYPE_CHECKING, Any

from shg_xai.chapters.clusters.figures_persons import show_picture
from shg_xai.drawing.style import BLUE, FAINT, PAGE, new_figure, nothing, styled
from shg_xai.drawing.text import amount, known, number
from shg_xai.report.reading import Analysis

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def step_text(step: float) -> str:
    """A step as ``−3 σ``; the mean for no step."""
    return 'mean' if step == 0 else f'{"+" if step > 0 else "−"}{abs(step):g} σ'


@styled
def draw_walk_strip(analysis: Analysis) -> 'Figure':
    """Draw for each component the nearest real person at each step, the distance beneath.

    Beneath that, in brackets, the distance along random directions of the same length.
    """
    walks = analysis.result['walks']
    rows, columns = walks['components'], len(walks['steps'])
    side = PAGE / (columns + 0.9)
    figure = new_figure(PAGE, (side + 0.38) * max(len(rows), 1) + 0.35)
    if not rows:
        nothing(figure.subplots(), 'no walks')
        return figure
    figure.get_layout_engine().set(w_pad=0.03, h_pad=0.06, hspace=0, wspace=0)
    axes = figure.subplots(len(rows), columns, squeeze=False)
    for place, (line, entry) in enumerate(zip(axes, rows, strict=True)):
        for ax, point in zip(line, entry['points'], strict=True):
            near = point['nearest']
            show_picture(ax, analysis.picture(near[0]['annotation_id']) if near else None)
            chance = amount((point['random'] or {}).get('value'), absent='–')
            ax.set_xlabel(
                f'{amount(point["distance"], absent="–")}\n({chance})', fontsize=8.5, labelpad=2, linespacing=1.15
            )
            if place == 0:
                ax.set_title(step_text(point['step']), loc='center', fontsize=9.5)
        line[0].set_ylabel(
            f'component {number(entry["component"])}\nσ = {amount(entry["sigma"], absent="–")}', fontsize=9
        )
    return figure


@styled
def draw_walk_distances(analysis: Analysis) -> 'Figure':
    """Draw the distance to the nearest real person against steps, with the random baseline."""
    entries = analysis.result['walks']['components']
    columns = min(3, max(1, len(entries)))
    lines = -(-len(entries) // columns) or 1
    figure = new_figure(2.45 * columns + 0.5 if columns > 1 else 4, 1.9 * lines + 0.6)
    axes = figure.subplots(lines, columns, squeeze=False, sharex=True, sharey=True)
    for ax in axes.flat[len(entries) :]:
        ax.set_axis_off()
    for ax, entry in zip(axes.flat, entries, strict=False):
        steps = [point['step'] for point in entry['points']]
        chance = [point['random'] or {} for point in entry['points']]
        _draw_band(ax, steps, chance)
        ax.plot(
            steps,
            [_or_gap(point['distance']) for point in entry['points']],
            'o-',
            color=BLUE,
            markersize=4,
            label='along the component',
        )
        ax.set_title(f'component {number(entry["component"])}')
        ax.set_xticks(steps)
        ax.grid(axis='y')
        ax.set_ylim(bottom=0)
    # The panels above an empty place have no other axis to read the steps from.
    for column in range(columns):
        last = max((row for row in range(lines) if row * columns + column < len(entries)), default=0)
        axes[last, column].tick_params(labelbottom=True)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc='outside upper left', ncols=2)
    figure.supxlabel('steps of one standard deviation from the mean', fontsize=9)
    figure.supylabel('distance to the nearest real person', fontsize=9)
    return figure


def _or_gap(value: float | None) -> float:
    """NaN is how matplotlib is told of a gap."""
    return value if known(value) else float('nan')


def _draw_band(ax: Any, steps: list[float], chance: list[dict]) -> None:
    low, high, mean = ([_or_gap(item.get(key)) for item in chance] for key in ('low', 'high', 'value'))
    ax.fill_between(steps, low, high, color=FAINT, alpha=0.25, linewidth=0)
    ax.plot(steps, mean, '--', color=FAINT, label='random directions, mean and 95 % of them')

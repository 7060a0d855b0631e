"""Components beside their partners in other trainings, as dots."""

from collections.abc import Iterator
from functools import partial

from matplotlib import figure

from shg_xai.chapters.trainings.results import AGAIN, Trainings
from shg_xai.drawing.material import Figure, Material
from shg_xai.drawing.panels import new_panels, nothing
from shg_xai.drawing.style import COLUMN, FAINT, PALETTE, styled
from shg_xai.drawing.text import confidence_of

MARKERS = ('o', 's', '^', 'D', 'v', 'P', 'X', '*')
ROOM = 0.5  # between two components, for the trainings side by side


def figures(answer: Trainings, material: Material) -> Iterator[Figure]:
    """How closely each component is met in each of the other trainings."""
    alt = 'Absolute correlation of each component with its partner in each of the other trainings.'
    caption = (
        'How closely a component goes with its partner in another training. Lines reach down to what the correlation '
        f'stays above while photos are drawn anew ({confidence_of(answer)}, for all together); filled: found again, '
        f'which asks for more than {AGAIN} (dashed). Grey: what matching alone gives, in 39 of 40 exchanges of photos.'
    )
    yield Figure('trainings', alt, caption, partial(draw_matches, answer), wide=False)


@styled
def draw_matches(answer: Trainings) -> figure.Figure:
    """Draw a dot for each component and training."""
    canvas, ax = new_panels(COLUMN, 3.3)
    if not answer.matches:
        return nothing(ax)
    others = answer.names[1:]
    for place, name in enumerate(others):
        colour, marker = PALETTE[place % len(PALETTE)], MARKERS[place % len(MARKERS)]
        ax.plot([], [], marker=marker, color=colour, linestyle='none', label=name)
        shift = ROOM * (place - (len(others) - 1) / 2) / len(others)
        for one in (one for one in answer.matches if one.training == name):
            at, beside = one.component + shift, one.correlation
            if beside.value is None:
                continue
            if beside.high is not None:
                ax.plot([at, at], [0, beside.high], color=FAINT, linewidth=4, alpha=0.25, solid_capstyle='butt')
            if one.least is not None:
                ax.plot([at, at], [max(one.least, 0), beside.value], color=colour, linewidth=1.2)
            face = colour if one.is_found_again else 'white'
            ax.plot(at, beside.value, marker=marker, color=colour, markerfacecolor=face, markersize=5.5, zorder=3)
    ax.axhline(AGAIN, color=FAINT, linestyle='--', linewidth=1)
    ax.set(xlabel='component', ylabel='absolute correlation', ylim=(0, 1.04), xlim=(0.5, answer.components + 0.5))
    ax.set_xticks(range(1, answer.components + 1))
    ax.grid(axis='y')
    canvas.legend(*ax.get_legend_handles_labels(), loc='outside upper left', ncols=2)
    return canvas

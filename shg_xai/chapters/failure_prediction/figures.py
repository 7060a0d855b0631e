"""What is left wrong among those kept, and whether a predicted risk means what it says."""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from matplotlib import figure
from matplotlib.axes import Axes

from shg_xai.chapters.failure_prediction.results import (
    ALL,
    FLIP,
    HEIGHT,
    LATENT,
    OUTSIDE,
    SPREAD,
    TITLES,
    FailurePrediction,
    Target,
)
from shg_xai.drawing.material import Figure, Material
from shg_xai.drawing.panels import curve, new_panels, nothing
from shg_xai.drawing.style import BLUE, FAINT, GREEN, INK, ORANGE, PAGE, PALETTE, styled
from shg_xai.drawing.text import confidence_of, percent

LINES = {
    HEIGHT: (INK, '-'),
    OUTSIDE: (ORANGE, '-'),
    ALL: (BLUE, '-'),
    **{name: (colour, '--') for name, colour in zip((SPREAD, FLIP), PALETTE[3:5], strict=True)},
    **{name: (colour, ':') for name, colour in zip(LATENT, (GREEN, *PALETTE[3:5]), strict=True)},
}
BANDS = (HEIGHT, ALL)  # with intervals; of more nothing could be seen


def figures(answer: FailurePrediction, material: Material) -> Iterator[Figure]:
    """Risk against coverage, and reliability."""
    if not any(one.qualities for one in answer.targets):
        return
    conf = confidence_of(answer)
    alt = 'Share wrong of the joints and persons that are kept, against the share kept, for each score.'
    caption = (
        'Kept are the safest by each score, from left to right more of them: how many of these are wrong. Lower is '
        f'better; at the right everybody is kept. Bands: {conf} intervals. Dashed: what else the '
        'heatmap says; dotted: the latent’s distances alone. Grey: '
        'at most so many are to be wrong, and how many may be kept for it.'
    )
    yield Figure('risk-coverage', alt, caption, partial(draw_risks, answer))
    alt = 'Share wrong against the predicted risk, by bins of equal size.'
    caption = (
        'Of joints and persons that are told a risk, how many are wrong: on the diagonal a risk means what it says. '
        f'Bars: {conf} intervals. The height is read as the chance to be right.'
    )
    yield Figure('reliability', alt, caption, partial(draw_reliability, answer))


def _draw(answer: FailurePrediction, draw: Callable[[Axes, Target], None], **kind: bool) -> figure.Figure:
    """A panel each for joints and persons."""
    canvas, axes = new_panels(PAGE, 3.3, 1, max(len(answer.targets), 1), squeeze=False, **kind)
    for ax, target in zip(axes[0], answer.targets, strict=False):
        if target.qualities:
            draw(ax, target)
        else:
            nothing(ax)
        ax.set_title(target.target)
        ax.grid(axis='y')
    if handles := axes[0, 0].get_legend_handles_labels()[0]:
        canvas.legend(handles=handles, loc='outside lower center', ncols=3)
    return canvas


@styled
def draw_risks(answer: FailurePrediction) -> figure.Figure:
    """Draw the risk of what is kept against the share that is kept."""
    return _draw(answer, _risks)


def _risks(ax: Axes, target: Target) -> None:
    for name, (colour, line) in LINES.items():
        own = target.quality(name)
        if own:
            curve(ax, own.curve.x, own.curve.y, line, 0.2 if name in BANDS else 0, color=colour, label=TITLES[name])
    if target.kept and target.kept.coverage.value is not None:
        ax.axhline(target.kept.most, color=FAINT, linewidth=0.8, linestyle='--')
        ax.axvline(target.kept.coverage.value, color=FAINT, linewidth=0.8, linestyle='--')
    ax.set(xlabel='share kept', ylabel='share wrong of these', xlim=(0, 1.01))
    ax.set_ylim(bottom=0)
    ax.yaxis.set_major_formatter(lambda share, _: percent(float(share)))


@styled
def draw_reliability(answer: FailurePrediction) -> figure.Figure:
    """Draw the share that is wrong against the predicted risk."""
    return _draw(answer, _reliability)


def _reliability(ax: Axes, target: Target) -> None:
    ax.plot([0, 1], [0, 1], color=FAINT, linewidth=0.8, linestyle='--')
    for own in target.calibrations:
        colour = LINES[own.score][0]
        values = np.array([y.value for y in own.curve.y], float)  # None becomes NaN, a gap
        ax.plot(own.curve.x, values, '.-', color=colour, label=TITLES[own.score])
        for x, y in zip(own.curve.x, own.curve.y, strict=True):
            if y.ends:
                ax.plot([x, x], y.ends, color=colour, linewidth=1, alpha=0.5)
    ax.set(xlabel='predicted risk', ylabel='share wrong', xlim=(0, 1), ylim=(0, 1))

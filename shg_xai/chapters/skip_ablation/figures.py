"""A network whose skips are turned off: PCK by level and joint, by condition, by person, and some persons' poses."""

import io
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

import numpy as np
from matplotlib import figure
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.patches import Patch, Rectangle
from numpy.typing import NDArray
from PIL import Image

from shg_xai.chapters.skip_ablation.conditions import PARTS, REPLACED, what_is_off
from shg_xai.chapters.skip_ablation.options import Replacement
from shg_xai.chapters.skip_ablation.results import MARGIN, Ablated, Example, Scores, SkipAblation, Way
from shg_xai.drawing.material import Figure, Material
from shg_xai.drawing.panels import DIVERGING, new_grid, new_panels, nothing
from shg_xai.drawing.skeletons import draw_pose, side_legend
from shg_xai.drawing.style import BLUE, FAINT, GREEN, INK, ORANGE, PAGE, styled
from shg_xai.drawing.text import DASH, above, below, confidence_of, number, stack_name
from shg_xai.results import Estimate

COLOURS: dict[Replacement | None, str] = {'donor': GREEN, 'mean': ORANGE, 'zero': BLUE, None: '#9A9A9A'}
NAMES: dict[Replacement, str] = {'donor': 'another person’s', 'mean': 'mean', 'zero': 'nothing'}
Row = tuple[str, list[tuple[Replacement | None, Scores]]]
STACKS = 2  # with more than these only all of them together are drawn by level and joint
COLUMNS, MOST = 2, 8  # of examples
HALVES: Any = dict(xticks=[0, 0.5, 1], xticklabels=['0', '0.5', '1'], axisbelow=True)  # an axis of PCK, on its grid


def figures(answer: SkipAblation, material: Material) -> Iterator[Figure]:
    """What is drawn, and how to read it."""
    more = f'-{answer.of}' if len(material.results.all(SkipAblation)) > 1 else ''
    intervals = f'{confidence_of(answer)} interval'
    if answer.levels and answer.replacements:
        yield Figure(
            f'effects{more}',
            'What taking one level of skips away breaks, and what leaving one alone restores.',
            'Above: what is lost when one level is taken from the intact network. Below: what comes back when one '
            'level alone is left intact. In PCK and in nats of log-likelihood a joint, which sees what PCK’s threshold '
            f'hides. Intervals hold at once for all comparisons, with {confidence_of(answer)}.',
            lambda: draw_effects(answer),
        )
    yield Figure(
        f'levels{more}',
        'PCK that each joint loses where one level of skips is off.',
        'PCK each joint loses where the skip of one level is replaced by another person’s, by its mean over persons, '
        'or by nothing. Grey on white: the interval, which holds at once for all comparisons, contains zero. Another’s '
        'is real but misleading; the mean stays near but carries no person information; nothing takes the network far '
        'from what it has seen.',
        lambda: draw_levels(answer),
    )
    caption = (
        f'PCK under each condition with {intervals}s over images, of all labelled joints and of three parts of the '
        'body. Dashed: the untouched network.'
    )
    alt = 'PCK with all skips off, one level on, or the latent gone.'
    yield Figure(f'conditions{more}', alt, caption, lambda: draw_conditions(answer))
    both = 'How many persons have which PCK'
    caption = f'{both}: grey with skips, lines without.'
    yield Figure(f'persons{more}', f'{both}, with skips and without.', caption, lambda: draw_histograms(answer))
    if answer.examples:
        caption = (
            'Persons whose every labelled joint is found with skips, those who lose most first. In each frame to the '
            f'left with skips, to the right with all of them replaced by {REPLACED[answer.replacements[0]]} (grey: '
            'with). PCK before and after. All poses are predictions.'
        )
        alt = 'Poses of persons with skips and without.'
        yield Figure(f'examples{more}', alt, caption, lambda: draw_examples(answer))


def stacks_drawn(answer: SkipAblation) -> list[int | None]:
    """The stacks that have panels by level and joint; None for all together."""
    return [answer.whole, *(range(answer.stacks) if 1 < answer.stacks <= STACKS else ())]


@styled
def draw_effects(answer: SkipAblation) -> figure.Figure:
    """Draw what each level of the whole network breaks and restores, in PCK and in nats, a colour a replacement."""
    drawn, axes = new_panels(PAGE, 0.3 * len(answer.levels) * 2 + 1.6, 2, 2, sharex='col', sharey='row')
    ways = ('level off', 'lost without it'), ('level on alone', 'restored by it alone')
    for line, (skips, what) in zip(axes, ways, strict=True):
        for ax, unit in zip(line, ('PCK', 'nats a joint'), strict=True):
            for (y, level), (place, by) in product(enumerate(answer.levels), enumerate(answer.replacements)):
                one = answer.under(answer.whole, skips, level).get(by)
                found = one and (one.broken if skips == 'level off' else one.restored)
                if found:
                    lost = found.pck if ax is line[0] else found.likelihood
                    _draw_effect(ax, y + 0.22 * (place - 1), lost, COLOURS[by])
            ax.axvline(0, color=FAINT, linewidth=0.8, zorder=0)
            ax.set(xlabel=unit if ax in axes[1] else '', ylim=(len(answer.levels) - 0.5, -0.5))
            ax.tick_params(axis='y', length=0)
        line[0].set_title(what, fontsize=9)
        line[0].set_yticks(range(len(answer.levels)), [f'level {number(level)}' for level in answer.levels])
    handles = [Patch(color=COLOURS[by], label=f'replaced by {REPLACED[by]}') for by in answer.replacements]
    drawn.legend(handles=handles, loc='outside upper left', ncols=3)
    return drawn


def _draw_effect(ax: Axes, y: float, lost: Estimate, colour: str) -> None:
    """Draw one estimate with its interval; nothing where it is not known."""
    if lost.value is not None:
        ax.plot(lost.value, y, 'o', color=colour, markersize=4)
        if lost.ends:
            ax.plot(lost.ends, [y, y], color=colour, linewidth=1.4, solid_capstyle='butt')


@styled
def draw_levels(answer: SkipAblation) -> figure.Figure:
    """Draw what each joint loses where one level is off: a panel a replacement, a row a stack."""
    joints, ways, stacks = list(answer.untouched.joints), answer.replacements, stacks_drawn(answer)
    tall = len(stacks) * (0.195 * len(joints) + 0.7) + 0.2
    if not ways or not joints or not answer.levels:
        return nothing(new_panels(PAGE, tall)[1])
    found, axes = new_panels(PAGE, tall, len(stacks), len(ways), squeeze=False, sharey=True)
    off = [one.broken.joints for one in answer.conditions if one.condition.skips == 'level off']
    drops = [lost.value for one in off for lost in one.values()]
    reach = max((abs(value) for value in drops if value is not None), default=0) or 0.01
    scale = ScalarMappable(Normalize(-reach, reach), DIVERGING)
    for line, stack in zip(axes, stacks, strict=True):
        for ax, by in zip(line, ways, strict=True):
            for column, level in enumerate(answer.levels):
                _draw_level(ax, column, answer.under(stack, 'level off', level).get(by), joints, scale)
            where = '' if answer.stacks == 1 else f'{stack_name(stack)}, '
            ax.set_title(f'{where}by {NAMES[by]}', fontsize=9)
            ax.set(xlim=(-0.5, len(answer.levels) - 0.5), ylim=(len(joints) - 0.5, -0.5))
            ax.set_xlabel('level off (0: finest)' if stack == stacks[-1] else '')
            ax.set_xticks(range(len(answer.levels)), [number(level) for level in answer.levels])
            ax.set_yticks(range(len(joints)), [name.replace('_', ' ') for name in joints], parse_math=False)
            ax.tick_params(length=0)
            ax.spines[:].set_visible(False)
    bar = found.colorbar(scale, ax=axes, fraction=0.025, pad=0.015, aspect=35)
    bar.set_label('PCK lost')
    bar.ax.yaxis.set_major_formatter(lambda value, _: number(float(value)))
    bar.outline.set_visible(False)
    return found


def _draw_level(ax: Axes, column: int, one: Ablated | None, joints: Sequence[str], scale: ScalarMappable) -> None:
    """Draw one level's column of numbers; what no interval tells from zero is left white."""
    for row, name in enumerate(joints):
        lost, ink = one.broken.joints[name] if one else Estimate(value=None), FAINT
        if lost.value is not None and (above(lost) or below(lost)):
            *rgb, _ = scale.to_rgba(np.array([lost.value]))[0]
            ink = 'white' if np.dot(rgb, (0.3, 0.59, 0.11)) < 0.55 else INK
            ax.add_patch(Rectangle((column - 0.48, row - 0.48), 0.96, 0.96, linewidth=0, facecolor=rgb))
        size = 9 if lost.value is None else 8
        ax.text(column, row, number(lost.value, absent=DASH), ha='center', va='center', fontsize=size, color=ink)


def rows_of(answer: SkipAblation) -> list[Row]:
    """The rows of :func:`draw_conditions`, of all stacks together: a name, and scores by replacement, None for none."""
    asked = [('all off', None), *(('level on alone', level) for level in answer.levels), (None, None)]
    found = [answer.under(answer.whole, skips, level) for skips, level in asked]
    rows: list[Row] = [('untouched', [(None, answer.untouched)])]
    rows += [(what_is_off(next(iter(own.values())).condition), list(own.items())) for own in found if own]
    rows += [(what_is_off(one.condition), [(None, one)]) for _, one in answer.projections()]
    if answer.against:
        rows.append(('trained without skips', [(None, answer.against)]))
    return rows


@styled
def draw_conditions(answer: SkipAblation) -> figure.Figure:
    """Draw PCK under each condition as bars with intervals, of all joints and of three parts."""
    rows = rows_of(answer)
    places, at = [], 0.0
    for _, found in rows:
        places.append(at + np.arange(len(found)))
        at += len(found) + 0.7
    drawn, axes = new_panels(PAGE, 0.155 * at + 0.95, 1, 1 + len(PARTS), sharey=True, sharex=True)
    for ax, part in zip(axes, ('', *PARTS), strict=True):
        for (_, found), own in zip(rows, places, strict=True):
            for y, (by, scores) in zip(own, found, strict=True):
                if (pck := scores.of_part(part)).value is None:
                    ax.text(0.02, y, 'not known', va='center', fontsize=7.5, color=FAINT)
                    continue
                ax.barh(y, pck.value, height=0.86, color=COLOURS[by], alpha=0.75, linewidth=0)
                if pck.ends:
                    ax.plot(pck.ends, [y, y], color=INK, linewidth=1.1, solid_capstyle='butt')
        if (base := answer.untouched.of_part(part).value) is not None:
            ax.axvline(base, color=INK, linewidth=0.9, linestyle=(0, (2, 2)), zorder=1)
        ax.set_title(PARTS[part] if part else 'all labelled joints', fontsize=9)
        ax.set(xlim=(0, 1.02), xlabel='PCK', ylim=(at - 0.7, -0.8), **HALVES)
        ax.tick_params(axis='y', length=0)
        ax.grid(axis='x')
    axes[0].set_yticks([own.mean() for own in places], [name for name, _ in rows], parse_math=False)
    handles = [Patch(color=COLOURS[by], label=f'replaced by {REPLACED[by]}') for by in answer.replacements]
    drawn.legend(handles=handles, loc='outside upper left', ncols=3)
    return drawn


@styled
def draw_histograms(answer: SkipAblation) -> figure.Figure:
    """Draw how many persons have which PCK, with skips (grey) and without (lines)."""
    found = answer.histogram
    panels = [(f'all off,\nby {NAMES[by]}', found.all_off[by], COLOURS[by]) for by in NAMES if by in found.all_off]
    if found.against:
        panels.append(('trained\nwithout skips', found.against, '#882255'))
    drawn, axes = new_panels(PAGE, 2.6, 1, max(1, len(panels)), sharey=True, squeeze=False)
    if not panels:
        return nothing(axes[0, 0])
    for ax, (title, counts, colour) in zip(axes[0], panels, strict=True):
        ax.stairs(found.untouched, found.edges, fill=True, color='#CFCFCF', label='untouched')
        ax.stairs(counts, found.edges, color=colour, linewidth=1.5, label='without')
        ax.set_title(title, fontsize=8.5)
        ax.set(xlim=(0, 1), xlabel='PCK of a person', **HALVES)
        ax.grid(axis='y')
    axes[0, 0].set_ylabel('persons')
    axes[0, 0].legend(loc='upper left')
    return drawn


@styled
def draw_examples(answer: SkipAblation) -> figure.Figure:
    """Draw persons found with skips: to the left with them, to the right with all replaced."""
    joints, links = list(answer.untouched.joints), answer.links
    pads = dict(w_pad=0.03, h_pad=0.03, hspace=0.02, wspace=0.03)
    examples = answer.examples[:MOST]
    drawn, axes = new_grid(len(examples), COLUMNS, PAGE, 1.95, 0.4, pads=pads)
    for ax, person in zip(axes, examples, strict=False):
        draw_photo(ax, person, 0, 1.25)
        draw_pose(ax, unit_pose(person, 'untouched'), joints, links)
        draw_pose(ax, unit_pose(person, 'untouched', 1.25), joints, links, ghost=True)
        draw_pose(ax, unit_pose(person, 'all_off', 1.25), joints, links)
        ax.set(xlim=(-MARGIN, 2.25 + MARGIN), ylim=(1 + MARGIN, -MARGIN), xticks=[], yticks=[], aspect='equal')
        text = f'PCK {number(person.pck["untouched"])} → {number(person.pck["all_off"])}'
        ax.set_title(text, fontsize=8, weight='normal', pad=2)
        ax.spines[:].set(visible=True, color='#CCCCCC')
    side_legend(drawn, ('with skips', '#BBBBBB'))
    return drawn


def draw_photo(ax: Axes, person: Example, *aside: float) -> None:
    """Draw the photo pale beneath each pose, which lies so far to the right; nothing where there is none."""
    if isinstance(person.photo, bytes):
        photo = np.asarray(Image.open(io.BytesIO(person.photo)).convert('RGB'))
        for left in aside:
            place = (left - MARGIN, left + 1 + MARGIN, 1 + MARGIN, -MARGIN)
            ax.imshow(photo, extent=place, alpha=0.75, interpolation='lanczos', zorder=-1)


def unit_pose(person: Example, way: Way, aside: float = 0) -> NDArray[np.float64]:
    """A pose in the square about both poses of a person, from 0 to 1; both lie in the crop; or so far to its right.
    Joints that are not labelled count nowhere and are left out, where that is known.
    """
    left, top, side = person.square
    pose = np.array(person.keypoints[way], float)  # None becomes NaN
    if isinstance(person.labelled, list):
        pose[~np.array(person.labelled)] = np.nan
    return (pose - (left, top)) / side + (aside, 0)

"""Walks through the latent as the network decodes them: poses, shifts of joints, concepts."""

import textwrap
from collections.abc import Iterator

from matplotlib import figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from shg_xai.chapters.decoded_walk.findings import heading, span, title
from shg_xai.chapters.decoded_walk.results import DecodedWalk, Direction
from shg_xai.drawing.material import Figure, Material
from shg_xai.drawing.panels import curve, name_rows, new_grid, new_panels, nothing, wrap
from shg_xai.drawing.skeletons import draw_body, draw_pose, side_legend
from shg_xai.drawing.style import BLUE, FAINT, PAGE, styled
from shg_xai.drawing.text import confidence_of, listed, number, plural

GREY, ORANGE, COLUMNS = '#B5B5B5', '#D55E00', 3
NULL = '95 % of random directions of the same length'
LABEL = 8.5  # points of a strip's labels, which a column of poses leaves room for
STEPS, COMPONENTS, LIMB = 5, 3, 7.0  # most columns of a strip, components that always have a row, points of a limb
BESIDE = 14  # letters a line of what stands left of a pose


def figures(answer: DecodedWalk, material: Material) -> Iterator[Figure]:
    """Decoded poses, shifts of joints and concepts along each direction."""
    place = next((place for place, one in enumerate(material.results.all(DecodedWalk)) if one is answer), 0)
    about, intervals = heading(answer, material.results), f'{confidence_of(answer)} intervals over images.'
    pose, bands = 'the mean over persons of each joint’s place, no single person’s pose', f'Bands: {intervals}'
    few = answer.directions[0].random.persons if answer.directions else 0
    if answer.one_pose:
        pose = 'the one pose that all persons have'
        bands = 'All persons have one pose here, hence no intervals.'
    yield Figure(
        f'strips-{place}',
        f'{about}: decoded poses along each direction.',
        f'{about}: {pose}, decoded along each direction, in the frame of the crop. Dotted with hollow joints: their '
        f'peaks are lower than half of what is usual. In grey the pose at 0.{_left_out(answer)}',
        lambda: draw_strips(answer),
    )
    yield Figure(
        f'shifts-{place}',
        f'{about}: how far joints move along each direction.',
        f'{about}: how far decoded joints move for each σ from {span(answer)}, mean over joints and '
        f'{plural(few, "person")}. Orange: the middle 95 % of {number(answer.options.random)} random directions of the '
        'latents’ covariance and of the same length.',
        lambda: draw_shifts(answer),
    )
    yield Figure(
        f'concepts-{place}',
        f'{about}: concepts of the decoded poses along directions.',
        f'{about}: a concept computed from the decoded joints along each direction, its own or, where it has none, the '
        f'one that changes most beside random directions. {bands} Orange, at the end: where the middle 95 % of random '
        'directions of the same length arrive. Beneath: the change, and theirs.',
        lambda: draw_concepts(answer),
    )


def _left_out(answer: DecodedWalk) -> str:
    """Which directions have no row."""
    left = [title(answer, one.name) for one in answer.directions if one not in drawn_directions(answer)]
    return f' Left out: {listed(left)}, which hardly move anything.' if left else ''


def drawn_steps(answer: DecodedWalk) -> list[float]:
    """The steps of a strip: all where they are few, else those between the ends that are compared."""
    within = [c for c in answer.steps if answer.ends[0] <= c <= answer.ends[1]]
    few = within if len(within) <= STEPS else [c for c in within if c in (0, *answer.ends)]
    return answer.steps if len(answer.steps) <= STEPS else few


def drawn_directions(answer: DecodedWalk) -> list[Direction]:
    """The directions of a strip: of components the first and all that are found to move joints; of concepts all."""
    components = [one for one in answer.directions if one.kind == 'component']
    first = components[:COMPONENTS]
    return [
        one for one in answer.directions if one.kind != 'component' or one in first or one.random.shift_per_sigma.found
    ]


@styled
def draw_strips(answer: DecodedWalk) -> figure.Figure:
    """Draw the decoded pose at each c, a row a direction, that at c = 0 in grey beneath."""
    # The crop in units of its longer side; a square where it is not known.
    width, height = answer.examples[0].crop_scale if answer.examples else (1.0, 1.0)
    width, height = width / max(width, height), height / max(width, height)
    shown, steps = drawn_directions(answer), drawn_steps(answer)
    rows, columns = len(shown), len(steps)
    tall = rows * ((PAGE - 1.05) / columns * height / width + 0.05) + 0.75
    pads = dict(w_pad=0.02, h_pad=0.02, hspace=0.01, wspace=0.01)
    figure, axes = new_panels(PAGE, tall, rows, columns, pads=pads, squeeze=False)
    for line, direction in zip(axes, shown, strict=True):
        points = [point for point in direction.walk.points if point.c in steps]
        start = next(point for point in points if point.c == 0)
        for ax, point in zip(line, points, strict=True):
            if point.c:
                draw_pose(ax, start.pose, answer.joints, answer.links, ghost=True)
            draw_body(ax, point.pose, answer.joints, answer.links, LIMB)
            faint = [peak < answer.peak for peak in point.peaks]  # where the network hardly sees a joint
            draw_pose(ax, point.pose, answer.joints, answer.links, faint=faint)
            ax.set(xlim=(0, width), ylim=(height, 0), xticks=[], yticks=[], aspect='equal')
            ax.spines[:].set(visible=True, color='#CCCCCC' if point.c else '#666666')
        name = textwrap.fill(title(answer, direction.name), BESIDE)
        line[0].set_ylabel(name, rotation=0, ha='right', va='center', fontsize=LABEL, parse_math=False)
    for ax, c in zip(axes[0], steps, strict=True):
        ax.set_title(f'{number(c, 0) if c == round(c) else number(c, 1)} σ' if c else '0', fontsize=LABEL, loc='center')
    side_legend(figure, ('at 0', '#BBBBBB'))
    return figure


@styled
def draw_shifts(answer: DecodedWalk) -> figure.Figure:
    """Draw how far joints move for each sigma, beside random directions of the same length."""
    figure, ax = new_panels(PAGE, 0.3 * len(answer.directions) + 0.95)
    for y, direction in enumerate(answer.directions):
        shift = direction.random.shift_per_sigma
        if shift.value is None:
            ax.text(0, y, ' not known', va='center', color=FAINT)
        else:
            ax.barh(y, 100 * shift.value, height=0.62, linewidth=0, color=BLUE if shift.found else GREY, alpha=0.8)
        if shift.low is not None and shift.high is not None:
            ax.plot([100 * shift.low, 100 * shift.high], [y, y], color=ORANGE, linewidth=4, solid_capstyle='butt')
    name_rows(ax, [title(answer, direction.name) for direction in answer.directions])
    ax.set(xlim=(0, None), xlabel='mean shift of the joints for each σ, % of the crop’s longer side')
    colours = {BLUE: 'more than random', GREY: 'not shown to be more'}
    bars = [Patch(color=colour, alpha=0.8, label=label) for colour, label in colours.items()]
    line = Line2D([], [], color=ORANGE, linewidth=4, label='95 % of random directions of this length')
    figure.legend(handles=[*bars, line], loc='outside upper left', ncols=3)
    return figure


def shown_concept(direction: Direction) -> str | None:
    """The concept a direction's panel shows: its own, else that of the smallest p, if any is known."""
    changes = direction.random.concept_change
    if direction.name in changes:
        return direction.name
    known = {name: (one.p_corrected, one.p) for name, one in changes.items() if None not in (one.p_corrected, one.p)}
    return min(known, key=lambda name: known[name]) if known else None


@styled
def draw_concepts(answer: DecodedWalk) -> figure.Figure:
    """Draw a concept of the decoded poses along each direction, and where random ones arrive."""
    shown = [(one, name) for one in answer.directions if (name := shown_concept(one)) is not None]
    figure, axes = new_grid(len(shown), COLUMNS, PAGE, 2.1, 0.4)
    if not shown:
        return nothing(axes[0])
    for ax, (direction, name) in zip(axes, shown, strict=False):
        points, beside = direction.walk.points, direction.random.concept_change[name]
        found = [point.concepts[name] for point in points]
        curve(ax, answer.steps, found, 'o-', color=BLUE, markersize=3, linewidth=1.4, label='the direction')
        first = next(one.value for c, one in zip(answer.steps, found, strict=True) if c == answer.ends[0])
        if first is not None and beside.low is not None and beside.high is not None:
            arrive = [first + beside.low, first + beside.high]
            ax.plot([answer.ends[1]] * 2, arrive, color=ORANGE, linewidth=3, solid_capstyle='butt', label=NULL)
        ax.set_title(wrap(title(answer, direction.name)), fontsize=8.5, parse_math=False)
        ax.set_ylabel(textwrap.fill(title(answer, name), BESIDE), fontsize=8, parse_math=False)
        random = f'{number(beside.low)} to {number(beside.high)}'
        ax.set_xlabel(f'change {number(beside.value)}; random {random}', fontsize=7.5, color='#555555')
        ax.set_xticks(answer.steps)
        ax.xaxis.set_major_formatter(lambda value, _: f'{value:g}σ'.replace('-', '−'))
        ax.axvline(0, color='#CCCCCC', linewidth=0.8, zorder=0)
        ax.tick_params(labelsize=7.5)
        ax.grid(axis='y')
    figure.legend(*axes[0].get_legend_handles_labels(), loc='outside upper left', ncols=2)
    return figure

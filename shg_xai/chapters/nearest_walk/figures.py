"""Walks along components: the nearest real persons, and how near they are."""

from collections.abc import Iterator, Sequence

from matplotlib import figure

from shg_xai.chapters.nearest_walk.findings import steps
from shg_xai.chapters.nearest_walk.results import NearestWalk, Walk
from shg_xai.drawing.material import DrawnPersons, Figure, Material
from shg_xai.drawing.panels import curve, new_grid, new_panels, nothing, show_picture
from shg_xai.drawing.style import BLUE, FAINT, PAGE, styled
from shg_xai.drawing.text import DASH, amount, confidence_of, listed, number


def figures(answer: NearestWalk, material: Material) -> Iterator[Figure]:
    """Who is met, and how far that is."""
    alt = 'For each component the pictures of the real persons nearest to steps from the mean.'
    caption = (
        'Walks from the mean along a component: at each step the real person nearest to it. Beneath, the distance to '
        'that person and, in brackets, the mean distance when as long a step goes in a random direction, drawn from '
        'the covariance of the latents.'
    )
    shown = telling(answer.walks)
    if left := [number(walk.component) for walk in answer.walks if walk not in shown]:
        caption += f' Left out: component{"s" * (len(left) > 1)} {listed(left)}, whose steps meet hardly anybody else.'
    caption += ' The skeletons are those annotated.'
    yield Figure('walk', alt, caption, lambda: draw_walk_strip(answer, shown, material.persons[answer.of]))
    alt = 'Distance to the nearest real person along each component and in random directions.'
    caption = (
        f'How far a walk leads away from real persons. The grey band holds {confidence_of(answer)} of as long walks in '
        'random directions, drawn from the covariance of the latents.'
    )
    yield Figure('walk-distance', alt, caption, lambda: draw_walk_distances(answer))


def telling(walks: Sequence[Walk]) -> list[Walk]:
    """The walks on which somebody new is met at every other step at least; the first if there is none."""
    found = []
    for walk in walks:
        met = [point.nearest[0].annotation_id for point in walk.points if point.nearest]
        if 2 * len(set(met)) > len(met):
            found.append(walk)
    return found or list(walks[:1])


@styled
def draw_walk_strip(answer: NearestWalk, rows: Sequence[Walk], persons: DrawnPersons) -> figure.Figure:
    """Draw for each component the nearest real person at each step, how far, and how far at random."""
    columns = len(answer.steps)
    height = (PAGE / (columns + 0.9) + 0.38) * max(len(rows), 1) + 0.35
    pads = dict(w_pad=0.03, h_pad=0.06, hspace=0, wspace=0)
    if not rows:
        return nothing(new_panels(PAGE, height, pads=pads)[1], 'no walks')
    canvas, axes = new_panels(PAGE, height, len(rows), columns, pads=pads, squeeze=False)
    for line, walk in zip(axes, rows, strict=True):
        for ax, point in zip(line, walk.points, strict=True):
            show_picture(ax, persons.picture(point.nearest[0].annotation_id) if point.nearest else None)
            label = f'{amount(point.distance)}\n({amount(point.random.value, absent=DASH)})'
            ax.set_xlabel(label, fontsize=8.5, labelpad=2, linespacing=1.15)
            if walk is rows[0]:
                ax.set_title(f'{steps(point.step)} σ' if point.step else 'mean', loc='center', fontsize=9.5)
        line[0].set_ylabel(f'component {number(walk.component)}\nσ = {amount(walk.sigma)}', fontsize=9)
    return canvas


@styled
def draw_walk_distances(answer: NearestWalk) -> figure.Figure:
    """Draw the distance to the nearest real person against steps, with the random baseline."""
    count = len(answer.walks)
    columns = min(3, max(1, count))
    width = 2.45 * columns + 0.5 if columns > 1 else 4
    canvas, axes = new_grid(count, columns, width, 1.9, 0.6, sharex=True, sharey=True)
    for ax, walk in zip(axes, answer.walks, strict=False):
        at, chance, found = zip(*((point.step, point.random, point.distance) for point in walk.points), strict=True)
        curve(ax, at, chance, '--', alpha=0.25, color=FAINT, label='random directions, mean and most of them')
        ax.plot(at, found, 'o-', color=BLUE, markersize=4, label='along the component')
        ax.set(title=f'component {number(walk.component)}', xticks=at)
        ax.grid(axis='y')
        ax.set_ylim(bottom=0)
    # The panels above an empty place have no other axis to read the steps from.
    for ax in axes[max(count - columns, 0) : count]:
        ax.tick_params(labelbottom=True)
    canvas.legend(*axes[0].get_legend_handles_labels(), loc='outside upper left', ncols=2)
    canvas.supxlabel('steps of one standard deviation from the mean', fontsize=9)
    canvas.supylabel('distance to the nearest real person', fontsize=9)
    return canvas

"""Several latents side by side, as pictures."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
from matplotlib import figure

from shg_xai.chapters.comparison.results import Comparison
from shg_xai.chapters.concepts.results import Concepts
from shg_xai.chapters.spectrum.figures import draw_running_sums
from shg_xai.chapters.spectrum.results import Spectrum
from shg_xai.drawing.material import Figure, Material
from shg_xai.drawing.panels import new_panels, nothing, wrap
from shg_xai.drawing.style import COLUMN, INK, PAGE, PALETTE, styled
from shg_xai.drawing.text import DASH, number, percent, plural

LEAST = 0.02  # of the clusters' entropy, below which a concept is left out
MARKERS = ('o', 's', '^', 'D', 'v', 'P', 'X', '*')


def figures(answer: Comparison, material: Material) -> Iterator[Figure]:
    """Spectra, likeness, balance of clusters, and what explains them."""
    titles = {name: title for own in material.results.all(Concepts) for name, title in own.titles.items()}
    if spectra := material.results.all(Spectrum):
        alt = 'Running sums of the variance of all analyses.'
        caption = 'How much of the variance the first components hold, for each analysis.'
        yield Figure('running-sum', alt, caption, partial(draw_running_sums, spectra), wide=False)
    alt = 'Matrix of the similarity of the latents.'
    caption = (
        'How alike the latents arrange the same persons (debiased linear CKA; 1: the same up to turning and scaling, '
        '0: nothing in common).'
    )
    yield Figure('cka', alt, caption, partial(draw_cka, answer), wide=False)
    alt = 'Evenness of clusters and size of the smallest, for each K.'
    caption = (
        'How evenly persons spread over the clusters: their entropy as a share of the largest possible, and the share '
        'of the smallest cluster.'
    )
    yield Figure('balance', alt, caption, partial(draw_balance, answer), wide=False)
    for k in sorted({item.k for item in answer.purity}):
        alt = f'Share of {k} clusters that each concept explains.'
        shown, left = told_concepts(answer, k)
        caption = f'How much of the {k} clusters each concept explains, one row a concept, one line an analysis.'
        if shown and left:
            caption += f' Left out: {plural(len(left), "concept")} that explain less than {percent(LEAST, 1)} of them.'
        yield Figure(f'purity-k{k}', alt, caption, partial(draw_purity, answer, titles, k), wide=False)


@styled
def draw_cka(answer: Comparison) -> figure.Figure:
    """Draw how alike the latents are as a matrix with numbers."""
    names = answer.names
    values = np.array([[item.value for item in line] for line in answer.cka], float)
    side = max(2.2, 0.75 * len(names))
    longest = max(map(len, names))
    canvas, ax = new_panels(min(PAGE, side + 0.09 * longest + 1.2), side + 0.05 * longest + 0.6)
    image = ax.imshow(values, cmap='cividis', vmin=0, vmax=1)
    for (row, column), value in np.ndenumerate(values):
        text = DASH if np.isnan(value) else number(float(value))
        ax.text(column, row, text, ha='center', va='center', color='white' if value < 0.55 else INK)
    turn: Any = dict(rotation=35, ha='right', rotation_mode='anchor') if longest > 6 else {}
    ax.set_xticks(range(len(names)), names, parse_math=False, **turn)
    ax.set_yticks(range(len(names)), names, parse_math=False)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    canvas.colorbar(image, ax=ax, fraction=0.046, pad=0.03, ticks=[0, 0.5, 1]).set_label('CKA')
    return canvas


def _look(place: int) -> Any:
    return dict(marker=MARKERS[place % len(MARKERS)], color=PALETTE[place % len(PALETTE)])


@styled
def draw_balance(answer: Comparison) -> figure.Figure:
    """Draw for each K how evenly persons spread over clusters, one curve an analysis."""
    canvas, (above, below) = new_panels(COLUMN, 4, 2, 1, sharex=True)
    for ax, key, label in ((above, 'entropy_share', 'evenness'), (below, 'smallest_share', 'smallest cluster')):
        for place, name in enumerate(answer.names):
            items = [item for item in answer.balance if item.name == name]
            k, values = [item.k for item in items], [getattr(item, key) for item in items]
            aside = 0.12 * (place - (len(answer.names) - 1) / 2)
            ax.plot([own + aside for own in k], values, '-', label=name, markersize=4.5, **_look(place))
        ax.set(ylabel=label)
        ax.grid(axis='y')
        # As many ticks in any room: others, with more digits, would not fit what was laid out.
        ax.locator_params(axis='y', nbins=4)
    above.set_ylim(top=1.02)
    below.set_ylim(bottom=0)
    below.set(xlabel='number of clusters K', xticks=sorted({item.k for item in answer.balance}))
    canvas.legend(*above.get_legend_handles_labels(), loc='outside upper left', ncols=2)
    return canvas


def told_concepts(answer: Comparison, k: int) -> tuple[list[str], list[str]]:
    """The concepts that explain at least :data:`LEAST` of K clusters in some analysis, ascending, and the others."""
    entries = [item for item in answer.purity if item.k == k]
    best = {
        own: max((one.entropy_share or 0 for one in entries if one.concept == own), default=0)
        for own in dict.fromkeys(item.concept for item in entries)
    }
    ordered = sorted(best, key=best.__getitem__)
    return [own for own in ordered if best[own] >= LEAST], [own for own in ordered if best[own] < LEAST]


@styled
def draw_purity(answer: Comparison, titles: Mapping[str, str], k: int) -> figure.Figure:
    """Draw how much of K clusters each concept explains, one mark an analysis."""
    entries = [item for item in answer.purity if item.k == k]
    known = [(item.name, item.concept, item.entropy_share) for item in entries if item.entropy_share is not None]
    concepts, _ = told_concepts(answer, k)
    names = [name for name in answer.names if name in {of for of, _, _ in known}]
    many = len(names)
    canvas, ax = new_panels(COLUMN + 0.4, (0.12 * many + 0.12) * max(len(concepts), 2) + 1.1)
    if not concepts:
        return nothing(ax, 'no concept explains them' if known else 'not known')
    for place in range(0, len(concepts), 2):
        ax.axhspan(place - 0.5, place + 0.5, color='#F3F3F0', zorder=-1, linewidth=0)
    for place, name in enumerate(names):
        # A line each, so that equal values can all be seen.
        shift = 0.8 * (place - (many - 1) / 2) / many
        shown = [(share, concepts.index(own) - shift) for of, own, share in known if of == name and own in concepts]
        x, y = [x for x, _ in shown], [y for _, y in shown]
        ax.plot(x, y, linestyle='none', label=name, markersize=5, **_look(answer.names.index(name)))
        ax.hlines(y, 0, x, color=_look(answer.names.index(name))['color'], linewidth=1, alpha=0.5)
    ax.set_yticks(range(len(concepts)), [wrap(titles.get(concept, concept)) for concept in concepts], parse_math=False)
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.6, len(concepts) - 0.4), xlabel='share of the clusters’ entropy it explains')
    ax.grid(axis='x')
    ax.tick_params(axis='y', length=0)
    canvas.legend(*ax.get_legend_handles_labels(), loc='outside upper left', ncols=2)
    return canvas

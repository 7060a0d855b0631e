"""All figures of a report, in the order in which it tells its story."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shg_xai.chapters.clusters.figures import draw_effects, draw_silhouette_plot, draw_silhouettes
from shg_xai.chapters.clusters.figures_persons import draw_centroids, draw_misfits, draw_skeletons, fit_of
from shg_xai.chapters.comparison.figures import draw_balance, draw_cka, draw_purity
from shg_xai.chapters.component_projection.figures import draw_width
from shg_xai.chapters.concepts.figures import draw_heat_map, draw_probes
from shg_xai.chapters.nearest_walk.figures import draw_walk_distances, draw_walk_strip
from shg_xai.chapters.networks.figures import draw_autoencoders, draw_differences, draw_networks
from shg_xai.chapters.networks.figures_loop import draw_loop
from shg_xai.chapters.spectrum.figures import draw_running_sums, draw_spectrum
from shg_xai.drawing.style import save_figure
from shg_xai.drawing.text import confidence_of
from shg_xai.report.plans_interventions import plans as intervention_plans
from shg_xai.report.reading import Analysis, Report

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Drawn:
    """A figure of the report.

    Attributes:
        section: where it stands: ``<analysis>/components``, ``<analysis>/groups``, ``<analysis>/concepts``,
            ``comparison``, ``study`` or ``interventions/...``.
        name: its file's name without ending.
        alt: what it shows, for those who do not see it.
        caption: how to read it.
        wide: whether it needs more than 400 px to be read, so that it scrolls in its box.
        png: the picture.
    """

    section: str
    name: str
    alt: str
    caption: str
    wide: bool
    png: bytes


# Name, section, alt, caption, wide, and how to draw it.
Plan = tuple[str, str, str, str, bool, Callable[[], 'Figure']]


def draw_all(report: Report, folder: Path) -> Iterator[Drawn]:
    """Draw and save each figure as PNG and SVG, and hand its PNG on.

    Args:
        report: what was read.
        folder: where the files go.

    Raises:
        InputError: a file cannot be written.
    """
    confidence = confidence_of(report.results)
    if report.results.get('study'):
        for name, section, alt, caption, wide, draw in _study(report.results['study']):
            yield Drawn(section, f'study-{name}', alt, caption, wide, save_figure(draw(), folder, f'study-{name}'))
    if report.results.get('interventions'):
        for name, section, alt, caption, wide, draw in intervention_plans(report.results):
            yield Drawn(section, name, alt, caption, wide, save_figure(draw(), folder, name))
    for analysis in report.analyses:
        plans = [*_components(analysis, confidence), *_groups(analysis, confidence), *_concepts(analysis, confidence)]
        for name, section, alt, caption, wide, draw in plans:
            file = f'{analysis.name}-{name}'
            yield Drawn(f'{analysis.name}/{section}', file, alt, caption, wide, save_figure(draw(), folder, file))
    if report.results.get('comparison'):
        for name, section, alt, caption, wide, draw in _comparison(report):
            yield Drawn(
                section, f'comparison-{name}', alt, caption, wide, save_figure(draw(), folder, f'comparison-{name}')
            )


def _study(study: Mapping[str, Any]) -> list[Plan]:
    confidence = confidence_of(study)
    plans: list[Plan] = [
        (
            'loop',
            'study',
            'The steps from the plain network to the one with an autoencoder and back, each with its number.',
            'The loop with the numbers of this run: what the latents hold and how many components '
            'the network needs decide the width of the autoencoder that is put in; the control is '
            'trained on as long without it. The PCK of step 3 is of the persons the width was chosen '
            'on, all others of the persons tested.',
            True,
            lambda: draw_loop(study),
        ),
        (
            'networks',
            'study',
            'PCK of each network, with its interval and each seed.',
            f'PCK of each network: the mean over seeds with its {confidence} interval over images, '
            'and beneath it each seed. What lies too far away is an arrow with its number.',
            True,
            lambda: draw_networks(study),
        ),
        (
            'differences',
            'study',
            'Differences in PCK between networks, with intervals and seeds.',
            f'How much more the first network scores than the second, person by person, with its '
            f'{confidence} interval over images, and beneath it each seed with the one over seeds. '
            'Better or worse only where both leave out zero.',
            True,
            lambda: draw_differences(study),
        ),
        (
            'width',
            'study',
            'PCK against the number of components kept, with rules for it.',
            f'Above: PCK when only the first components of the latent are kept ({confidence} '
            'intervals; dotted: the untouched network). Between: the width suggested by it, and '
            'what other rules ask for. Below: the share of the variance kept.',
            True,
            lambda: draw_width(study),
        ),
        (
            'autoencoders',
            'study',
            'Variance explained by each autoencoder, beside PCA.',
            'How much of the variance of persons not trained on each autoencoder explains, one point '
            'a seed, beside PCA of the same width, the best that any linear one can do on the '
            'persons it was fitted to.',
            True,
            lambda: draw_autoencoders(study),
        ),
    ]
    # A part that was not run leaves no empty panels.
    parts = {'differences': 'comparisons', 'width': 'widths', 'autoencoders': 'autoencoders'}
    return [plan for plan in plans if plan[0] not in parts or study[parts[plan[0]]]]


def _components(analysis: Analysis, confidence: str) -> list[Plan]:
    result = analysis.result
    return [
        (
            'spectrum',
            'components',
            'Share of the variance of each component, falling, with the level of noise.',
            f'Share of the variance of each component (bars on the first ten: {confidence} '
            'intervals). Dashed: the largest share each would have if the dimensions had nothing to '
            'do with each other.',
            False,
            lambda: draw_spectrum(result),
        ),
        (
            'running-sum',
            'components',
            'Running sum of the shares of variance, with the components for 90, 95 and 99 per cent.',
            'How much of the variance the first components hold together, and how many it takes for 90, 95 and 99 %.',
            False,
            lambda: draw_running_sums([result]),
        ),
        (
            'walk',
            'components',
            'For each component the pictures of the real persons nearest to steps from the mean.',
            'Walks from the mean along a component: at each step the real person nearest to it. '
            'Beneath, the distance to that person and, in brackets, the mean distance when as long a '
            'step goes in a random direction.',
            True,
            lambda: draw_walk_strip(analysis),
        ),
        (
            'walk-distance',
            'components',
            'Distance to the nearest real person along each component and in random directions.',
            'How far a walk leads away from real persons. Below the grey band, persons lie nearer '
            'than in 97.5 % of random directions.',
            True,
            lambda: draw_walk_distances(analysis),
        ),
    ]


def _groups(analysis: Analysis, confidence: str) -> list[Plan]:
    result = analysis.result
    best = result['clusters'].get('best_k')
    plans: list[Plan] = [
        (
            'silhouette',
            'groups',
            'Mean silhouette and agreement of restarts for each K.',
            f'Above: mean silhouette for each number of clusters with {confidence} intervals; the '
            'ring marks the best. Below: agreement of restarts (adjusted Rand index; 1: the same '
            'clusters).',
            False,
            lambda: draw_silhouettes(result),
        )
    ]
    if best is None:
        return plans
    plans += [
        (
            'silhouette-plot',
            'groups',
            f'Silhouettes of all persons in each of {best} clusters.',
            f'Silhouettes of all persons with K = {best}, sorted within each cluster. Left of zero: '
            'nearer to another cluster than to their own.',
            False,
            lambda: draw_silhouette_plot(analysis, best),
        ),
        (
            'skeletons',
            'groups',
            'Skeletons of persons in the plane of components 1 and 2.',
            f'Persons where the first two components put them, coloured by cluster (K = {best}). As '
            'many are drawn as fit without lying on each other, at one size; the dots are all persons '
            'of the map.',
            True,
            lambda: draw_skeletons(analysis, best),
        ),
        (
            'centroids',
            'groups',
            f'Persons nearest to the centres of {best} clusters.',
            'The persons nearest to the centre of each cluster, and their distance to it.',
            True,
            lambda: draw_centroids(analysis, best),
        ),
    ]
    if fit_of(analysis, best)['misfits']:
        plans.append(
            (
                'misfits',
                'groups',
                'Persons with the lowest silhouettes.',
                'The persons that fit worst, with their cluster and silhouette.',
                True,
                lambda: draw_misfits(analysis, best),
            )
        )
    return plans


def _concepts(analysis: Analysis, confidence: str) -> list[Plan]:
    result = analysis.result
    groups = sorted({entry['k'] for entry in result['concepts']['clusters']})
    plans: list[Plan] = [
        (
            'concepts',
            'concepts',
            'Spearman correlations of concepts and components, with numbers.',
            'Spearman’s rank correlation of each concept with each component: above, plain; below in '
            'italics, with the controls held fixed. Uncoloured: the '
            f'{confidence} interval contains zero. The sign of a component is arbitrary.',
            True,
            lambda: draw_heat_map(result),
        ),
        *[
            (
                f'effects-k{k}',
                'concepts',
                f'How far {k} clusters differ in each concept.',
                f'How far the {k} clusters differ in each concept, with {confidence} intervals; the '
                'dashed line means not at all.',
                False,
                lambda k=k: draw_effects(result, k),
            )
            for k in groups
        ],
        (
            'probes',
            'concepts',
            'Scores of linear probes against the number of components.',
            'How well a linear probe tells a concept of held-out persons from the first components, '
            f'with {confidence} intervals, and the same after the concept was shuffled among '
            'persons.',
            True,
            lambda: draw_probes(result),
        ),
    ]
    # A part that was left out leaves no empty panels.
    left_out = {'concepts': not result['concepts']['components'], 'probes': not result['concepts']['probes']}
    return [plan for plan in plans if not left_out.get(plan[0])]


def _comparison(report: Report) -> list[Plan]:
    comparison = report.results['comparison']
    results = [analysis.result for analysis in report.analyses]
    titles = {item['name']: item['title'] for result in results for item in result['concepts']['definitions']}
    return [
        (
            'running-sum',
            'comparison',
            'Running sums of the variance of all analyses.',
            'How much of the variance the first components hold, for each analysis.',
            False,
            lambda: draw_running_sums(results),
        ),
        (
            'cka',
            'comparison',
            'Matrix of the similarity of the latents.',
            'How alike the latents arrange the same persons (debiased linear CKA; 1: the same up to '
            'turning and scaling, 0: nothing in common).',
            False,
            lambda: draw_cka(comparison),
        ),
        (
            'balance',
            'comparison',
            'Evenness of clusters and size of the smallest, for each K.',
            'How evenly persons spread over the clusters: their entropy as a share of the largest '
            'possible, and the share of the smallest cluster.',
            False,
            lambda: draw_balance(comparison),
        ),
        *[
            (
                f'purity-k{k}',
                'comparison',
                f'Share of {k} clusters that each concept explains.',
                f'How much of the {k} clusters each concept explains.',
                False,
                lambda k=k: draw_purity(comparison, titles, k),
            )
            for k in sorted({item['k'] for item in comparison['purity']})
        ],
    ]

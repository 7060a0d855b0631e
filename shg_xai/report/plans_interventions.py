"""Figures of the interventions and how to read each, and the chapters they stand in."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from shg_xai.chapters.channel_redundancy.figures import draw_redundancy
from shg_xai.chapters.cluster_shift.findings import items_of
from shg_xai.chapters.decoded_walk.figures import draw_concepts, draw_shifts, draw_strips
from shg_xai.chapters.skip_ablation.figures import draw_conditions, draw_levels
from shg_xai.chapters.skip_ablation.figures_persons import draw_examples, draw_histograms
from shg_xai.drawing.text import confidence_of, percent
from shg_xai.report.intervention_parts import one_pose, walk_text
from shg_xai.report.tables_interventions import tables_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Item = Mapping[str, Any]
# Name, section, alt, caption, wide, and how to draw it.
Plan = tuple[str, str, str, str, bool, Callable[[], 'Figure']]
# Key of the chapter, part of the interventions, title.
CHAPTERS = (
    ('skips', 'skips', 'Turn the skips off'),
    ('decoded', 'walks', 'Walk and decode'),
    ('redundancy', 'redundancy', 'Where else is redundancy'),
    ('misclassified', 'misclassified', 'Misclassified persons'),
)


def chapters(results: Item, told: Callable[[str], dict[str, Any]]) -> list[dict[str, Any]]:
    """The chapters the template writes; none of a tool that was not run.

    Args:
        results: results.json.
        told: claims and figures of a section.
    """
    interventions = results.get('interventions')
    found = []
    for key, part, title in CHAPTERS if interventions else ():
        items = items_of(interventions, part)
        parts = [
            {
                **told(f'interventions/{key}/{place}'),
                'title': _title(key, item, len(items)),
                'command': item['command'],
                'warnings': item['warnings'],
                'tables': tables_of(key, item),
            }
            for place, item in enumerate(items)
        ]
        if parts:
            found.append({'key': f'interventions-{key}', 'title': title, 'parts': parts})
    return found


def _title(key: str, item: Item, several: int) -> str | None:
    """What tells a part of a chapter from the next."""
    if key == 'decoded':
        return walk_text(item)
    return f'By {item["concept"].replace("_", " ")}' if key == 'misclassified' and several > 1 else None


def plans(results: Item) -> list[Plan]:
    """All figures of the interventions; a part that was not measured leaves no empty panels.

    Args:
        results: results.json.
    """
    interventions = results['interventions']
    skips, redundancy = interventions['skips'], interventions['redundancy']
    found = _skips(skips, _links(results, skips)) if skips else []
    for place, walk in enumerate(interventions['walks']):
        found += _walk(walk, place)
    return found + (_redundancy(redundancy) if redundancy and redundancy['layers'] else [])


def _links(results: Item, skips: Item) -> Sequence[Sequence[int]]:
    """Which joints are connected: as in a walk of the same joints, else as in the analyses."""
    joints = list(skips['untouched']['joints'])
    for walk in results['interventions']['walks']:
        if walk['joints'] == joints:
            return walk['links']
    for result in results.get('analyses', []):
        links = result.get('skeleton_links') or []
        if all(place < len(joints) for link in links for place in link):
            return links
    return []


def _skips(skips: Item, links: Sequence[Sequence[int]]) -> list[Plan]:
    confidence, section = confidence_of(skips), 'interventions/skips/0'
    found: list[Plan] = [
        (
            'skips-levels',
            section,
            'PCK that each joint loses where one level of skips is off.',
            'PCK each joint loses where the skip of one level is replaced by nothing, by its mean '
            'over persons, or by another person’s. Grey on white: the '
            f'{confidence} interval contains zero. Nothing takes the network far from what it has '
            'seen; the mean stays near but knows nobody; another’s is misleading.',
            True,
            lambda: draw_levels(skips),
        ),
        (
            'skips-conditions',
            section,
            'PCK with all skips off, one level on, or the latent gone.',
            f'PCK under each condition with {confidence} intervals over images, of all labelled '
            'joints and of three parts of the body. Dashed: the untouched network.',
            True,
            lambda: draw_conditions(skips),
        ),
        (
            'skips-persons',
            section,
            'How many persons have which PCK, with skips and without.',
            'How many persons have which PCK: grey with skips, lines without.',
            True,
            lambda: draw_histograms(skips),
        ),
        (
            'skips-examples',
            section,
            'Poses of persons with skips and without.',
            'Persons whose every labelled joint is found with skips, those who lose most first. In '
            'each frame to the left with skips, to the right with all of them replaced by nothing '
            '(grey: with). PCK before and after.',
            True,
            lambda: draw_examples(skips, links),
        ),
    ]
    return [plan for plan in found if plan[0] != 'skips-examples' or skips['examples']]


def _walk(walk: Item, place: int) -> list[Plan]:
    confidence, section = confidence_of(walk), f'interventions/decoded/{place}'
    pose = (
        'the one pose that all persons have'
        if one_pose(walk)
        else 'the mean over persons of each joint’s place, no single person’s pose'
    )
    name, about = f'decoded-{place}', walk_text(walk)
    strip = (
        f'{about}: {pose}, decoded along each direction, in the frame of the crop. Dotted '
        'with hollow joints: their peaks are lower than half of what is usual. In grey the '
        'pose at 0.'
    )
    if one_pose(walk):
        bands = 'All persons have one pose here, hence no intervals.'
    else:
        bands = f'Whiskers: {confidence} intervals over images.'
    return [
        (
            f'{name}-strips',
            section,
            f'{about}: decoded poses along each direction.',
            strip,
            True,
            lambda: draw_strips(walk),
        ),
        (
            f'{name}-shifts',
            section,
            f'{about}: how far joints move along each direction.',
            f'{about}: how far decoded joints move for each σ, mean over joints and persons. Orange: '
            f'what {percent(0.975, 3)} of random directions of the same length stay below. {bands}',
            True,
            lambda: draw_shifts(walk),
        ),
        (
            f'{name}-concepts',
            section,
            f'{about}: concepts of the decoded poses along directions.',
            f'{about}: a concept computed from the decoded joints along each direction, its own or, '
            'where it has none, the one that changes most beside random directions; grey: one random '
            'direction of the same length. '
            + (bands if one_pose(walk) else f'Bands: {confidence} intervals over images.')
            + ' Beneath: the change from −2σ to 2σ, and what 97.5 % of the random ones stay within.',
            True,
            lambda: draw_concepts(walk),
        ),
    ]


def _redundancy(redundancy: Item) -> list[Plan]:
    return [
        (
            'redundancy',
            'interventions/redundancy/0',
            'Share of the channels each stage needs, and PCK with fewer of them.',
            'Left: how many channel components, of all, each stage needs so that PCK hardly '
            'drops (dots with their number), and how many hold 95 % of the variance (diamonds), '
            'in the order of flow. Right: PCK with fewer of them, one stage at a time. Level 0 '
            'is the finest.',
            True,
            lambda: draw_redundancy(redundancy),
        )
    ]

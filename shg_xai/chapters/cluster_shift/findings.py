"""Sentences on interventions: skips off, walks, redundant channels, misclassified persons."""

from collections.abc import Mapping, Sequence
from typing import Any

from shg_xai.chapters.decoded_walk.findings import walk_claims
from shg_xai.chapters.skip_ablation.findings import skip_claims
from shg_xai.drawing.text import confidence_of, known, listed, number, plural
from shg_xai.report.intervention_parts import above, below, several_stacks, stage_text, with_span

Item = Mapping[str, Any]
# The layers named where many are alike.
NAMED = 5


def intervention_claims(interventions: Item) -> list[tuple[str, str]]:
    """Put all interventions into sentences.

    Args:
        interventions: of results.json.

    Returns:
        Section and plain text, in the order to be read. Sections are ``interventions/skips/0``,
        ``interventions/decoded/<walk>``, ``interventions/redundancy/0`` and ``interventions/misclassified/<place>``.
    """
    said: list[tuple[str, str]] = []
    for key, part, make in (
        ('skips', 'skips', skip_claims),
        ('decoded', 'walks', walk_claims),
        ('redundancy', 'redundancy', redundancy_claims),
        ('misclassified', 'misclassified', misclassified_claims),
    ):
        for place, item in enumerate(items_of(interventions, part)):
            said += [(f'interventions/{key}/{place}', text) for text in make(item)]
    return said


def items_of(interventions: Item, part: str) -> Sequence[Item]:
    """The results of a part, however many there are."""
    found = interventions[part]
    return found if isinstance(found, list) else [] if found is None else [found]


def redundancy_claims(redundancy: Item) -> list[str]:
    """Put a search for redundant channels into sentences.

    Args:
        redundancy: of the interventions.
    """
    layers, confidence = redundancy['layers'], confidence_of(redundancy)
    several = several_stacks(redundancy)
    tolerance = number(float(redundancy['settings']['tolerance']), 3)
    texts = [
        f'{plural(len(layers), "stage")} were looked at, one at a time, with '
        f'{plural(redundancy["persons"], "person")} of {redundancy["split"]}; untouched, the '
        'network has a PCK of '
        f'{with_span(redundancy["untouched"]["labelled"], confidence)} on labelled joints.'
    ]
    found = [layer for layer in layers if known(layer['suggestion']['k'])]
    if not found:
        return texts
    least = min(layer['suggestion']['k'] / layer['channels'] for layer in found)
    if least >= 1:
        return [
            *texts,
            f'No stage can do with fewer of its channel components and lose at most '
            f'{tolerance} of PCK, of the numbers tried.',
        ]
    best = [layer for layer in found if layer['suggestion']['k'] / layer['channels'] == least]
    for layer in best[:NAMED]:
        k = layer['suggestion']['k']
        texts.append(
            f'The most redundant stage is {stage_text(layer, several)}: {number(k)} of '
            f'{plural(layer["channels"], "channel component")} '
            f'{"is" if k == 1 else "are"} enough to lose at most {tolerance} of PCK '
            f'(measured: {with_span(layer["suggestion"]["drop"], confidence)}).'
        )
        high = layer['suggestion']['drop']['high']
        if known(high) and high > redundancy['settings']['tolerance']:
            texts.append(f'The interval does not rule out a larger loss, up to {number(float(high), 3)}.')
    if len(best) > NAMED:
        texts.append(f'As redundant are {number(len(best) - NAMED)} more.')
    return texts + _full(found, several) + _variance(found)


def _full(layers: Sequence[Item], several: bool) -> list[str]:
    """Which stages need all their channels."""
    full = [stage_text(layer, several) for layer in layers if layer['suggestion']['k'] >= layer['channels']]
    if not full:
        return []
    named = full if len(full) <= NAMED else [*full[:NAMED], f'{len(full) - NAMED} more']
    verb = 'needs' if len(full) == 1 else 'need'
    return [
        f'{number(len(full))} of {plural(len(layers), "stage")} {verb} all channel components '
        f'to stay within it, of the numbers tried: {listed(named)}.'
    ]


def _variance(layers: Sequence[Item]) -> list[str]:
    """Whether 95 % of the variance says as much as PCK does."""
    judged = [layer for layer in layers if known(layer['components_95'])]
    short = sum(layer['components_95'] < layer['suggestion']['k'] for layer in judged)
    if not judged:
        return []
    return [
        f'In {number(short)} of {plural(len(judged), "stage")}, 95 % of the variance is in '
        'fewer components than PCK asks for: '
        + (
            'variance there is no measure of what the network needs.'
            if short
            else 'by variance, none would be cut too far.'
        )
    ]


def misclassified_claims(found: Item) -> list[str]:
    """Put what becomes of misclassified persons into sentences.

    Args:
        found: of the interventions.
    """
    confidence, split, counts = confidence_of(found), found['concept_split'], found['counts']
    cut = (
        'yes or no'
        if split['kind'] == 'flag'
        else f'cut at {number(None if split["at"] is None else float(split["at"]), 3)}'
    )
    concept = found['concept'].replace('_', ' ')
    texts = [
        f'{plural(found["clusters"], "cluster")} against {concept} ({cut}; Cramér’s V '
        f'{number(split["association"])}): {plural(counts["agree"], "person")} of '
        f'{found["split"]} are on their cluster’s side, {number(counts["disagree"])} are '
        'misclassified' + (f'; of {number(counts["unknown"])} the concept is not known.' if counts['unknown'] else '.')
    ]
    if not counts['disagree']:
        return [*texts, 'Nobody is misclassified, so there is nobody to compare or to move.']
    pck = found['pck']
    texts.append(
        f'Misclassified persons have a PCK of {with_span(pck["disagree"])}, the others '
        f'{with_span(pck["agree"])}: ' + _compared(pck['difference'], 'higher', 'lower', confidence) + '.'
    )
    for key, who in (('disagree', 'misclassified persons'), ('agree', 'of the others')):
        moved = found['moved'][key]
        texts.append(
            f'No {who} were moved.'
            if moved is None and key == 'disagree'
            else 'None of the others were moved.'
            if moved is None
            else f'Moved by the difference of the clusters’ means, {number(moved["persons"])} '
            f'{who} go from {with_span(moved["before"])} to {with_span(moved["after"])}: '
            + _compared(moved['gain'], 'better', 'worse', confidence)
            + '.'
        )
    return texts + _both(found['moved'])


def _compared(item: Item, higher: str, lower: str, confidence: str) -> str:
    """``lower by 0.097 (...)``, or that no difference was found."""
    if not known(item['value']):
        return 'how they differ is not known'
    if not known(item['low']):
        return f'a difference of {with_span(item)}'
    if above(item):
        return f'{higher}, by {with_span(item, confidence)}'
    if below(item):
        turned = {'value': -item['value'], 'low': -item['high'], 'high': -item['low']}
        return f'{lower}, by {with_span(turned, confidence)}'
    return f'no difference found, {with_span(item, confidence)}'


def _both(moved: Item) -> list[str]:
    """Whether moving says anything of the misclassified ones that the others do not show too."""
    pair = [moved[key] for key in ('disagree', 'agree')]
    if not all(pair) or any(not known(one['gain'][end]) for one in pair for end in ('low', 'high')):
        return []
    own, other = (one['gain'] for one in pair)
    if own['low'] > other['high']:
        return ['Moving helps misclassified persons more than it does the others.']
    if own['high'] < other['low']:
        return ['Moving harms misclassified persons more than it does the others.']
    return [
        'The two intervals overlap: that misclassified persons gain more or less by moving '
        'than the others is not shown.'
    ]

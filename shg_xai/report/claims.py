"""What the numbers say, each as a sentence with its interval, worded no stronger than they are."""

from collections.abc import Mapping
from typing import Any

from shg_xai.chapters.cluster_shift.findings import intervention_claims
from shg_xai.chapters.concepts.findings import compare, concept_claims
from shg_xai.chapters.networks.findings import study_claims
from shg_xai.drawing.text import amount, confidence_of, has_zero, known, listed, number, percent, plural, span

Claims = list[tuple[str, str]]
# Fewer persons than this say little, whatever the intervals say.
FEW = 200
# Kaufman and Rousseeuw, "Finding Groups in Data" (1990), table 2.4.
NO_STRUCTURE, WEAK_STRUCTURE = 0.25, 0.5


def claims(results: Mapping[str, Any]) -> Claims:
    """Put the results into sentences.

    Args:
        results: results.json.

    Returns:
        Section and plain text, in the order to be read. Sections are ``<analysis>/analysed``, ``/components``,
        ``/groups``, ``/concepts``, ``/next``, ``comparison``, ``study`` and ``interventions/...``. The text is not
        escaped.
    """
    confidence = confidence_of(results)
    said: Claims = []
    if results.get('study'):
        said += [('study', text) for text in study_claims(results['study'])]
    if results.get('interventions'):
        said += intervention_claims(results['interventions'])
    for result in results['analyses']:
        parts = {
            'analysed': _analysed(result),
            'components': _components(result, confidence),
            'groups': _groups(result, confidence),
            'concepts': concept_claims(result, confidence),
            'next': _next(result),
        }
        said += [(f'{result["name"]}/{part}', text) for part, texts in parts.items() for text in texts]
    if results.get('comparison'):
        said += [('comparison', text) for text in compare(results)]
    return said


def _analysed(result: Mapping[str, Any]) -> list[str]:
    persons, dimensions = result['persons'], result['dimensions']
    texts = [
        f'{plural(persons, "person")} in {plural(result["images"], "image")} were analysed, '
        f'of {number(result["persons_in_store"])} in the store; each has '
        f'{plural(dimensions, "number")} from the layer {result["layer"]}.'
    ]
    if persons < FEW or persons < dimensions:
        than = [f'fewer than {FEW}'] * (persons < FEW)
        than += [f'fewer than the {number(dimensions)} dimensions'] * (persons < dimensions)
        texts.append(
            f'{plural(persons, "person is", "persons are")} {listed(than)}: too few for the numbers below to mean much.'
        )
    if result.get('constant_dimensions'):
        texts.append(
            f'{plural(result["constant_dimensions"], "dimension never varies")} and adds nothing.'
            if result['constant_dimensions'] == 1
            else f'{number(result["constant_dimensions"])} dimensions never vary and add nothing.'
        )
    return texts


def _interval(item: Mapping[str, Any], confidence: str, digits: int = 2) -> str:
    """``95 % interval 0.82 to 0.88``, or that it is not known."""
    found = span(item, digits)
    return f'{confidence} interval {found}' if found else 'interval not known'


def _share_interval(item: Mapping[str, Any], confidence: str) -> str:
    """The same for shares, in per cent."""
    if not known(item.get('low')) or not known(item.get('high')):
        return 'interval not known'
    low, high = (percent(item[key]).removesuffix(' %') for key in ('low', 'high'))
    return f'{confidence} interval {low} to {high} %'


def _halves(item: Mapping[str, Any], tail: str = ' in two halves of the images') -> str:
    """``118 and 121 in two halves of the images``."""
    halves = item.get('halves') or [None, None]
    return f'{number(halves[0], 1)} and {number(halves[1], 1)}{tail}'


def _components(result: Mapping[str, Any], confidence: str) -> list[str]:
    spectrum = result['spectrum']
    texts = [
        f'Component {item["component"]} holds {percent(item["value"])} of the variance '
        f'({_share_interval(item, confidence)}).'
        if known(item['value'])
        else f'How much of the variance component {item["component"]} holds is not known.'
        for item in (spectrum.get('leading') or [])[:3]
    ]
    widths = [
        f'{number(item["value"])} {"components to " * (not place)}hold '
        f'{percent(item["share"])}{" of the variance" * (not place)} '
        f'({_halves(item, " in two halves of the images" * (not place))})'
        for place, item in enumerate(item for item in spectrum['components_for'] if known(item['value']))
    ]
    texts.append(
        f'It takes {listed(widths)}.'
        if widths
        else 'How many components hold a given share of the variance is not known.'
    )
    ratio, noise = spectrum.get('participation_ratio') or {}, spectrum.get('noise') or {}
    if known(ratio.get('value')):
        texts.append(
            f'The variance is spread as if over {number(float(ratio["value"]), 1)} '
            f'components of equal size (participation ratio; {_halves(ratio)}).'
        )
    if known(noise.get('value')):
        draws = f', {plural(noise["draws"], "draw")}' if known(noise.get('draws')) else ''
        texts.append(
            f'{plural(noise["value"], "component")} '
            f'{"stands" if noise["value"] == 1 else "stand"} above noise '
            f'({noise["method"]}{draws}).'
        )
    else:
        texts.append('How many components stand above noise is not known.')
    study = spectrum.get('study')
    if study:
        texts.append(
            f'The study saw only noise from component {study["component"]} on; here that '
            f'component holds {percent(study["value"])} of the variance and the first '
            f'{study["component"]} hold {percent(study["cumulative"])}.'
        )
    return texts + [text for entry in result['walks']['components'][:3] if (text := _walk(entry))]


def _walk(entry: Mapping[str, Any]) -> str | None:
    """How far real persons are from the ends of a walk, beside random directions."""
    points = [point for point in entry['points'] if point['step']]
    if not points:
        return None
    first, last = points[0], points[-1]
    name = f'component {number(entry["component"])}'
    if not all(known(point['distance']) and point.get('random') and span(point['random']) for point in (first, last)):
        return f'How near real persons come to the ends of {name} is not known.'

    ends = {_where(first), _where(last)}
    verdict = ends.pop() if len(ends) == 1 else 'not clearly different from chance on both sides'
    # Both ends are as far from the mean, so one range tells of both.
    low = min(point['random']['low'] for point in (first, last))
    high = max(point['random']['high'] for point in (first, last))
    return (
        f'At {_step(first["step"])} and {_step(last["step"])} standard deviations along {name} '
        f'the nearest real person is {amount(first["distance"])} and '
        f'{amount(last["distance"])} away; after as long a step in 95 % of random directions '
        f'it is {amount(low)} to {amount(high)} away: {verdict}.'
    )


def _where(point: Mapping[str, Any]) -> str:
    """How the distance at one end of a walk stands to that in random directions."""
    chance = point['random']
    if point['distance'] < chance['low']:
        return 'nearer than chance'
    return 'farther than chance' if point['distance'] > chance['high'] else 'as near as chance'


def _step(step: float) -> str:
    return f'{"+" if step > 0 else "−"}{abs(step):g}'


def _groups(result: Mapping[str, Any], confidence: str) -> list[str]:
    clusters = result['clusters']
    best = next((fit for fit in clusters['k'] if fit['k'] == clusters.get('best_k')), None)
    if best is None or not known((best['silhouette'] or {}).get('value')):
        return ['How many groups there are is not known.']
    item, margin = best['silhouette'], clusters.get('margin') or {}
    second = clusters.get('second_k')
    texts = [
        f'Of all numbers of clusters tried, {best["k"]} has the highest mean silhouette: '
        f'{number(item["value"])} ({_interval(item, confidence)}).'
    ]
    if known(margin.get('value')):
        between = f'{best["k"]} and {second}'
        tail = f'{number(margin["value"], 3)}, {_interval(margin, confidence, 3)}'
        texts.append(
            f'There is no clear winner between {between} (difference {tail}).'
            if has_zero(margin) is not False or margin['value'] <= 0
            else f'It is clearly above that of {second} (difference {tail}).'
        )
    if item['value'] < WEAK_STRUCTURE:
        word = (
            'no substantial structure: read the groups as parts of one cloud rather than as kinds of persons'
            if item['value'] < NO_STRUCTURE
            else 'only a weak structure'
        )
        texts.append(f'By Kaufman and Rousseeuw’s rule of thumb, a silhouette of {number(item["value"])} means {word}.')
    texts.append(
        f'The clusters have {listed([number(size) for size in best["sizes"]])} persons; '
        f'{percent(best["negative_share"])} of all persons lie nearer to another cluster '
        'than to their own.'
    )
    stability = best['stability'] or {}
    if known(stability.get('value')):
        texts.append(
            f'{plural(clusters["restarts"], "restart")} agree with an adjusted Rand index '
            f'of {number(float(stability["value"]))} on average, at least '
            f'{number(stability.get("low"))} (1: the same clusters, 0: chance).'
        )
    return texts


def _next(result: Mapping[str, Any]) -> list[str]:
    spectrum = result['spectrum']
    widths = [
        f'{number(item["value"])} for {percent(item["share"])} of the variance'
        for item in spectrum['components_for']
        if known(item['value'])
    ]
    noise = (spectrum.get('noise') or {}).get('value')
    if known(noise):
        widths.append(f'{number(noise)} for what stands above noise')
    ratio = (spectrum.get('participation_ratio') or {}).get('value')
    if known(ratio):
        widths.append(f'{number(float(ratio), 1)} by the participation ratio')
    if not widths:
        return ['A width for the autoencoder’s code cannot be read from this spectrum.']
    return [
        f'Widths for an autoencoder’s code that this spectrum speaks for: {listed(widths)}. '
        'They say how much variance a linear code keeps, not how well poses are found with it: '
        'train and compare.'
    ]

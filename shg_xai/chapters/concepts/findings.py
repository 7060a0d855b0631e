"""Sentences on what goes with what, and on several analyses side by side."""

from collections.abc import Mapping
from typing import Any

from shg_xai.drawing.text import has_zero, known, listed, number, percent, plural, span

# How many components get sentences of their own, and concepts for each.
COMPONENTS, CONCEPTS = 3, 2
# Below this a relation is called weak, however surely it is there.
WEAK = 0.3
PROBES = 3
MEASURES = {'r2': 'R²', 'auc': 'AUC'}


def concept_claims(result: Mapping[str, Any], confidence: str) -> list[str]:
    """Sentences on one analysis' concepts: components, clusters, probes."""
    concepts = result['concepts']
    titles = {item['name']: item['title'] for item in concepts['definitions']}
    controls = [titles.get(name, name) for name in concepts['controls']]
    texts = []
    for component in range(1, COMPONENTS + 1):
        entries = [
            entry
            for entry in concepts['components']
            if entry['component'] == component and known((entry['rho'] or {}).get('value'))
        ]
        entries.sort(key=lambda entry: -abs(entry['rho']['value']))
        clear = [entry for entry in entries if is_clear(entry)][:CONCEPTS]
        texts += [correlation(entry, titles, controls, confidence) for entry in clear]
        if entries and not clear:
            texts.append(correlation(entries[0], titles, controls, confidence))
    pairs = sum(known((entry['rho'] or {}).get('value')) for entry in concepts['components'])
    if pairs:
        texts.append(
            f'{plural(pairs, "pair")} of a component and a concept were looked at; even '
            'if nothing went with anything, a few of their intervals would leave out '
            'zero.'
        )
    for k in sorted({entry['k'] for entry in concepts['clusters']}):
        texts += _effects([entry for entry in concepts['clusters'] if entry['k'] == k], titles, confidence)
    return texts + _probes(concepts['probes'], titles, confidence)


def is_clear(entry: Mapping[str, Any]) -> bool:
    """Whether a correlation's interval leaves out zero and shuffled values stay below it."""
    rho, shuffled = entry['rho'], entry.get('shuffled') or {}
    if has_zero(rho) is not False:
        return False
    ends = [shuffled[key] for key in ('low', 'high') if known(shuffled.get(key))]
    return abs(rho['value']) > max(map(abs, ends), default=0)


def correlation(entry: Mapping[str, Any], titles: Mapping[str, str], controls: list[str], confidence: str) -> str:
    """A sentence on one component and one concept, the plain beside the partial correlation."""
    rho, partial = entry['rho'], entry.get('partial')
    name = f'Component {entry["component"]}'
    title = titles.get(entry['concept'], entry['concept'])
    found = span(rho)
    numbers = f'Spearman {number(float(rho["value"]))}, ' + (
        f'{confidence} interval {found}' if found else 'interval not known'
    )
    if not is_clear(entry):
        return f'{name}: no clear relation with any concept; the largest is with {title} ({numbers}).'
    others = [control for control in controls if control != title]
    if partial and known(partial.get('value')) and others:
        within = span(partial)
        zero = '; no longer clear' if has_zero(partial) is not False else ''
        numbers += (
            f'; {number(float(partial["value"]))}'
            + (f', {within},' if within else '')
            + f' when {listed(others)} {"is" if len(others) == 1 else "are"} held fixed'
            + zero
        )
    else:
        numbers += '; with the controls held fixed: not known'
    weakly = 'weakly ' if abs(rho['value']) < WEAK else ''
    against = 'with' if rho['value'] > 0 else 'against'
    return f'{name} goes {weakly}{against} {title} ({numbers}).'


def _effects(entries: list[Mapping[str, Any]], titles: Mapping[str, str], confidence: str) -> list[str]:
    """The concepts in which clusters differ most, and how many show no clear difference."""
    entries = [entry for entry in entries if known((entry['effect'] or {}).get('value'))]
    if not entries:
        return []

    def centre(entry: Mapping[str, Any]) -> float:
        return 0.5 if entry['effect']['measure'] == 'auc' else 0.0

    entries.sort(key=lambda entry: -abs(entry['effect']['value'] - centre(entry)))
    clear = [entry for entry in entries if _differs(entry, centre(entry))]
    texts = [_effect(entry, titles, confidence) for entry in clear[:CONCEPTS]]
    rest = len(entries) - len(clear)
    if rest:
        texts.append(
            f'In {number(rest)} of {plural(len(entries), "concept")} there is no clear '
            f'difference between the {entries[0]["k"]} clusters.'
        )
    return texts


def _differs(entry: Mapping[str, Any], centre: float) -> bool:
    """Whether the effect's interval leaves out "none" and shuffled clusters say less."""
    if has_zero(entry['effect'], centre) is not False:
        return False
    shared, shuffled = entry.get('mutual_information') or {}, entry.get('shuffled') or {}
    if known(shared.get('value')) and known(shuffled.get('high')):
        return shared['value'] > shuffled['high']
    return True


def _effect(entry: Mapping[str, Any], titles: Mapping[str, str], confidence: str) -> str:
    effect, k = entry['effect'], entry['k']
    title = titles.get(entry['concept'], entry['concept'])
    interval = f'{confidence} interval {span(effect)}'
    if effect['measure'] == 'auc':
        text = (
            f'The {k} clusters differ in {title}: a person of cluster 1 has more of it than '
            f'one of cluster 0 with a chance of {number(float(effect["value"]))} ({interval}; '
            '0.5: no difference)'
        )
    else:
        text = (
            f'The {k} clusters differ in {title}: they explain '
            f'{number(float(effect["value"]))} of the variance of its ranks (ε², {interval})'
        )
    shared = entry.get('mutual_information') or {}
    if known(shared.get('value')):
        high = (entry.get('shuffled') or {}).get('high')
        text += f'; they share {number(float(shared["value"]))} bits' + (
            f' (with shuffled clusters at most {number(float(high))})' if known(high) else ''
        )
    return text + '.'


def _probes(probes: list[Mapping[str, Any]], titles: Mapping[str, str], confidence: str) -> list[str]:
    """The concepts a probe tells best, then those with no clear relation, then the unknown."""

    def above(probe: Mapping[str, Any]) -> float:
        end = probe_end(probe)
        # AUC runs from 0.5 to 1 where R2 runs from 0 to 1.
        return -1.0 if end is None else 2 * end['value'] - 1 if end['chance'] else end['value']

    clear = sorted((probe for probe in probes if probe_is_clear(probe)), key=above, reverse=True)
    texts = [probe_claim(probe, titles, confidence) for probe in clear[:PROBES]]
    names = [titles.get(probe['concept'], probe['concept']) for probe in clear[PROBES:]]
    if names:
        texts.append(f'Less well, but clearly: {listed(names)}.')
    unclear = [probe for probe in probes if probe not in clear and probe_end(probe)]
    texts += [probe_claim(probe, titles, confidence) for probe in unclear]
    return texts + [probe_claim(probe, titles, confidence) for probe in probes if probe_end(probe) is None]


def probe_end(probe: Mapping[str, Any]) -> dict[str, Any] | None:
    """A probe's numbers at the most components it was given; None where nothing is known."""
    there = [place for place, value in enumerate(probe['values']) if known(value)]
    if not there:
        return None
    keys = {'value': 'values', 'low': 'low', 'high': 'high', 'shuffled': 'shuffled'}
    return {
        **{key: probe[name][there[-1]] for key, name in keys.items()},
        'components': probe['components'][there[-1]],
        'chance': 0.5 if probe['measure'] == 'auc' else 0.0,
    }


def probe_is_clear(probe: Mapping[str, Any]) -> bool:
    """Whether the interval lies above chance and above what a shuffled concept gives."""
    end = probe_end(probe)
    if end is None or not known(end['low']):
        return False
    shuffled = end['shuffled'] if known(end['shuffled']) else end['chance']
    return end['low'] > max(end['chance'], shuffled)


def probe_claim(probe: Mapping[str, Any], titles: Mapping[str, str], confidence: str) -> str:
    """A sentence on one probe, at the most components it was given."""
    title, end = titles.get(probe['concept'], probe['concept']), probe_end(probe)
    if end is None:
        return f'How well a linear probe tells “{title}” is not known.'
    found = span(end)
    numbers = (
        f'{MEASURES[probe["measure"]]} {number(float(end["value"]))}, '
        + (f'{confidence} interval {found}' if found else 'interval not known')
        + (f'; shuffled {number(float(end["shuffled"]))}' if known(end['shuffled']) else '')
    )
    many = plural(end['components'], 'component')
    if not probe_is_clear(probe):
        return f'A linear probe on {many} finds no clear relation with {title} ({numbers}).'
    return f'A linear probe on {many} tells {title} of held-out persons ({numbers}).'


def compare(results: Mapping[str, Any]) -> list[str]:
    """Sentences on several analyses side by side."""
    comparison = results['comparison']
    names = comparison['names']
    texts = [f'The analyses are compared on the {plural(comparison["persons"], "person")} that all of them have.']
    by_name = {result['name']: result for result in results['analyses']}
    for share in (0.95,):
        counts = [
            f'{name} {number(item["value"])}'
            for name in names
            if name in by_name
            for item in by_name[name]['spectrum']['components_for']
            if abs(item['share'] - share) < 1e-9
        ]
        if counts:
            texts.append(f'Components that hold {percent(share)} of the variance: {listed(counts)}.')
    for a, first in enumerate(names):
        for b, second in enumerate(names[:a]):
            item = comparison['cka'][a][b] or {}
            halves = item.get('halves') or [None, None]
            texts.append(
                f'The latents of {second} and {first} are alike to '
                f'{number(item["value"])} (CKA; {number(halves[0])} and '
                f'{number(halves[1])} in two halves of the images).'
                if known(item.get('value'))
                else f'How alike the latents of {second} and {first} are is not known.'
            )
            texts += [
                f'Split into {entry["k"]} clusters each, they agree with an adjusted Rand '
                f'index of {number(entry["adjusted_rand"][a][b])}.'
                for entry in comparison['agreement']
                if entry['k'] == 2 and known(entry['adjusted_rand'][a][b])
            ]
    for item in comparison['balance']:
        if item['k'] == 2 and known(item['smallest_share']):
            texts.append(
                f'With 2 clusters, the smaller one of {item["name"]} holds '
                f'{percent(item["smallest_share"])} of the persons.'
            )
    return texts

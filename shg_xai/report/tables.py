"""Tables of the page, as plain text in cells."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shg_xai.drawing.text import DASH, amount, confidence_of, known, number, percent, span


@dataclass(frozen=True)
class Table:
    """A table of the page.

    Attributes:
        caption: what it holds.
        head: names of the columns.
        rows: cells; the first of each row names it.
        folded: whether the reader has to open it.
    """

    caption: str
    head: list[str]
    rows: list[list[str]]
    folded: bool = False


def plain(value: Any) -> str:
    """Any value of the results as text."""
    if value is None:
        return DASH
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def cell(item: Mapping[str, Any] | None, digits: int = 2) -> str:
    """``0.85 (0.82 to 0.88)``."""
    if not item or not known(item.get('value')):
        return DASH
    found = span(item, digits)
    text = number(float(item['value']), digits)
    return f'{text} ({found})' if found else text


def origin(result: Mapping[str, Any]) -> Table:
    """Where an analysis' latents come from."""
    shape = ' × '.join(number(size) for size in result.get('shape') or []) or DASH
    checkpoint = result.get('checkpoint')
    sha = checkpoint.get('sha256') if isinstance(checkpoint, dict) else checkpoint
    rows = [
        ('store', result.get('store')),
        ('layer', result.get('layer')),
        ('shape of a latent', shape),
        ('configuration', result.get('config_file')),
        ('data set', result.get('dataset')),
        ('split', result.get('split')),
        ('SHA-256 of the checkpoint', sha),
    ]
    return Table('Where the latents come from', ['', ''], [[name, plain(value)] for name, value in rows])


def clusters(result: Mapping[str, Any], confidence: str) -> Table:
    """What was found for each K."""
    rows = [
        [
            number(fit['k']),
            cell(fit['silhouette'], 3),
            amount((fit['silhouette'] or {}).get('error_bound'), 2, DASH),
            number((fit['stability'] or {}).get('value'), 2, DASH),
            number((fit['stability'] or {}).get('low'), 2, DASH),
            percent(fit['negative_share'], absent=DASH),
            amount(fit['inertia'], 4, DASH),
            ', '.join(number(size) for size in fit['sizes']),
        ]
        for fit in result['clusters']['k']
    ]
    return Table(
        f'Clusters: mean silhouette with {confidence} interval, how far it may be off '
        'because small components were cut, agreement of restarts, persons with a '
        'negative silhouette, sum of squared distances, sizes',
        ['K', 'silhouette', 'off by', 'agreement', 'worst', 'negative', 'inertia', 'persons'],
        rows,
        folded=True,
    )


def correlations(result: Mapping[str, Any], confidence: str) -> Table:
    """The numbers of the heat map, with intervals."""
    concepts = result['concepts']
    titles = {item['name']: item['title'] for item in concepts['definitions']}
    rows = [
        [
            titles.get(entry['concept'], entry['concept']),
            number(entry['component']),
            cell(entry['rho']),
            cell(entry['partial']),
            cell(entry['shuffled']),
            number(entry['persons']),
        ]
        for entry in concepts['components']
    ]
    return Table(
        f'Spearman’s ρ with {confidence} intervals: plain, with the controls held fixed, '
        'and with the concept shuffled among persons',
        ['concept', 'component', 'plain', 'controls fixed', 'shuffled', 'persons'],
        rows,
        folded=True,
    )


def effects(result: Mapping[str, Any], confidence: str) -> Table:
    """How clusters differ in concepts."""
    concepts = result['concepts']
    titles = {item['name']: item['title'] for item in concepts['definitions']}
    measures = {'auc': 'AUC', 'epsilon_squared': 'ε²'}
    rows = []
    for entry in concepts['clusters']:
        effect, shuffled = entry['effect'] or {}, entry['shuffled'] or {}
        rows.append(
            [
                titles.get(entry['concept'], entry['concept']),
                number(entry['k']),
                measures.get(effect.get('measure'), DASH),
                cell(effect),
                cell(entry['mutual_information']),
                percent(entry['entropy_share'], absent=DASH),
                number(shuffled.get('high'), 2, DASH),
                number(entry['persons']),
            ]
        )
    return Table(
        f'How clusters differ in each concept, with {confidence} intervals: effect, '
        'mutual information in bits and as a share of the clusters’ entropy, and its '
        'upper limit with shuffled clusters',
        ['concept', 'K', 'measure', 'effect', 'bits', 'share', 'shuffled', 'persons'],
        rows,
        folded=True,
    )


def definitions(results: Mapping[str, Any]) -> Table:
    """What each concept means, once; how many persons it is known of, for each analysis."""
    rows: dict[tuple[str, ...], list[str]] = {}
    for result in results['analyses']:
        for item in result['concepts']['definitions']:
            key = (
                item['title'],
                item['definition'],
                item.get('unit') or ('yes or no' if item['kind'] == 'flag' else DASH),
            )
            text = f'{number(item["persons"])}; {amount(item["mean"], 3, DASH)} ± {amount(item["sd"], 3, DASH)}'
            rows.setdefault(key, []).append(text)
    return Table(
        'Concepts: how each is measured, and of how many persons it is known, with mean ± '
        'standard deviation' + (' (for each analysis)' if len(results['analyses']) > 1 else ''),
        ['concept', 'definition', 'unit', 'persons; mean ± SD'],
        [[*key, ' | '.join(dict.fromkeys(texts))] for key, texts in rows.items()],
    )


def making(results: Mapping[str, Any]) -> list[Table]:
    """Settings, versions and times."""
    pairs = [
        ('Settings', {'seed': results.get('seed'), **results['settings']}),
        ('Versions', results['versions']),
        (
            'Seconds it took',
            {
                name: number(float(value), 1) if known(value) else value
                for name, value in (results.get('times_s') or {}).items()
            },
        ),
    ]
    return [
        Table(caption, ['', ''], [[str(name), plain(value)] for name, value in part.items()])
        for caption, part in pairs
        if part
    ]


def of_analysis(results: Mapping[str, Any], result: Mapping[str, Any], section: str) -> list[Table]:
    """The tables of a section of an analysis; none that would be empty."""
    confidence = confidence_of(results)
    made = {
        'analysed': [lambda: origin(result)],
        'groups': [lambda: clusters(result, confidence)],
        'concepts': [lambda: correlations(result, confidence), lambda: effects(result, confidence)],
    }
    return [table for build in made.get(section, []) if (table := build()).rows]

"""The outcome of a study as it is printed."""

from typing import Any

from shg_xai.drawing.text import plural
from shg_xai.study.settings import GROUPS, TITLES


def table(study: dict[str, Any]) -> str:
    """PCKs of all networks and their differences as two Markdown tables."""
    seeds = len(study['settings']['seeds'])
    lines = [f'| PCK, held-out persons | epochs | {" | ".join(GROUPS)} |', '|---|---|' + '---|' * len(GROUPS)]
    if any(value is not None for value in study['mean_pose'].values()):
        cells = [_cell(dict(value=study['mean_pose'][group])) for group in GROUPS]
        lines.append(f'| mean pose | - | {" | ".join(cells)} |')
    for network in study['networks']:
        cells = [_cell(network['pck'][group]) for group in GROUPS]
        lines.append(f'| {network["title"]} | {network["epochs"]} | {" | ".join(cells)} |')
    persons = plural(study['data']['test'], 'person')
    lines += [
        '',
        f'Mean over {persons} and {plural(seeds, "seed")}{", ± standard deviation over seeds" * (seeds > 1)}.',
        '',
        '| difference in labelled PCK | value | interval over persons | interval over seeds | each seed | |',
        '|---|---|---|---|---|---|',
    ]
    for item in study['comparisons']:
        if item['group'] == 'labelled':
            lines.append(
                f'| {TITLES[item["a"]]} - {TITLES[item["b"]]} '
                f'| {_signed(item["difference"]["value"])} | {_span(item["difference"])} '
                f'| {_span(item["over_seeds"])} '
                f'| {", ".join(map(_signed, item["by_seed"]))} | {item["verdict"]} |'
            )
    return '\n'.join([*([study['few'], ''] if study['few'] else []), *lines])


def _span(item: dict[str, Any]) -> str:
    return '-' if item['low'] is None else f'{_signed(item["low"])} to {_signed(item["high"])}'


def _signed(value: float | None) -> str:
    return '-' if value is None else f'{value:+.3f}'


def _cell(item: dict[str, Any]) -> str:
    if item['value'] is None:
        return '-'
    spread = '' if item.get('sd') is None else f' ± {item["sd"]:.3f}'
    return f'{item["value"]:.3f}{spread}'

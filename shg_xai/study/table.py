"""The outcome of a study as it is printed."""

from shg_xai.chapters.networks.results import GROUPS, Networks, SeededEstimate
from shg_xai.drawing.text import plural
from shg_xai.results import Estimate
from shg_xai.study.settings import ABOUT


def table(answer: Networks) -> str:
    """PCKs of all networks and their differences as two Markdown tables."""
    lines = [f'| PCK, held-out persons | epochs | {" | ".join(GROUPS)} |', '|---|---|' + '---|' * len(GROUPS)]
    pose = answer.mean_pose or {}
    if any(value is not None for value in pose.values()):
        lines.append(f'| mean pose | - | {" | ".join(_cell(SeededEstimate(value=pose[group])) for group in GROUPS)} |')
    for network in answer.networks:
        cells = ' | '.join(_cell(network.pck[group]) for group in GROUPS)
        lines.append(f'| {network.title} | {network.epochs} | {cells} |')
    seeds = plural(len(answer.seeds), 'seed')
    spread = ', ± standard deviation over seeds' * (len(answer.seeds) > 1)
    lines += ['', f'Mean over {plural(answer.data.test, "person")} and {seeds}{spread}.', '']
    head = '| difference in labelled PCK | value | interval over persons | interval over seeds | each seed | |'
    lines += [head, '|---|---|---|---|---|---|']
    for item in answer.comparisons:
        if item.group == 'labelled':
            row = [f'{ABOUT[item.a][0]} - {ABOUT[item.b][0]}', _signed(item.difference.value)]
            row += [_span(item.difference), _span(item.over_seeds), ', '.join(map(_signed, item.by_seed))]
            lines.append(f'| {" | ".join([*row, item.verdict.value])} |')
    return '\n'.join([*(line for warning in answer.warnings for line in (warning, '')), *lines])


def _span(estimate: Estimate) -> str:
    return '-' if estimate.ends is None else ' to '.join(map(_signed, estimate.ends))


def _signed(value: float | None) -> str:
    return '-' if value is None else f'{value:+.3f}'


def _cell(estimate: SeededEstimate) -> str:
    if estimate.value is None:
        return '-'
    return f'{estimate.value:.3f}' + ('' if estimate.sd is None else f' ± {estimate.sd:.3f}')

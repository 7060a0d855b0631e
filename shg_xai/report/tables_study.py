"""Tables of the study: its networks, comparisons, autoencoders, splices and stages."""

from collections.abc import Mapping
from typing import Any

from shg_xai.chapters.networks.parts import AUTOENCODERS, GROUPS, signed, stack_name, title
from shg_xai.drawing.text import DASH, amount, confidence_of, known, number, percent, plural, span
from shg_xai.report.tables import Table, cell


def of_study(study: Mapping[str, Any]) -> list[Table]:
    """The tables of the study; none that would be empty.

    Args:
        study: of results.json.
    """
    made = (networks, comparisons, autoencoders, splice, widths, stages)
    return [table for build in made for table in [build(study)] if table.rows]


def _three(value: float | None) -> str:
    """A number with three digits; a dash for what is not known."""
    return number(float(value), 3) if known(value) else DASH


def _summary(item: Mapping[str, Any]) -> str:
    """``0.612 ± 0.004 (0.604 to 0.620)``; without the ± where there is one seed."""
    if not known(item['value']):
        return DASH
    spread = f' ± {_three(item["sd"])}' if known(item.get('sd')) else ''
    ends = span(item, 3)
    return _three(item['value']) + spread + (f' ({ends})' if ends else '')


def networks(study: Mapping[str, Any]) -> Table:
    """PCK of each network, of the persons tested."""
    rows = [
        [item['title'], item['about'], number(item['epochs']), *(_summary(item['pck'][group]) for group in GROUPS)]
        for item in study['networks']
    ]
    pose = study['mean_pose']
    if pose:
        rows.append(['mean pose', 'the mean of all poses, wherever', DASH, *(_three(pose[group]) for group in GROUPS)])
    seeds = len(study['settings']['seeds'])
    spread = ' ± standard deviation over seeds' if seeds > 1 else ''
    persons = plural(study['data']['test'], 'person')
    return Table(
        f'PCK of {persons} tested, {plural(seeds, "seed")}: mean{spread} ({confidence_of(study)} interval)',
        ['network', 'what it is', 'epochs', *GROUPS.values()],
        rows,
    )


def comparisons(study: Mapping[str, Any]) -> Table:
    """Differences of networks."""
    rows = []
    for item in study['comparisons']:
        ends, over = span(item['difference'], 3), span(item['over_seeds'], 3)
        rows.append(
            [
                f'{title(study, item["a"])} − {title(study, item["b"])}',
                GROUPS.get(item['group'], item['group']),
                signed(item['difference']['value']) + (f' ({ends})' if ends else ''),
                ', '.join(signed(value) for value in item['by_seed']) + (f' ({over})' if over else ''),
                number(item['persons']),
                item['verdict'],
            ]
        )
    return Table(
        f'Differences in PCK with {confidence_of(study)} intervals, over images and over '
        'seeds (Student’s t); better or worse needs both without zero',
        ['networks', 'joints', 'difference', 'by seed', 'persons', 'verdict'],
        rows,
        folded=True,
    )


def autoencoders(study: Mapping[str, Any]) -> Table:
    """Each autoencoder trained."""
    rows = [
        [
            AUTOENCODERS.get(item['key'], item['key']),
            stack_name(item['stack']),
            number(item['seed']),
            number(item['code_channels']),
            f'{_yes(item["code_relu"])}, {_yes(item["output_relu"])}',
            number(item['noise']),
            percent(item['explained_variance_ratio'], 3, DASH),
            percent(item['pca_explained_variance_ratio'], 3, DASH),
            number(item['dead_code_units'], 0, DASH),
            number(item['spectrum_components_95'], 0, DASH),
            number(item['persons']),
        ]
        for item in study['autoencoders']
    ]
    return Table(
        'Autoencoders trained alone: variance explained of persons not trained on, beside '
        'PCA of the same width; units that never vary; components that hold 95 % of the '
        'variance of the code once all was trained on',
        [
            'autoencoder',
            'stack',
            'seed',
            'units',
            'ReLU of code, output',
            'noise',
            'explained',
            'PCA',
            'dead',
            'code: 95 %',
            'persons',
        ],
        rows,
        folded=True,
    )


def _yes(value: bool | None) -> str:
    return DASH if value is None else 'yes' if value else 'no'


def splice(study: Mapping[str, Any]) -> Table:
    """What putting an autoencoder in costs."""
    rows = [
        [
            AUTOENCODERS.get(item['key'], item['key']),
            number(item['seed']),
            *(_three(item[key]) for key in ('plain', 'spliced', 'with_error')),
            amount(item['deviation'], 2, DASH),
        ]
        for item in study['splice']
    ]
    return Table(
        'Put in and not trained on: PCK of labelled joints of validation persons, and how '
        'far it is from the plain network’s with the autoencoder’s error added back',
        ['autoencoder', 'seed', 'plain', 'put in', 'with its error', 'off by'],
        rows,
        folded=True,
    )


def widths(study: Mapping[str, Any]) -> Table:
    """PCK with so many components kept."""
    rows = [
        [
            stack_name(item['stack']),
            number(point['k']),
            percent(point['explained_variance_ratio'], 3, DASH),
            *(cell(point['pck'][group], 3) for group in GROUPS),
            cell(point['drop']['labelled'], 4),
        ]
        for item in study['widths']
        for point in item['curve']
    ]
    return Table(
        f'PCK with the first k components kept, with {confidence_of(study)} intervals, '
        'and what is lost on labelled joints',
        ['stack', 'k', 'variance', *GROUPS.values(), 'lost'],
        rows,
        folded=True,
    )


def stages(study: Mapping[str, Any]) -> Table:
    """What was run, and how long it took."""
    rows = [[item['name'], number(item['seconds'], 0, DASH), item['command'] or DASH] for item in study['stages']]
    return Table('What was run', ['stage', 'seconds', 'command'], rows, folded=True)

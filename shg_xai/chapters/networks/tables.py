"""Numbers of the networks to look up."""

from shg_xai.chapters.networks.results import AUTOENCODERS, GROUPS, Networks, SeededEstimate
from shg_xai.drawing.material import Table
from shg_xai.drawing.text import DASH, amount, cell, confidence_of, number, percent, plural, signed, span, stack_name
from shg_xai.results import Results


def tables(answer: Networks, results: Results) -> list[Table]:
    """Networks, comparisons, autoencoders, what putting them in cost, and stages; none that would be empty."""
    made = (_networks(answer), _comparisons(answer), _autoencoders(answer), _splice(answer), _stages(answer))
    return [table for table in made if table.rows]


def _three(value: float | None) -> str:
    return number(value, 3, DASH)


def _summary(estimate: SeededEstimate) -> str:
    """``0.612 ± 0.004 (0.604 to 0.620)``; without the ± where there is one seed."""
    if estimate.value is None or estimate.sd is None:
        return cell(estimate, 3)
    ends = span(estimate, 3)
    return f'{_three(estimate.value)} ± {_three(estimate.sd)}' + (f' ({ends})' if ends else '')


def _networks(answer: Networks) -> Table:
    rows = [
        [item.title, item.about, number(item.epochs), *(_summary(item.pck[group]) for group in GROUPS)]
        for item in answer.networks
    ]
    if pose := answer.mean_pose:
        rows.append(['mean pose', 'the mean of all poses, wherever', DASH, *(_three(pose[group]) for group in GROUPS)])
    seeds = len(answer.seeds)
    spread = ' ± standard deviation over seeds' if seeds > 1 else ''
    return Table(
        f'PCK of {plural(answer.data.test, "person")} tested, {plural(seeds, "seed")}: mean{spread} '
        f'({confidence_of(answer)} interval)',
        ['network', 'what it is', 'epochs', *GROUPS.values()],
        rows,
    )


def _comparisons(answer: Networks) -> Table:
    def with_ends(text: str, ends: str | None) -> str:
        return f'{text} ({ends})' if ends else text

    rows = [
        [
            f'{answer.title(item.a)} − {answer.title(item.b)}',
            GROUPS[item.group],
            with_ends(signed(item.difference.value), span(item.difference, 3)),
            with_ends(', '.join(signed(value) for value in item.by_seed), span(item.over_seeds, 3)),
            number(item.persons),
            item.verdict.value,
        ]
        for item in answer.comparisons
    ]
    return Table(
        f'Differences in PCK with {confidence_of(answer)} intervals, over images and over seeds (Student’s t); better '
        'or worse needs both without zero',
        ['networks', 'joints', 'difference', 'by seed', 'persons', 'verdict'],
        rows,
        folded=True,
    )


def _autoencoders(answer: Networks) -> Table:
    rows = [
        [
            AUTOENCODERS[item.key],
            stack_name(item.stack),
            number(item.seed),
            number(item.code_channels),
            ', '.join('yes' if relu else 'no' for relu in (item.code_relu, item.output_relu)),
            number(item.noise),
            percent(item.explained_variance_ratio, 3, DASH),
            percent(item.pca_explained_variance_ratio, 3, DASH),
            number(item.dead_code_units),
            number(item.spectrum_components_95, absent=DASH),
            number(item.persons),
        ]
        for item in answer.autoencoders
    ]
    head = ['autoencoder', 'stack', 'seed', 'units', 'ReLU of code, output', 'noise']
    head += ['explained', 'PCA', 'dead', 'code: 95 %', 'persons']
    return Table(
        'Autoencoders trained alone: variance explained of persons not trained on, beside PCA of the same width; units '
        'that never vary; components that hold 95 % of the variance of the code once all was trained on',
        head,
        rows,
        folded=True,
    )


def _splice(answer: Networks) -> Table:
    rows = [
        [
            AUTOENCODERS[item.key],
            number(item.seed),
            *map(_three, (item.plain, item.spliced, item.with_error)),
            amount(item.deviation, 2, DASH),
        ]
        for item in answer.splice
    ]
    return Table(
        'Put in and not trained on: PCK of labelled joints of validation persons, and how far it is from the plain '
        'network’s with the autoencoder’s error added back',
        ['autoencoder', 'seed', 'plain', 'put in', 'with its error', 'off by'],
        rows,
        folded=True,
    )


def _stages(answer: Networks) -> Table:
    rows = [[item.name, number(item.seconds, 0, DASH), item.command or DASH] for item in answer.stages]
    return Table('What was run', ['stage', 'seconds', 'command'], rows, folded=True)

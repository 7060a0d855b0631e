"""Numbers of the networks to look up."""

from shg_xai.chapters.networks.results import AUTOENCODERS, GROUPS, Networks, SeededEstimate
from shg_xai.drawing.material import Table
from shg_xai.drawing.text import DASH, amount, cell, confidence_of, number, percent, plural, signed, span, stack_name
from shg_xai.results import Estimate, Results


def tables(answer: Networks, results: Results) -> list[Table]:
    """Networks, comparisons, autoencoders, what putting them in cost, and stages; none that would be empty."""
    stages = [[item.name, number(item.seconds, 0, DASH), item.command or DASH] for item in answer.stages]
    made = [_networks(answer), _comparisons(answer), _autoencoders(answer), _splice(answer)]
    made.append(Table('What was run', ['stage', 'seconds', 'command'], stages, folded=True))
    return [table for table in made if table.rows]


def _three(value: float | None) -> str:
    return number(value, 3, DASH)


def _with_ends(text: str, estimate: Estimate) -> str:
    return f'{text} ({ends})' if (ends := span(estimate, 3)) else text


def _summary(estimate: SeededEstimate) -> str:
    """``0.612 ± 0.004 (0.604 to 0.620)``; without the ± where there is one seed."""
    if estimate.value is None or estimate.sd is None:
        return cell(estimate, 3)
    return _with_ends(f'{_three(estimate.value)} ± {_three(estimate.sd)}', estimate)


def _networks(answer: Networks) -> Table:
    rows = [
        [item.title, item.about, number(item.epochs), *(_summary(item.pck[group]) for group in GROUPS)]
        for item in answer.networks
    ]
    if pose := answer.mean_pose:
        rows.append(['mean pose', 'the mean of all poses, wherever', DASH, *(_three(pose[group]) for group in GROUPS)])
    seeds = len(answer.seeds)
    caption = f'PCK of {plural(answer.data.test, "person")} tested, {plural(seeds, "seed")}: mean'
    caption += ' ± standard deviation over seeds' * (seeds > 1) + f' ({confidence_of(answer)} interval)'
    return Table(caption, ['network', 'what it is', 'epochs', *GROUPS.values()], rows)


def _comparisons(answer: Networks) -> Table:
    rows = []
    for item in answer.comparisons:
        names = [f'{answer.title(item.a)} − {answer.title(item.b)}', GROUPS[item.group]]
        difference = _with_ends(signed(item.difference.value), item.difference)
        seeds = _with_ends(', '.join(map(signed, item.by_seed)), item.over_seeds)
        rows.append([*names, difference, seeds, number(item.persons), item.verdict.value])
    caption = (
        f'Differences in PCK with {confidence_of(answer)} intervals, over images and over seeds (Student’s t); better '
        'or worse needs both without zero'
    )
    return Table(caption, ['networks', 'joints', 'difference', 'by seed', 'persons', 'verdict'], rows, folded=True)


def _autoencoders(answer: Networks) -> Table:
    rows = []
    for item in answer.autoencoders:
        row = [AUTOENCODERS[item.key], stack_name(item.stack), number(item.seed), number(item.code_channels)]
        row += [', '.join('yes' if relu else 'no' for relu in (item.code_relu, item.output_relu)), number(item.noise)]
        shares = (item.explained_variance_ratio, item.pca_explained_variance_ratio)
        row += [*(percent(share, 3, DASH) for share in shares), number(item.dead_code_units)]
        rows.append([*row, number(item.spectrum_components_95, absent=DASH), number(item.persons)])
    head = ['autoencoder', 'stack', 'seed', 'units', 'ReLU of code, output', 'noise']
    head += ['explained', 'PCA', 'dead', 'code: 95 %', 'persons']
    caption = (
        'Autoencoders trained alone: variance explained of persons not trained on, beside PCA of the same width; units '
        'that never vary; components that hold 95 % of the variance of the code once all was trained on'
    )
    return Table(caption, head, rows, folded=True)


def _splice(answer: Networks) -> Table:
    rows = []
    for item in answer.splice:
        numbers = map(_three, (item.plain, item.spliced, item.with_error))
        rows.append([AUTOENCODERS[item.key], number(item.seed), *numbers, amount(item.deviation, 2, DASH)])
    caption = (
        'Put in and not trained on: PCK of labelled joints of validation persons, and how far it is from the plain '
        'network’s with the autoencoder’s error added back'
    )
    return Table(caption, ['autoencoder', 'seed', 'plain', 'put in', 'with its error', 'off by'], rows, folded=True)

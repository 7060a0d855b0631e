"""What is said of the networks: whether the autoencoder helps, what it cost; worded no stronger than the verdicts."""

from itertools import chain

from shg_xai.chapters.networks.results import AUTOENCODERS, GROUPS, Comparison, Networks, SeededEstimate
from shg_xai.drawing.material import Table
from shg_xai.drawing.text import (
    DASH,
    NO_INTERVAL,
    amount,
    cell,
    confidence_of,
    interval,
    listed,
    number,
    percent,
    plural,
    signed,
    span,
    spread,
    stack_name,
)
from shg_xai.results import Estimate, Results, Verdict

OWN = {key: title.removeprefix('the ') for key, title in AUTOENCODERS.items()}
ROUNDING = 1e-3  # PCK that is farther off did not get lost in rounding
# Of what each network says whether it helps.
NAMES = {'improved': 'the autoencoder', 'improved_study': 'the study’s own autoencoder'}


def findings(answer: Networks, results: Results) -> list[str]:
    """What came of the networks, in the order to be read."""
    data, limit, seeds = answer.data, answer.settings.limit, answer.seeds
    most = '' if limit is None else f' (of each part at most {number(limit)})'
    texts = [
        f'The networks were trained on {plural(data.train, "person")}, chosen on {number(data.val)} and tested on '
        f'{number(data.test)}{most}.'
    ]
    if len(seeds) == 1:
        texts.append(
            f'One seed was run ({seeds[0]}): one seed cannot tell a network from luck. The intervals say how the '
            'numbers depend on who was tested, not on how the training happened to go.'
        )
    confidence, own = confidence_of(answer), answer.network('plain')
    assert own is not None  # no answer is made without it
    pck, pose = own.pck['labelled'], (answer.mean_pose or {}).get('labelled')
    spread_out = '' if pck.sd is None else f', standard deviation over seeds {number(pck.sd, 3)}'
    end = '.' if pose is None else f'; the mean pose, which never looks, has {number(pose, 3)}.'
    plain = (
        f'The plain network has a PCK of {number(pck.value, 3)} on labelled joints '
        f'({interval(pck, confidence, 3)}{spread_out}){end}'
    )
    said = (_helps(answer, confidence), [plain], _splice(answer), _autoencoders(answer), _others(answer, confidence))
    return [*texts, *chain.from_iterable(said)]


def _numbers(found: Comparison, confidence: str) -> str:
    """``+0.01, 95 % interval 0 to 0.02; by seed +0.01 and +0.01, over seeds −0.01 to 0.03``."""
    text = f'{signed(found.difference.value)}, {interval(found.difference, confidence, 3)}'
    if len(found.by_seed) < 2:
        return f'{text}; one seed'
    text += f'; by seed {listed([signed(value) for value in found.by_seed])}'
    return text + (f', over seeds {over}' if (over := span(found.over_seeds, 3)) else '')


def _helps(answer: Networks, confidence: str) -> list[str]:
    """Whether a network with an autoencoder beats the one trained on as long without it."""
    texts = []
    for key, name in NAMES.items():
        if found := answer.comparison(key, 'control'):
            texts.append(_verdict(name, found, confidence))
            parts = [
                f'{joints} {other.verdict.value} ({signed(other.difference.value)}, '
                f'{span(other.difference, 3) or NO_INTERVAL})'
                for group, joints in GROUPS.items()
                if group != 'labelled' and (other := answer.comparison(key, 'control', group))
            ]
            texts += [f'The same two on other joints: {listed(parts)}.'] * bool(parts)
        elif key == 'improved' or answer.network(key):
            texts.append(f'Whether {name} helps beyond what training on gives was not looked at.')
    return texts


def _verdict(name: str, found: Comparison, confidence: str) -> str:
    numbers, once, named = _numbers(found, confidence), len(found.by_seed) == 1, name[0].upper() + name[1:]
    control = 'the control trained on without it'
    if found.verdict is Verdict.TOO_FEW_SEEDS:
        # A few runs show how these networks differ, not that the autoencoder makes them so.
        who = 'network of this one seed scores' if once else 'networks of these seeds score'
        return (
            f'With {name} the {who} {_more_or_less(found)} than {control}, on labelled joints ({numbers}); whether '
            'other seeds would agree is not known.'
        )
    if found.verdict is Verdict.BETTER:
        better = f'it is better than {control} ({numbers})'
        return f'{named} helps beyond what training on gives, on labelled joints: {better}.'
    none = found.verdict is Verdict.NO_DIFFERENCE
    what = f'no difference from {control} was found' if none else f'it is worse than {control}'
    where = 'in the one seed run' if once else 'on labelled joints'
    return f'{named} does not help beyond what training on gives: {where}, {what} ({numbers}).'


def _more_or_less(found: Comparison) -> str:
    return 'more' if (found.difference.value or 0) > 0 else 'less'


def _splice(answer: Networks) -> list[str]:
    """What putting autoencoders in cost before any training on."""
    texts = []
    for key, own in OWN.items():
        items = [item for item in answer.splice if item.key == key]
        before, after = spread(item.plain for item in items), spread(item.spliced for item in items)
        if before is None or after is None:
            continue
        seeds = f', {plural(len(items), "seed")}' if len(items) > 1 else ''
        texts.append(
            f'Put in and not trained on, the {own} autoencoder leaves a PCK of {after} on validation persons, where '
            f'the plain network has {before} (labelled joints{seeds}).'
        )
        if off := [item.deviation for item in items if item.deviation is not None]:
            exact = f', to within {number(max(off), 6)}' if max(off) else ' exactly'
            said = f'the network gives its own PCK again{exact}'
            if max(off) >= ROUNDING:
                still = f'the PCK is still off by as much as {number(max(off), 3)}'
                said = f'{still}: something else was changed along with it'
            texts.append(f'With the error it makes added back, {said}.')
    return texts


def _autoencoders(answer: Networks) -> list[str]:
    """What autoencoders hold of the variance, beside PCA of the same width."""
    groups, texts = answer.autoencoder_groups(), []
    for (key, stack, width), items in groups.items():
        where = f' of the {stack_name(stack)}' if len({place for _, place, _ in groups}) > 1 else ''
        held = spread((item.explained_variance_ratio for item in items), share=True) or 'an unknown share'
        pca = spread((item.pca_explained_variance_ratio for item in items), share=True) or 'is not known'
        if any((item.explained_variance_ratio or 0) < 0 for item in items):
            held = f'{held} (below zero: worse than the mean latent alone)'
        dead, units = spread(item.dead_code_units for item in items), plural(width, 'unit')
        end = '.' if dead in (None, '0') else f'; {dead} of its units never vary.'
        texts.append(
            f'The {OWN[key]} autoencoder{where} ({units}) explains {held} of the variance of persons it was not '
            f'trained on; PCA of the same width {pca}{end}'
        )
        if again := spread(item.spectrum_components_95 for item in items):
            hold = f'{again} component{" holds" if again == "1" else "s hold"} 95 % of the variance of its {units}'
            texts.append(f'Looked at again once all was trained on, {hold}.')
    return texts


def _others(answer: Networks, confidence: str) -> list[str]:
    """All other comparisons on labelled joints, and how many were made."""
    texts = []
    for item in answer.comparisons:
        if item.group != 'labelled' or (item.a in NAMES and item.b == 'control'):
            continue
        a, b = (f'“{answer.title(key)}”' for key in (item.a, item.b))
        said = {
            Verdict.NO_DIFFERENCE: f'No difference was found between {a} and {b}',
            Verdict.TOO_FEW_SEEDS: f'{a} scores {_more_or_less(item)} than {b}, too few seeds to tell that from luck,',
        }.get(item.verdict, f'{a} is {item.verdict.value} than {b}')
        texts.append(f'{said} on labelled joints ({_numbers(item, confidence)}).')
    if (count := len(answer.comparisons)) > 1:
        texts.append(
            f'{plural(count, "comparison")} were made; even if no network differed from any other, a few of their '
            'intervals would leave out zero.'
        )
    return texts


def tables(answer: Networks, results: Results) -> list[Table]:
    """Networks, comparisons, autoencoders, what putting them in cost, and stages; none that would be empty."""
    intervals, persons, seeds = confidence_of(answer), plural(answer.data.test, 'person'), len(answer.seeds)
    networks = [
        [item.title, item.about, number(item.epochs), *(_summary(item.pck[group]) for group in GROUPS)]
        for item in answer.networks
    ]
    if pose := answer.mean_pose:
        networks.append(['mean pose', 'the mean of all poses, wherever', DASH, *(_three(pose[one]) for one in GROUPS)])
    deviation = ' ± standard deviation over seeds' * (seeds > 1)
    caption = f'PCK of {persons} tested, {plural(seeds, "seed")}: mean{deviation} ({intervals} interval)'
    made = [Table(caption, ['network', 'what it is', 'epochs', *GROUPS.values()], networks)]
    comparisons = []
    for found in answer.comparisons:
        names = [f'{answer.title(found.a)} − {answer.title(found.b)}', GROUPS[found.group]]
        difference = _with_ends(signed(found.difference.value), found.difference)
        by_seed = _with_ends(', '.join(map(signed, found.by_seed)), found.over_seeds)
        comparisons.append([*names, difference, by_seed, number(found.persons), found.verdict.value])
    caption = (
        f'Differences in PCK with {intervals} intervals, over images and over seeds (Student’s t); better or worse '
        'needs both without zero'
    )
    head = ['networks', 'joints', 'difference', 'by seed', 'persons', 'verdict']
    made.append(Table(caption, head, comparisons, folded=True))
    autoencoders = []
    for one in answer.autoencoders:
        row = [AUTOENCODERS[one.key], stack_name(one.stack), number(one.seed), number(one.code_channels)]
        row += [', '.join('yes' if relu else 'no' for relu in (one.code_relu, one.output_relu)), number(one.noise)]
        row += [percent(share, 3, DASH) for share in (one.explained_variance_ratio, one.pca_explained_variance_ratio)]
        counts = (one.dead_code_units, one.spectrum_components_95, one.persons)
        autoencoders.append(row + [number(count, absent=DASH) for count in counts])
    head = ['autoencoder', 'stack', 'seed', 'units', 'ReLU of code, output', 'noise', 'explained', 'PCA', 'dead']
    caption = (
        'Autoencoders trained alone: variance explained of persons not trained on, beside PCA of the same width; units '
        'that never vary; components that hold 95 % of the variance of the code once all was trained on'
    )
    made.append(Table(caption, [*head, 'code: 95 %', 'persons'], autoencoders, folded=True))
    splice = []
    for check in answer.splice:
        numbers = [number(check.seed), *map(_three, (check.plain, check.spliced, check.with_error))]
        splice.append([AUTOENCODERS[check.key], *numbers, amount(check.deviation, 2, DASH)])
    head = ['autoencoder', 'seed', 'plain', 'put in', 'with its error', 'off by']
    caption = (
        'Put in and not trained on: PCK of labelled joints of validation persons, and how far it is from the plain '
        'network’s with the autoencoder’s error added back'
    )
    made.append(Table(caption, head, splice, folded=True))
    stages = [[item.name, number(item.seconds, 0, DASH), item.command or DASH] for item in answer.stages]
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

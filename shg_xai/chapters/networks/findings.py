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
            f'Each network was trained once (seed {seeds[0]}); another training may say otherwise. The intervals say '
            'how the numbers depend on who was tested, not on how the training happened to go.'
        )
    confidence, own = confidence_of(answer), answer.network('plain')
    assert own is not None  # no answer is made without it
    pck, pose = own.pck['labelled'], (answer.mean_pose or {}).get('labelled')
    spread_out = '' if pck.sd is None else f', standard deviation over seeds {number(pck.sd, 3)}'
    end = '.' if pose is None else f'; a constant mean pose has {number(pose, 3)}.'
    plain = (
        f'The plain network has a PCK of {number(pck.value, 3)} on labelled joints '
        f'({interval(pck, confidence, 3)}{spread_out}){end}'
    )
    said = (_helps(answer, confidence), [plain], _splice(answer), _autoencoders(answer), _others(answer, confidence))
    return [*texts, *chain.from_iterable(said)]


def claims(answer: Networks) -> list[str]:
    """Each comparison that decided something, with what: ``improved − control, limbs: equivalent``."""
    decided = [item for item in answer.comparisons if item.verdict is not Verdict.UNDECIDED]
    return [f'{item.a} − {item.b}, {item.group}: {item.verdict.value}' for item in decided]


def _numbers(found: Comparison, confidence: str) -> str:
    """``+0.001 in 500 persons, 95 % interval −0.001 to 0.003; by seed 0.000 and +0.002``; of an equivalent network with
    the interval that says so.
    """
    where = f'in {plural(found.persons, "person")}'
    text = f'{signed(found.difference.value)} {where}, {interval(found.difference, confidence, 3)}'
    if found.verdict is Verdict.EQUIVALENT:
        text += f', of the two tests {span(found.equivalence, 3)}'
    if len(found.by_seed) < 2:
        return f'{text}{" over photos alone" * bool(found.difference.ends)}; one seed'
    return f'{text}; by seed {listed([signed(value) for value in found.by_seed])}'


def _helps(answer: Networks, confidence: str) -> list[str]:
    """Whether a network with an autoencoder beats the one trained on as long without it."""
    texts = []
    for key, name in NAMES.items():
        if found := answer.comparison(key, 'control'):
            texts.append(_verdict(name, found, confidence))
            parts = [
                f'{joints} {_within(other)} ({signed(other.difference.value)}, '
                f'{span(other.difference, 3) or NO_INTERVAL})'
                for group, joints in GROUPS.items()
                if group != 'labelled' and (other := answer.comparison(key, 'control', group))
            ]
            texts += [f'The same two on other joints: {listed(parts)}.'] * bool(parts)
        elif key == 'improved' or answer.network(key):
            texts.append(f'Whether {name} helps beyond what fine-tuning gives was not looked at.')
    return texts


def _verdict(name: str, found: Comparison, confidence: str) -> str:
    numbers, named = _numbers(found, confidence), name[0].upper() + name[1:]
    control, more = 'the control fine-tuned without it', 'beyond what fine-tuning gives'
    if found.verdict is Verdict.UNDECIDED:
        return (
            f'Whether {name} helps {more} is undecided on labelled joints: the network with it scores '
            f'{_more_or_less(found)} than {control} ({numbers}).{_what_would_decide(found)}'
        )
    if found.verdict is Verdict.BETTER:
        return f'{named} helps {more}, on labelled joints: it is better than {control} ({numbers}).'
    if found.verdict is Verdict.WORSE:
        return f'{named} does not help {more}: on labelled joints, it is worse than {control} ({numbers}).'
    return (
        f'{named} does not help by {found.margin:g} or more {more}: on labelled joints, it is '
        f'{_within(found)} to {control}{_sure_sign(found)} ({numbers}).'
    )


def _within(found: Comparison) -> str:
    """The verdict, of an equivalent network with the margin."""
    equivalent = found.verdict is Verdict.EQUIVALENT
    return f'{found.verdict.value}{f" within {found.margin:g}" * equivalent}'


def _sure_sign(found: Comparison) -> str:
    """That a difference within the margin is there nevertheless, where its interval leaves out zero."""
    sure = found.verdict is Verdict.EQUIVALENT and found.difference.holds() is False
    return f', though surely a little {"better" if _above(found) else "worse"}' if sure else ''


def _what_would_decide(found: Comparison) -> str:
    """A sentence on how many seeds would do, or that no number of them would; none where it cannot be told."""
    if found.difference.ends is None or len(found.by_seed) < 2:
        return ''
    if found.seeds_needed is None:
        return ' No number of seeds would decide it: more test persons are needed.'
    return f' If the difference stays as it is, {number(found.seeds_needed)} seeds should decide it.'


def _above(found: Comparison) -> bool:
    return (found.difference.value or 0) > 0


def _more_or_less(found: Comparison) -> str:
    """``0.003 more``, or that it is not known."""
    value = found.difference.value
    return 'more or less' if value is None else f'{number(abs(value), 3)} {"more" if _above(found) else "less"}'


def _splice(answer: Networks) -> list[str]:
    """What inserting autoencoders cost before any fine-tuning."""
    texts = []
    for key, own in OWN.items():
        items = [item for item in answer.splice if item.key == key]
        before, after = spread(item.plain for item in items), spread(item.spliced for item in items)
        if before is None or after is None:
            continue
        seeds = f', {plural(len(items), "seed")}' if len(items) > 1 else ''
        texts.append(
            f'Inserted, before fine-tuning, the {own} autoencoder leaves a PCK of {after} on validation persons, where '
            f'the plain network has {before} (labelled joints{seeds}).'
        )
        if off := [item.deviation for item in items if item.deviation is not None]:
            exact = f', to within {number(max(off), 6)}' if max(off) else ' exactly'
            said = f'the network gives its own PCK again{exact}'
            if max(off) >= ROUNDING:
                still = f'the PCK is still off by as much as {number(max(off), 3)}'
                said = f'{still}: something else was changed along with it'
            texts.append(f'Check: with the residual of the autoencoder added back, {said}.')
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
            texts.append(f'Looked at again after fine-tuning, {hold}.')
    return texts


def _others(answer: Networks, confidence: str) -> list[str]:
    """All other comparisons on labelled joints, and how many were made."""
    texts = []
    for item in answer.comparisons:
        if item.group != 'labelled' or (item.a in NAMES and item.b == 'control'):
            continue
        a, b = (f'“{answer.title(key)}”' for key in (item.a, item.b))
        numbers = _numbers(item, confidence)
        if item.verdict is Verdict.UNDECIDED:
            open_ = f'Whether {a} or {b} is better on labelled joints is undecided ({numbers}).'
            texts.append(f'{open_}{_what_would_decide(item)}')
        else:
            than = 'to' if item.verdict is Verdict.EQUIVALENT else 'than'
            texts.append(f'On labelled joints, {a} is {_within(item)} {than} {b}{_sure_sign(item)} ({numbers}).')
    if (count := len(answer.comparisons)) > 1:
        texts.append(f'{plural(count, "comparison")} were made, each judged as if it were the only one.')
    return texts


def tables(answer: Networks, results: Results) -> list[Table]:
    """Networks, comparisons, autoencoders, what inserting them cost, and stages; none that would be empty."""
    intervals, persons, seeds = confidence_of(answer), plural(answer.data.test, 'person'), len(answer.seeds)
    networks = [
        [item.title, item.about, number(item.epochs), *(_summary(item.pck[group]) for group in GROUPS)]
        for item in answer.networks
    ]
    if pose := answer.mean_pose:
        networks.append(['mean pose', 'one constant pose for everybody', DASH, *(_three(pose[one]) for one in GROUPS)])
    deviation = ' ± standard deviation over seeds' * (seeds > 1)
    caption = f'PCK of {persons} tested, {plural(seeds, "seed")}: mean{deviation} ({intervals} interval)'
    made = [Table(caption, ['network', 'what it is', 'epochs', *GROUPS.values()], networks)]
    comparisons = []
    for found in answer.comparisons:
        names = [f'{answer.title(found.a)} − {answer.title(found.b)}', GROUPS[found.group]]
        difference = _with_ends(signed(found.difference.value), found.difference)
        parts = [_three(sd) for sd in (found.sd_seeds, found.sd_images, found.sd_both)]
        row = [difference, span(found.equivalence, 3) or DASH, ', '.join(map(signed, found.by_seed)), *parts]
        row += [number(found.degrees, 1, DASH), number(found.persons), _within(found)]
        comparisons.append([*names, *row, number(found.seeds_needed, absent=DASH)])
    over = 'seeds and photos at once' if seeds > 1 else 'photos alone'
    caption = (
        f'Differences in PCK with {intervals} intervals over {over} (Student’s t), and those of two one-sided tests '
        'for equivalence; standard deviations from one seed, one set of test photos, and one seed on one set to the '
        'next; seeds that should decide what is undecided'
    )
    head = ['networks', 'joints', 'difference', 'two tests', 'by seed', 'sd: seeds', 'photos', 'both']
    head += ['degrees of freedom', 'persons', 'verdict', 'seeds needed']
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
        'that never vary; components that hold 95 % of the variance of the code after fine-tuning'
    )
    made.append(Table(caption, [*head, 'code: 95 %', 'persons'], autoencoders, folded=True))
    splice = []
    for check in answer.splice:
        numbers = [number(check.seed), *map(_three, (check.plain, check.spliced, check.with_error))]
        splice.append([AUTOENCODERS[check.key], *numbers, amount(check.deviation, 2, DASH)])
    head = ['autoencoder', 'seed', 'plain', 'inserted', 'residual added back', 'off by']
    caption = (
        'Inserted, before fine-tuning: PCK of labelled joints of validation persons, and how far it is from the plain '
        'network’s with the autoencoder’s residual added back'
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

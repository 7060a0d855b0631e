"""What is said of skips that were turned off: what breaks, what restores, and which joints go first."""

import math
from collections.abc import Iterator, Mapping
from itertools import product

from shg_xai.chapters.skip_ablation.conditions import PARTS, REPLACED, condition_text
from shg_xai.chapters.skip_ablation.options import Replacement
from shg_xai.chapters.skip_ablation.results import Ablated, Contrast, PartsLeft, Scores, SkipAblation
from shg_xai.drawing.material import Table
from shg_xai.drawing.text import DASH, above, below, cell, listed, number, percent, plural, stack_name, with_span
from shg_xai.results import Estimate, Results

NAMED = 4  # as many joints as a reader keeps in mind
GONE = 0.1  # of a part's PCK, below which it counts as lost
BY: dict[Replacement, str] = {'donor': 'replaced by another person’s', 'mean': 'replaced by the mean'}
BY |= {'zero': 'replaced by nothing'}
SMALL = 'nose, eyes and ears'
NAMES = {**PARTS, 'face': SMALL}
NATS = 'nats of log-likelihood a joint'
FIRST, LATER = 'holds', 'does not hold'
TOLD = {FIRST: 'small joints first', LATER: 'small joints not first'}
WAYS = {'broken': 'costs most when it is taken away', 'restored': 'gives back most when left intact'}
MEASURES = {'pck': 'PCK', 'likelihood': 'log-likelihood'}


def heading(answer: SkipAblation, results: Results) -> str | None:
    """The network, where there are several."""
    return answer.of if len(results.all(SkipAblation)) > 1 else None


def claims(answer: SkipAblation) -> list[str]:
    """What :func:`findings` concludes: of what it names, all whose intervals, which hold at once, leave out zero."""
    found = []
    for one in answer.conditions:
        if one.condition.stack == answer.whole or one.condition.skips == 'all off':
            by = f', {one.condition.replacement}' if one.condition.replacement else ''
            name = condition_text(one.condition, answer.stacks) + by
            found += [*_told(f'{name}: breaks', one.broken), *_told(f'{name}: restores', one.restored)]
    found += _told('trained without skips: lacks', answer.against.broken if answer.against else None)
    if _is_misled(answer):
        found.append('another person’s skips worse than their mean')
    found += [f'level {number(level)}: {WAYS[way]}, in {what}' for way, what, level, *_ in most_needed(answer)]
    for left in answer.parts_left:
        if (verdict := smallest_first(left)) in TOLD:
            found.append(f'{left.replacement or "trained without skips"}: {TOLD[verdict]}')
    return found


def _told(name: str, contrast: Contrast | None) -> Iterator[str]:
    """A claim for each number that is told from zero."""
    if contrast is not None:
        numbers = {'PCK': contrast.pck, 'likelihood': contrast.likelihood, **contrast.joints}
        yield from (f'{name} {what}' for what, lost in numbers.items() if above(lost) or below(lost))


def findings(answer: SkipAblation, results: Results) -> list[str]:
    """What the numbers say, worded no stronger than intervals that hold for all comparisons at once."""
    confidence, whole = percent(answer.confidence), answer.whole
    texts = [
        f'{plural(answer.persons, "person")} of {answer.split} were tested; untouched, the network has a PCK of '
        f'{with_span(answer.untouched.labelled, confidence)} on labelled joints.',
        f'The intervals of what is lost or restored hold at once for all {plural(answer.contrasts, "comparison")} '
        f'made, with {confidence}.',
        *_all_off(answer),
    ]
    for level in answer.levels:
        for by, one in answer.under(whole, 'level off', level).items():
            lost = f'{lost_text(one.broken)}; {_joints(one.broken)}'
            texts.append(f'Taken away from the intact network: level {number(level)}, {BY[by]}, {lost}.')
    for level in answer.levels:
        for by, one in answer.under(whole, 'level on alone', level).items():
            if one.restored:
                where = f'Left intact while all others are {BY[by]}: level {number(level)}'
                texts.append(f'{where} {lost_text(one.restored, ("restores", "takes"))}.')
    return [*texts, *_pairs(answer), *_small_joints(answer), *_latent(answer)]


def lost_text(contrast: Contrast, verbs: tuple[str, str] = ('costs', 'gains')) -> str:
    """``costs 0.12 of PCK (...) and 0.4 nats a joint (...)``, or ``gains``; whether it is told from zero is said."""
    if contrast.pck.value is None:
        return f'{verbs[0]} an amount that is not known'
    text = _amount(contrast.pck, 'of PCK', verbs)
    return text if contrast.likelihood.value is None else f'{text}, and {_amount(contrast.likelihood, NATS, verbs)}'


def _amount(lost: Estimate, unit: str, verbs: tuple[str, str]) -> str:
    """One number of it, with the verb of its sign, and whether it is told from none."""
    verb, doubt = verbs[0], ''
    if lost.value is not None and lost.value < 0:
        verb, lost = verbs[1], _negative(lost)
    if not above(lost):
        doubt = ', of which nothing more is known' if lost.low is None else ', indistinguishable from zero'
    return f'{verb} {with_span(lost).replace(" (", f" {unit} (", 1)}{doubt}'


def _negative(lost: Estimate) -> Estimate:
    """The same, seen from the other side."""
    value, low, high = (None if end is None else -end for end in (lost.value, lost.high, lost.low))
    return Estimate(value=value, low=low, high=high)


def _costs(found: Mapping[Replacement, Ablated]) -> str:
    """What each replacement costs."""
    return '; '.join(f'{BY[by]} it {lost_text(one.broken)}' for by, one in found.items())


def _all_off(answer: SkipAblation) -> list[str]:
    """What all skips off costs, of the whole network and of each stack."""
    texts = []
    for stack in [answer.whole, *(range(answer.stacks) if answer.stacks > 1 else ())]:
        the = '' if stack is None or stack >= 8 else 'the '
        where = f' of {the}{stack_name(stack)}' if answer.stacks > 1 else ''
        if found := answer.under(stack, 'all off'):
            texts.append(f'All skips{where} off, on labelled joints: {_costs(found)}.')
    if answer.misled and _is_misled(answer):
        texts.append(
            f'Another person’s skips are worse than mean ones, which carry nothing of the person, and this '
            f'{lost_text(answer.misled)}: the decoder follows what the skips tell it.'
        )
    return texts


def _is_misled(answer: SkipAblation) -> bool:
    """Whether another person's skips are told to be worse than mean ones."""
    return answer.misled is not None and (above(answer.misled.pck) or above(answer.misled.likelihood))


def _joints(lost: Contrast) -> str:
    """``5 of 17 joints lose by it, most the left wrist 0.120 (0.040 to 0.200), ...``."""
    drops = {name.replace('_', ' '): drop for name, drop in lost.joints.items()}
    losing = sorted((name for name in drops if above(drops[name])), key=lambda name: -(drops[name].value or 0))
    gaining = [name for name in drops if below(drops[name])]
    if all(drop.low is None for drop in drops.values()):
        return 'which joints lose by it is not known'
    if not losing and not gaining:
        return f'the loss is indistinguishable from zero for each of {number(len(drops))} joints'
    texts = []
    for names, verb in ((losing, 'lose'), (gaining, 'gain')):
        if names:
            named = listed([f'{name} {with_span(drops[name])}' for name in names[:NAMED]])
            most = 'most ' if len(names) > NAMED and names is losing else ''
            many = f'{number(len(names))} of {plural(len(drops), "joint")}'
            texts.append(f'{many} {verb if len(names) > 1 else verb + "s"} by it, {most}the {named}')
    return '; '.join(texts)


def _pairs(answer: SkipAblation) -> list[str]:
    """Which level is needed most, and which alone gives back most, where it is told from every other."""
    return [
        f'Of the levels, {number(level)} {WAYS[way]}, in {what}: {with_span(lost)} more than level {number(other)}, '
        'the next.'
        for way, what, level, other, lost in most_needed(answer)
    ]


def most_needed(answer: SkipAblation) -> Iterator[tuple[str, str, int, int, Estimate]]:
    """Way, measure and the level that is above every other, the next, and by how much it is above that."""
    for way, (measure, what), level in product(WAYS, MEASURES.items(), answer.levels):
        own: dict[int, Estimate] = {}
        for pair in answer.pairs:
            lost: Estimate = getattr(getattr(pair, way), measure)
            if level in pair.levels:
                first = level == pair.levels[0]
                own[pair.levels[first]] = lost if first else _negative(lost)
        if own and all(map(above, own.values())):
            other = min(own, key=lambda least: own[least].value or 0)
            yield way, what, level, other, own[other]


def smallest_first(left: PartsLeft) -> str:
    """What is left of face, upper and lower body says to "small joints are lost first", in words.

    It holds where the face has less left of what it had than both others, and does not where it has more than one; by
    intervals of the paired differences of log shares. Where nothing is left, none was lost first.
    """
    if all(share.value is not None and share.value < GONE for share in left.left.values()):
        return 'cannot be judged: next to nothing is left of any part'
    if any(log.ends is None for log in left.face.values()):
        return 'cannot be said'
    if all(below(log) for log in left.face.values()):
        return FIRST
    return LATER if any(above(log) for log in left.face.values()) else 'is not borne out'


def _small_joints(answer: SkipAblation) -> list[str]:
    """What survives of "without skips small joints are lost first"."""
    control, known = answer.against, [left for left in answer.parts_left if left.left['face'].value is not None]
    texts = [_small(left) for left in known]
    if answer.parts_left and not known:
        unknown = f'{SMALL} are not labelled, or none is found'
        texts = [f'Whether “without skips small joints are lost first” cannot be said: {unknown}.']
    if control is None:
        text = 'what is lost here is what these weights, which learned with skips, lose without them.'
        return [*texts, f'No network trained without skips was tested beside it: {text}']
    lost = lost_text(control.broken, ('lacks', 'has more by'))
    texts.append(f'The network trained without skips has a PCK of {with_span(control.labelled)}; it {lost}.')
    if any(left.replacement is None and smallest_first(left) == LATER for left in answer.parts_left):
        texts.append(
            f'So what these weights lose without skips is where they keep it, not what cannot be had without: {SMALL} '
            'are not what a network that learned without skips loses first.'
        )
    return texts


def _small(left: PartsLeft) -> str:
    """The verdict on it, with what is left of each part of what was there, and how the face compares."""
    where = 'Between this network and the one trained without skips'
    if left.replacement:
        where = f'With the same weights and all skips {BY[left.replacement]}'
    shares = [f'{with_span(left.left[part], digits=2)} of {name}' for part, name in NAMES.items()]
    ratios = [f'{with_span(_ratio(log), digits=2)} times that of {PARTS[part]}' for part, log in left.face.items()]
    return (
        f'{where}, “without skips small joints are lost first” {smallest_first(left)}: left of the PCK they had is '
        f'{listed(shares)}; the share of {SMALL} is {listed(ratios)}.'
    )


def _ratio(log: Estimate) -> Estimate:
    """A ratio from its logarithm."""
    value, low, high = (None if end is None else math.exp(end) for end in (log.value, log.low, log.high))
    return Estimate(value=value, low=low, high=high)


def _latent(answer: SkipAblation) -> list[str]:
    """What the latent adds to the skips."""
    texts, found = [], answer.under(answer.whole)
    if found:
        texts.append(f'The latent, all skips kept, on labelled joints: {_costs(found)}.')
    if 'mean' in found:
        lost = found['mean'].broken
        if above(lost.pck) or above(lost.likelihood):
            texts.append(f'So beyond a mean latent the bottleneck adds to the skips: without it one {lost_text(lost)}.')
        else:
            texts.append('So that the bottleneck adds anything to the skips is not shown.')
    for k, one in answer.projections():
        what = f'on its first {plural(k, "component")}' if k else 'on none of its components, at the mean of the store,'
        texts.append(f'The latent {what} {lost_text(one.broken)}.')
    return texts


def tables(answer: SkipAblation, results: Results) -> list[Table]:
    """PCK and likelihood under each condition, what it breaks and restores, and what joints lose with a level off."""
    named: list[tuple[str, str, Scores]] = [('untouched', DASH, answer.untouched)]
    effects, joints = [], []
    for one in answer.conditions:
        name, by = condition_text(one.condition, answer.stacks), REPLACED.get(one.condition.replacement, DASH)
        named.append((name, by, one))
        restored = [cell(one.restored.pck, 3), cell(one.restored.likelihood)] if one.restored else [DASH, DASH]
        effects.append([name, by, cell(one.broken.pck, 3), cell(one.broken.likelihood), *restored])
        joints += [[joint.replace('_', ' '), name, by, cell(lost, 3)] for joint, lost in one.broken.joints.items()]
    if answer.against:
        named.append(('trained without skips', DASH, answer.against))
    rows = [
        [name, by, *(cell(own.of_part(part), 3) for part in ('', *PARTS)), cell(own.likelihood['labelled'])]
        for name, by, own in named
    ]
    confidence = percent(answer.confidence)
    caption = f'PCK under each condition, and nats a joint, with {confidence} intervals; level 0 is the finest'
    head = ['condition', 'replaced by', 'labelled joints', *PARTS.values(), 'log-likelihood']
    found = [Table(caption, head, rows, folded=True)]
    together = f'with intervals that hold at once with {confidence}'
    caption = f'What each condition breaks, and what a level left intact restores, {together}'
    head = ['condition', 'replaced by', 'PCK lost', 'nats lost', 'PCK restored', 'nats restored']
    found += [Table(caption, head, effects, folded=True)] if effects else []
    caption = f'PCK that each joint loses with a level off, {together}'
    head = ['joint', 'condition', 'replaced by', 'lost']
    return [*found, Table(caption, head, joints, folded=True)] if joints else found

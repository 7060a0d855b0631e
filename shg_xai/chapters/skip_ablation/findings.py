"""What is said of skips that were turned off: what is lost, by which joints, and what it means."""

from collections.abc import Mapping

from shg_xai.chapters.skip_ablation.conditions import PARTS, REPLACED, condition_text
from shg_xai.chapters.skip_ablation.options import Replacement
from shg_xai.chapters.skip_ablation.results import Ablated, Scores, SkipAblation
from shg_xai.drawing.material import Table
from shg_xai.drawing.text import DASH, above, below, cell, listed, number, percent, plural, stack_name, with_span
from shg_xai.results import Estimate, Results

NAMED = 4  # as many joints as a reader keeps in mind
GONE = 0.1  # of a part's PCK, below which it counts as lost
BY: dict[Replacement, str] = {'zero': 'replaced by nothing', 'mean': 'replaced by the mean'}
BY |= {'donor': 'replaced by another person’s'}
SMALL = 'nose, eyes and ears'


def heading(answer: SkipAblation, results: Results) -> str | None:
    """The network, where there are several."""
    return answer.of if len(results.all(SkipAblation)) > 1 else None


def findings(answer: SkipAblation, results: Results) -> list[str]:
    """What the numbers say, worded no stronger than their intervals."""
    confidence = percent(answer.confidence)
    texts = [
        f'{plural(answer.persons, "person")} of {answer.split} were tested; untouched, the network has a PCK of '
        f'{with_span(answer.untouched.labelled, confidence)} on labelled joints.',
        *_all_off(answer, confidence),
    ]
    levels = [
        f'Level {number(level)} off alone, {BY[by]}, {lost_text(one.drop.labelled, confidence)}; {_joints(one.drop)}.'
        for level in answer.levels
        for by, one in answer.under(answer.whole, 'level off', level).items()
    ]
    if levels:
        levels.append(
            f'With {plural(len(answer.untouched.joints), "joint")} to each level, some intervals leave out zero by '
            'chance alone; they are not corrected for how many were looked at.'
        )
    return [*texts, *levels, *_small_joints(answer), *_latent(answer, confidence)]


def lost_text(lost: Estimate, confidence: str | None = None) -> str:
    """``costs 0.12 of PCK (...)``, ``gains ...`` or that it is not told from none, by the interval."""
    if lost.value is None:
        return 'costs an amount that is not known'
    verb, doubt = 'costs', ''
    if below(lost) and lost.ends:
        verb, lost = 'gains', Estimate(value=-lost.value, low=-lost.ends[1], high=-lost.ends[0])
    elif not above(lost):
        doubt = ', of which nothing more is known' if lost.low is None else ', not told from none'
    return f'{verb} {with_span(lost, confidence).replace(" (", " of PCK (", 1)}{doubt}'


def _costs(found: Mapping[Replacement, Ablated], confidence: str) -> str:
    """What each replacement costs, of all labelled joints."""
    return '; '.join(f'{BY[by]} it {lost_text(one.drop.labelled, confidence)}' for by, one in found.items())


def _all_off(answer: SkipAblation, confidence: str) -> list[str]:
    """What all skips off costs, of the whole network and of each stack."""
    texts = []
    for stack in [answer.whole, *(range(answer.stacks) if answer.stacks > 1 else ())]:
        the = '' if stack is None or stack >= 8 else 'the '
        where = f' of {the}{stack_name(stack)}' if answer.stacks > 1 else ''
        if found := answer.under(stack, 'all off'):
            texts.append(f'All skips{where} off, on labelled joints: {_costs(found, confidence)}.')
    found = answer.under(answer.whole, 'all off')
    mean, donor = (found[by].drop.labelled.ends if by in found else None for by in ('mean', 'donor'))
    if mean and donor and donor[0] > mean[1]:
        texts.append(
            'Another person’s skips cost more than mean ones, which carry nothing of the person: the decoder follows '
            'what the skips tell it.'
        )
    return texts


def _joints(lost: Scores) -> str:
    """``5 of 17 joints lose by it, most the left wrist 0.120 (0.040 to 0.200), ...``."""
    drops = {name.replace('_', ' '): groups['labelled'] for name, groups in lost.joints.items()}
    losing = sorted((name for name in drops if above(drops[name])), key=lambda name: -(drops[name].value or 0))
    if all(drop.low is None for drop in drops.values()):
        return 'which joints lose by it is not known'
    if not losing:
        return f'of no joint of {number(len(drops))} is the loss told from none'
    named = listed([f'{name} {with_span(drops[name])}' for name in losing[:NAMED]])
    most, verb = 'most ' if len(losing) > NAMED else '', 'loses' if len(losing) == 1 else 'lose'
    return f'{number(len(losing))} of {plural(len(drops), "joint")} {verb} by it, {most}the {named}'


def smallest_first(drops: Mapping[str, Estimate]) -> str:
    """What drops of face, upper and lower body say to "small joints are lost first", in words.

    The parts' intervals have to lie apart for a yes or a no; those of parts that share persons would lie apart more
    easily if differences were looked at, so this errs towards doubt.
    """
    ends = {part: drops[part].ends for part in PARTS}
    face, others = ends.pop('face'), [end for end in ends.values() if end]
    if face is None or len(others) < len(ends):
        return 'cannot be said'
    if all(face[0] > other[1] for other in others):
        return 'holds'
    if any(face[1] < other[0] for other in others):
        return 'does not hold'
    return 'is not borne out: the intervals overlap'


def _small_joints(answer: SkipAblation) -> list[str]:
    """What survives of "without skips small joints are lost first"."""
    all_off, control = answer.under(answer.whole, 'all off'), answer.against
    texts = [
        _small(f'With the same weights and all skips {BY[by]}', one.drop, one, answer.untouched)[1]
        for by, one in all_off.items()
    ]
    if control is None:
        text = 'what is lost here is what these weights, which learned with skips, lose without them.'
        return [*texts, f'No network trained without skips was tested beside it: {text}']
    where = 'Between this network and the one trained without skips'
    verdict, text = _small(where, control.difference, control, answer.untouched)
    others = [f'{number(one.labelled.value, 3)} ({BY[by]})' for by, one in all_off.items() if by != 'donor']
    own = f'; this one with all skips off has {listed(others)}, for it never learned to do without' if others else ''
    texts += [
        text,
        f'The network trained without skips has a PCK of {with_span(control.labelled)}, '
        f'{number(control.difference.labelled.value, 3)} less than this one{own}.',
    ]
    if verdict == 'does not hold':
        texts.append(
            f'So what these weights lose without skips is where they keep it, not what cannot be had without: {SMALL} '
            'are not what a network that learned without skips loses first.'
        )
    return texts


def _small(where: str, lost: Scores, scores: Scores, untouched: Scores) -> tuple[str, str]:
    """The verdict on it, and its sentence, with what is left of each part as a share of what was there."""
    pairs = [(scores.of_part(part).value, untouched.of_part(part).value) for part in PARTS]
    left = [after / before if after is not None and before else None for after, before in pairs]
    verdict = smallest_first({part: lost.of_part(part) for part in PARTS})
    # Where nothing is left, each part has lost what it had, and none was lost first.
    if all(share is not None and share < GONE for share in left):
        verdict = 'cannot be judged: next to nothing is left of any part'
    numbers = [f'{with_span(lost.of_part(part))} on {name}' for part, name in {**PARTS, 'face': SMALL}.items()]
    return verdict, (
        f'{where}, “without skips small joints are lost first” {verdict} (lost: {listed(numbers)}; left of each: '
        f'{listed([percent(share) for share in left])}).'
    )


def _latent(answer: SkipAblation, confidence: str) -> list[str]:
    """What the latent adds to the skips."""
    texts, found = [], answer.under(answer.whole)
    if found:
        texts.append(f'The latent, all skips kept, on labelled joints: {_costs(found, confidence)}.')
    if 'mean' in found:
        lost = found['mean'].drop.labelled
        shown = f'So what the bottleneck adds to the skips, beyond a mean latent, is {with_span(lost)} of PCK.'
        texts.append(shown if above(lost) else 'So that the bottleneck adds anything to the skips is not shown.')
    for k, one in answer.projections():
        what = f'on its first {plural(k, "component")}' if k else 'on none of its components, at the mean of the store,'
        texts.append(f'The latent {what} {lost_text(one.drop.labelled, confidence)}.')
    return texts


def tables(answer: SkipAblation, results: Results) -> list[Table]:
    """PCK under each condition, and what each joint loses where a level is off."""
    named: list[tuple[str, str, Scores]] = [('untouched', DASH, answer.untouched)]
    joints = []
    for one in answer.conditions:
        name, by = condition_text(one.condition, answer.stacks), REPLACED.get(one.condition.replacement, DASH)
        named.append((name, by, one))
        if one.condition.skips == 'level off':
            lost = one.drop.joints.items()
            joints += [[joint.replace('_', ' '), name, by, cell(groups['labelled'], 3)] for joint, groups in lost]
    if answer.against:
        named.append(('trained without skips', DASH, answer.against))
    rows = [[name, by, *(cell(scores.of_part(part), 3) for part in ('', *PARTS))] for name, by, scores in named]
    intervals = f'with {percent(answer.confidence)} intervals'
    caption = f'PCK under each condition, {intervals}; level 0 is the finest'
    found = [Table(caption, ['condition', 'replaced by', 'labelled joints', *PARTS.values()], rows, folded=True)]
    caption, head = (
        f'PCK that each joint loses with a level off, {intervals}',
        ['joint', 'condition', 'replaced by', 'lost'],
    )
    return [*found, Table(caption, head, joints, folded=True)] if joints else found

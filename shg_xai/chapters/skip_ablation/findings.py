"""Sentences on skips that were turned off: what is lost, by which joints, and what it says."""

from collections.abc import Mapping, Sequence
from typing import Any

from shg_xai.drawing.text import confidence_of, known, listed, number, percent, plural
from shg_xai.report.intervention_parts import (
    PARTS,
    above,
    below,
    condition,
    joint,
    kept,
    replacements,
    stack_text,
    three,
    whole,
    with_span,
)

Item = Mapping[str, Any]
# As many joints are named as a reader keeps in mind.
NAMED = 4
# Of a part's PCK, below which it counts as lost.
GONE = 0.1
BY = {'zero': 'replaced by nothing', 'mean': 'replaced by the mean', 'donor': 'replaced by another person’s'}
SMALL = 'nose, eyes and ears'


def skip_claims(skips: Item) -> list[str]:
    """Put an ablation of skips into sentences, worded no stronger than its intervals.

    Args:
        skips: of the interventions.

    Returns:
        Plain text, in the order to be read.
    """
    confidence, ways = confidence_of(skips), replacements(skips)
    texts = [
        f'{plural(skips["persons"], "person")} of {skips["split"]} were tested; untouched, '
        f'the network has a PCK of {with_span(_pck(skips["untouched"]), confidence)} on '
        'labelled joints.'
    ]
    texts += _all_off(skips, ways, confidence)
    texts += _levels(skips, ways, confidence)
    texts += _small_joints(skips, ways)
    return texts + _latent(skips, ways, confidence)


def _pck(entry: Item) -> Item:
    return entry['pck']['labelled']


def _lost(entry: Item) -> Item:
    return entry['drop']['pck']['labelled']


def lost_text(item: Item, confidence: str | None = None) -> str:
    """``costs 0.12 (...)``, ``gains ...`` or that it is not told from none, by the interval."""
    if not known(item['value']):
        return 'costs an amount that is not known'
    if above(item):
        return f'costs {_of_pck(item, confidence)}'
    if below(item):
        gained = {'value': -item['value'], 'low': -item['high'], 'high': -item['low']}
        return f'gains {_of_pck(gained, confidence)}'
    doubt = 'not told from none' if known(item['low']) else 'of which nothing more is known'
    return f'costs {_of_pck(item, confidence)}, {doubt}'


def _of_pck(item: Item, confidence: str | None) -> str:
    return with_span(item, confidence).replace(' (', ' of PCK (', 1)


def _all_off(skips: Item, ways: Sequence[str], confidence: str) -> list[str]:
    """What all skips off costs, of the whole network and of each stack."""
    stacks = [whole(skips), *(range(skips['stacks']) if skips['stacks'] > 1 else ())]
    texts = []
    for stack in stacks:
        found = [
            f'{BY[by]} it {lost_text(_lost(entry), confidence)}'
            for by in ways
            if (entry := condition(skips, by, stack, 'all off'))
        ]
        where = f' of {_the(stack)}' if skips['stacks'] > 1 else ''
        if found:
            texts.append(f'All skips{where} off, on labelled joints: {"; ".join(found)}.')
    pair = [condition(skips, by, stacks[0], 'all off') for by in ('mean', 'donor')]
    if all(pair):
        mean, donor = map(_lost, pair)
        if known(mean['high']) and known(donor['low']) and donor['low'] > mean['high']:
            texts.append(
                'Another person’s skips cost more than mean ones, which carry nothing of '
                'the person: the decoder follows what the skips tell it.'
            )
    return texts


def _the(stack: int | None) -> str:
    return stack_text(stack) if stack is None or stack >= 8 else f'the {stack_text(stack)}'


def _levels(skips: Item, ways: Sequence[str], confidence: str) -> list[str]:
    """Which joints need which level, a sentence for each level and replacement."""
    stack, texts = whole(skips), []
    for level in skips['levels']:
        for by in ways:
            entry = condition(skips, by, stack, 'level off', level)
            if entry:
                texts.append(
                    f'Level {number(level)} off alone, {BY[by]}, '
                    f'{lost_text(_lost(entry), confidence)}; '
                    f'{_joints(entry["drop"]["joints"])}.'
                )
    if texts:
        few = len(skips['untouched']['joints'])
        texts.append(
            f'With {plural(few, "joint")} to each level, some intervals leave out zero '
            'by chance alone; they are not corrected for how many were looked at.'
        )
    return texts


def _joints(joints: Mapping[str, Item]) -> str:
    """``5 of 17 joints lose by it, most the left wrist (0.120, 0.040 to 0.200), ...``."""
    drops = {joint(name): item['labelled'] for name, item in joints.items()}
    losing = sorted((name for name in drops if above(drops[name])), key=lambda name: -drops[name]['value'])
    if not any(known(item['low']) for item in drops.values()):
        return 'which joints lose by it is not known'
    if not losing:
        return f'of no joint of {number(len(drops))} is the loss told from none'
    named = [f'{name} {with_span(drops[name])}' for name in losing[:NAMED]]
    most = 'most the ' if len(losing) > NAMED else 'the '
    verb = 'loses' if len(losing) == 1 else 'lose'
    return f'{number(len(losing))} of {plural(len(drops), "joint")} {verb} by it, {most}{listed(named)}'


def smallest_first(drops: Mapping[str, Item]) -> str:
    """What drops of three parts say to "small joints are lost first", in words.

    The parts' intervals have to lie apart for a yes or a no; those of parts that share persons would lie apart more
    easily if differences were looked at, so this errs towards doubt.

    Args:
        drops: of ``face``, ``upper`` and ``lower``: ``value``, ``low``, ``high``.
    """
    face, others = drops['face'], [drops[part] for part in PARTS if part != 'face']
    if any(not known(item[end]) for item in (face, *others) for end in ('low', 'high')):
        return 'cannot be said'
    if all(face['low'] > item['high'] for item in others):
        return 'holds'
    if any(face['high'] < item['low'] for item in others):
        return 'does not hold'
    return 'is not borne out: the intervals overlap'


def _small_joints(skips: Item, ways: Sequence[str]) -> list[str]:
    """What survives of "without skips small joints are lost first"."""
    texts = []
    for by in ways:
        entry = condition(skips, by, whole(skips), 'all off')
        if entry:
            texts.append(
                _small('With the same weights and all skips ' + BY[by], entry['drop']['parts'], entry['parts'], skips)
            )
    if skips['against']:
        texts.append(
            _small(
                'Between this network and the one trained without skips',
                skips['against']['difference']['parts'],
                skips['against']['parts'],
                skips,
            )
        )
        texts.append(_against(skips))
        if _verdict(skips['against']['difference']['parts'], skips['against']['parts'], skips) == 'does not hold':
            texts.append(
                'So what these weights lose without skips is where they keep it, not what '
                f'cannot be had without: {SMALL} are not what a network that learned '
                'without skips loses first.'
            )
    else:
        texts.append(
            'No network trained without skips was tested beside it: what is lost here is '
            'what these weights, which learned with skips, lose without them.'
        )
    return texts


def _left(left: Mapping[str, Item], skips: Item) -> list[float | None]:
    """What is left of each part, as a share of what the untouched network has."""
    pairs = [
        (left[part]['labelled']['value'], skips['untouched']['parts'][part]['labelled']['value']) for part in PARTS
    ]
    return [after / before if known(after) and known(before) and before > 0 else None for after, before in pairs]


def _verdict(parts: Mapping[str, Item], left: Mapping[str, Item], skips: Item) -> str:
    # Where nothing is left, each part has lost what it had, and none was lost first.
    if all(share is not None and share < GONE for share in _left(left, skips)):
        return 'cannot be judged: next to nothing is left of any part'
    return smallest_first({part: parts[part]['labelled'] for part in PARTS})


def _small(where: str, parts: Mapping[str, Item], left: Mapping[str, Item], skips: Item) -> str:
    drops = {part: parts[part]['labelled'] for part in PARTS}
    verdict, shares = _verdict(parts, left, skips), _left(left, skips)
    numbers = [f'{with_span(drops[part])} on {SMALL if part == "face" else PARTS[part]}' for part in PARTS]
    return (
        f'{where}, “without skips small joints are lost first” {verdict} (lost: '
        f'{listed(numbers)}; left of each: {listed([percent(share) for share in shares])}).'
    )


def _against(skips: Item) -> str:
    """The network trained without skips beside the same weights without them."""
    control = skips['against']
    text = (
        f'The network trained without skips has a PCK of {with_span(_pck(control))}, '
        f'{three(control["difference"]["pck"]["labelled"]["value"])} less than this one'
    )
    entries = [(by, condition(skips, by, whole(skips), 'all off')) for by in ('zero', 'mean')]
    others = [f'{three(_pck(entry)["value"])} ({BY[by]})' for by, entry in entries if entry]
    return (
        f'{text}; this one with all skips off has {listed(others)}, for it never learned to do without.'
        if others
        else f'{text}.'
    )


def _latent(skips: Item, ways: Sequence[str], confidence: str) -> list[str]:
    """What the latent adds to the skips."""
    stack, texts = whole(skips), []
    found = {by: entry for by in ways if (entry := condition(skips, by, stack, latent=by))}
    if found:
        parts = [f'{BY[by]} it {lost_text(_lost(entry), confidence)}' for by, entry in found.items()]
        texts.append(f'The latent, all skips kept, on labelled joints: {"; ".join(parts)}.')
    if 'mean' in found:
        drop = _lost(found['mean'])
        texts.append(
            f'So what the bottleneck adds to the skips, beyond a mean latent, is {with_span(drop)} of PCK.'
            if above(drop)
            else 'So that the bottleneck adds anything to the skips is not shown.'
        )
    for entry in kept(skips, stack):
        what = (
            f'on its first {plural(entry["k"], "component")}'
            if entry['k']
            else 'on none of its components, at the mean of the store,'
        )
        texts.append(f'The latent {what} {lost_text(_lost(entry), confidence)}.')
    return texts

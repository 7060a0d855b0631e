"""What is said of walks through the latent as the network decodes them."""

from shg_xai.chapters.decoded_walk.results import DecodedWalk, Direction
from shg_xai.drawing.material import Table
from shg_xai.drawing.text import DASH, amount, cell, confidence_of, listed, number, plural
from shg_xai.results import Results

MORE = 'moves joints more than random directions of the same length'
NO_MORE = 'moves joints no more than random directions of the same length'
JOINTS_MOVED = {
    None: 'moves joints, whether more than random directions is not known',
    True: 'moves joints more than random directions do',
    False: 'moves joints no more than random directions do',
}
ONE_WAY = {
    True: 'goes one way with every step from −2σ to 2σ',
    False: 'does not go one way with every step from −2σ to 2σ',
    None: 'is not known to go one way from −2σ to 2σ',
}
WORDS = {True: 'yes', False: 'no', None: DASH}
BEYOND = {True: 'more than', False: 'not clearly more than', None: 'not known to be more than'}
STARTS = {'mean': 'the mean latent', 'person': 'each person’s latent'}
SKIPS = {'own': 'each person’s own skips', 'none': 'no skips', 'mean': 'mean skips', 'donor': 'another person’s skips'}


def heading(answer: DecodedWalk, results: Results) -> str:
    """``From the mean latent, with each person’s own skips``."""
    return f'From {STARTS[answer.options.start]}, with {SKIPS[answer.options.skips]}'


def title(answer: DecodedWalk, name: str) -> str:
    """The title of a concept, or of a direction: ``component 3``."""
    return next((concept.title for concept in answer.concepts if concept.name == name), name.replace('_', ' '))


def verdict(direction: Direction) -> str | None:
    """The statement about a direction, with its numbers; None where there is no interval."""
    shift = direction.walk.shift_per_sigma
    if direction.more_than_random is None:
        return None
    return (
        f'{MORE if direction.more_than_random else NO_MORE}: {shift.value:.4f} [{shift.low:.4f}, {shift.high:.4f}] of '
        f"the crop's side per sigma, 97.5 % of the random ones at most {direction.random.shift_per_sigma_97_5:.4f}"
    )


def findings(answer: DecodedWalk, results: Results) -> list[str]:
    """What the walks show, worded no stronger than their verdicts."""
    asked, more = answer.directions, sum(direction.more_than_random is True for direction in answer.directions)
    texts = [
        f'{heading(answer, results)}: {plural(answer.persons, "person")} of {answer.split}, '
        f'{plural(len(asked), "direction")}, each beside {plural(answer.options.random, "random one")} of the same '
        f'length; {number(more)} of {number(len(asked))} {"moves" if more == 1 else "move"} joints more than those.'
    ]
    if answer.one_pose:
        texts.append(
            'All persons are decoded from the same values here, so there is one pose and its intervals have no width: '
            'they do not say how sure anything is.'
        )
    return texts + [text for direction in asked for text in _walk(answer, direction)]


def _walk(answer: DecodedWalk, direction: Direction) -> list[str]:
    """What a direction does to joints; to its own concept; and to all others that go one way all along."""
    own, shift, monotonic = direction.name, direction.walk.shift_per_sigma, direction.walk.monotonic
    name = f'the concept “{title(answer, own)}”' if direction.kind == 'concept' else title(answer, own)
    texts = [f'How far {name} moves joints is not known.']
    if shift.value is not None:
        within = ''
        if shift.ends and not answer.one_pose:
            within = f' ({confidence_of(answer)} interval {" to ".join(number(100 * end) for end in shift.ends)} %)'
        most = listed([joint.replace('_', ' ') for joint in direction.walk.most_moved])
        texts = [
            f'{name[0].upper()}{name[1:]} {JOINTS_MOVED[direction.more_than_random]}: {number(100 * shift.value)} % of '
            f'the crop’s side for each σ{within}, random at most '
            f'{number(100 * direction.random.shift_per_sigma_97_5)} %; most moved: {most}.'
        ]
    if own in monotonic:
        texts.append(f'Decoded, {_change(answer, direction, own)}; it {ONE_WAY[monotonic[own]]}.')
    elif direction.kind == 'concept':
        texts.append(
            f'Whether decoded poses follow “{title(answer, own)}” along it is not known: it cannot be computed from '
            'decoded joints.'
        )
    if steady := [_change(answer, direction, other) for other, flag in monotonic.items() if flag and other != own]:
        texts.append(f'Along {name}, one way with every step from −2σ to 2σ: {"; ".join(steady)}.')
    return texts


def _change(answer: DecodedWalk, direction: Direction, name: str) -> str:
    """``facing the camera rises by 0.95 (...), more than along random directions (...)``."""
    change, random = direction.walk.concept_change[name], direction.random.concept_change_97_5[name]
    value = change.value
    if value is None:
        return f'how “{title(answer, name)}” changes is not known'
    verb, about = 'rises' if value > 0 else 'falls' if value < 0 else 'changes', ''
    if change.ends and not answer.one_pose:
        # Of the change's size: turned round where it falls.
        ends = sorted(end if value >= 0 else -end for end in change.ends)
        told = ' to '.join(number(end, 2 if abs(value) >= 1 else 3) for end in ends)
        about = f' ({confidence_of(answer)} interval {told})'
    units = [f' {one.unit}' for one in answer.concepts if one.name == name and one.unit not in ('', 'share')]
    text = f'“{title(answer, name)}” {verb} by {amount(abs(value), 2)}{"".join(units)}{about}'
    if random is None:
        return f'{text}, beside random directions nothing is known'
    count, beyond = direction.random.monotonic[name], BEYOND[direction.concept_more_than_random[name]]
    steady = count and direction.walk.monotonic[name]
    alike = f', {number(count)} of {number(answer.options.random)} as steadily' if steady else ''
    return f'{text}, {beyond} along random ones (97.5 %: {amount(random, 2)}{alike})'


def tables(answer: DecodedWalk, results: Results) -> list[Table]:
    """Concepts along each direction, and what they mean."""
    changes = []
    for direction in answer.directions:
        walk, random = direction.walk, direction.random
        for name, change in walk.concept_change.items():
            cells = [cell(change), amount(random.concept_change_97_5[name], 2, DASH)]
            cells += [WORDS[direction.concept_more_than_random[name]], WORDS[walk.monotonic[name]]]
            titles = [title(answer, direction.name), title(answer, name)]
            changes.append([*titles, *cells, number(random.monotonic[name])])
    caption = (
        f'Change of concepts from −2σ to 2σ, with {confidence_of(answer)} intervals, beside '
        f'{number(answer.options.random)} random directions of the same length'
    )
    head = ['direction', 'concept', 'change', 'random: 97.5 %', 'more', 'one way', 'random: one way']
    known = [[concept.title, concept.definition, concept.unit or DASH] for concept in answer.concepts]
    definitions = Table('Concepts of decoded poses', ['concept', 'definition', 'unit'], known, folded=True)
    return [table for table in (Table(caption, head, changes, folded=True), definitions) if table.rows]

"""Sentences on walks through the latent as the network decodes them."""

from shg_xai.chapters.decoded_walk.results import DecodedWalk, Direction
from shg_xai.drawing.text import amount, confidence_of, listed, number, plural
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
    random, asked = answer.options.random, answer.directions
    more = sum(direction.more_than_random is True for direction in asked)
    texts = [
        f'{heading(answer, results)}: {plural(answer.persons, "person")} of {answer.split}, '
        f'{plural(len(asked), "direction")}, each beside {plural(random, "random one")} of the same length; '
        f'{number(more)} of {number(len(asked))} {"moves" if more == 1 else "move"} joints more than those.'
    ]
    if answer.one_pose:
        texts.append(
            'All persons are decoded from the same values here, so there is one pose and its intervals have no width: '
            'they do not say how sure anything is.'
        )
    for direction in asked:
        texts += [_shift(answer, direction), *_concepts(answer, direction)]
    return texts


def _named(answer: DecodedWalk, direction: Direction) -> str:
    name = title(answer, direction.name)
    return f'the concept “{name}”' if direction.kind == 'concept' else name


def _shift(answer: DecodedWalk, direction: Direction) -> str:
    """What a direction does to joints, with its verdict."""
    shift, name = direction.walk.shift_per_sigma, _named(answer, direction)
    if shift.value is None:
        return f'How far {name} moves joints is not known.'
    about = ''
    if shift.ends and not answer.one_pose:
        about = f' ({confidence_of(answer)} interval {" to ".join(number(100 * end) for end in shift.ends)} %)'
    most = listed([joint.replace('_', ' ') for joint in direction.walk.most_moved])
    return (
        f'{name[0].upper()}{name[1:]} {JOINTS_MOVED[direction.more_than_random]}: {number(100 * shift.value)} % of the '
        f'crop’s side for each σ{about}, random at most {number(100 * direction.random.shift_per_sigma_97_5)} %; most '
        f'moved: {most}.'
    )


def _concepts(answer: DecodedWalk, direction: Direction) -> list[str]:
    """Its own concept first; then all others that go one way all along."""
    own, texts = direction.name, []
    if own in direction.walk.monotonic:
        texts = [f'Decoded, {_change(answer, direction, own)}; it {ONE_WAY[direction.walk.monotonic[own]]}.']
    elif direction.kind == 'concept':
        texts = [
            f'Whether decoded poses follow “{title(answer, own)}” along it is not known: it cannot be computed from '
            'decoded joints.'
        ]
    steady = [name for name, flag in direction.walk.monotonic.items() if flag and name != own]
    if steady:
        others = '; '.join(_change(answer, direction, name) for name in steady)
        texts.append(f'Along {_named(answer, direction)}, one way with every step from −2σ to 2σ: {others}.')
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

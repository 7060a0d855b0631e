"""What is said of walks through the latent as the network decodes them."""

from shg_xai.chapters.decoded_walk.results import DecodedWalk, Direction
from shg_xai.drawing.material import Table
from shg_xai.drawing.text import DASH, amount, cell, confidence_of, listed, number, percent, plural
from shg_xai.results import Results
from shg_xai.stats.draws import Beside

MORE = 'moves joints more than random directions of the same length'
WORDS = {True: 'yes', False: 'no'}
STARTS = {'mean': 'the mean latent', 'person': 'each person’s latent'}
SKIPS = {'own': 'each person’s own skips', 'none': 'no skips', 'mean': 'mean skips', 'donor': 'another person’s skips'}


def heading(answer: DecodedWalk, results: Results) -> str:
    """``From the mean latent, with each person’s own skips``."""
    return f'From {STARTS[answer.options.start]}, with {SKIPS[answer.options.skips]}'


def title(answer: DecodedWalk, name: str) -> str:
    """The title of a concept, or of a direction: ``component 3``."""
    return next((concept.title for concept in answer.concepts if concept.name == name), name.replace('_', ' '))


def claims(answer: DecodedWalk) -> list[str]:
    """``component 1: moves joints``, ``component 1: standing`` for a concept that changes; p is corrected over all."""
    return [
        f'{direction.name}: {name}'
        for direction in answer.directions
        for name, one in {'moves joints': direction.random.shift_per_sigma, **direction.random.concept_change}.items()
        if one.found
    ]


def verdict(direction: Direction) -> str | None:
    """The statement about a direction, with its numbers; None where it moves joints no more than random ones do."""
    shift = direction.random.shift_per_sigma
    if not shift.found:
        return None
    return (
        f"{MORE}: {shift.value:.4f} of the crop's side per sigma, 95 % of the random ones {shift.low:.4f} to "
        f'{shift.high:.4f}, corrected p = {shift.p_corrected:.3f}'
    )


def span(answer: DecodedWalk) -> str:
    """``−2σ to 2σ``, the ends of the walks that are compared."""
    return ' to '.join(f'{number(end, 0 if end == round(end) else 1)}σ' for end in answer.ends)


def findings(answer: DecodedWalk, results: Results) -> list[str]:
    """What the walks show; what is more than along random directions is said of what was found alone."""
    asked, told = answer.directions, claims(answer)
    moving = sum(direction.random.shift_per_sigma.found for direction in asked)
    changing, all_changes = len(told) - moving, sum(len(direction.random.concept_change) for direction in asked)
    texts = [
        f'{heading(answer, results)}: {plural(answer.persons, "person")} of {answer.split}, '
        f'{plural(len(asked), "direction")}, each beside {plural(answer.options.random, "random one")} of the latents’ '
        f'covariance and of its length, from {span(answer)}. {number(moving)} of {number(len(asked))} '
        f'{"moves" if moving == 1 else "move"} joints more than those, and {number(changing)} of '
        f'{plural(all_changes, "change")} of a concept {"is" if changing == 1 else "are"} larger (p corrected over '
        'all).'
    ]
    if answer.one_pose:
        texts.append(
            'All persons are decoded from the same values here, so there is one pose and its intervals have no width: '
            'they do not say how sure anything is.'
        )
    return texts + [text for direction in asked for text in _walk(answer, direction)]


def _walk(answer: DecodedWalk, direction: Direction) -> list[str]:
    """What a direction does to joints; to its own concept; and to all others that it changes more than random ones."""
    own, shift = direction.name, direction.walk.shift_per_sigma
    name = f'the concept “{title(answer, own)}”' if direction.kind == 'concept' else title(answer, own)
    texts = [f'How far joints move along {name} is not known.']
    if shift.value is not None:
        within = ''
        if shift.ends and not answer.one_pose:
            within = f' ({confidence_of(answer)} interval {" to ".join(number(100 * end) for end in shift.ends)} %)'
        most = listed([joint.replace('_', ' ') for joint in direction.walk.most_moved])
        texts = [
            f'Along {name} joints move by {number(100 * shift.value)} % of the crop’s side for each σ{within}; most '
            f'moved: {most}. {_compared(answer, direction)}'
        ]
    changes = direction.random.concept_change
    if own in changes:
        texts.append(f'Decoded, {_change(answer, direction, own)}.')
    elif direction.kind == 'concept':
        texts.append(
            f'Whether decoded poses follow “{title(answer, own)}” along it is not known: it cannot be computed from '
            'decoded joints.'
        )
    if more := [_change(answer, direction, other) for other, one in changes.items() if one.found and other != own]:
        texts.append(f'Along {name}, {"; ".join(more)}.')
    return texts


def _compared(answer: DecodedWalk, direction: Direction) -> str:
    """Its shift at the ends beside that of random directions, in the persons who have both."""
    beside = direction.random.shift_per_sigma
    if beside.value is None or beside.low is None or beside.high is None:
        return 'Beside random directions nothing is known.'
    verb = 'it moves them more than random directions do' if beside.found else 'they move'
    return (
        f'From {span(answer)}, in {plural(direction.random.persons, "person")}, {verb}'
        f'{": " if beside.found else " by "}{number(100 * beside.value)} %, random ones '
        f'{number(100 * beside.low)} to {number(100 * beside.high)} % ({_p(beside)}).'
    )


def _p(beside: Beside) -> str:
    """``corrected p = 0.010``."""
    return f'corrected p {"= " if beside.p_corrected is not None else ""}{number(beside.p_corrected, 3)}'


def _change(answer: DecodedWalk, direction: Direction, name: str) -> str:
    """``facing the camera rises by 0.95 (...), more than along random directions (...)``."""
    change, beside = direction.walk.concept_change[name], direction.random.concept_change[name]
    value, way = change.value, direction.walk.one_way[name].value
    if value is None:
        return f'how “{title(answer, name)}” changes is not known'
    verb, about = 'rises' if value > 0 else 'falls' if value < 0 else 'changes', ''
    if change.ends and not answer.one_pose:
        # Of the change's size: turned round where it falls.
        ends = sorted(end if value >= 0 else -end for end in change.ends)
        told = ' to '.join(number(end, 2 if abs(value) >= 1 else 3) for end in ends)
        about = f' ({confidence_of(answer)} interval {told})'
    units = [f' {one.unit}' for one in answer.concepts if one.name == name and one.unit not in ('', 'share')]
    text = f'“{title(answer, name)}” {verb} by {amount(abs(value), 2)}{"".join(units)}{about} from {span(answer)}'
    if way is not None:
        text += f', monotonic in {percent(way)} of {plural(change.n or 0, "person")}'
    if beside.value is None or beside.low is None or beside.high is None:
        return f'{text}; beside random directions nothing is known'
    random = f'random ones {amount(beside.low, 2)} to {amount(beside.high, 2)}, {_p(beside)}'
    return f'{text}{", more than along random directions" if beside.found else ""} ({random})'


def tables(answer: DecodedWalk, results: Results) -> list[Table]:
    """Concepts along each direction, and what they mean."""
    changes = []
    for direction in answer.directions:
        for name, change in direction.walk.concept_change.items():
            beside, way = direction.random.concept_change[name], direction.walk.one_way[name]
            ends = [amount(end, 2, DASH) for end in (beside.low, beside.high)]
            random = ' to '.join(ends) if DASH not in ends else DASH
            cells = [cell(change), percent(way.value, 2, DASH), amount(beside.value, 2, DASH), random]
            cells += [number(beside.p, 3, DASH), number(beside.p_corrected, 3, DASH), WORDS[beside.found]]
            changes.append([title(answer, direction.name), title(answer, name), *cells])
    fewer = answer.directions[0].random.persons if answer.directions else 0
    caption = (
        f'Change of concepts from {span(answer)}, with {confidence_of(answer)} intervals, and the share of persons in '
        f'whom it is monotonic; in {plural(fewer, "person")} beside {number(answer.options.random)} random '
        'directions of the latents’ covariance and of the same length (the middle 95 %)'
    )
    head = ['direction', 'concept', 'change', 'monotonic', 'beside random', 'random', 'p', 'corrected', 'more']
    known = [[concept.title, concept.definition, concept.unit or DASH] for concept in answer.concepts]
    definitions = Table('Concepts of decoded poses', ['concept', 'definition', 'unit'], known, folded=True)
    return [table for table in (Table(caption, head, changes, folded=True), definitions) if table.rows]

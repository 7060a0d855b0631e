"""What is said of bottlenecks: which can be read better than components, what each costs, what its units move."""

from collections.abc import Sequence

from shg_xai.chapters.bottlenecks.results import Bottleneck, Bottlenecks, Chance, Compared, Name, Readout
from shg_xai.drawing.material import Table
from shg_xai.drawing.text import DASH, cell, confidence_of, interval, listed, number, percent, plural, signed, span
from shg_xai.results import Estimate, Results, Verdict
from shg_xai.stats.draws import LEVEL

TITLES: dict[Name, str] = {
    'components': 'principal components',
    'linear': 'linear autoencoder',
    'plain': 'autoencoder',
    'topk': 'sparse dictionary',
    'variational': 'variational autoencoder',
}
SAID = {Verdict.BETTER: 'more readable than', Verdict.WORSE: 'less readable than', Verdict.EQUIVALENT: 'as readable as'}
THE_QUESTION: Name = 'topk'  # whose answer is given even where it is undecided


def claims(answer: Bottlenecks) -> list[str]:
    """Which kind is more, less or as readable, which concept a unit tells, and which unit moves joints."""
    moved = [f'{one.name}: unit {one.unit} moves joints' for one in answer.steered if one.random.found]
    return [*claims_of_codes(answer.compared, answer.bottlenecks), *moved]


def claims_of_codes(compared: Sequence[Compared], bottlenecks: Sequence[Bottleneck]) -> list[str]:
    """What is concluded without running the network."""
    found = [
        f'{one.name}: {SAID[one.difference.verdict]} {one.than}' for one in compared if one.difference.verdict in SAID
    ]
    for kind in bottlenecks:
        told = [one for one in kind.readout.concepts if one.p is not None and one.p < LEVEL]
        found += [f'{kind.name}, {kind.latents}: {one.concept} by unit {one.unit}' for one in told]
    return found


def findings(answer: Bottlenecks, results: Results) -> list[str]:
    """Readability first, then what it costs, then what units move."""
    return sentences(answer)


def sentences(answer: Bottlenecks) -> list[str]:
    """The findings, which need no other answer."""
    said = [text for one in answer.compared if (text := _compared(one, answer))]
    return [*said, *_costs(answer), *_sparse(answer), *_steered(answer), *_after(answer)]


def _compared(one: Compared, answer: Bottlenecks) -> str:
    """A comparison in a sentence; nothing where it is undecided, but for the question of the chapter."""
    found, verdict = one.difference, one.difference.verdict
    own = _readability(answer, one.name, 'trained')
    if one.than == 'components':
        other, of = (
            _readability(answer, 'components', 'trained'),
            f'{number(answer.options.width)} principal components',
        )
    else:
        other, of = _readability(answer, one.name, 'untrained'), 'the same on the untrained network’s latents'
    subject = f'{TITLES[one.name]}' if one.name == 'components' else f'the units of the {TITLES[one.name]}'
    each = percent(answer.confidence_each, 3)
    numbers = (
        f'a concept goes with its best unit at {number(own)} on average, beside {number(other)}, a difference of '
        f'{signed(found.difference.value)} ({each} interval {span(found.difference, 3) or "not known"}, over starts '
        f'and photos together; {plural(found.persons, "person")}, {plural(answer.concepts, "concept")})'
    )
    if verdict is Verdict.UNDECIDED:
        asked = one.name == THE_QUESTION and one.than == 'components'
        return f'Whether {subject} are more readable than {of} is not decided: {numbers}.' if asked else ''
    within = f', and by less than {number(found.margin)} either way' if verdict is Verdict.EQUIVALENT else ''
    return f'{subject[0].upper()}{subject[1:]} are {SAID[verdict]} {of}: {numbers}{within}.'


def _readability(answer: Bottlenecks, name: Name, latents: str) -> float | None:
    found = [one for one in answer.bottlenecks if (one.name, one.latents) == (name, latents)]
    return found[0].readout.readability.value if found else None


def _costs(answer: Bottlenecks) -> list[str]:
    """PCK with each in the network."""
    trained = [one for one in answer.bottlenecks if one.spliced]
    parts = [
        f'{number(one.spliced.pck.value, 3)} with the {TITLES[one.name]} (lost: {number(one.spliced.lost.value, 3)}, '
        f'{interval(one.spliced.lost, confidence_of(answer), 3)})'
        for one in trained
        if one.spliced
    ]
    whom = f'{plural(answer.persons, "person")} of {answer.split}'
    untouched = number(answer.untouched.value, 3)
    return [f'Through {number(answer.options.width)} units PCK of {whom} is {listed(parts)}, untouched {untouched}.']


def _sparse(answer: Bottlenecks) -> list[str]:
    """Whether dictionaries of other starts have the same units."""
    for one in answer.bottlenecks:
        found = one.readout.directions
        if one.name == 'topk' and one.latents == 'trained' and found.value is not None:
            return [
                f'Of two starts, a direction of the sparse dictionary and the one most like it have a cosine of '
                f'{number(found.value)} on average, beside {number(found.chance)} for directions drawn from the '
                f'latents’ covariance; {percent(one.readout.dead)} of its units are dead.'
            ]
    return []


def _steered(answer: Bottlenecks) -> list[str]:
    """Units that move joints more than any direction does."""
    return [
        f'Unit {number(one.unit)} of the {TITLES[one.name]}, which goes with {one.concept} at {number(one.rho)}, moves '
        f'joints more than random directions do: by {percent(one.random.value)} of the crop’s side for a standard '
        f'deviation, most {listed([joint.replace("_", " ") for joint in one.joints])} (random: '
        f'{percent(one.random.low)} to {percent(one.random.high)}; corrected p = {number(one.random.p_corrected, 3)}).'
        for one in answer.steered
        if one.random.found
    ]


def _after(answer: Bottlenecks) -> list[str]:
    """After training on."""
    known = {one.name: one for one in answer.after}
    if 'none' not in known:
        return []
    parts = [
        f'{number(one.pck.value, 3)} with the {TITLES[one.name]} '
        f'({signed(one.gain.value)}, {interval(one.gain, confidence_of(answer), 3)})'
        for one in answer.after
        if one.name != 'none'
    ]
    epochs = plural(answer.options.train_on, 'epoch')
    alone = number(known['none'].pck.value, 3)
    return [f'After {epochs} of training on PCK is {listed(parts)}, and {alone} without any; one training each.']


def tables(answer: Bottlenecks, results: Results) -> list[Table]:
    """All kinds side by side, then their best units."""
    return [table_of(answer), _concepts(answer), *_units(answer)]


def table_of(answer: Bottlenecks) -> Table:
    """A row for each kind, on the trained network's latents and on the untrained one's."""
    ks = [f'k = {number(round(k))}' for k in answer.bottlenecks[0].readout.probes.x]
    head = ['bottleneck', 'variance', 'L0', 'dead', 'PCK', 'lost', 'loss recovered', 'readable', 'told', *ks]
    head += ['monosemantic', 'starts agree', 'directions agree']
    rows = [[_name(one), *_cells(one)] for one in answer.bottlenecks]
    caption = (
        f'Bottlenecks of {number(answer.options.width)} units, with {confidence_of(answer)} intervals. Variance: share '
        'explained of persons not trained on; L0: units that are not 0 for a person; readable: correlation in ranks of '
        f'a concept with its best unit, mean over {plural(answer.concepts, "concept")}; told: of how many concepts a '
        'unit tells more than chance, by start; k: share of a concept’s variance that so many units tell; in the last '
        'three, chance in brackets'
    )
    return Table(caption, head, rows)


def _name(one: Bottleneck) -> str:
    return TITLES[one.name] + (', untrained network' if one.latents == 'untrained' else '')


def _cells(one: Bottleneck) -> list[str]:
    told: Readout = one.readout
    spliced = (one.spliced.pck, one.spliced.lost, one.spliced.recovered) if one.spliced else (None, None, None)
    return [
        cell(told.explained, 3),
        number(told.active, 1),
        percent(told.dead),
        *(cell(value, 3) for value in spliced),
        cell(told.readability, 3),
        ', '.join(map(str, told.told)),
        *(_short(value) for value in told.probes.y),
        *(_chance(value) for value in (told.monosemanticity, told.agreement, told.directions)),
    ]


def _short(value: Estimate) -> str:
    return cell(value, 2)


def _chance(value: Chance) -> str:
    return DASH if value.value is None else f'{number(value.value, 3)} ({number(value.chance, 3)})'


def _concepts(answer: Bottlenecks) -> Table:
    """How well the best unit of each kind goes with each concept."""
    trained = [one for one in answer.bottlenecks if one.latents == 'trained']
    rows = []
    for at, concept in enumerate(trained[0].readout.concepts):
        own = [one.readout.concepts[at] for one in trained]
        rows.append([concept.title, *(f'{number(one.rho)} (unit {number(one.unit)}){_mark(one.p)}' for one in own)])
    caption = 'Each concept and its best unit, in the first start: correlation in ranks; *: corrected p below 0.05'
    return Table(caption, ['concept', *(TITLES[one.name] for one in trained)], rows, folded=True)


def _mark(p: float | None) -> str:
    return '*' if p is not None and p < LEVEL else ''


def _units(answer: Bottlenecks) -> list[Table]:
    """What a step along units does."""
    rows = [
        [
            f'{TITLES[one.name]}, unit {number(one.unit)}',
            f'{one.concept} ({number(one.rho)})',
            cell(Estimate(value=one.shift.value, low=one.shift.low, high=one.shift.high), 4),
            f'{number(one.random.low, 4)} to {number(one.random.high, 4)}',
            number(one.random.p_corrected, 3),
            ', '.join(one.joints),
        ]
        for one in answer.steered
    ]
    head = ['unit', 'goes with', 'shift', 'random', 'corrected p', 'moved most']
    caption = (
        'Units that are steered: shift of joints for a standard deviation, in the crop’s longer side, beside '
        f'{number(answer.options.random)} random directions as long (the middle 95 %)'
    )
    return [Table(caption, head, rows, folded=True)] if rows else []


def heading(answer: Bottlenecks, results: Results) -> str | None:
    """Which network or layer it is, where there are several."""
    several = results.all(Bottlenecks)
    return f'{answer.of}, {answer.layer}' if len(several) > 1 else None

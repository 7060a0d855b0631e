"""What is said of bottlenecks: which can be read better than components, what each costs, what its units move."""

from collections.abc import Sequence

from shg_xai.chapters.bottlenecks.results import (
    Bottleneck,
    Bottlenecks,
    By,
    Chance,
    Compared,
    Latents,
    Name,
    Readout,
    Than,
)
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
VERDICTS = {
    Verdict.BETTER: 'more readable',
    Verdict.WORSE: 'less readable',
    Verdict.EQUIVALENT: 'as readable',
    Verdict.UNDECIDED: 'undecided',
}
SCALES: dict[By, str] = {'ranks': 'whole concepts', 'ends': 'their ends'}
SAID = {Verdict.BETTER: 'more readable than', Verdict.WORSE: 'less readable than', Verdict.EQUIVALENT: 'as readable as'}
THE_QUESTION: Name = 'topk'  # whose answer is given even where it is undecided


def claims(answer: Bottlenecks) -> list[str]:
    """Which kind is more, less or as readable, which concept a unit tells, and which unit moves joints."""
    moved = [f'{one.name}: unit {one.unit} moves joints' for one in answer.steered if one.random.found]
    return [*claims_of_codes(answer.compared, answer.bottlenecks), *moved]


def claims_of_codes(compared: Sequence[Compared], bottlenecks: Sequence[Bottleneck]) -> list[str]:
    """What is concluded without running the network."""
    found = [
        f'{one.name}: {SAID[one.difference.verdict]} {one.than} by {SCALES[one.by]}'
        for one in compared
        if one.difference.verdict in SAID
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
    asked = dict.fromkeys((one.name, one.than) for one in answer.compared)
    # The question of the chapter first.
    order = sorted(asked, key=lambda pair: (pair[1] != 'components', pair[0] != THE_QUESTION))
    said = [text for pair in order if (text := _compared(answer, *pair))]
    return [*said, *_costs(answer), *_sparse(answer), *_steered(answer), *_after(answer)]


def _compared(answer: Bottlenecks, name: Name, than: Than) -> str:
    """A kind beside another in a sentence, by whole concepts and by their ends; what is undecided is left out, but for
    the question of the chapter.
    """
    pairs = [one for one in answer.compared if (one.name, one.than) == (name, than)]
    keep_all = (name, than) == (THE_QUESTION, 'components')
    told = [_scale(one, answer) for one in pairs if keep_all or one.difference.verdict is not Verdict.UNDECIDED]
    if not told:
        return ''
    other = f'{number(answer.options.width)} principal components'
    if than == 'untrained':
        other = 'the same on the untrained network’s latents'
    whom = f'{plural(pairs[0].difference.persons, "person")}, {plural(answer.concepts, "concept")}'
    return (
        f'{TITLES[name][0].upper()}{TITLES[name][1:]} beside {other}: {"; ".join(told)}. Intervals of '
        f'{percent(answer.confidence_each, 3)} are over starts and photos together ({whom}).'
    )


def _scale(one: Compared, answer: Bottlenecks) -> str:
    """What is found on one scale."""
    found = one.difference
    other: tuple[Name, Latents] = ('components', 'trained') if one.than == 'components' else (one.name, 'untrained')
    own, beside = (number(_mean_of(answer, *key, one.by)) for key in ((one.name, 'trained'), other))
    what = 'a concept goes with its best unit at {}' if one.by == 'ranks' else '2 AUC − 1 of an end and its unit is {}'
    return (
        f'{VERDICTS[found.verdict]} by {SCALES[one.by]} ({what.format(own)} on average, beside {beside}; difference '
        f'{signed(found.difference.value)}, {span(found.difference, 3) or "interval not known"})'
    )


def _mean_of(answer: Bottlenecks, name: Name, latents: Latents, by: By) -> float | None:
    found = [one.readout for one in answer.bottlenecks if (one.name, one.latents) == (name, latents)]
    return (found[0].readability if by == 'ranks' else found[0].ends).value if found else None


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
    head = ['bottleneck', 'variance', 'L0', 'dead', 'PCK', 'lost', 'loss recovered', 'readable', 'ends', 'told', *ks]
    head += ['monosemantic', 'starts agree', 'directions agree']
    rows = [[_name(one), *_cells(one)] for one in answer.bottlenecks]
    concepts, width = plural(answer.concepts, 'concept'), number(answer.options.width)
    caption = (
        f'Bottlenecks of {width} units, with {confidence_of(answer)} intervals. Variance: share explained of persons '
        'not trained on; L0: units that are not 0 for a person; readable: correlation in ranks of a concept with its '
        f'best unit, mean over {concepts}; ends: 2 AUC − 1 of the upper or lower fifth and its best unit, mean over '
        f'{number(answer.ends)}; told: of how many concepts a unit tells more than chance, by start; k: share of a '
        'concept’s variance that so many units tell; in the last three, chance in brackets'
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
        cell(told.ends, 3),
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

"""What the kinds of error say, as sentences and tables."""

from collections.abc import Mapping, Sequence

from shg_xai.chapters.error_types.results import ERRORS, KINDS, ErrorTypes, JointErrors, Kind
from shg_xai.drawing.material import Table
from shg_xai.drawing.text import DASH, cell, confidence_of, listed, number, percent, plural, with_span
from shg_xai.results import Estimate, Results

WORDS = dict(good='good', jitter='jitter', inversion='inversions', swap='swaps', miss='misses')


def heading(answer: ErrorTypes, results: Results) -> str | None:
    """Which store, where there are several."""
    return answer.of if len(results.all(ErrorTypes)) > 1 else None


def share(one: Estimate) -> str:
    """``12.3 % (11.8 to 12.9 %)``."""
    if one.value is None:
        return DASH
    ends = f' ({" to ".join(number(100 * end, 1) for end in one.ends)} %)' if one.ends else ''
    return f'{number(100 * one.value, 1)} %{ends}'


def findings(answer: ErrorTypes, results: Results) -> list[str]:
    """How many errors of each kind, what each costs of PCK and OKS-AP, what the scores cost, and which joints err."""
    if answer.all is None or answer.ap is None or answer.ap_rescored is None:
        return []
    confidence, whole = confidence_of(answer), answer.all
    shares = [f'{WORDS[one.kind]} {share(one.share)}' for one in whole.kinds]
    in_pck = {one.kind: one.pck_gain for one in whole.kinds[1:]}
    in_ap = {one.kind: one.in_place for one in answer.ap_gains}
    texts = [
        f'Of {plural(whole.labelled, "labelled joint")} of {plural(answer.persons, "person")} on '
        f'{plural(answer.images, "photo")}, with {confidence} intervals: {listed(shares)}.',
        f'PCK is {with_span(whole.pck)}; in their place, {_gains(in_pck)}.',
        f'OKS-AP is {with_span(answer.ap)}; in their place, {_gains(in_ap)}.',
        f'Scores that rank persons by their OKS would change OKS-AP by {with_span(answer.ap_rescored)}.',
    ]
    return [*texts, *_by_joint(answer.joints)]


def _gains(found: Mapping[Kind, Estimate]) -> str:
    """What each kind would add, the most first."""
    said: list[str] = []
    for kind in sorted(found, key=lambda kind: -(found[kind].value or 0)):
        verb = ' ' if said else ' would add '
        said.append(f'{WORDS[kind]}{verb}{with_span(found[kind]) if found[kind].value else "nothing"}')
    return listed(said)


def _by_joint(joints: Sequence[JointErrors]) -> list[str]:
    """The range over joints of what is not good."""
    known = sorted((one for one in joints if one.labelled), key=lambda one: one.erring)
    if len(known) < 2:
        return []
    least, most = known[0], known[-1]
    costs = max(ERRORS, key=lambda kind: most.of(kind).share.value or 0)
    return [
        f'Joint by joint, from {percent(least.erring)} ({least.joint}) to {percent(most.erring)} ({most.joint}) are '
        f'not good; of the latter joint {share(most.of(costs).share)} are {WORDS[costs]}.'
    ]


def tables(answer: ErrorTypes, results: Results) -> list[Table]:
    """By kind, and by joint."""
    if answer.all is None:
        return []
    here = f'Swaps are found among the {number(answer.accompanied)} persons who have another one of their photo here'
    other = share(answer.by_nearest) if answer.by_nearest else DASH
    rows = [
        [WORDS[one.kind], share(one.share), cell(one.pck_gain, 3), cell(gain.in_place, 3), cell(gain.at_edge, 3)]
        for one, gain in zip(answer.all.kinds[1:], answer.ap_gains, strict=True)
    ]
    caption = f'Kinds of error. {here}. {other} of joints are of another kind if the nearest place decides throughout.'
    head = ['kind', 'of labelled joints', 'PCK gains in place', 'OKS-AP gains in place', 'OKS-AP gains at the edge']
    said = [Table(caption, head, rows)]
    known = [one for one in answer.joints if one.labelled]
    shares = [
        [str(one.joint), number(one.labelled), *(share(kind.share) for kind in one.kinds), cell(one.pck, 3)]
        for one in known
    ]
    said.append(Table('Kinds of error by joint', ['joint', 'labelled', *KINDS, 'PCK'], shares, folded=True))
    gains = [
        [str(one.joint), *(cell(kind.pck_gain, 3) for kind in one.kinds[1:]), cell(one.ap_gain, 4)] for one in known
    ]
    head = ['joint', *(f'PCK, {WORDS[kind]}' for kind in ERRORS), 'OKS-AP, all']
    return [*said, Table('What a joint gains with its errors in their place', head, gains, folded=True)]

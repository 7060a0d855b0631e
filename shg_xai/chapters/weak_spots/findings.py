"""On whom the network is worse, in words."""

from collections.abc import Sequence

from shg_xai.chapters.weak_spots.results import Candidate, Condition, Shared, Spot, WeakSpots
from shg_xai.drawing.material import Table
from shg_xai.drawing.text import DASH, amount, cell, confidence_of, listed, number, percent, plural, span
from shg_xai.results import Results

TOLD = 3  # spots with a sentence, the most costly
JOINTS = 3  # of a spot, those that fail most
NAMES = 3  # of what a group shares, what differs most
ENDS = dict(high='highest', low='lowest')


def claims(answer: WeakSpots) -> list[str]:
    """``lower PCK: crowding …`` for each group that is told; one of the latents by the concept that tells it best."""
    return [f'lower PCK: {name_of(spot)}' for spot in answer.spots]


def name_of(spot: Spot) -> str:
    """What a group is called: its conditions, and before those of the latents what names them."""
    conditions = words(spot)
    if not spot.is_latent:
        return conditions
    return f'{spot.shared[0].title} ({conditions})' if spot.shared else f'no concept ({conditions})'


def words(group: Candidate) -> str:
    """The conditions of a group: ``crowding ≥ 0.31 (highest 5 %) and sitting: no``."""
    return ' and '.join(map(condition_words, group.conditions))


def condition_words(own: Condition) -> str:
    """One condition in words."""
    if own.kind == 'cluster':
        return own.title
    if own.kind == 'flag':
        return f'{own.title}: {"yes" if own.side == "high" else "no"}'
    end = f'{ENDS[own.side]} {percent(own.share)}'
    if own.kind != 'number':
        return f'{own.title}, {end}'
    return f'{own.title} {"≥" if own.side == "high" else "≤"} {amount(float(own.at))} ({end})'


def findings(answer: WeakSpots, results: Results) -> list[str]:
    """The most costly groups, a sentence each; what was looked at where there is none."""
    if not answer.spots:
        many = plural(answer.judged, 'group')
        return [
            'No group of persons is confirmed on whom PCK is lower by more than '
            f'{number(answer.margin, 3)} than on the others: of {many} judged, none.'
        ]
    texts = [_sentence(spot, answer) for spot in answer.spots[:TOLD]]
    if answer.trained:
        texts.append('The network was trained on these persons; how much worse it is on such others is not told.')
    return texts


def _sentence(spot: Spot, answer: WeakSpots) -> str:
    ends = span(spot.gap) or 'interval not known'
    who = f'{plural(spot.persons, "person")}, {percent(spot.share)} of those asked'
    text = (
        f'On {_who(spot)} PCK is lower by {number(spot.gap.value)} ({confidence_of(answer)} interval {ends}; '
        f'{number(spot.pck)} beside {number(spot.pck_others)}; {who})'
    )
    if failing := spot.failing[:JOINTS]:
        joints = [f'{own.joint.replace("_", " ")} ({number(own.gap.value)})' for own in failing]
        text += f'; most often lost: {listed(joints)}'
    return f'{text}.'


def _who(spot: Spot) -> str:
    """``persons with …``, ``persons at an end of the latents (…), who have more crowding``."""
    if not spot.is_latent:
        return f'persons with {words(spot)}'
    named = [_more(own) for own in spot.shared[:NAMES]]
    common = f'who have {listed(named)}' if named else 'whom no concept tells from the others'
    return f'persons of one place in the latents ({words(spot)}), {common},'


def _more(own: Shared) -> str:
    return f'{"more" if (own.auc.value or 0) > 0.5 else "less"} {own.title} (AUC {number(own.auc.value)})'


def tables(answer: WeakSpots, results: Results) -> list[Table]:
    """All told groups, what they share and lose, what plainer searches find, and all that was judged."""
    confidence = confidence_of(answer)
    found = [_spots(answer.spots, confidence), _joints(answer.spots, confidence), _shared(answer.spots, confidence)]
    return [table for table in found if table.rows] + [_baselines(answer, confidence), _candidates(answer, confidence)]


def _spots(spots: Sequence[Spot], confidence: str) -> Table:
    head = ['group', 'persons where found', 'asked', 'share', 'PCK', 'others', 'gap', 'same joints', 'cost', 'p']
    rows = [
        [
            name_of(spot),
            number(spot.persons_found) if spot.found_in else DASH,
            number(spot.persons),
            percent(spot.share),
            *(number(value, 3) for value in (spot.pck, spot.pck_others)),
            cell(spot.gap, 3),
            cell(spot.same_joints, 3),
            number(spot.cost, 4),
            _p(spot.p_corrected),
        ]
        for spot in spots
    ]
    caption = (
        f'Groups the network is worse on: gap in PCK with {confidence} intervals that hold for all candidates at once, '
        'the gap at the same joints, by how much PCK of all would rise without it (cost), corrected p'
    )
    return Table(caption, head, rows)


def _joints(spots: Sequence[Spot], confidence: str) -> Table:
    rows = [
        [name_of(spot), own.joint.replace('_', ' '), number(own.gap.n), cell(own.gap, 3), _p(own.p_corrected)]
        for spot in spots
        for own in spot.joints
    ]
    caption = f'By how much less often joints are found, with {confidence} intervals for all of them at once'
    return Table(caption, ['group', 'joint', 'persons', 'gap', 'p'], rows, folded=True)


def _shared(spots: Sequence[Spot], confidence: str) -> Table:
    rows = [[name_of(spot), own.title, cell(own.auc), _p(own.p_corrected)] for spot in spots for own in spot.shared]
    caption = (
        f'What groups share: the chance to have more of it than one of the others (AUC), with {confidence} intervals'
    )
    return Table(caption, ['group', 'concept', 'AUC', 'p'], rows, folded=True)


def _baselines(answer: WeakSpots, confidence: str) -> Table:
    rows = [
        [
            own.name,
            condition_words(own.conditions[0]) if own.conditions else DASH,
            number(own.persons),
            cell(own.gap, 3),
        ]
        for own in answer.baselines
    ]
    caption = (
        'What plainer searches find in one half of the photos, and its gap in the other, with '
        f'{confidence} intervals for each alone'
    )
    return Table(caption, ['search', 'group', 'persons', 'gap'], rows, folded=True)


def _candidates(answer: WeakSpots, confidence: str) -> Table:
    rows = [
        [
            words(own),
            number(own.found_in) if own.found_in else DASH,
            number(own.rank),
            number(own.persons),
            cell(own.gap, 3),
            _p(own.p_corrected),
            'yes' if own.confirmed else 'no',
        ]
        for own in answer.candidates
    ]
    left = f'; left out as causes: {listed(answer.left_out)}' if answer.left_out else ''
    caption = (
        f'Of {number(answer.judged)} groups that were judged, of {number(answer.conditions)} conditions and '
        f'{number(answer.pairs)} pairs, the first and what is confirmed{left}'
    )
    return Table(caption, ['group', 'found in half', 'rank', 'persons', 'gap', 'p', 'confirmed'], rows, folded=True)


def _p(value: float | None) -> str:
    return '<0.001' if value is not None and value < 0.001 else number(value, 3, DASH)

"""What goes with what: claims, where chance is ruled out for the chapter as a whole."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from shg_xai.chapters.concepts.results import LEVEL, STABLE, Concepts, Correlation, Judged, Probe, Separation, Span
from shg_xai.chapters.concepts.tables import MEASURES, chance, end_of, tables
from shg_xai.drawing.text import confidence_of, interval, listed, number, plural, signed, span
from shg_xai.results import Estimate, Results

__all__ = ['claims', 'findings', 'tables']
IN_FULL = 3  # claims of a kind with a sentence of their own, the strongest; of the others name and number
WEAK = 0.3  # below it a relation is called so, however surely it is there
Titles = Mapping[str, str]
Kind = TypeVar('Kind', bound=Judged)


def claims(answer: Concepts) -> list[str]:
    """What is concluded: one entry a claim, in the fewest words. All are at 5 % for the chapter as a whole; of single
    components only those are named whose axis is stable.
    """
    titles = answer.titles
    return [
        *(f'span: {titles[entry.concept]}' for entry in _spans(answer)),
        *(f'component {entry.component}: {titles[entry.concept]}' for entry in _pairs(answer)),
        *(f'{entry.k} clusters: {titles[entry.concept]}' for entry in _separations(answer)),
        *(f'probe: {titles[probe.concept]}' for probe in _told(answer)),
        *(f'learned: {titles[probe.concept]}' for probe in _told(answer) if answer.is_learned(probe.concept)),
    ]


def findings(answer: Concepts, results: Results) -> list[str]:
    """The claims in words, of each kind the strongest first: all leading components together, single ones, clusters and
    probes; then how much was looked at.
    """
    confidence, titles = confidence_of(answer), answer.titles
    texts = _of_spans(_spans(answer), titles, confidence)
    pairs = _pairs(answer)
    for component in sorted({entry.component for entry in pairs}):
        texts += _of_component([entry for entry in pairs if entry.component == component], titles, confidence)
    separations = _separations(answer)
    for k in sorted({entry.k for entry in separations}):
        texts += _of_clusters([entry for entry in separations if entry.k == k], titles, confidence)
    texts += [*_of_probes(_told(answer), titles, confidence), *_of_baselines(answer, confidence)]
    return texts + _looked_at(answer)


def _claimed(entries: Sequence[Kind]) -> list[Kind]:
    return [entry for entry in entries if entry.is_claimed]


def _spans(answer: Concepts) -> list[Span]:
    return sorted(_claimed(answer.span), key=lambda entry: -(entry.explained.value or 0))


def _pairs(answer: Concepts) -> list[Correlation]:
    """By component, of those that are stable."""
    stable = [entry for entry in _claimed(answer.components) if entry.component in answer.stable]
    return sorted(stable, key=lambda entry: (entry.component, -abs(entry.rho.value or 0)))


def _separations(answer: Concepts) -> list[Separation]:
    return sorted(_claimed(answer.clusters), key=lambda entry: (entry.k, -size_of(entry)))


def _told(answer: Concepts) -> list[Probe]:
    return sorted(_claimed(answer.probes), key=_skill, reverse=True)


def _looked_at(answer: Concepts) -> list[str]:
    """How many tests there were, whatever came out, and which components have no axis to speak of."""
    kinds: dict[str, Sequence[Judged]] = {
        'of all leading components together': answer.span,
        'of a component': answer.components,
        'of clusters': answer.clusters,
        'of a probe': answer.probes,
    }
    counts = {kind: sum(entry.p is not None for entry in entries) for kind, entries in kinds.items()}
    if not sum(counts.values()):
        return []
    found = len(claims(answer))
    parts = listed([f'{number(count)} {kind}' for kind, count in counts.items() if count])
    none = '' if found else ' Chance is ruled out for none of them.'
    texts = [
        f'Tested with a concept: {parts}; what is claimed has a p below {LEVEL} for all of them together, where whole '
        f'images were exchanged {number(answer.permutations)} times.{none}'
    ]
    turning = [axis for axis in answer.axes if not axis.is_stable and axis.cosine.value is not None]
    if turning:
        which = f'component{"s" if len(turning) > 1 else ""} {listed([str(axis.component) for axis in turning])}'
        texts.append(
            f'Nothing is said of {which} alone: in other samples of the images the axis turns (its cosine with itself '
            f'falls below {STABLE}).'
        )
    return texts


def _rest(entries: Sequence[str], before: str) -> list[str]:
    return [f'{before} {listed(entries)}.'] if entries else []


def _of_spans(entries: Sequence[Span], titles: Titles, confidence: str) -> list[str]:
    texts = [
        f'The first {plural(entry.components, "component")} together explain {number(entry.explained.value)} of the '
        f'variance of the ranks of {titles[entry.concept]} (R², {interval(entry.explained, confidence)}; '
        f'{_persons(entry.explained)}; p {chance(entry)}).'
        for entry in entries[:IN_FULL]
    ]
    others = [f'{titles[entry.concept]} ({number(entry.explained.value)})' for entry in entries[IN_FULL:]]
    return texts + _rest(others, 'They also explain part of')


def _of_component(entries: Sequence[Correlation], titles: Titles, confidence: str) -> list[str]:
    texts = [correlation(entry, titles, confidence) for entry in entries[:IN_FULL]]
    others = [f'{titles[entry.concept]} ({number(entry.rho.value)})' for entry in entries[IN_FULL:]]
    return texts + _rest(others, f'Component {entries[0].component} also correlates with')


def correlation(entry: Correlation, titles: Titles, confidence: str) -> str:
    """A sentence on one component and one concept, the plain beside the partial correlation."""
    rho, partial, title = entry.rho.value or 0.0, entry.partial, titles[entry.concept]
    sign = 'positively' if rho > 0 else 'negatively'
    goes = f'correlates {"weakly and " if abs(rho) < WEAK else ""}{sign} with'
    numbers = f'Spearman {number(rho)}, {interval(entry.rho, confidence)}; {_persons(entry.rho)}; p {chance(entry)}'
    if partial.value is not None and entry.held:
        held = [titles.get(control, control) for control in entry.held]
        within = f', {span(partial)},' if partial.ends else ''
        zero = '' if partial.holds() is False else ', which may be none'
        numbers += (
            f'; {number(partial.value)}{within} in {_persons(partial)} when {listed(held)} '
            f'{"is" if len(held) == 1 else "are"} held fixed{zero}'
        )
    return f'Component {entry.component} {goes} {title} ({numbers}).'


def _of_clusters(entries: Sequence[Separation], titles: Titles, confidence: str) -> list[str]:
    texts = [_effect(entry, titles, confidence) for entry in entries[:IN_FULL]]
    others = [f'{titles[entry.concept]} ({number(entry.effect.value)})' for entry in entries[IN_FULL:]]
    return texts + _rest(others, f'The {entries[0].k} clusters also differ in')


def size_of(entry: Separation) -> float:
    """How far the effect is from none, 0 to 1; -1 where it is not known."""
    return -1.0 if entry.effect.value is None else abs(entry.effect.value - none_of(entry))


def none_of(entry: Separation) -> float:
    """The effect where clusters do not differ."""
    return 0.5 if entry.measure == 'auc' else 0.0


def _effect(entry: Separation, titles: Titles, confidence: str) -> str:
    value, within = number(entry.effect.value), interval(entry.effect, confidence)
    about = f'{within}; {_persons(entry.effect)}; p {chance(entry)}'
    text = f'they explain {value} of the variance of its ranks (ε², {about})'
    if entry.measure == 'auc':
        text = (
            f'AUC {value}, so cluster {int((entry.effect.value or 0) > 0.5)} has more of it ({about}; 0.5: no '
            'difference)'
        )
    return f'The {entry.k} clusters differ in {titles[entry.concept]}: {text}.'


def _of_probes(probes: Sequence[Probe], titles: Titles, confidence: str) -> list[str]:
    texts = [probe_claim(probe, titles, confidence) for probe in probes[:IN_FULL]]
    others = [
        f'{titles[probe.concept]} ({MEASURES[probe.measure]} {number(end_of(probe)[1].value)})'
        for probe in probes[IN_FULL:]
    ]
    return texts + _rest(others, 'Linear probes also tell')


def _of_baselines(answer: Concepts, confidence: str) -> list[str]:
    """What probes tell better than from what has learned nothing, beside the nearest of the baselines."""
    told = {True: list[str](), False: list[str]()}
    for probe in _told(answer):
        beside = [entry for entry in answer.learned if entry.concept == probe.concept]
        if beside:
            least = min(beside, key=lambda entry: entry.more.value or 0)
            by = f'{signed(least.more.value)}, {interval(least.more, confidence)}, from {number(least.score.value)}'
            told[bool(answer.is_learned(probe.concept))].append(f'{answer.titles[probe.concept]} ({by})')
    if not answer.learned:
        return []
    names = listed(sorted({entry.baseline for entry in answer.learned}))
    more = f'Learned, as probes tell it better than from any baseline ({names}; beside the best of them)'
    texts = [f'{more}: {listed(told[True])}.'] if told[True] else []
    none = f'Not shown to be learned, as probes may tell it as well from a baseline ({names})'
    return texts + ([f'{none}: {listed(told[False])}.'] if told[False] else [])


def _skill(probe: Probe) -> float:
    """The score where chance is 0 and the best 1."""
    return ((end_of(probe)[1].value or 0) - probe.chance) / (1 - probe.chance)


def probe_claim(probe: Probe, titles: Titles, confidence: str) -> str:
    """A sentence on one probe, at the most components it was given."""
    components, score, control = end_of(probe)
    task = f'; control task {number(control)}' if control is not None else ''
    numbers = f'{MEASURES[probe.measure]} {number(score.value)}, {interval(score, confidence)}{task}'
    return (
        f'A linear probe on {plural(components, "component")} tells {titles[probe.concept]} of held-out persons '
        f'({numbers}; {_persons(score)}; p {chance(probe)}).'
    )


def _persons(estimate: Estimate) -> str:
    return plural(estimate.n, 'person') if estimate.n is not None else 'persons not counted'

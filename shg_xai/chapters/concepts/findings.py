"""What goes with what, said no stronger than the intervals and what chance gives allow; and all of the numbers."""

from collections.abc import Mapping, Sequence

from shg_xai.chapters.concepts.results import Concepts, Correlation, Probe, Separation
from shg_xai.drawing.material import Table
from shg_xai.drawing.text import DASH, amount, cell, confidence_of, interval, listed, number, percent, plural, span
from shg_xai.results import Estimate, Results

COMPONENTS, CONCEPTS, PROBES = 3, 2, 3  # that get sentences of their own; concepts: for each component
WEAK = 0.3  # below it a relation is called so, however surely it is there
MEASURES = {'r2': 'R²', 'auc': 'AUC', 'epsilon_squared': 'ε²'}
Titles = Mapping[str, str]


def findings(answer: Concepts, results: Results) -> list[str]:
    """Components, then clusters, then probes: first those that tell most, then those with no clear relation."""
    confidence, titles, texts = confidence_of(answer), answer.titles, []
    controls = [titles.get(name, name) for name in answer.controls]
    pairs = [entry for entry in answer.components if entry.rho.value is not None]
    for component in range(1, COMPONENTS + 1):
        entries = [entry for entry in pairs if entry.component == component]
        entries.sort(key=lambda entry: -abs(entry.rho.value or 0))
        clear = [entry for entry in entries if _is_clear(entry)][:CONCEPTS]
        texts += [correlation(entry, titles, controls, confidence) for entry in clear or entries[:1]]
    if pairs:
        texts.append(
            f'{plural(len(pairs), "pair")} of a component and a concept were looked at; even if nothing went with '
            'anything, a few of their intervals would leave out zero.'
        )
    known = sorted(
        (entry for entry in answer.clusters if entry.effect.value is not None), key=lambda one: -size_of(one)
    )
    for k in sorted({entry.k for entry in known}):
        effects = [entry for entry in known if entry.k == k]
        differ = [entry for entry in effects if _differs(entry)]
        texts += [_effect(entry, titles, confidence) for entry in differ[:CONCEPTS]]
        if rest := len(effects) - len(differ):
            of = plural(len(effects), 'concept')
            texts.append(f'In {number(rest)} of {of} there is no clear difference between the {k} clusters.')
    told = sorted(filter(_tells, answer.probes), key=_skill, reverse=True)
    texts += [probe_claim(probe, titles, confidence) for probe in told[:PROBES]]
    if names := [titles[probe.concept] for probe in told[PROBES:]]:
        texts.append(f'Less well, but clearly: {listed(names)}.')
    others = sorted((probe for probe in answer.probes if not _tells(probe)), key=lambda probe: not _end(probe)[0])
    return texts + [probe_claim(probe, titles, confidence) for probe in others]


def tables(answer: Concepts, results: Results) -> list[Table]:
    """Correlations, effects, and, once a page, the concepts of all layers."""
    confidence, titles, correlations, effects = confidence_of(answer), answer.titles, [], []
    for pair in answer.components:
        cells = [*map(cell, (pair.rho, pair.partial, pair.shuffled)), number(pair.rho.n, absent=DASH)]
        correlations.append([titles[pair.concept], number(pair.component), *cells])
    for entry in answer.clusters:
        share, most = percent(entry.entropy_share, absent=DASH), number(entry.shuffled.high, 2, DASH)
        cells = [cell(entry.effect), cell(entry.mutual_information), share, most, number(entry.effect.n, absent=DASH)]
        effects.append([titles[entry.concept], number(entry.k), MEASURES[entry.measure], *cells])
    caption = (
        f'Spearman’s ρ with {confidence} intervals: plain, with the controls held fixed, and with the concept shuffled '
        'among persons'
    )
    head = ['concept', 'component', 'plain', 'controls fixed', 'shuffled', 'persons']
    found = [Table(caption, head, correlations, folded=True)]
    caption = (
        f'How clusters differ in each concept, with {confidence} intervals: effect, mutual information in bits and as '
        'a share of the clusters’ entropy, and its upper limit with shuffled clusters'
    )
    head = ['concept', 'K', 'measure', 'effect', 'bits', 'share', 'shuffled', 'persons']
    found.append(Table(caption, head, effects, folded=True))
    return [*found, _definitions(results)] if answer is results.first(Concepts) else found


def _definitions(results: Results) -> Table:
    """What each concept means, once; how many persons it is known of, for each layer."""
    rows: dict[tuple[str, str, str], list[str]] = {}
    answers = results.all(Concepts)
    for item in (item for answer in answers for item in answer.definitions):
        unit = item.unit or ('yes or no' if item.kind == 'flag' else DASH)
        text = f'{number(item.persons)}; {amount(item.mean, 3, DASH)} ± {amount(item.sd, 3, DASH)}'
        rows.setdefault((item.title, item.definition, unit), []).append(text)
    caption = 'Concepts: how each is measured, and of how many persons it is known, with mean ± standard deviation'
    caption += ' (for each analysis)' * (len(answers) > 1)
    head = ['concept', 'definition', 'unit', 'persons; mean ± SD']
    return Table(caption, head, [[*key, ' | '.join(dict.fromkeys(texts))] for key, texts in rows.items()], last=True)


def _is_clear(entry: Correlation) -> bool:
    """Whether a correlation's interval leaves out zero and shuffled values stay below it."""
    chance = max(map(abs, entry.shuffled.ends or (0,)))
    return entry.rho.holds() is False and abs(entry.rho.value or 0) > chance


def correlation(entry: Correlation, titles: Titles, controls: Sequence[str], confidence: str) -> str:
    """A sentence on one component and one concept, the plain beside the partial correlation."""
    rho, partial = entry.rho.value or 0.0, entry.partial
    name, title = f'Component {entry.component}', titles[entry.concept]
    numbers = f'Spearman {number(rho)}, {interval(entry.rho, confidence)}'
    if not _is_clear(entry):
        return f'{name}: no clear relation with any concept; the largest is with {title} ({numbers}).'
    others = [control for control in controls if control != title]
    if partial.value is not None and others:
        within = f', {span(partial)},' if partial.ends else ''
        held = f'{listed(others)} {"is" if len(others) == 1 else "are"} held fixed'
        zero = '' if partial.holds() is False else '; no longer clear'
        numbers += f'; {number(partial.value)}{within} when {held}{zero}'
    else:
        numbers += '; with the controls held fixed: not known'
    return f'{name} goes {"weakly " if abs(rho) < WEAK else ""}{"with" if rho > 0 else "against"} {title} ({numbers}).'


def size_of(entry: Separation) -> float:
    """How far the effect is from none, 0 to 1; -1 where it is not known."""
    return -1.0 if entry.effect.value is None else abs(entry.effect.value - none_of(entry))


def none_of(entry: Separation) -> float:
    """The effect where clusters do not differ."""
    return 0.5 if entry.measure == 'auc' else 0.0


def _differs(entry: Separation) -> bool:
    """Whether the effect's interval leaves out "none" and shuffled clusters say less."""
    shared, most = entry.mutual_information.value, entry.shuffled.high
    return entry.effect.holds(none_of(entry)) is False and (shared is None or most is None or shared > most)


def _effect(entry: Separation, titles: Titles, confidence: str) -> str:
    value, within = number(entry.effect.value), interval(entry.effect, confidence)
    shared, most = entry.mutual_information.value, entry.shuffled.high
    text = f'they explain {value} of the variance of its ranks (ε², {within})'
    if entry.measure == 'auc':
        chance = f'with a chance of {value} ({within}; 0.5: no difference)'
        text = f'a person of cluster 1 has more of it than one of cluster 0 {chance}'
    if shared is not None:
        text += f'; they share {number(shared)} bits'
        text += f' (with shuffled clusters at most {number(most)})' if most is not None else ''
    return f'The {entry.k} clusters differ in {titles[entry.concept]}: {text}.'


def _end(probe: Probe) -> tuple[int, Estimate, float | None]:
    """A probe's numbers at the most components known: how many, the score, and shuffled; 0 and no score for none."""
    lines = zip(probe.score.x, probe.score.y, probe.shuffled, strict=True)
    known = [(int(components), score, shuffled) for components, score, shuffled in lines if score.value is not None]
    return known[-1] if known else (0, Estimate(value=None), None)


def _skill(probe: Probe) -> float:
    """The score where chance is 0 and the best 1."""
    return ((_end(probe)[1].value or 0) - probe.chance) / (1 - probe.chance)


def _tells(probe: Probe) -> bool:
    """Whether the interval lies above chance and above what a shuffled concept gives."""
    _, score, shuffled = _end(probe)
    return score.low is not None and score.low > max(probe.chance, probe.chance if shuffled is None else shuffled)


def probe_claim(probe: Probe, titles: Titles, confidence: str) -> str:
    """A sentence on one probe, at the most components it was given."""
    title, (components, score, shuffled) = titles[probe.concept], _end(probe)
    if not components:
        return f'How well a linear probe tells “{title}” is not known.'
    dealt = f'; shuffled {number(shuffled)}' if shuffled is not None else ''
    numbers = f'{MEASURES[probe.measure]} {number(score.value)}, {interval(score, confidence)}{dealt}'
    many, clear = plural(components, 'component'), _tells(probe)
    says = f'tells {title} of held-out persons' if clear else f'finds no clear relation with {title}'
    return f'A linear probe on {many} {says} ({numbers}).'

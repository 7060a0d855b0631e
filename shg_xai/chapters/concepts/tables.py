"""What goes with what: all of the numbers, to look up."""

from shg_xai.chapters.concepts.results import Concepts, Judged, Probe
from shg_xai.drawing.material import Table
from shg_xai.drawing.text import DASH, amount, cell, confidence_of, number, percent
from shg_xai.results import Estimate, Results

MEASURES = {'r2': 'R²', 'auc': 'AUC', 'epsilon_squared': 'ε²'}


def chance(entry: Judged) -> str:
    """A p-value as it is read: ``0.004``, ``below 0.001``."""
    return DASH if entry.p is None else 'below 0.001' if entry.p < 0.001 else number(entry.p, 3)


def end_of(probe: Probe) -> tuple[int, Estimate, float | None]:
    """A probe's numbers at the most components: how many, the score, and that of the control task; 0 for none."""
    lines = zip(probe.score.x, probe.score.y, probe.control, strict=True)
    components, score, control = list(lines)[-1] if probe.score.x else (0, Estimate(value=None), None)
    return int(components), score, control


def tables(answer: Concepts, results: Results) -> list[Table]:
    """Explained variance, correlations, effects, probes, and, once a page, the concepts of all layers."""
    found = [_span_table(answer), _correlation_table(answer), _effect_table(answer), _probe_table(answer)]
    return [*found, _definitions(results)] if answer is results.first(Concepts) else found


def _span_table(answer: Concepts) -> Table:
    titles = answer.titles
    rows = [
        [
            titles[entry.concept],
            number(entry.components),
            cell(entry.explained),
            chance(entry),
            number(entry.explained.n, absent=DASH),
        ]
        for entry in answer.span
    ]
    caption = (
        'Share of the variance of a concept’s ranks that the first components together explain, with '
        f'{confidence_of(answer)} intervals, and the corrected p'
    )
    return Table(caption, ['concept', 'components', 'R²', 'p', 'persons'], rows, folded=True)


def _correlation_table(answer: Concepts) -> Table:
    titles, rows = answer.titles, []
    cosines = {axis.component: cell(axis.cosine) for axis in answer.axes}
    for pair in answer.components:
        held = ', '.join(titles.get(control, control) for control in pair.held) or DASH
        persons = [number(own.n, absent=DASH) for own in (pair.rho, pair.partial)]
        rows.append(
            [
                titles[pair.concept],
                number(pair.component),
                cosines.get(pair.component, DASH),
                cell(pair.rho),
                chance(pair),
                persons[0],
                cell(pair.partial),
                held,
                persons[1],
            ]
        )
    caption = (
        f'Spearman’s ρ with {confidence_of(answer)} intervals in which axes are fitted again: plain with its corrected '
        'p, and with controls held fixed; the cosine is that of the axis with itself in other samples of the images'
    )
    head = ['concept', 'component', 'cosine', 'plain', 'p', 'persons', 'controls fixed', 'which', 'persons']
    return Table(caption, head, rows, folded=True)


def _effect_table(answer: Concepts) -> Table:
    rows = []
    for entry in answer.clusters:
        share, most = percent(entry.entropy_share, absent=DASH), number(entry.shuffled.high, 2, DASH)
        cells = [cell(entry.effect), chance(entry), cell(entry.mutual_information), share, most]
        about = [answer.titles[entry.concept], number(entry.k), MEASURES[entry.measure]]
        rows.append([*about, *cells, number(entry.effect.n, absent=DASH)])
    caption = (
        f'How clusters differ in each concept, with {confidence_of(answer)} intervals: effect and its corrected p, '
        'mutual information in bits and as a share of the clusters’ entropy, and its upper limit where images are '
        'exchanged'
    )
    head = ['concept', 'K', 'measure', 'effect', 'p', 'bits', 'share', 'exchanged', 'persons']
    return Table(caption, head, rows, folded=True)


def _probe_table(answer: Concepts) -> Table:
    rows = []
    for probe in answer.probes:
        components, score, control = end_of(probe)
        selectivity = probe.selectivity[-1] if components else None
        cells = [cell(score), chance(probe), number(control, 2, DASH), number(selectivity, 2, DASH)]
        about = [answer.titles[probe.concept], number(components), MEASURES[probe.measure]]
        rows.append([*about, *cells, number(probe.persons)])
    caption = (
        f'Linear probes at the most components, on held-out persons, with {confidence_of(answer)} intervals and the '
        'corrected p; the control task is the same with the concept shuffled, selectivity the difference'
    )
    head = ['concept', 'components', 'measure', 'score', 'p', 'control task', 'selectivity', 'persons']
    return Table(caption, head, rows, folded=True)


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

"""All correlations and effects, and what the concepts are."""

from shg_xai.chapters.concepts.findings import MEASURES
from shg_xai.chapters.concepts.results import Concepts
from shg_xai.drawing.material import Table
from shg_xai.drawing.text import DASH, amount, cell, confidence_of, number, percent
from shg_xai.results import Results


def tables(answer: Concepts, results: Results) -> list[Table]:
    """Correlations, effects, and, once a page, the concepts of all layers."""
    confidence = confidence_of(answer)
    found = [_correlations(answer, confidence), _effects(answer, confidence)]
    return [*found, _definitions(results)] if answer is results.first(Concepts) else found


def _correlations(answer: Concepts, confidence: str) -> Table:
    """The numbers of the heat map, with intervals."""
    rows, titles = [], answer.titles
    for entry in answer.components:
        cells = map(cell, (entry.rho, entry.partial, entry.shuffled))
        rows.append([titles[entry.concept], number(entry.component), *cells, number(entry.rho.n, absent=DASH)])
    caption = (
        f'Spearman’s ρ with {confidence} intervals: plain, with the controls held fixed, and with the concept shuffled '
        'among persons'
    )
    head = ['concept', 'component', 'plain', 'controls fixed', 'shuffled', 'persons']
    return Table(caption, head, rows, folded=True)


def _effects(answer: Concepts, confidence: str) -> Table:
    """How clusters differ in concepts."""
    rows, titles = [], answer.titles
    for entry in answer.clusters:
        share, most = percent(entry.entropy_share, absent=DASH), number(entry.shuffled.high, 2, DASH)
        cells = [cell(entry.effect), cell(entry.mutual_information), share, most, number(entry.effect.n, absent=DASH)]
        rows.append([titles[entry.concept], number(entry.k), MEASURES[entry.measure], *cells])
    caption = (
        f'How clusters differ in each concept, with {confidence} intervals: effect, mutual information in bits and as '
        'a share of the clusters’ entropy, and its upper limit with shuffled clusters'
    )
    head = ['concept', 'K', 'measure', 'effect', 'bits', 'share', 'shuffled', 'persons']
    return Table(caption, head, rows, folded=True)


def _definitions(results: Results) -> Table:
    """What each concept means, once; how many persons it is known of, for each layer."""
    rows: dict[tuple[str, str, str], list[str]] = {}
    answers = results.all(Concepts)
    for item in (item for answer in answers for item in answer.definitions):
        unit = item.unit or ('yes or no' if item.kind == 'flag' else DASH)
        text = f'{number(item.persons)}; {amount(item.mean, 3, DASH)} ± {amount(item.sd, 3, DASH)}'
        rows.setdefault((item.title, item.definition, unit), []).append(text)
    caption = (
        'Concepts: how each is measured, and of how many persons it is known, with mean ± standard deviation'
        f'{" (for each analysis)" if len(answers) > 1 else ""}'
    )
    head = ['concept', 'definition', 'unit', 'persons; mean ± SD']
    return Table(caption, head, [[*key, ' | '.join(dict.fromkeys(texts))] for key, texts in rows.items()], last=True)

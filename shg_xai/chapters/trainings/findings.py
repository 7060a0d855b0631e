"""Whether another training would have said the same, in sentences."""

from collections.abc import Sequence
from statistics import fmean

from shg_xai.chapters.concepts.results import Concepts
from shg_xai.chapters.trainings.results import AGAIN, ConceptNumber, Match, Number, Trainings
from shg_xai.drawing.material import Table
from shg_xai.drawing.text import DASH, confidence_of, listed, number, percent, plural, span
from shg_xai.results import Results

CONCEPTS = 3  # with a sentence of their own, those told best


def claims(answer: Trainings) -> list[str]:
    """Which components are found again; all else describes these trainings."""
    counts = {component: len(answer.found_again_in(component)) for component in _components(answer)}
    others = len(answer.names) - 1
    return [f'component {component} in {count} of {others}' for component, count in counts.items() if count]


def findings(answer: Trainings, results: Results) -> list[str]:
    """What needs no axis, then the components that are found again."""
    others, ratio, width = answer.names[1:], answer.participation_ratio, answer.components_for_90
    texts = [
        f'{answer.of} beside {plural(len(others), "other training")} of the network ({listed(others)}), on '
        f'{plural(answer.persons, "person")} of {plural(answer.images, "photo")}.',
        f'The variance is spread as if over {number(ratio.mean.value, 1)} components of equal size on average '
        f'(participation ratio; {_each(ratio, answer, 1)}).',
        f'It takes {number(width.mean.value, 1)} components on average to hold 90 % of the variance '
        f'({_each(width, answer, 0)}).',
        *_alike(answer),
    ]
    texts += [_of_concept(one, answer, results) for one in _claimed(answer, results)]
    return [*texts, *_again(answer)]


def _components(answer: Trainings) -> range:
    return range(1, answer.components + 1)


def _each(own: Number, answer: Trainings, digits: int = 2) -> str:
    """A number in each training, and its interval or that there is none."""
    values = f'in each {listed([number(value, digits) for value in own.values])}'
    if ends := span(own.mean, max(digits, 1)):
        return f'{confidence_of(answer)} interval over trainings {ends}; {values}'
    return f'{values}, too few for an interval'


def _range(values: Sequence[float]) -> str:
    """``0.75 to 0.84``, or one number where all look alike."""
    ends = [number(value) for value in (min(values), max(values))]
    return ends[0] if ends[0] == ends[1] else ' to '.join(ends)


def _alike(answer: Trainings) -> list[str]:
    """How alike the latents are, and how far this training's components tell those of the others."""
    pairs = [pair.cka for pair in answer.pairs if pair.cka is not None]
    shares = [one.share for one in answer.overlaps if one.share is not None]
    texts = []
    if pairs:
        within = f'{_range(pairs)} in {plural(len(pairs), "pair")}'
        texts.append(f'The latents of two trainings are alike to {number(fmean(pairs))} on average (CKA; {within}).')
    if shares:
        told = f'explains {number(fmean(shares))} of the variance along those of another training on average'
        within = f'{_range(shares)}, of persons it was not fitted to'
        texts.append(f'A linear fit on the first {plural(answer.components, "component")} {told} ({within}).')
    return texts


def _claimed(answer: Trainings, results: Results) -> list[ConceptNumber]:
    """Concepts of which it is shown that the leading components of the analysed training tell them, the best first."""
    about = results.first(Concepts, answer.of)
    shown = {one.concept for one in about.span if one.is_claimed} if about else set()
    found = [one for one in answer.concepts if one.concept in shown and one.explained.mean.value is not None]
    return sorted(found, key=lambda one: -(one.explained.mean.value or 0))[:CONCEPTS]


def _title(one: ConceptNumber, answer: Trainings, results: Results) -> str:
    about = results.first(Concepts, answer.of)
    return about.titles.get(one.concept, one.concept) if about else one.concept


def _of_concept(one: ConceptNumber, answer: Trainings, results: Results) -> str:
    share, title = number(one.explained.mean.value), _title(one, answer, results)
    told = f'{share} of the variance of the ranks of {title} on average (R²; {_each(one.explained, answer)})'
    return f'The first {plural(answer.components, "component")} explain {told}.'


def _again(answer: Trainings) -> list[str]:
    """Components by the number of trainings in which they are found again, the most first."""
    others = len(answer.names) - 1
    counts = {component: len(answer.found_again_in(component)) for component in _components(answer)}
    texts = []
    for count in sorted({count for count in counts.values() if count}, reverse=True):
        which = [str(component) for component, own in counts.items() if own == count]
        are = 'is' if len(which) == 1 else 'are'
        where = plural(others, 'other training')
        texts.append(f'{_named(which)} {are} found again in {number(count)} of {where}.')
    missing = [str(component) for component, count in counts.items() if not count]
    if missing and not texts:
        texts.append(
            f'Of the first {plural(answer.components, "component")} none is found again in another training: what '
            'single ones show speaks of this training alone.'
        )
    elif missing:
        them = 'them' if len(missing) > 1 else 'it'
        texts.append(f'{_named(missing)}: not found again; what is said of {them} speaks of this training alone.')
    how = f'the correlation with its partner stays above {AGAIN} in other photos, and is more than matching gives'
    return [*texts, f'Found again means that {how}.'] if texts else []


def _named(which: Sequence[str]) -> str:
    return f'Component{"s" if len(which) > 1 else ""} {listed(which)}'


def tables(answer: Trainings, results: Results) -> list[Table]:
    """The numbers in every training, and each component beside its partners."""
    rows = [
        _row('participation ratio', answer.participation_ratio, 1),
        _row(f'components for {percent(0.9)} of the variance', answer.components_for_90, 0),
        *(_row(f'R² of {_title(one, answer, results)}', one.explained, 2) for one in answer.concepts),
    ]
    caption = (
        f'Numbers in every training, with {confidence_of(answer)} intervals over trainings where there are three; R² '
        f'is of the ranks, on the first {plural(answer.components, "component")}'
    )
    head = ['number', *answer.names, 'mean', 'standard deviation']
    matched = [_matched(one) for one in answer.matches]
    about = ['component', 'training', 'its component', 'correlation', 'stays above', 'by matching', 'p', 'found again']
    how = 'Components and their partners in other trainings: absolute correlations'
    return [Table(caption, head, rows, folded=True), Table(how, about, matched, folded=True)]


def _row(name: str, own: Number, digits: int) -> list[str]:
    values = [DASH if value is None else number(value, digits) for value in own.values]
    ends = span(own.mean, max(digits, 1))
    mean = number(own.mean.value, max(digits, 1), DASH) + (f' ({ends})' if ends else '')
    return [name, *values, mean, number(own.sd, max(digits, 1), DASH)]


def _matched(one: Match) -> list[str]:
    beside = one.correlation
    return [
        number(one.component),
        one.training,
        number(one.partner),
        number(beside.value, absent=DASH),
        number(one.least, absent=DASH),
        f'up to {number(beside.high, absent=DASH)}',
        number(beside.p_corrected, 3, DASH),
        'yes' if one.is_found_again else 'no',
    ]

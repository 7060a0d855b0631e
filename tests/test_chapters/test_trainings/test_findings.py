"""Whether another training would have said the same, in words."""

import pytest

from shg_xai.chapters.concepts.results import Concepts, Definition, Span
from shg_xai.chapters.trainings.findings import claims, findings, tables
from shg_xai.chapters.trainings.results import Match
from shg_xai.results import Estimate
from shg_xai.stats.draws import Beside
from tests.helpers.made_results import among
from tests.helpers.made_trainings import trainings


def concepts(p: float) -> Concepts:
    """Sitting is told by the first components with this p, the size never."""
    names = {'sitting': p, 'pck': 0.8}
    about = dict(definition='', unit='', kind='number', persons=4000, mean=0.0, sd=1.0)
    return Concepts(
        of='shg_people',
        definitions=[Definition(name=name, title=f'how {name}', **about) for name in names],  # type: ignore[arg-type]
        span=[Span(concept=name, components=3, explained=Estimate(value=0.7), p=own) for name, own in names.items()],
        controls=[],
        components=[],
        clusters=[],
        probes=[],
    )


def test_claims_are_components_found_again() -> None:
    assert claims(trainings()) == ['component 1 in 2 of 2', 'component 2 in 1 of 2']


def test_what_needs_no_axis_comes_first() -> None:
    answer = trainings()
    assert findings(answer, among(answer, concepts(0.01))) == [
        'shg_people beside 2 other trainings of the network (plain_1 and plain_2), on 4,000 persons of 3,000 photos.',
        'The variance is spread as if over 11.0 components of equal size on average (participation ratio; 95 % '
        'interval over trainings 9.0 to 13.0; in each 10.0, 11.0 and 12.0).',
        'It takes 32.0 components on average to hold 90 % of the variance (in each 30, 32 and 34, too few for an '
        'interval).',
        'The latents of two trainings are alike to 0.81 on average (CKA; 0.80 to 0.82 in 3 pairs).',
        'A linear fit on the first 3 components explains 0.85 of the variance along those of another training on '
        'average (0.80 to 0.90, of persons it was not fitted to).',
        'The first 3 components explain 0.72 of the variance of the ranks of how sitting on average (R²; 95 % '
        'interval over trainings 0.67 to 0.77; in each 0.70, 0.72 and 0.74).',
        'Component 1 is found again in 2 of 2 other trainings.',
        'Component 2 is found again in 1 of 2 other trainings.',
        'Component 3: not found again; what is said of it speaks of this training alone.',
        'Found again means that the correlation with its partner stays above 0.8 in other photos, and is more than '
        'matching gives.',
    ]


def test_a_concept_that_is_not_claimed_is_not_told() -> None:
    answer = trainings()
    for others in ([concepts(0.2)], []):
        assert not any('ranks' in text for text in findings(answer, among(answer, *others)))


def test_of_two_trainings_nothing_is_sure() -> None:
    answer = trainings(others=('plain_2',))
    texts = findings(answer, among(answer))
    assert texts[0].startswith('shg_people beside 1 other training of the network (plain_2), on')
    assert texts[1].endswith('(participation ratio; in each 10.0 and 11.0, too few for an interval).')
    assert texts[3] == 'The latents of two trainings are alike to 0.80 on average (CKA; 0.80 in 1 pair).'
    assert texts[4].endswith('(0.90, of persons it was not fitted to).')
    assert texts[5:7] == [
        'Component 1 is found again in 1 of 1 other training.',
        'Components 2 and 3: not found again; what is said of them speaks of this training alone.',
    ]


def test_where_none_is_found_again() -> None:
    answer = trainings()
    for one in answer.matches:
        one.least = 0.8  # not above
    assert claims(answer) == []
    texts = findings(answer, among(answer))
    assert texts[-2].startswith('Of the first 3 components none is found again in another training: what single')


@pytest.mark.parametrize(
    'least, p, again',
    [(0.81, 0.01, True), (0.8, 0.01, False), (0.99, 0.05, False), (None, 0.01, False), (0.9, None, False)],
)
def test_found_again_asks_for_both(least: float | None, p: float | None, again: bool) -> None:
    beside = Beside(value=0.95, low=0.1, high=0.2, p=p, p_corrected=p)
    assert Match(training='a', component=1, partner=1, correlation=beside, least=least).is_found_again == again


def test_what_is_not_known_is_left_out() -> None:
    answer = trainings()
    for pair in answer.pairs:
        pair.cka = None
    for one in answer.overlaps:
        one.share = None
    assert not any('CKA' in text or 'fitted to' in text for text in findings(answer, among(answer)))


def test_tables_have_every_number() -> None:
    answer = trainings()
    numbers, matched = tables(answer, among(answer, concepts(0.01)))
    assert numbers.head == ['number', 'shg_people', 'plain_1', 'plain_2', 'mean', 'standard deviation']
    assert numbers.rows == [
        ['participation ratio', '10.0', '11.0', '12.0', '11.0 (9.0 to 13.0)', '0.5'],
        ['components for 90 % of the variance', '30', '32', '34', '32.0', '0.5'],
        ['R² of how sitting', '0.70', '0.72', '0.74', '0.72 (0.67 to 0.77)', '0.50'],
        ['R² of how pck', '0.10', '0.10', '0.10', '0.10', '0.50'],
    ]
    assert len(matched.rows) == 6
    assert matched.rows[1] == ['2', 'plain_1', '3', '0.90', '0.81', 'up to 0.15', '0.002', 'yes']
    assert matched.rows[5] == ['3', 'plain_2', '3', '0.10', '–', 'up to 0.15', '0.900', 'no']

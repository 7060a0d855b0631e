"""Sentences and table of the width: no stronger than the interval, and beside all other rules."""

import msgspec

from shg_xai.chapters.component_projection.findings import claims, findings, heading, tables
from shg_xai.chapters.component_projection.results import ComponentProjection
from shg_xai.results import Estimate
from tests.helpers.made_component_projection import component_projection
from tests.helpers.made_results import among


def suggesting(k: int, drop: Estimate | None = None, stack: int = 0) -> ComponentProjection:
    answer = component_projection(stack)
    drop = drop or answer.suggestion.drop
    return msgspec.structs.replace(answer, suggestion=msgspec.structs.replace(answer.suggestion, k=k, drop=drop))


def said(answer: ComponentProjection) -> list[str]:
    return findings(answer, among(answer))


def test_the_width_stands_beside_the_rules() -> None:
    assert said(component_projection()) == [
        'In the latent 32 of 512 components are enough to lose at most 0.005 of PCK on labelled joints, and so is '
        'every larger number tried: the loss measured is 0.002 (95 % interval −0.001 to 0.005; 500 persons), and with '
        '95 % confidence at most 0.0046.',
        'In resamples of the images the same rule chooses 16 in 14 %, 32 in 80 % and 50 in 6.0 %.',
        'Other rules ask for more – above noise (parallel analysis): 38; 90 % of the variance: 44; the study’s 50; '
        '95 % of the variance: 67; 99 % of the variance: 139.',
    ]
    texts = said(suggesting(50))
    assert 'Other rules ask for as many – the study’s 50.' in texts
    assert any(text.startswith('Other rules ask for fewer – above noise') for text in texts)
    assert said(suggesting(1))[0].startswith('In the latent 1 of 512 components is enough to lose')


def test_where_nothing_smaller_is_shown_the_whole_width_is_no_claim() -> None:
    answer = suggesting(512)
    answer.suggestion.choices = []
    assert said(answer)[0] == (
        'In the latent no number tried below all 512 components is shown to be enough to lose at most 0.005 of PCK on '
        'labelled joints (500 persons).'
    )
    assert said(answer)[1].startswith('Other rules ask for fewer')
    assert (claims(answer), claims(suggesting(32))) == ([], ['first stack: 32 of 512 components enough'])


def test_without_an_interval_none_is_said() -> None:
    text = said(suggesting(32, Estimate(value=0.002)))[0]
    assert 'the loss measured is 0.002 (interval not known; 500 persons)' in text


def test_the_second_stack_is_set_beside_the_first() -> None:
    first, second = component_projection(), suggesting(16, stack=1)
    results = among(first, second)
    assert findings(first, results)[0].startswith('In the first stack 32 of 512 components')
    last = 'Suggested are 16 for the second stack and 32 for the first stack; both are steps of a ladder, not exact.'
    assert findings(second, results)[-1] == last and last not in findings(first, results)


def test_a_latent_has_a_heading_where_there_are_several() -> None:
    first, second, other = component_projection(), component_projection(1), component_projection(of='noskip')
    assert heading(first, among(first)) is None
    assert [heading(answer, among(first, second)) for answer in (first, second)] == ['First stack', 'Second stack']
    assert heading(other, among(first, second, other)) == 'Noskip, first stack'
    layer = msgspec.structs.replace(second, stack=None, layer='backbone.layer4')
    assert heading(layer, among(first, layer)) == 'Layer backbone.layer4'


def test_the_table_holds_the_numbers() -> None:
    answer = component_projection()
    (table,) = tables(answer, among(answer))
    assert table.rows[6] == [
        '32',
        '83.2 %',
        '0.610 (0.597 to 0.623)',
        '0.641 (0.628 to 0.654)',
        '0.502 (0.489 to 0.515)',
        '0.548 (0.535 to 0.561)',
        '0.0021 (−0.0009 to 0.0051)',
    ]
    assert len(table.rows) == 12 and all(len(row) == len(table.head) for row in table.rows)

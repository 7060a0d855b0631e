"""Sentences and table of the width: no stronger than the interval, and beside all other rules."""

import msgspec
import pytest

from shg_xai.chapters.component_projection.findings import findings, heading, tables
from shg_xai.chapters.component_projection.results import ComponentProjection, Suggestion
from shg_xai.results import Estimate
from tests.helpers.made_component_projection import component_projection
from tests.helpers.made_results import among


def suggesting(k: int, drop: Estimate | None = None, stack: int = 0) -> ComponentProjection:
    answer = component_projection(stack)
    drop = drop or answer.suggestion.drop
    return msgspec.structs.replace(answer, suggestion=Suggestion(k=k, tolerance=0.005, drop=drop))


def said(answer: ComponentProjection) -> list[str]:
    return findings(answer, among(answer))


def test_the_width_stands_beside_the_rules() -> None:
    assert said(component_projection()) == [
        'In the latent 32 of 512 components are enough to lose at most 0.005 of PCK on labelled joints: the loss '
        'measured is 0.004 (95 % interval 0.001 to 0.007; 500 persons).',
        'The interval does not rule out a larger loss, up to 0.007.',
        'Other rules ask for more – above noise (parallel analysis): 38; 90 % of the variance: 44; the study’s 50; '
        '95 % of the variance: 67; 99 % of the variance: 139.',
    ]
    texts = said(suggesting(50, Estimate(value=0.002, low=0.0, high=0.004)))
    assert not any('rule out' in text for text in texts)
    assert 'Other rules ask for as many – the study’s 50.' in texts
    assert any(text.startswith('Other rules ask for fewer – above noise') for text in texts)
    assert said(suggesting(512))[0].startswith('In the latent all 512 components are needed to lose')
    assert said(suggesting(1))[0].startswith('In the latent 1 of 512 components is enough to lose')


def test_without_an_interval_none_is_said() -> None:
    text = said(suggesting(32, Estimate(value=0.002)))[0]
    assert text.endswith('the loss measured is 0.002 (interval not known; 500 persons).')


@pytest.mark.parametrize(
    ('k', 'words'),
    [
        (16, 'needs fewer components than the first stack (16 and 32;'),
        (64, 'needs more components than the first stack (64 and 32;'),
        (32, 'needs as many components as the first stack (32 and 32;'),
    ],
)
def test_the_second_stack_is_set_against_the_first(k: int, words: str) -> None:
    first, second = component_projection(), suggesting(k, stack=1)
    results = among(first, second)
    assert findings(first, results)[0].startswith('In the first stack 32 of 512 components')
    assert not any('than the first' in text for text in findings(first, results))
    assert findings(second, results)[-1].startswith(f'The second stack {words}')


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
        '0.608 (0.595 to 0.621)',
        '0.639 (0.626 to 0.652)',
        '0.500 (0.487 to 0.513)',
        '0.546 (0.533 to 0.559)',
        '0.0041 (0.0011 to 0.0071)',
    ]
    assert len(table.rows) == 12 and all(len(row) == len(table.head) for row in table.rows)

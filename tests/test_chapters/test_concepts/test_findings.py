"""Sentences on what goes with what: no stronger than the intervals, nor than what chance gives."""

from typing import Literal

import pytest

from shg_xai.chapters.concepts.findings import correlation, findings, probe_claim
from shg_xai.chapters.concepts.results import Concepts, Correlation, Probe
from shg_xai.results import Curve, Estimate
from tests.helpers.made_results import made_results

Measure = Literal['r2', 'auc']
TITLES = {'share': 'labelled joints', 'size': 'torso size', 'sit': 'sitting'}


def estimate(value: float | None, low: float | None = None, high: float | None = None) -> Estimate:
    return Estimate(value=value, low=low, high=high)


def sentence(rho: tuple, partial: tuple = (None,), shuffled: float = 0.1) -> str:
    dealt = estimate(0.0, -shuffled, shuffled)
    entry = Correlation(component=1, concept='share', rho=estimate(*rho), partial=estimate(*partial), shuffled=dealt)
    return correlation(entry, TITLES, ['torso size', 'labelled joints'], '95 %')


def test_a_correlation_says_its_interval_and_what_is_left_of_it() -> None:
    assert sentence((0.85, 0.82, 0.88), (0.4, 0.3, 0.5)) == (
        'Component 1 goes with labelled joints (Spearman 0.85, 95 % interval 0.82 to 0.88; 0.40, '
        '0.30 to 0.50, when torso size is held fixed).'
    )


def test_what_vanishes_with_the_controls_fixed_is_no_longer_clear() -> None:
    text = sentence((-0.5, -0.6, -0.4), (-0.05, -0.15, 0.05))
    assert text.startswith('Component 1 goes against labelled joints (Spearman −0.50')
    assert text.endswith('−0.05, −0.15 to 0.05, when torso size is held fixed; no longer clear).')


@pytest.mark.parametrize(
    ('rho', 'shuffled'), [((0.1, -0.02, 0.22), 0.05), ((0.1, 0.02, 0.18), 0.12), ((0.1, None, None), 0.05)]
)
def test_an_interval_with_zero_or_within_the_shuffled_is_no_clear_relation(rho: tuple, shuffled: float) -> None:
    assert 'no clear relation' in sentence(rho, shuffled=shuffled)


def test_a_small_correlation_is_weak_and_a_partial_one_may_be_unknown() -> None:
    text = sentence((0.2, 0.15, 0.25))
    assert 'goes weakly with' in text
    assert 'with the controls held fixed: not known' in text


def probe(values: list, low: list, shuffled: list, measure: Measure = 'r2') -> str:
    ends = [None if value is None else value + 0.1 for value in values]
    score = Curve(x=[1, 2, 4], y=[estimate(*item) for item in zip(values, low, ends, strict=True)])
    made = Probe(concept='sit', measure=measure, persons=500, score=score, shuffled=shuffled)
    return probe_claim(made, TITLES, '95 %')


def test_a_probe_is_judged_at_its_last_known_components() -> None:
    assert probe([0.1, 0.32, None], [0, 0.25, None], [-0.01, -0.01, None]) == (
        'A linear probe on 2 components tells sitting of held-out persons (R² 0.32, 95 % interval '
        '0.25 to 0.42; shuffled −0.01).'
    )


@pytest.mark.parametrize(
    ('value', 'low', 'shuffled', 'measure'),
    [(0.05, -0.01, -0.02, 'r2'), (0.55, 0.48, 0.5, 'auc'), (0.2, 0.1, 0.15, 'r2'), (0.2, None, 0.0, 'r2')],
)
def test_a_probe_no_better_than_chance_finds_no_clear_relation(
    value: float, low: float | None, shuffled: float, measure: Measure
) -> None:
    assert 'finds no clear relation' in probe([value] * 3, [low] * 3, [shuffled] * 3, measure)


def test_a_probe_without_numbers_is_not_known() -> None:
    assert probe([None] * 3, [None] * 3, [None] * 3).endswith('is not known.')


def test_nothing_asked_is_nothing_said() -> None:
    answer = Concepts(of='shg_people', definitions=[], controls=[], components=[], clusters=[], probes=[])
    assert findings(answer, made_results()) == []

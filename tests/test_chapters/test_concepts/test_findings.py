"""Claims: what is concluded where chance is ruled out, in words, and nothing else that sounds like it."""

from typing import Literal

import pytest

from shg_xai.chapters.concepts.findings import claims, correlation, findings, probe_claim
from shg_xai.chapters.concepts.results import Axis, Concepts, Correlation, Definition, Learned, Probe, Separation, Span
from shg_xai.results import Curve, Estimate
from tests.helpers.made_results import made_results

Measure = Literal['r2', 'auc']
TITLES = {'share': 'labelled joints', 'size': 'torso size', 'sit': 'sitting'}


def estimate(value: float | None, low: float | None = None, high: float | None = None) -> Estimate:
    return Estimate(value=value, low=low, high=high, n=400)


def pair(rho: tuple, partial: tuple = (None,), p: float | None = 0.004, component: int = 1) -> Correlation:
    held = ['size'] if partial != (None,) else []
    whole, part = estimate(*rho), estimate(*partial)
    return Correlation(component=component, concept='share', rho=whole, partial=part, held=held, p=p)


def test_a_correlation_says_its_interval_its_persons_and_what_is_left_of_it() -> None:
    assert correlation(pair((0.85, 0.82, 0.88), (0.4, 0.3, 0.5)), TITLES, '95 %') == (
        'Component 1 correlates positively with labelled joints (Spearman 0.85, 95 % interval 0.82 to 0.88; 400 '
        'persons; p 0.004; 0.40, 0.30 to 0.50, in 400 persons when torso size is held fixed).'
    )


def test_what_vanishes_with_the_controls_fixed_may_be_none() -> None:
    text = correlation(pair((-0.5, -0.6, -0.4), (-0.05, -0.15, 0.05)), TITLES, '95 %')
    assert text.startswith('Component 1 correlates negatively with labelled joints (Spearman −0.50')
    assert text.endswith('−0.05, −0.15 to 0.05, in 400 persons when torso size is held fixed, which may be none).')
    assert 'correlates weakly and positively with' in correlation(pair((0.2, 0.15, 0.25)), TITLES, '95 %')


def probe(value: float, p: float | None, measure: Measure = 'r2') -> Probe:
    score = Curve(x=[1, 2], y=[estimate(0.1), estimate(value, value - 0.07, value + 0.1)])
    return Probe(concept='sit', measure=measure, persons=400, score=score, control=[0.0, -0.01], p=p)


def test_a_probe_is_judged_at_its_most_components() -> None:
    assert probe_claim(probe(0.32, 0.0001), TITLES, '95 %') == (
        'A linear probe on 2 components tells sitting of held-out persons (R² 0.32, 95 % interval 0.25 to 0.42; '
        'control task −0.01; 400 persons; p below 0.001).'
    )


def answer(p: float | None) -> Concepts:
    """Every kind of look at this p."""
    definitions = [
        Definition(name=name, title=title, definition='', unit='', kind='number', persons=400, mean=0, sd=1)
        for name, title in TITLES.items()
    ]
    separation = Separation(
        k=2,
        concept='size',
        measure='auc',
        effect=estimate(0.7, 0.6, 0.8),
        mutual_information=estimate(0.1),
        entropy_share=0.1,
        shuffled=estimate(0.01),
        p=p,
    )
    return Concepts(
        of='shg_people',
        definitions=definitions,
        permutations=499,
        span=[Span(concept='size', components=10, explained=estimate(0.4, 0.3, 0.5), p=p)],
        axes=[Axis(component=1, cosine=estimate(0.97, 0.9, 0.99)), Axis(component=2, cosine=estimate(0.9, 0.6, 0.99))],
        controls=[],
        components=[pair((0.5, 0.4, 0.6), p=p), pair((0.5, 0.4, 0.6), p=p, component=2)],
        clusters=[separation],
        probes=[probe(0.3, p)],
    )


def test_claims_are_what_is_worded_and_a_turning_axis_is_not_named() -> None:
    made = answer(0.049)
    assert claims(made) == [
        'span: torso size',
        'component 1: labelled joints',
        '2 clusters: torso size',
        'probe: sitting',
    ]
    assert findings(made, made_results()) == [
        'The first 10 components together explain 0.40 of the variance of the ranks of torso size (R², 95 % interval '
        '0.30 to 0.50; 400 persons; p 0.049).',
        'Component 1 correlates positively with labelled joints (Spearman 0.50, 95 % interval 0.40 to 0.60; 400 '
        'persons; p 0.049).',
        'The 2 clusters differ in torso size: AUC 0.70, so cluster 1 has more of it (95 % interval 0.60 to 0.80; 400 '
        'persons; p 0.049; 0.5: no difference).',
        'A linear probe on 2 components tells sitting of held-out persons (R² 0.30, 95 % interval 0.23 to 0.40; '
        'control task −0.01; 400 persons; p 0.049).',
        'Tested with a concept: 1 of all leading components together, 2 of a component, 1 of clusters and 1 of a '
        'probe; what is claimed has a p below 0.05 for all of them together, where whole images were exchanged 499 '
        'times.',
        'Nothing is said of component 2 alone: in other samples of the images the axis turns (its cosine with itself '
        'falls below 0.8).',
    ]


@pytest.mark.parametrize('p', [0.05, 0.6])
def test_what_may_be_chance_is_no_claim_whatever_its_interval(p: float) -> None:
    assert claims(answer(p)) == []
    texts = findings(answer(p), made_results())
    assert len(texts) == 2 and texts[0].endswith('499 times. Chance is ruled out for none of them.')


def test_what_is_not_judged_is_no_claim() -> None:
    assert claims(answer(None)) == []


@pytest.mark.parametrize('p, is_learned', [(0.01, True), (0.06, False), (None, False)])
def test_what_is_learned_exceeds_every_baseline(p: float | None, is_learned: bool) -> None:
    made = answer(0.01)
    name = made.probes[0].concept
    made.learned = [
        Learned(concept=name, baseline='untrained', score=estimate(0.1), more=estimate(0.2, 0.1, 0.3), p=0.001),
        Learned(concept=name, baseline='pixels', score=estimate(0.25), more=estimate(0.05, 0.01, 0.1), p=p),
    ]
    assert (claims(made)[-1] == 'learned: sitting') is is_learned
    (said,) = (text for text in findings(made, made_results()) if 'learned' in text.lower())
    numbers = 'sitting (+0.050, 95 % interval 0.01 to 0.10, from 0.25).'
    assert said.endswith(numbers) and said.startswith('Learned' if is_learned else 'Not shown to be learned')
    made.probes[0].p = 0.5
    assert not [text for text in claims(made) if text.startswith('learned')]


def test_every_claim_of_many_is_named() -> None:
    results = made_results()
    for made in results.all(Concepts):
        texts = findings(made, results)
        assert len(claims(made)) > 8
        for claim in claims(made):
            kind, title = claim.split(': ')
            words = {'span': 'xplain', 'probe': 'robe'}.get(kind, kind)
            assert any(words in text or words.capitalize() in text for text in texts if title in text), claim


def test_nothing_asked_is_nothing_said() -> None:
    nothing = Concepts(of='shg_people', definitions=[], controls=[], components=[], clusters=[], probes=[])
    assert findings(nothing, made_results()) == claims(nothing) == []

"""Sentences for numbers made by hand: what is said, and what is not."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from shg_xai.chapters.concepts.findings import correlation, probe_claim
from shg_xai.report.claims import claims

TITLES = {'share': 'labelled joints', 'size': 'torso size', 'sit': 'sitting'}
NOTHING = {'value': None, 'low': None, 'high': None}


@pytest.fixture
def results(written: Path) -> dict[str, Any]:
    return json.loads((written / 'results.json').read_text())


def said(results: dict[str, Any], section: str) -> list[str]:
    return [text for where, text in claims(results) if where == section]


def entry(rho: tuple, partial: tuple | None = None, shuffled: float = 0.1) -> dict[str, Any]:
    keys = ('value', 'low', 'high')
    return {
        'component': 1,
        'concept': 'share',
        'persons': 500,
        'rho': dict(zip(keys, rho, strict=True)),
        'partial': partial and dict(zip(keys, partial, strict=True)),
        'shuffled': {'value': 0.0, 'low': -shuffled, 'high': shuffled},
    }


def sentence(*args: Any, **keywords: Any) -> str:
    return correlation(entry(*args, **keywords), TITLES, ['torso size', 'labelled joints'], '95 %')


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


def probe(values: list, low: list, shuffled: list, measure: str = 'r2') -> str:
    high = [None if value is None else value + 0.1 for value in values]
    return probe_claim(
        {
            'concept': 'sit',
            'measure': measure,
            'components': [1, 2, 4],
            'values': values,
            'low': low,
            'high': high,
            'shuffled': shuffled,
        },
        TITLES,
        '95 %',
    )


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
    value: float, low: float | None, shuffled: float, measure: str
) -> None:
    assert 'finds no clear relation' in probe([value] * 3, [low] * 3, [shuffled] * 3, measure)


def test_a_probe_without_numbers_is_not_known() -> None:
    assert probe([None] * 3, [None] * 3, [None] * 3).endswith('is not known.')


def test_few_persons_are_told(results: dict[str, Any]) -> None:
    assert any('fewer than 200' in text and 'too few' in text for text in said(results, 'shg_people/analysed'))
    results['analyses'][0].update(persons=1000, dimensions=4096)
    assert any('fewer than the 4,096 dimensions' in text for text in said(results, 'shg_people/analysed'))
    results['analyses'][0].update(persons=5000)
    assert not any('too few' in text for text in said(results, 'shg_people/analysed'))


def test_components_say_their_shares_and_halves(results: dict[str, Any]) -> None:
    spectrum = results['analyses'][0]['spectrum']
    spectrum['leading'][0] = {'component': 1, 'value': 0.29, 'low': 0.27, 'high': 0.313}
    spectrum['components_for'] = [{'share': 0.95, 'value': 120, 'halves': [118, 121]}]
    spectrum['study'] = {'component': 50, 'value': 0.0016, 'cumulative': 0.93}
    text = said(results, 'shg_people/components')
    assert text[0] == 'Component 1 holds 29 % of the variance (95 % interval 27 to 31 %).'
    assert ('It takes 120 components to hold 95 % of the variance (118 and 121 in two halves of the images).') in text
    assert any('component holds 0.16 % of the variance and the first 50 hold 93 %' in line for line in text)


@pytest.mark.parametrize(
    ('distance', 'verdict'), [(4.0, 'nearer than chance'), (6.0, 'as near as chance'), (8.0, 'farther than chance')]
)
def test_walks_are_judged_by_random_directions(results: dict[str, Any], distance: float, verdict: str) -> None:
    for point in results['analyses'][0]['walks']['components'][0]['points']:
        point.update(distance=distance, random={'value': 6.0, 'low': 5.5, 'high': 6.5})
    lines = said(results, 'shg_people/components')
    assert next(line for line in lines if 'along component 1 ' in line) == (
        f'At −3 and +3 standard deviations along component 1 the nearest real person is '
        f'{distance:.2f} and {distance:.2f} away; after as long a step in 95 % of random '
        f'directions it is 5.50 to 6.50 away: {verdict}.'
    )


def test_no_winner_and_no_structure_are_said(results: dict[str, Any]) -> None:
    clusters = results['analyses'][0]['clusters']
    best = next(fit for fit in clusters['k'] if fit['k'] == clusters['best_k'])
    best['silhouette'].update(value=0.1, low=0.09, high=0.11)
    clusters['margin'] = {'value': 0.01, 'low': -0.01, 'high': 0.03}
    text = ' '.join(said(results, 'shg_people/groups'))
    assert 'There is no clear winner' in text
    assert 'no substantial structure' in text
    clusters['margin'] = {'value': 0.02, 'low': 0.01, 'high': 0.03}
    assert 'It is clearly above' in ' '.join(said(results, 'shg_people/groups'))


def test_the_confidence_is_that_of_the_settings(results: dict[str, Any]) -> None:
    results['settings']['confidence'] = 0.9
    assert '90 % interval' in said(results, 'shg_people/components')[0]


def nulled(value: Any) -> Any:
    """The same with nothing known that may be unknown."""
    if isinstance(value, dict):
        return {
            key: None
            if key
            in (
                'value',
                'low',
                'high',
                'entropy_share',
                'error_bound',
                'smallest_share',
                'mean',
                'sd',
                'distance',
                'relative',
            )
            and isinstance(item, int | float)
            else nulled(item)
            for key, item in value.items()
        }
    return [nulled(item) for item in value] if isinstance(value, list) else value


def test_nothing_known_is_said_as_such(results: dict[str, Any]) -> None:
    everything = claims(nulled(copy.deepcopy(results)))
    text = ' '.join(line for _, line in everything)
    assert 'How many groups there are is not known.' in text
    assert 'How many components stand above noise is not known.' in text
    for word in ('nan', 'None', 'null'):
        assert word not in text


def test_an_empty_chapter_says_nothing(results: dict[str, Any]) -> None:
    results['analyses'][0]['concepts'] = dict(definitions=[], controls=[], components=[], clusters=[], probes=[])
    assert said(results, 'shg_people/concepts') == []

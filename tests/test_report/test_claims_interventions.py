"""Sentences on interventions: no stronger than the intervals, and lines for what is missing."""

import copy
from pathlib import Path
from typing import Any

import pytest

from shg_xai.chapters.cluster_shift.findings import misclassified_claims, redundancy_claims
from shg_xai.chapters.decoded_walk.findings import walk_claims
from shg_xai.chapters.skip_ablation.findings import skip_claims, smallest_first
from shg_xai.errors import InputError
from shg_xai.report.claims import claims
from shg_xai.report.plans_interventions import chapters, plans
from shg_xai.report.reading_interventions import check_interventions
from tests.helpers.made_interventions import (
    intervention_results,
    item,
    misclassified_results,
    redundancy_results,
    skip_results,
    walk_results,
)
from tests.test_report.test_claims import nulled


def test_which_joint_needs_which_level() -> None:
    texts = skip_claims(skip_results())
    assert (
        'Level 1 off alone, replaced by the mean, costs 0.010 of PCK (95 % interval −0.010 to '
        '0.030), not told from none; 1 of 17 joints loses by it, the left wrist 0.300 (0.280 '
        'to 0.320).'
    ) in texts
    assert any(
        text.startswith('Level 0 off alone') and 'of no joint of 17 is the loss told from none' in text
        for text in texts
    )


def test_what_survives_of_small_joints_first() -> None:
    text = ' '.join(skip_claims(skip_results()))
    assert (
        'With the same weights and all skips replaced by the mean, “without skips small joints '
        'are lost first” holds (lost: 0.500 (0.480 to 0.520) on nose, eyes and ears, 0.300 '
        '(0.280 to 0.320) on shoulders to wrists and 0.300 (0.280 to 0.320) on hips to ankles; '
        'left of each: 44 %, 62 % and 57 %).'
    ) in text
    assert (
        'Between this network and the one trained without skips, “without skips small joints '
        'are lost first” is not borne out: the intervals overlap'
    ) in text
    assert 'No network trained without skips' in ' '.join(skip_claims(skip_results(against=False)))


@pytest.mark.parametrize(('face', 'told'), [(0.05, True), (0.2, False), (0.4, False)])
def test_what_a_network_without_skips_says_of_the_same_weights(face: float, told: bool) -> None:
    skips = skip_results()
    skips['against']['difference']['parts']['face']['labelled'] = item(face)
    assert (
        'nose, eyes and ears are not what a network that learned without skips loses first.'
        in ' '.join(skip_claims(skips))
    ) is told


def test_where_nothing_is_left_nothing_is_lost_first() -> None:
    skips = skip_results()
    skips['against']['difference']['parts']['face']['labelled'] = item(0.05)
    for part in skips['against']['parts'].values():
        part['labelled'] = item(0.01, 0.005)
    text = ' '.join(skip_claims(skips))
    assert 'cannot be judged: next to nothing is left of any part' in text
    assert 'a network that learned without skips loses first' not in text


@pytest.mark.parametrize(
    ('face', 'verdict'),
    [
        (item(0.5), 'holds'),
        (item(0.05), 'does not hold'),
        (item(0.31), 'is not borne out: the intervals overlap'),
        (dict(value=0.5, low=None, high=None), 'cannot be said'),
    ],
)
def test_parts_are_compared_by_intervals(face: dict, verdict: str) -> None:
    assert smallest_first(dict(face=face, upper=item(0.3), lower=item(0.3))) == verdict


def test_what_the_bottleneck_adds() -> None:
    skips = skip_results()
    assert 'beyond a mean latent, is 0.100 (0.080 to 0.120) of PCK.' in ' '.join(skip_claims(skips))
    for entry in skips['conditions']:
        entry['drop']['pck']['labelled'] = item(0.0, 0.02)
    assert 'that the bottleneck adds anything to the skips is not shown' in ' '.join(skip_claims(skips))


def test_a_walk_has_its_verdict_and_its_concept() -> None:
    texts = walk_claims(walk_results())
    assert texts[0] == (
        'From each person’s latent, with each person’s own skips: 60 persons of val, 4 directions, '
        'each beside 20 random ones of the same length; 2 of 4 move joints more than those.'
    )
    assert texts[1] == (
        'Component 1 moves joints more than random directions do: 4.00 % of the crop’s side for '
        'each σ (95 % interval 3.50 to 4.50 %), random at most 1.50 %; most moved: left wrist, '
        'nose and left hip.'
    )
    assert texts[3].startswith('Component 2 moves joints no more than random directions do: 1.00 %')
    assert texts[5] == (
        'Decoded, “sitting to standing <b>” falls by 0.30 torso lengths (95 % interval 0.280 to '
        '0.320), more than along random ones (97.5 %: 0.20, 3 of 20 as steadily); it goes one way '
        'with every step from −2σ to 2σ.'
    )
    assert 'cannot be computed from decoded joints' in texts[-1]


def test_one_pose_has_no_interval() -> None:
    texts = walk_claims(walk_results('mean', 'none'))
    assert 'there is one pose' in texts[1] and not any('95 % interval' in text for text in texts)


def test_the_most_redundant_stage_is_named() -> None:
    redundancy = redundancy_results()
    texts = redundancy_claims(redundancy)
    assert texts[1:4] == [
        'The most redundant stage is skip 0: 2 of 8 channel components are enough to lose at most '
        '0.005 of PCK (measured: 0.002 (95 % interval −0.008 to 0.012)).',
        'The interval does not rule out a larger loss, up to 0.012.',
        '2 of 3 stages need all channel components to stay within it, of the numbers tried: encoder 0 and bottleneck.',
    ]
    for layer in redundancy['layers']:
        layer['suggestion']['k'] = 8
    assert redundancy_claims(redundancy)[1].startswith('No stage can do with fewer')


def test_misclassified_persons_are_compared_and_moved() -> None:
    texts = misclassified_claims(misclassified_results())
    assert texts[1].endswith('lower, by 0.100 (95 % interval 0.080 to 0.120).')
    assert texts[2].endswith('worse, by 0.050 (95 % interval 0.030 to 0.070).')
    assert texts[4].startswith('The two intervals overlap')
    assert misclassified_claims(misclassified_results(disagree=0))[1:] == [
        'Nobody is misclassified, so there is nobody to compare or to move.'
    ]


def test_nothing_known_is_said_as_such() -> None:
    made = nulled(intervention_results())
    text = ' '.join(line for _, line in claims(dict(settings={}, analyses=[], interventions=made)))
    assert 'not known' in text
    for word in ('nan', 'None', 'null'):
        assert word not in text
    tables = [
        table
        for chapter in chapters(dict(interventions=made), lambda _: {})
        for part in chapter['parts']
        for table in part['tables']
    ]
    assert len(tables) == 6
    assert all(len(row) == len(table.head) for table in tables for row in table.rows)


def test_what_was_not_run_has_no_chapter() -> None:
    nothing = dict(skips=None, walks=[], redundancy=None, misclassified=[])
    results = dict(settings={}, analyses=[], interventions=nothing)
    assert (claims(results), plans(results), chapters(results, lambda _: {})) == ([], [], [])
    assert chapters(dict(analyses=[]), lambda _: {}) == []
    nothing['misclassified'] = [misclassified_results(), misclassified_results(concept='posture')]
    (chapter,) = chapters(results, lambda _: {})
    assert [part['title'] for part in chapter['parts']] == ['By facing <b>', 'By posture']


DROP = object()


@pytest.mark.parametrize(
    ('place', 'value', 'message'),
    [
        (['walks'], DROP, r'interventions\.walks is missing; give it \[\] where tools/walk_latent'),
        (['walks'], {}, r'interventions\.walks is no list; run tools/walk_latent\.py again'),
        (['skips', 'kind'], 'a list', r"interventions\.skips\.kind: 'a list', not 'shg_xai skip"),
        (['redundancy', 'schema_version'], 2, r'redundancy\.schema_version: 2, not 1; run tools/find'),
        (
            ['skips', 'conditions', 3, 'drop', 'joints', 'nose', 'labelled', 'low'],
            DROP,
            r'skips\.conditions\[3\]\.drop\.joints\.nose\.labelled\.low is missing; run tools/ablate',
        ),
        (['walks', 0, 'directions', 2, 'verdict'], DROP, r'walks\[0\]\.directions\[2\]\.verdict is missing'),
        (
            ['walks', 0, 'directions', 1, 'walk', 0, 'pose'],
            [[0, 0]],
            r'directions\[1\]\.walk\[0\]\.pose is no list of 17 joints',
        ),
        (
            ['misclassified', 0, 'moved', 'agree', 'gain'],
            DROP,
            r'misclassified\[0\]\.moved\.agree\.gain is missing; run tools/move_persons\.py again',
        ),
    ],
)
def test_what_lacks_is_one_clear_line(place: list, value: Any, message: str) -> None:
    made = copy.deepcopy(intervention_results())
    check_interventions(Path('results.json'), made)
    inner: Any = made
    for key in place[:-1]:
        inner = inner[key]
    if value is DROP:
        del inner[place[-1]]
    else:
        inner[place[-1]] = value
    with pytest.raises(InputError, match=message) as raised:
        check_interventions(Path('results.json'), made)
    assert '\n' not in str(raised.value)

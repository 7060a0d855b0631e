"""Sentences and tables on skips that are off: no stronger than the intervals."""

import pytest

from shg_xai.chapters.skip_ablation.findings import findings, heading, lost_text, smallest_first, tables
from shg_xai.chapters.skip_ablation.results import SkipAblation
from shg_xai.errors import InputError
from shg_xai.results import Estimate
from shg_xai.results_file import decode, encode
from tests.helpers.made_results import among
from tests.helpers.made_skip_ablation import about, skip_ablation, unknown


def texts_of(answer: SkipAblation) -> list[str]:
    return findings(answer, among(answer))


def test_which_joint_needs_which_level() -> None:
    texts = texts_of(skip_ablation())
    assert (
        'Level 1 off alone, replaced by the mean, costs 0.010 of PCK (95 % interval −0.010 to '
        '0.030), not told from none; 1 of 17 joints loses by it, the left wrist 0.300 (0.280 '
        'to 0.320).'
    ) in texts
    assert any(
        text.startswith('Level 0 off alone') and 'of no joint of 17 is the loss told from none' in text
        for text in texts
    )


def test_what_all_skips_off_cost() -> None:
    texts = texts_of(skip_ablation(stacks=2))
    for where in ('all stacks', 'the first stack', 'the second stack'):
        assert (
            f'All skips of {where} off, on labelled joints: replaced by nothing it costs 0.300 of PCK (95 % interval '
            '0.280 to 0.320); replaced by the mean it costs 0.300 of PCK (95 % interval 0.280 to 0.320); replaced by '
            'another person’s it costs 0.400 of PCK (95 % interval 0.380 to 0.420).'
        ) in texts
    assert 'Another person’s skips cost more than mean ones' in ' '.join(texts)
    assert 'All skips off, on labelled joints' in ' '.join(texts_of(skip_ablation()))


@pytest.mark.parametrize(
    ('lost', 'text'),
    [
        (about(0.1), 'costs 0.100 of PCK (0.080 to 0.120)'),
        (about(-0.1), 'gains 0.100 of PCK (0.080 to 0.120)'),
        (about(0.01), 'costs 0.010 of PCK (−0.010 to 0.030), not told from none'),
        (Estimate(value=0.1), 'costs 0.100 of PCK (interval not known), of which nothing more is known'),
        (Estimate(value=None), 'costs an amount that is not known'),
    ],
)
def test_a_loss_is_told_by_its_interval(lost: Estimate, text: str) -> None:
    assert lost_text(lost) == text


def test_what_survives_of_small_joints_first() -> None:
    text = ' '.join(texts_of(skip_ablation()))
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
    assert 'No network trained without skips' in ' '.join(texts_of(skip_ablation(against=False)))


@pytest.mark.parametrize(('face', 'told'), [(0.05, True), (0.2, False), (0.4, False)])
def test_what_a_network_without_skips_says_of_the_same_weights(face: float, told: bool) -> None:
    answer = skip_ablation()
    assert answer.against
    answer.against.difference.parts['face']['labelled'] = about(face)
    assert (
        'nose, eyes and ears are not what a network that learned without skips loses first.'
        in ' '.join(texts_of(answer))
    ) is told


def test_where_nothing_is_left_nothing_is_lost_first() -> None:
    answer = skip_ablation()
    assert answer.against
    answer.against.difference.parts['face']['labelled'] = about(0.05)
    for part in answer.against.parts.values():
        part['labelled'] = about(0.01, 0.005)
    text = ' '.join(texts_of(answer))
    assert 'cannot be judged: next to nothing is left of any part' in text
    assert 'a network that learned without skips loses first' not in text


@pytest.mark.parametrize(
    ('face', 'verdict'),
    [
        (about(0.5), 'holds'),
        (about(0.05), 'does not hold'),
        (about(0.31), 'is not borne out: the intervals overlap'),
        (Estimate(value=0.5), 'cannot be said'),
    ],
)
def test_parts_are_compared_by_intervals(face: Estimate, verdict: str) -> None:
    assert smallest_first(dict(face=face, upper=about(0.3), lower=about(0.3))) == verdict
    if face.ends is None:
        assert smallest_first(dict(face=about(0.5), upper=face, lower=about(0.3))) == verdict


def test_what_the_bottleneck_adds() -> None:
    answer = skip_ablation()
    assert 'beyond a mean latent, is 0.100 (0.080 to 0.120) of PCK.' in ' '.join(texts_of(answer))
    assert 'The latent on its first 8 components costs 0.020' in ' '.join(texts_of(answer))
    for one in answer.conditions:
        one.drop.pck['labelled'] = about(0.0, 0.02)
    assert 'that the bottleneck adds anything to the skips is not shown' in ' '.join(texts_of(answer))


def test_nothing_known_is_said_as_such() -> None:
    answer = unknown(skip_ablation())
    found = [*texts_of(answer), *(' '.join(row) for table in tables(answer, among()) for row in table.rows)]
    text = ' '.join(found)
    assert 'not known' in text
    for word in ('nan', 'None', 'null'):
        assert word not in text


def test_tables_of_conditions_and_of_joints() -> None:
    answer = skip_ablation(stacks=2)
    conditions, joints = tables(answer, among(answer))
    assert all(len(row) == len(table.head) for table in (conditions, joints) for row in table.rows)
    assert len(conditions.rows) == 1 + len(answer.conditions) + 1 and len(joints.rows) == 3 * 6 * 17
    assert conditions.rows[1] == [
        'first stack: all skips off',
        'nothing',
        '0.500 (0.480 to 0.520)',
        '0.400 (0.380 to 0.420)',
        '0.500 (0.480 to 0.520)',
        '0.400 (0.380 to 0.420)',
    ]
    assert ['left wrist', 'all stacks: level 1 off', 'their mean', '0.300 (0.280 to 0.320)'] in joints.rows
    answer.conditions = []
    assert len(tables(answer, among(answer))) == 1, 'no table that would be empty'


def test_several_answers_are_told_apart() -> None:
    first, second = skip_ablation(), skip_ablation(of='other')
    assert heading(first, among(first)) is None
    assert [heading(one, among(first, second)) for one in (first, second)] == ['plain', 'other']


@pytest.mark.parametrize(
    ('old', 'new', 'message'),
    [
        (b'"all off"', b'"some off"', r"Invalid enum value 'some off'.*conditions\[0\]\.condition\.skips"),
        (b'"stacks": 1,', b'', 'missing required field `stacks`'),
    ],
)
def test_what_lacks_or_is_wrong_is_one_line(old: bytes, new: bytes, message: str) -> None:
    data = encode(skip_ablation())
    assert old in data and decode(data, SkipAblation, 'made.json') == skip_ablation()
    with pytest.raises(InputError, match=rf'^made\.json: .*{message}') as raised:
        decode(data.replace(old, new, 1), SkipAblation, 'made.json', 'run tools/ablate_skips.py again')
    assert '\n' not in str(raised.value)

"""Sentences, claims and tables on skips that are off: no stronger than intervals that hold at once."""

import pytest
from msgspec.structs import replace

from shg_xai.chapters.skip_ablation.findings import claims, findings, heading, lost_text, smallest_first, tables
from shg_xai.chapters.skip_ablation.results import LevelPair, PartsLeft, SkipAblation
from shg_xai.errors import InputError
from shg_xai.results import Estimate
from shg_xai.results_file import decode, encode
from tests.helpers.made_results import among
from tests.helpers.made_skip_ablation import about, contrast, parts_left, skip_ablation, unknown


def texts_of(answer: SkipAblation) -> list[str]:
    return findings(answer, among(answer))


def test_what_taking_a_level_away_breaks_and_leaving_it_alone_restores() -> None:
    texts = texts_of(skip_ablation())
    together = 'The intervals of what is lost or restored hold at once for all 120 comparisons made, with 95 %.'
    assert texts[1] == together
    assert (
        'Taken away from the intact network: level 1, replaced by another person’s, costs 0.010 of PCK (−0.010 to '
        '0.030), indistinguishable from zero, and costs 0.040 nats of log-likelihood a joint (−0.060 to 0.140), '
        'indistinguishable from zero; 1 of 17 joints loses by it, the left wrist 0.300 (0.280 to 0.320).'
    ) in texts
    assert any(
        'level 0, replaced by nothing' in text
        and 'the loss is indistinguishable from zero for each of 17 joints' in text
        for text in texts
    )
    assert (
        'Left intact while all others are replaced by the mean: level 0 restores 0.200 of PCK (0.180 to 0.220), and '
        'restores 1.000 nats of log-likelihood a joint (0.900 to 1.100).'
    ) in texts


def test_resampling_comes_first_and_nothing_last() -> None:
    texts = ' '.join(texts_of(skip_ablation()))
    places = [texts.index(f'replaced by {what}') for what in ('another person’s', 'the mean', 'nothing')]
    assert places == sorted(places)


def test_what_all_skips_off_cost() -> None:
    texts = texts_of(skip_ablation(stacks=2))
    for where in ('all stacks', 'the first stack', 'the second stack'):
        assert any(
            text.startswith(
                f'All skips of {where} off, on labelled joints: replaced by another person’s it costs 0.400 of PCK '
                '(0.380 to 0.420), and costs 1.600 nats'
            )
            for text in texts
        )
    assert 'Another person’s skips are worse than mean ones' in ' '.join(texts)
    answer = skip_ablation()
    answer.misled = contrast(0.01, 0.05)
    assert 'worse than mean ones' not in ' '.join(texts_of(answer))
    assert not any('their mean' in claim for claim in claims(answer))


@pytest.mark.parametrize(
    ('pck', 'text'),
    [
        (about(0.1), 'costs 0.100 of PCK (0.080 to 0.120)'),
        (about(-0.1), 'gains 0.100 of PCK (0.080 to 0.120)'),
        (about(0.01), 'costs 0.010 of PCK (−0.010 to 0.030), indistinguishable from zero'),
        (about(-0.01), 'gains 0.010 of PCK (−0.010 to 0.030), indistinguishable from zero'),
        (Estimate(value=0.1), 'costs 0.100 of PCK (interval not known), of which nothing more is known'),
        (Estimate(value=None), 'costs an amount that is not known'),
    ],
)
def test_a_loss_is_told_by_its_interval(pck: Estimate, text: str) -> None:
    lost = replace(contrast(0, 0), pck=pck, likelihood=Estimate(value=None))
    assert lost_text(lost) == text


def test_a_joint_that_gains_is_said_to() -> None:
    answer = skip_ablation()
    for one in answer.conditions:
        if one.condition.skips == 'level off':
            one.broken.joints['nose'] = about(-0.1)
    text = ' '.join(texts_of(answer))
    assert (
        '1 of 17 joints loses by it, the left wrist 0.300 (0.280 to 0.320); 1 of 17 joints gains by it, the nose'
        in text
    )


def test_the_level_that_is_needed_most_is_above_every_other() -> None:
    answer = skip_ablation()
    most = (
        'Of the levels, 1 costs most when it is taken away, in PCK: 0.050 (0.030 to 0.070) more than level 0, the next.'
    )
    assert most in texts_of(answer) and not any('gives back most' in text for text in texts_of(answer))
    answer.levels = [0, 1, 2]
    answer.pairs += [
        LevelPair(levels=(0, 2), broken=contrast(0, 0), restored=contrast(0, 0)),
        LevelPair(levels=(1, 2), broken=contrast(0.01, 0.2), restored=contrast(0, 0)),
    ]
    texts = texts_of(answer)
    assert not any('when it is taken away, in PCK' in text for text in texts), 'not told from level 2'
    assert any('when it is taken away, in log-likelihood: 0.200' in text and 'than level 2' in text for text in texts)


def test_what_survives_of_small_joints_first() -> None:
    text = ' '.join(texts_of(skip_ablation()))
    assert (
        'With the same weights and all skips replaced by the mean, “without skips small joints are lost first” holds: '
        'left of the PCK they had is 0.44 (0.42 to 0.46) of nose, eyes and ears, 0.62 (0.60 to 0.65) of shoulders to '
        'wrists and 0.57 (0.55 to 0.59) of hips to ankles; the share of nose, eyes and ears is 0.71 (0.70 to 0.73) '
        'times that of shoulders to wrists and 0.78 (0.76 to 0.79) times that of hips to ankles.'
    ) in text
    assert (
        'Between this network and the one trained without skips, “without skips small joints are lost first” is not '
        'borne out'
    ) in text
    assert 'No network trained without skips' in ' '.join(texts_of(skip_ablation(against=False)))


@pytest.mark.parametrize(('face', 'told'), [(0.9, True), (0.75, False), (0.5, False)])
def test_what_a_network_without_skips_says_of_the_same_weights(face: float, told: bool) -> None:
    answer = skip_ablation()
    answer.parts_left[-1] = parts_left(None, face, 0.75, 0.75)
    assert (
        'nose, eyes and ears are not what a network that learned without skips loses first.'
        in ' '.join(texts_of(answer))
    ) is told
    assert ('trained without skips: small joints not first' in claims(answer)) is told


@pytest.mark.parametrize(
    ('left', 'verdict'),
    [
        # From 0.9 the face loses 0.5, from 0.7 others lose 0.4: the larger loss, and the same share left.
        (parts_left('donor', 4 / 9, 3 / 7, 3 / 7, 0.1), 'is not borne out'),
        (parts_left('donor', 0.4, 0.5, 0.6), 'holds'),
        (parts_left('donor', 0.4, 0.5, 0.4), 'is not borne out'),
        (parts_left('donor', 0.5, 0.4, 0.6), 'does not hold'),
        (parts_left('donor', 0.01, 0.05, 0.06), 'cannot be judged: next to nothing is left of any part'),
        (replace(parts_left('donor', 0.4, 0.5, 0.6), face={'upper': Estimate(value=None)}), 'cannot be said'),
    ],
)
def test_parts_are_compared_by_what_is_left_of_them(left: PartsLeft, verdict: str) -> None:
    assert smallest_first(left) == verdict


def test_persons_without_a_face_are_said_so_once() -> None:
    answer = skip_ablation()
    for left in answer.parts_left:
        left.left['face'] = Estimate(value=None)
    said = [text for text in texts_of(answer) if 'small joints are lost first' in text]
    assert said == [
        'Whether “without skips small joints are lost first” cannot be said: nose, eyes and ears are not labelled, or '
        'none is found.'
    ]


def test_what_the_bottleneck_adds() -> None:
    answer = skip_ablation()
    text = (
        'So beyond a mean latent the bottleneck adds to the skips: without it one costs 0.100 of PCK (0.080 to 0.120)'
    )
    assert text in ' '.join(texts_of(answer))
    assert 'The latent on its first 8 components costs 0.020' in ' '.join(texts_of(answer))
    for one in answer.conditions:
        one.broken = contrast(0, 0)
    assert 'that the bottleneck adds anything to the skips is not shown' in ' '.join(texts_of(answer))


def test_claims_are_what_is_told_from_zero() -> None:
    found = claims(skip_ablation())
    assert found[:2] == ['all skips off, donor: breaks PCK', 'all skips off, donor: breaks likelihood']
    for claim in (
        'level 1 off, donor: breaks left_wrist',
        'only level 0 on, mean: restores PCK',
        'latent on 0 components: breaks PCK',
        'trained without skips: lacks PCK',
        'another person’s skips worse than their mean',
        'level 1: costs most when it is taken away, in PCK',
        'donor: small joints first',
    ):
        assert claim in found
    for wrong in ('level 0 off, donor: breaks PCK', 'trained without skips: small joints first'):
        assert wrong not in found
    assert claims(unknown(skip_ablation())) == []


def test_nothing_known_is_said_as_such() -> None:
    answer = unknown(skip_ablation())
    found = [*texts_of(answer), *(' '.join(row) for table in tables(answer, among()) for row in table.rows)]
    text = ' '.join(found)
    assert 'not known' in text
    for word in ('nan', 'None', 'null'):
        assert word not in text


def test_tables_of_conditions_of_effects_and_of_joints() -> None:
    answer = skip_ablation(stacks=2)
    conditions, effects, joints = tables(answer, among(answer))
    assert all(len(row) == len(table.head) for table in (conditions, effects, joints) for row in table.rows)
    assert ['left wrist', 'all stacks: level 1 off', 'their mean', '0.300 (0.280 to 0.320)'] in joints.rows
    assert [
        'all stacks: only level 1 on',
        'nothing',
        '0.010 (−0.010 to 0.030)',
        '0.04 (−0.06 to 0.14)',
        '0.200 (0.180 to 0.220)',
        '1.00 (0.90 to 1.10)',
    ] in effects.rows
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

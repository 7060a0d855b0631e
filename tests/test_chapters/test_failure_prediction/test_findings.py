"""What tells wrong joints, in words."""

import pytest

from shg_xai.chapters.failure_prediction.findings import claims, findings, tables
from shg_xai.chapters.failure_prediction.results import Gain, Target
from shg_xai.results import Estimate
from tests.helpers.made_failure_prediction import about, failure_prediction
from tests.helpers.made_results import among
from tests.helpers.nulled import nulled


def test_claims_ask_for_both_areas() -> None:
    """Of persons the distance beats the height in AUROC alone, and the AUROC of what the latent adds is not sure."""
    assert claims(failure_prediction()) == ['joints: the latent adds']


@pytest.mark.parametrize(
    'auroc, aurc, better',
    [
        (0.03, -0.03, True),
        (0.024, -0.03, False),
        (0.026, -0.03, True),
        (0.03, 0.03, False),
        (-0.03, -0.03, False),
        (0.03, -0.02, False),
    ],
)
def test_better_is_better_in_both(auroc: float, aurc: float, better: bool) -> None:
    assert Gain(score='a', over='b', auroc=about(auroc), aurc=about(aurc)).is_claimed == better


def test_what_is_not_known_is_not_claimed() -> None:
    unknown = Estimate(value=0.3)
    assert not Gain(score='a', over='b', auroc=unknown, aurc=about(-1)).is_claimed
    assert not Gain(score='a', over='b', auroc=about(1), aurc=unknown).is_claimed


def test_four_sentences() -> None:
    answer = failure_prediction()
    assert findings(answer, among(answer)) == [
        'The heatmap’s height tells wrong joints from right ones with an AUROC of 0.80 (95 % interval 0.78 to 0.82): '
        '20 % of 50,000 labelled joints of 4,000 persons on 3,000 photos are wrong.',
        'The latent adds to what the prediction tells of joints, AUROC +0.030 (95 % interval 0.010 to 0.050), AURC '
        '−0.030 (95 % interval −0.050 to −0.010); corrected for all comparisons.',
        'Read as the chance that a joint is right, the height is off by 0.200 (95 % interval 0.190 to 0.210) on '
        'average; the risk from all scores by 0.020 (0.010 to 0.030) (expected calibration error).',
        'Who keeps the joints with a predicted risk up to 0.31, 70 % of all, has at most 10 % wrong ones among them, '
        'with 95 % confidence in photos drawn as these (8.0 % seen).',
    ]


def test_a_distance_that_tells_more_alone_is_named() -> None:
    answer = failure_prediction()
    answer.targets[1].gains[0].aurc = about(-0.03)
    assert claims(answer)[1] == 'persons: Mahalanobis distance beats the height'
    told = 'of persons Mahalanobis distance alone beats the height; corrected for all comparisons.'
    assert findings(answer, among(answer))[1].endswith(f'; {told}')
    answer.targets[0].gains = []
    assert findings(answer, among(answer))[1] == f'O{told[1:]}'


def test_what_is_not_claimed_or_promised_is_not_told() -> None:
    answer = failure_prediction()
    joints = answer.targets[0]
    joints.gains, joints.kept = [], None
    assert claims(answer) == []
    texts = findings(answer, among(answer))
    assert len(texts) == 2 and not any('adds' in text or 'keeps' in text for text in texts)


def test_nothing_made_up_is_told_of_nothing() -> None:
    answer = nulled(failure_prediction())
    assert findings(answer, among(answer)) == [] and claims(answer) == []
    assert tables(answer, among(answer))[0].rows[0] == ['heatmap height', 'joints', '–', '–', '–', '–']


def test_one_sentence_says_why_there_are_no_numbers() -> None:
    answer = failure_prediction()
    answer.targets = [Target.nothing('joints', 0, Estimate(value=None), 'The store has no predictions.')] * 2
    assert findings(answer, among(answer)) == ['The store has no predictions.']
    assert tables(answer, among(answer)) == []


def test_tables_have_every_score() -> None:
    answer = failure_prediction()
    scores, gains, kept = tables(answer, among(answer))
    assert len(scores.rows) == 8
    assert scores.rows[0] == [
        'heatmap height',
        'joints',
        '0.800 (0.780 to 0.820)',
        '0.500 (0.480 to 0.520)',
        '0.060 (0.040 to 0.080)',
        '0.040 (0.030 to 0.050)',
    ]
    assert [row[:3] for row in gains.rows[:2]] == [
        ['Mahalanobis distance', 'heatmap height', 'joints'],
        ['combination of all', 'combination without the latent', 'joints'],
    ]
    assert [row[-1] for row in gains.rows] == ['not shown', 'yes', 'not shown', 'not shown']
    assert kept.rows[1][4:] == ['0.31', '0.70 (0.68 to 0.72)', '0.080 (0.070 to 0.090)']

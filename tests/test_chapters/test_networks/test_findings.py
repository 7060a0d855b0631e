"""Sentences on the networks: no stronger than the verdicts, and plain where nothing helped."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from shg_xai.chapters.networks.findings import claims, findings, tables
from shg_xai.chapters.networks.results import Comparison, Networks, SpliceCheck
from shg_xai.drawing.text import signed, spread, stack_name
from shg_xai.results import Estimate, Results, Verdict
from tests.helpers.made_networks import networks as made_networks

NOTHING = Results(command='', seed=0, versions={}, settings={}, layers=[], answers=[])
Ends = tuple[float, float, float]


@pytest.fixture
def answer() -> Networks:
    return made_networks()


def said(answer: Networks) -> list[str]:
    return findings(answer, NOTHING)


def text_of(answer: Networks) -> str:
    return ' '.join(said(answer))


def estimate(value: float, low: float, high: float) -> Estimate:
    return Estimate(value=value, low=low, high=high)


def found(answer: Networks, a: str, b: str) -> Comparison:
    comparison = answer.comparison(a, b)
    assert comparison is not None
    return comparison


def judge(
    answer: Networks,
    verdict: Verdict,
    ends: Ends,
    by_seed: Sequence[float],
    tests: tuple[float | None, float | None] = (None, None),
    needed: int | None = None,
) -> None:
    """Rewrite improved against control on labelled joints."""
    comparison = found(answer, 'improved', 'control')
    comparison.verdict, comparison.by_seed, comparison.difference = verdict, list(by_seed), estimate(*ends)
    comparison.equivalence = Estimate(value=ends[0], low=tests[0], high=tests[1], over='seeds and images')
    comparison.seeds_needed = needed


def test_an_equivalent_network_does_not_help_by_the_margin(answer: Networks) -> None:
    judge(answer, Verdict.EQUIVALENT, (0.001, -0.002, 0.004), (0.001, 0.003, -0.001), (-0.0011, 0.0031))
    assert said(answer)[1] == (
        'The autoencoder does not help by 0.005 or more beyond what fine-tuning gives: on labelled joints, it is '
        'equivalent within 0.005 to the control fine-tuned without it (+0.001 in 500 persons, 95 % interval −0.002 to '
        '0.004, of the two tests −0.001 to 0.003; by seed +0.001, +0.003 and −0.001).'
    )


@pytest.mark.parametrize(('sign', 'word'), [(1, 'better'), (-1, 'worse')])
def test_a_small_difference_that_is_sure_is_said_with_its_sign(answer: Networks, sign: int, word: str) -> None:
    low, high = sorted((0.001 * sign, 0.003 * sign))
    judge(answer, Verdict.EQUIVALENT, (0.002 * sign, low, high), (0.002 * sign,) * 3, (low, high))
    sure = f'equivalent within 0.005 to the control fine-tuned without it, though surely a little {word} ('
    assert sure in said(answer)[1]
    other = found(answer, 'spliced', 'plain')
    other.verdict, other.difference, other.equivalence = Verdict.EQUIVALENT, *[estimate(0.002 * sign, low, high)] * 2
    text = f'“autoencoder put in” is equivalent within 0.005 to “plain”, though surely a little {word} ('
    assert f'On labelled joints, {text}' in text_of(answer)


def test_a_worse_network_does_not_help_either(answer: Networks) -> None:
    judge(answer, Verdict.WORSE, (-0.03, -0.04, -0.02), (-0.02, -0.03, -0.04))
    text = said(answer)[1]
    assert text.startswith('The autoencoder does not help beyond what fine-tuning gives: ')
    assert 'it is worse than the control fine-tuned without it (−0.030 in 500 persons, 95 % interval' in text


def test_a_better_network_helps(answer: Networks) -> None:
    judge(answer, Verdict.BETTER, (0.03, 0.02, 0.04), (0.02, 0.03, 0.04))
    assert said(answer)[1].startswith(
        'The autoencoder helps beyond what fine-tuning gives, on labelled joints: it is better than'
    )


def test_what_is_undecided_is_no_finding_and_says_what_would_decide(answer: Networks) -> None:
    judge(answer, Verdict.UNDECIDED, (0.03, -0.01, 0.07), (0.01, 0.05), needed=7)
    assert said(answer)[1] == (
        'Whether the autoencoder helps beyond what fine-tuning gives is undecided on labelled joints: the network '
        'with it scores 0.030 more than the control fine-tuned without it (+0.030 in 500 persons, 95 % interval −0.010 '
        'to 0.070; by seed +0.010 and +0.050). If the difference stays as it is, 7 seeds should decide it.'
    )
    judge(answer, Verdict.UNDECIDED, (-0.03, -0.07, 0.01), (-0.05, -0.01))
    assert 'scores 0.030 less than' in said(answer)[1]
    assert said(answer)[1].endswith('). No number of seeds would decide it: more test persons are needed.')


def test_one_seed_decides_nothing_however_far_from_zero(answer: Networks) -> None:
    answer.settings = replace(answer.settings, seeds=(7,))
    judge(answer, Verdict.UNDECIDED, (0.03, 0.02, 0.04), (0.03,))
    texts = said(answer)
    assert texts[1].startswith('Each network was trained once (seed 7); another training may say otherwise.')
    assert 'undecided' in texts[2] and texts[2].endswith(
        '(+0.030 in 500 persons, 95 % interval 0.020 to 0.040 over photos alone; one seed).'
    )


@pytest.mark.parametrize('verdict', list(Verdict))
def test_only_what_is_worse_or_equivalent_does_not_help(answer: Networks, verdict: Verdict) -> None:
    for item in answer.comparisons:
        item.verdict = verdict
    assert ('does not help' in text_of(answer)) == (verdict in (Verdict.WORSE, Verdict.EQUIVALENT))
    assert (' helps beyond what fine-tuning gives, on' in text_of(answer)) == (verdict is Verdict.BETTER)


def test_other_pairs_are_worded_by_their_verdicts(answer: Networks) -> None:
    item = found(answer, 'spliced', 'plain')
    item.verdict, item.difference, item.seeds_needed = Verdict.UNDECIDED, estimate(0.03, -0.01, 0.07), 12
    item.by_seed = [0.02, 0.04]
    assert (
        'Whether “autoencoder put in” or “plain” is better on labelled joints is undecided (+0.030 in 500 persons, '
        '95 % interval −0.010 to 0.070; by seed +0.020 and +0.040). If the difference stays as it is, 12 seeds '
        'should decide it.'
    ) in said(answer)
    item.verdict = Verdict.BETTER
    assert 'On labelled joints, “autoencoder put in” is better than “plain” (+0.030' in text_of(answer)


def test_claims_are_what_was_decided(answer: Networks) -> None:
    answer.comparisons = answer.comparisons[:4]
    for item, verdict in zip(answer.comparisons, Verdict, strict=True):
        item.verdict = verdict
    assert claims(answer) == [
        'improved − control, labelled: better',
        'improved − control, visible: worse',
        'improved − control, occluded: equivalent',
    ]
    assert claims(made_networks(seeds=(0,))) == []


def test_several_seeds_are_not_called_luck(answer: Networks) -> None:
    assert 'trained once' not in text_of(answer)
    assert 'trained once' in text_of(made_networks(seeds=(0,), stacks=1))


def test_verdicts_on_other_joints_are_those_of_the_results(answer: Networks) -> None:
    limbs = answer.comparison('improved', 'control', 'limbs')
    assert limbs is not None
    limbs.verdict, limbs.difference = Verdict.BETTER, estimate(0.02, 0.011, 0.03)
    other = next(line for line in said(answer) if line.startswith('The same two on other'))
    assert 'limb joints better (+0.020, 0.011 to 0.030)' in other
    assert 'visible joints undecided (+0.002, −0.004 to 0.008)' in other


def test_without_a_control_nothing_is_said_to_help(answer: Networks) -> None:
    answer.comparisons = []
    text = text_of(answer)
    assert 'Whether the autoencoder helps beyond what fine-tuning gives was not looked at.' in text
    assert 'does not help' not in text and 'comparisons were made' not in text


def test_the_splice_says_what_it_cost(answer: Networks) -> None:
    assert (
        'Inserted, before fine-tuning, the suggested autoencoder leaves a PCK of 0.570 on '
        'validation persons, where the plain network has 0.610 to 0.614 (labelled joints, 3 '
        'seeds).'
    ) in said(answer)
    assert 'gives its own PCK again exactly.' in text_of(answer)
    check = SpliceCheck(key='suggested', seed=0, plain=0.6, spliced=0.5, with_error=0.6, deviation=2e-6)
    answer.splice = [check]
    assert 'gives its own PCK again, to within 0.000002.' in text_of(answer)
    check.with_error, check.deviation = 0.58, 0.02
    assert 'still off by as much as 0.020' in text_of(answer)


def test_autoencoders_stand_beside_pca_and_own_up_to_dead_units(answer: Networks) -> None:
    texts = said(answer)
    assert (
        'The suggested autoencoder of the first stack (32 units) explains 86.1 to 86.9 % of '
        'the variance of persons it was not trained on; PCA of the same width 89.4 %.'
    ) in texts
    assert ('Looked at again after fine-tuning, 27 components hold 95 % of the variance of its 32 units.') in texts
    assert any(
        text.startswith('The study’s autoencoder of the first stack (50 units)')
        and text.endswith('PCA of the same width 93.6 %; 21 to 23 of its units never vary.')
        for text in texts
    )


def test_nothing_known_is_said_as_such(answer: Networks) -> None:
    for network in answer.networks:
        for estimate in network.pck.values():
            estimate.value = estimate.low = estimate.high = estimate.sd = None
    for item in answer.comparisons:
        item.verdict, item.by_seed = Verdict.UNDECIDED, [None] * 3
        item.difference = item.equivalence = Estimate(value=None)
        item.degrees = item.sd_seeds = item.sd_images = item.sd_both = item.seeds_needed = None
    for test in answer.autoencoders:
        test.explained_variance_ratio = test.pca_explained_variance_ratio = None
    for check in answer.splice:
        check.plain = check.spliced = check.with_error = check.deviation = None
    text = text_of(answer)
    assert 'PCK of not known on labelled joints (interval not known)' in text
    assert 'explains an unknown share of the variance' in text and 'PCA of the same width is not known' in text
    cells = ' '.join(entry for table in tables(answer, NOTHING) for row in table.rows for entry in row)
    for word in ('nan', 'None', 'null'):
        assert word not in text and word not in cells


def test_the_plain_network_alone_will_do(answer: Networks) -> None:
    answer.networks, answer.mean_pose = answer.networks[:1], None
    answer.comparisons, answer.autoencoders, answer.splice, answer.stages = [], [], [], []
    assert said(answer) == [
        'The networks were trained on 4,000 persons, chosen on 500 and tested on 500.',
        'Whether the autoencoder helps beyond what fine-tuning gives was not looked at.',
        'The plain network has a PCK of 0.612 on labelled joints (95 % interval 0.604 to 0.620, '
        'standard deviation over seeds 0.004).',
    ]
    assert [len(table.rows) for table in tables(answer, NOTHING)] == [1]


def test_tables_hold_the_numbers(answer: Networks) -> None:
    networks, comparisons, autoencoders, splice, stages = tables(answer, NOTHING)
    assert networks.caption == (
        'PCK of 500 persons tested, 3 seeds: mean ± standard deviation over seeds (95 % interval)'
    )
    assert networks.rows[0][3] == '0.612 ± 0.004 (0.604 to 0.620)'
    assert networks.rows[-1] == [
        'mean pose',
        'one constant pose for everybody',
        '–',
        '0.108',
        '0.110',
        '0.117',
        '0.085',
    ]
    assert comparisons.rows[0] == [
        'autoencoder put in, trained on − plain, trained on',
        'labelled joints',
        '+0.002 (−0.004 to 0.008)',
        '−0.002 to 0.006',
        '+0.001, +0.005, 0.000',
        '0.002',
        '0.001',
        '0.001',
        '2.4',
        '500',
        'undecided',
        '5',
    ]
    assert autoencoders.rows[0] == [
        'suggested',
        'first stack',
        '0',
        '32',
        'no, no',
        '0.10',
        '86.1 %',
        '89.4 %',
        '0',
        '27',
        '400',
    ]
    assert splice.rows[0] == ['suggested', '0', '0.610', '0.570', '0.610', '0']
    assert stages.rows[1] == ['dump', '61', 'tools/dump_latents.py shg_people.py']
    assert 'standard' not in tables(made_networks(seeds=(0,)), NOTHING)[0].caption
    assert all(len(row) == len(table.head) for table in tables(answer, NOTHING) for row in table.rows)


def test_numbers_over_seeds_are_their_ends() -> None:
    assert spread([0.5, None, 0.25]) == '0.250 to 0.500'
    assert spread([0.8612, 0.8614], share=True) == '86.1 %'
    assert spread([0.5, 0.25], share=True) == '25.0 to 50.0 %'
    assert spread([3, 3]) == '3' and spread([None]) is None
    assert [signed(value) for value in (0.01, -0.01, 0, 0.0001, None)] == [
        '+0.010',
        '−0.010',
        '0.000',
        '0.000',
        'not known',
    ]
    assert (stack_name(1), stack_name(9)) == ('second stack', 'stack 10')

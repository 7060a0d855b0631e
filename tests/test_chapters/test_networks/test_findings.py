"""Sentences on the study: no stronger than the verdicts, and plain where nothing helped."""

from collections.abc import Sequence
from typing import Any

import pytest

from shg_xai.chapters.networks.findings import study_claims
from shg_xai.chapters.networks.parts import signed, spread, stack_name
from shg_xai.report.claims import claims
from shg_xai.report.tables_study import of_study
from tests.helpers.made_study import study_results
from tests.test_report.test_claims import nulled


@pytest.fixture
def study() -> dict[str, Any]:
    return study_results()


def text_of(study: dict[str, Any]) -> str:
    return ' '.join(study_claims(study))


def judge(
    study: dict[str, Any],
    verdict: str,
    ends: tuple[float, float, float],
    by_seed: Sequence[float],
    over: tuple[float | None, float | None] = (None, None),
) -> None:
    """Rewrite improved against control on labelled joints."""
    found = next(
        item
        for item in study['comparisons']
        if item['group'] == 'labelled' and (item['a'], item['b']) == ('improved', 'control')
    )
    found.update(
        verdict=verdict,
        by_seed=list(by_seed),
        over_seeds=dict(value=ends[0], low=over[0], high=over[1]),
        difference=dict(zip(('value', 'low', 'high'), ends, strict=True)),
    )


def test_no_difference_is_said_plainly(study: dict[str, Any]) -> None:
    judge(study, 'no difference found', (0.002, -0.004, 0.008), (0.001, 0.005, 0.0), (-0.0046, 0.0086))
    assert study_claims(study)[1] == (
        'The autoencoder does not help beyond what training on gives: on labelled joints, no '
        'difference from the control trained on without it was found (+0.002, 95 % interval −0.004 '
        'to 0.008; by seed +0.001, +0.005 and 0.000, over seeds −0.005 to 0.009).'
    )


def test_a_worse_network_does_not_help_either(study: dict[str, Any]) -> None:
    judge(study, 'worse', (-0.03, -0.04, -0.02), (-0.02, -0.03, -0.04))
    text = study_claims(study)[1]
    assert text.startswith('The autoencoder does not help beyond what training on gives: ')
    assert 'it is worse than the control trained on without it (−0.030, 95 % interval' in text


def test_a_better_network_helps_but_not_by_one_seed(study: dict[str, Any]) -> None:
    judge(study, 'better', (0.03, 0.02, 0.04), (0.02, 0.03, 0.04))
    assert study_claims(study)[1].startswith(
        'The autoencoder helps beyond what training on gives, on labelled joints: it is better than'
    )
    judge(study, 'too few seeds to tell', (0.03, 0.02, 0.04), (0.01, 0.05), (-0.22, 0.28))
    assert study_claims(study)[1] == (
        'With the autoencoder the networks of these seeds score more than the control trained on '
        'without it, on labelled joints (+0.030, 95 % interval 0.020 to 0.040; by seed +0.010 and '
        '+0.050, over seeds −0.220 to 0.280); whether other seeds would agree is not known.'
    )
    study['settings']['seeds'] = [7]
    judge(study, 'too few seeds to tell', (-0.03, -0.04, -0.02), (-0.03,))
    assert 'seed scores less than the control' in study_claims(study)[2]
    judge(study, 'too few seeds to tell', (0.03, 0.02, 0.04), (0.03,))
    texts = study_claims(study)
    assert texts[1].startswith('One seed was run (7): one seed cannot tell a network from luck.')
    assert 'helps' not in texts[2]
    assert texts[2].endswith(
        '(+0.030, 95 % interval 0.020 to 0.040; one seed); whether other seeds would agree is not known.'
    )


@pytest.mark.parametrize(('value', 'words'), [(0.03, 'more'), (-0.03, 'less')])
def test_what_seeds_are_too_few_for_is_no_difference_and_no_verdict(
    study: dict[str, Any], value: float, words: str
) -> None:
    found = next(
        item
        for item in study['comparisons']
        if item['group'] == 'labelled' and (item['a'], item['b']) == ('spliced', 'plain')
    )
    ends = dict(value=value, low=value - 0.01, high=value + 0.01)
    found.update(
        verdict='too few seeds to tell',
        difference=ends,
        by_seed=[value - 0.02, value + 0.02],
        over_seeds=dict(value=value, low=-0.3, high=0.3),
    )
    assert (
        f'“autoencoder put in” scores {words} than “plain”, too few seeds to tell that from luck, on labelled joints ('
    ) in text_of(study)


def test_several_seeds_are_not_called_luck(study: dict[str, Any]) -> None:
    assert 'luck' not in text_of(study)
    assert 'luck' in text_of(study_results(seeds=(0,), stacks=1))


def test_verdicts_on_other_joints_are_those_of_the_results(study: dict[str, Any]) -> None:
    for item in study['comparisons']:
        if (item['a'], item['b'], item['group']) == ('improved', 'control', 'limbs'):
            item.update(verdict='better', difference=dict(value=0.02, low=0.011, high=0.03))
    other = next(line for line in study_claims(study) if line.startswith('The same two on other'))
    assert 'limb joints better (+0.020, 0.011 to 0.030)' in other
    assert 'visible joints no difference found' in other


def test_without_a_control_nothing_is_said_to_help(study: dict[str, Any]) -> None:
    study['comparisons'] = []
    text = text_of(study)
    assert 'Whether the autoencoder helps beyond what training on gives was not looked at.' in text
    assert 'does not help' not in text and 'comparisons were made' not in text


def test_the_splice_says_what_it_cost(study: dict[str, Any]) -> None:
    assert (
        'Put in and not trained on, the suggested autoencoder leaves a PCK of 0.570 on '
        'validation persons, where the plain network has 0.610 to 0.614 (labelled joints, 3 '
        'seeds).'
    ) in study_claims(study)
    assert 'gives its own PCK again exactly.' in text_of(study)
    study['splice'] = [dict(key='suggested', seed=0, plain=0.6, spliced=0.5, with_error=0.6, deviation=2e-6)]
    assert 'gives its own PCK again, to within 0.000002.' in text_of(study)
    study['splice'][0].update(with_error=0.58, deviation=0.02)
    assert 'still off by as much as 0.020' in text_of(study)


def width(study: dict[str, Any], **changes: Any) -> list[str]:
    """What is said of a single stack whose suggestion was changed."""
    study['widths'] = study['widths'][:1]
    study['widths'][0]['suggestion'].update(changes)
    return study_claims(study)


def test_the_width_stands_beside_the_rules(study: dict[str, Any]) -> None:
    texts = width(study)
    assert (
        'In the latent 32 of 512 components are enough to lose at most 0.005 of PCK on '
        'labelled joints: the loss measured is 0.004 (95 % interval 0.001 to 0.007; 500 '
        'persons).'
    ) in texts
    assert 'The interval does not rule out a larger loss, up to 0.007.' in texts
    assert (
        'Other rules ask for more – above noise (parallel analysis): 38; 90 % of the variance: '
        '44; the study’s 50; 95 % of the variance: 67; 99 % of the variance: 139.'
    ) in texts
    texts = width(study, k=50, drop=dict(value=0.002, low=0, high=0.004))
    assert not any('rule out' in text for text in texts)
    assert 'Other rules ask for as many – the study’s 50.' in texts
    assert any(text.startswith('Other rules ask for fewer – above noise') for text in texts)
    assert any('all 512 components are needed' in text for text in width(study, k=512))


@pytest.mark.parametrize(
    ('k', 'words'),
    [
        (16, 'needs fewer components than the first stack (16 and 32;'),
        (64, 'needs more components than the first stack (64 and 32;'),
        (32, 'needs as many components as the first stack (32 and 32;'),
    ],
)
def test_the_second_stack_is_set_against_the_first(study: dict[str, Any], k: int, words: str) -> None:
    study['widths'][1]['suggestion']['k'] = k
    assert f'The second stack {words}' in text_of(study)


def test_autoencoders_stand_beside_pca_and_own_up_to_dead_units(study: dict[str, Any]) -> None:
    texts = study_claims(study)
    assert (
        'The suggested autoencoder of the first stack (32 units) explains 86.1 to 86.9 % of '
        'the variance of persons it was not trained on; PCA of the same width 89.4 %.'
    ) in texts
    assert (
        'Looked at again once all was trained on, 27 components hold 95 % of the variance of its 32 units.'
    ) in texts
    assert any(
        text.startswith('The study’s autoencoder of the first stack (50 units)')
        and text.endswith('PCA of the same width 93.6 %; 21 to 23 of its units never vary.')
        for text in texts
    )


def test_nothing_known_is_said_as_such(study: dict[str, Any]) -> None:
    nothing = nulled(study)
    for item in nothing['comparisons']:
        item.update(verdict='no difference found', by_seed=[None] * 3)
    for part in ('autoencoders', 'splice'):
        for item in nothing[part]:
            item.update({key: None for key, value in item.items() if isinstance(value, float)})
    text = text_of(nothing)
    assert 'PCK of not known on labelled joints (interval not known)' in text
    cells = ' '.join(entry for table in of_study(nothing) for row in table.rows for entry in row)
    for word in ('nan', 'None', 'null'):
        assert word not in text and word not in cells


def test_the_plain_network_alone_will_do(study: dict[str, Any]) -> None:
    study.update(
        networks=study['networks'][:1], comparisons=[], autoencoders=[], splice=[], widths=[], stages=[], mean_pose=None
    )
    assert study_claims(study) == [
        'The networks were trained on 4,000 persons, chosen on 500 and tested on 500.',
        'Whether the autoencoder helps beyond what training on gives was not looked at.',
        'The plain network has a PCK of 0.612 on labelled joints (95 % interval 0.604 to 0.620, '
        'standard deviation over seeds 0.004).',
    ]
    assert [len(table.rows) for table in of_study(study)] == [1]


def test_the_study_is_the_first_chapter_and_only_where_it_is(study: dict[str, Any]) -> None:
    said = claims(dict(settings={}, analyses=[], study=study))
    assert [where for where, _ in said] == ['study'] * len(study_claims(study))
    assert claims(dict(settings={}, analyses=[])) == []


def test_tables_hold_the_numbers(study: dict[str, Any]) -> None:
    networks, comparisons, autoencoders, splice, widths, stages = of_study(study)
    assert networks.caption == (
        'PCK of 500 persons tested, 3 seeds: mean ± standard deviation over seeds (95 % interval)'
    )
    assert networks.rows[0][3] == '0.612 ± 0.004 (0.604 to 0.620)'
    assert networks.rows[-1] == [
        'mean pose',
        'the mean of all poses, wherever',
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
        '+0.001, +0.005, 0.000 (−0.005 to 0.009)',
        '500',
        'no difference found',
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
    assert widths.rows[6][:4] == ['first stack', '32', '83.2 %', '0.608 (0.595 to 0.621)']
    assert stages.rows[1] == ['dump', '61', 'tools/dump_latents.py shg_people.py']
    assert 'standard' not in of_study(study_results(seeds=(0,)))[0].caption
    assert all(len(row) == len(table.head) for table in of_study(study) for row in table.rows)


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

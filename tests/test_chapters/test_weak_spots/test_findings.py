"""On whom the network is worse, in words."""

from shg_xai.chapters.weak_spots.findings import claims, condition_words, findings, tables
from shg_xai.chapters.weak_spots.results import Condition
from tests.helpers.made_results import among
from tests.helpers.made_weak_spots import weak_spots


def test_claims_name_each_spot() -> None:
    assert claims(weak_spots()) == [
        'lower PCK: generated occluder: yes',
        'lower PCK: crowding (independent axis 1, highest 5.0 %)',
    ]


def test_each_spot_has_a_sentence() -> None:
    answer = weak_spots()
    assert findings(answer, among(answer)) == [
        'On persons with generated occluder: yes PCK is lower by 0.10 (95 % interval 0.05 to 0.16; 0.70 beside 0.80; '
        '200 persons, 10 % of those asked); most often lost: left wrist (0.30) and right wrist '
        '(0.20).',
        'On persons of one place in the latents (independent axis 1, highest 5.0 %), who have more crowding '
        '(AUC 0.81), PCK is lower by 0.12 (95 % interval 0.06 to 0.19; 0.68 beside 0.80; 100 persons, 5.0 % of '
        'those asked); most often lost: left wrist (0.30) and right wrist (0.20).',
    ]


def test_a_place_that_no_concept_names() -> None:
    answer = weak_spots()
    answer.spots[1].shared = []
    assert claims(answer)[1] == 'lower PCK: no concept (independent axis 1, highest 5.0 %)'
    assert (
        '(independent axis 1, highest 5.0 %), whom no concept tells from the others, PCK'
        in findings(answer, among(answer))[1]
    )


def test_persons_it_was_trained_on_are_said_to_be() -> None:
    answer = weak_spots()
    answer.splits = ['train', 'val']
    assert findings(answer, among(answer))[-1].startswith('The network was trained on these persons')


def test_where_none_is_confirmed() -> None:
    answer = weak_spots()
    answer.spots = []
    assert claims(answer) == []
    assert findings(answer, among(answer)) == [
        'No group of persons is confirmed on whom PCK is lower by more than 0.005 than on the others: of 300 groups '
        'judged, none.'
    ]


def test_conditions_in_words() -> None:
    number = Condition(name='crowding', title='crowding', kind='number', side='low', at=0.123, share=0.2)
    flag = Condition(name='sitting', title='sitting', kind='flag', side='low', at=0, share=0.3)
    assert condition_words(number) == 'crowding ≤ 0.123 (lowest 20 %)'
    assert condition_words(flag) == 'sitting: no'


def test_tables_have_every_number() -> None:
    answer = weak_spots()
    spots, joints, shared, plain, tried = tables(answer, among(answer))
    assert spots.rows[0] == [
        'generated occluder: yes', '190', '200', '10 %', '0.700', '0.800', '0.100 (0.050 to 0.160)',
        '0.080 (0.020 to 0.140)', '0.0100', '<0.001',
    ]  # fmt: skip
    assert [row[1:] for row in joints.rows[:3]] == [
        ['left wrist', '90', '0.300 (0.100 to 0.500)', '0.001'],
        ['right wrist', '90', '0.200 (0.050 to 0.500)', '0.010'],
        ['nose', '90', '0.020 (−0.050 to 0.500)', '0.600'],
    ]
    assert [row[1:] for row in shared.rows] == [['crowding', '0.81 (0.75 to 0.87)', '<0.001']]
    assert plain.rows[0] == ['worst cluster', 'cluster 3 of 10', '210', '0.030 (−0.010 to 0.070)']
    assert plain.rows[1] == ['worst fifth of a concept, or flag', '–', '0', '–']
    assert tried.rows[2] == [
        'generated occluder: yes and crowding ≤ 0.123 (lowest 20 %)', '2', '2', '40', '0.010 (−0.100 to 0.200)',
        '1.000', 'no',
    ]  # fmt: skip
    assert tried.caption.endswith('what is confirmed; left out as causes: labelled_share')

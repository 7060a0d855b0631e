"""Sentences and tables on walks: no stronger than the intervals."""

from shg_xai.chapters.decoded_walk.findings import MORE, claims, findings, heading, tables, verdict
from tests.helpers.made_decoded_walk import about, decoded_walk
from tests.helpers.made_results import among
from tests.helpers.nulled import nulled

RESULTS = among()


def test_a_walk_has_what_was_found_and_its_concept() -> None:
    texts = findings(decoded_walk(), RESULTS)
    assert texts[0] == (
        'From each person’s latent, with each person’s own skips: 60 persons of val, 4 directions, each beside 199 '
        'random ones of the latents’ covariance and of its length, from −2σ to 2σ. 2 of 4 move joints more than those, '
        'and 2 of 4 changes of a concept are larger (p corrected over all).'
    )
    assert texts[1] == (
        'Along component 1 joints move by 4.00 % of the crop’s side for each σ (95 % interval 3.50 to 4.50 %); most '
        'moved: left wrist, nose and left hip. From −2σ to 2σ, in 10 persons, it moves them more than random '
        'directions do: 4.00 %, random ones 0.50 to 1.50 % (corrected p = 0.010).'
    )
    assert texts[2] == (
        'Along component 1, “sitting to standing <b>” falls by 0.40 torso lengths (95 % interval 0.380 to 0.420) from '
        '−2σ to 2σ, monotonic in 80 % of 60 persons, more than along random directions (random ones −0.20 to '
        '0.20, corrected p = 0.010).'
    )
    assert texts[3] == (
        'Along component 2 joints move by 1.00 % of the crop’s side for each σ (95 % interval 0.50 to 1.50 %); most '
        'moved: left wrist, nose and left hip. From −2σ to 2σ, in 10 persons, they move by 1.00 %, random ones 0.50 to '
        '1.50 % (corrected p = 0.750).'
    )
    assert texts[4].startswith('Along the concept “sitting to standing <b>” joints move by 3.00 %')
    assert texts[5].startswith('Decoded, “sitting to standing <b>” falls by 0.30 torso lengths')
    assert 'cannot be computed from decoded joints' in texts[-1]


def test_claims_are_what_was_found_and_nothing_else() -> None:
    answer = decoded_walk()
    assert claims(answer) == [
        'component 1: moves joints',
        'component 1: standing',
        'standing: moves joints',
        'standing: standing',
    ]
    for direction in answer.directions:
        direction.random.shift_per_sigma.p_corrected = direction.random.concept_change['standing'].p_corrected = 0.05
    assert claims(answer) == []
    assert 'more than' not in ' '.join(findings(answer, RESULTS)[1:])
    assert '0 of 4 move joints more than those, and 0 of 4 changes' in findings(answer, RESULTS)[0]


def test_a_concept_that_rises_and_one_no_more_than_random() -> None:
    answer = decoded_walk()
    direction = answer.directions[2]
    direction.walk.concept_change['standing'] = about(1.5, 0.25)
    direction.random.concept_change['standing'].p_corrected = 0.3
    assert (
        'rises by 1.5 torso lengths (95 % interval 1.25 to 1.75) from −2σ to 2σ, monotonic in 60 % of 60 '
        'persons (random ones −0.20 to 0.20, corrected p = 0.300).'
    ) in findings(answer, RESULTS)[5]


def test_one_pose_has_no_interval() -> None:
    texts = findings(decoded_walk('mean', 'none'), RESULTS)
    assert 'there is one pose' in texts[1] and not any('95 % interval' in text for text in texts)
    assert heading(decoded_walk('mean', 'none'), RESULTS) == 'From the mean latent, with no skips'


def test_the_statement_has_its_numbers() -> None:
    first, second, *_ = decoded_walk().directions
    assert verdict(first) == (
        f"{MORE}: 0.0400 of the crop's side per sigma, 95 % of the random ones 0.0050 to 0.0150, corrected p = 0.010"
    )
    assert verdict(second) is verdict(nulled(decoded_walk()).directions[0]) is None


def test_tables_hold_every_change() -> None:
    changes, definitions = tables(decoded_walk(), RESULTS)
    assert 'from −2σ to 2σ, with 95 % intervals' in changes.caption
    assert 'in 10 persons beside 199 random directions' in changes.caption
    assert changes.rows[0] == [
        'component 1',
        'sitting to standing <b>',
        '−0.40 (−0.42 to −0.38)',
        '80 %',
        '−0.40',
        '−0.20 to 0.20',
        '0.005',
        '0.010',
        'yes',
    ]
    assert [row[0] for row in changes.rows] == ['component 1', 'component 2', 'sitting to standing <b>', 'factor <b>']
    assert definitions.rows == [['sitting to standing <b>', 'How upright.', 'torso lengths']]
    empty = decoded_walk()
    empty.directions, empty.concepts = [], []
    assert tables(empty, RESULTS) == []


def test_nothing_known_is_said_as_such() -> None:
    answer = nulled(decoded_walk())
    text = ' '.join(findings(answer, RESULTS))
    assert claims(answer) == []
    assert 'How far joints move along component 1 is not known.' in text
    assert 'Decoded, how “sitting to standing <b>” changes is not known.' in text
    cells = [cell for table in tables(answer, RESULTS) for row in table.rows for cell in row]
    for word in ('nan', 'None', 'null'):
        assert word not in text and word not in cells
    assert all(len(row) == len(table.head) for table in tables(answer, RESULTS) for row in table.rows)

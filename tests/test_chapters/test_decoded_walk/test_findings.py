"""Sentences and tables on walks: no stronger than the intervals."""

from shg_xai.chapters.decoded_walk.findings import MORE, NO_MORE, findings, heading, tables, verdict
from tests.helpers.made_decoded_walk import about, decoded_walk, nulled
from tests.helpers.made_results import among

RESULTS = among()


def test_a_walk_has_its_verdict_and_its_concept() -> None:
    texts = findings(decoded_walk(), RESULTS)
    assert texts[0] == (
        'From each person’s latent, with each person’s own skips: 60 persons of val, 4 directions, '
        'each beside 20 random ones of the same length; 2 of 4 move joints more than those.'
    )
    assert texts[1] == (
        'Component 1 moves joints more than random directions do: 4.00 % of the crop’s side for '
        'each σ (95 % interval 3.50 to 4.50 %), random at most 1.50 %; most moved: left wrist, '
        'nose and left hip.'
    )
    assert texts[2] == (
        'Along component 1, one way with every step from −2σ to 2σ: “sitting to standing <b>” falls by 0.40 torso '
        'lengths (95 % interval 0.380 to 0.420), more than along random ones (97.5 %: 0.20, 3 of 20 as steadily).'
    )
    assert texts[3].startswith('Component 2 moves joints no more than random directions do: 1.00 %')
    assert texts[4].startswith('The concept “sitting to standing <b>” moves joints more than random directions do')
    assert texts[5] == (
        'Decoded, “sitting to standing <b>” falls by 0.30 torso lengths (95 % interval 0.280 to '
        '0.320), more than along random ones (97.5 %: 0.20, 3 of 20 as steadily); it goes one way '
        'with every step from −2σ to 2σ.'
    )
    assert 'cannot be computed from decoded joints' in texts[-1]


def test_a_concept_that_rises_and_one_no_more_than_random() -> None:
    answer = decoded_walk()
    direction = answer.directions[2]
    direction.walk.concept_change['standing'] = about(1.5, 0.25)
    direction.concept_more_than_random['standing'] = False
    direction.random.monotonic['standing'] = 0
    assert (
        'rises by 1.5 torso lengths (95 % interval 1.25 to 1.75), not clearly more than along random ones '
        '(97.5 %: 0.20); it goes'
    ) in findings(answer, RESULTS)[5]


def test_one_pose_has_no_interval() -> None:
    texts = findings(decoded_walk('mean', 'none'), RESULTS)
    assert 'there is one pose' in texts[1] and not any('95 % interval' in text for text in texts)
    assert heading(decoded_walk('mean', 'none'), RESULTS) == 'From the mean latent, with no skips'


def test_the_statement_has_its_numbers() -> None:
    first, second, *_ = decoded_walk().directions
    assert verdict(first) == (
        f"{MORE}: 0.0400 [0.0350, 0.0450] of the crop's side per sigma, 97.5 % of the random ones at most 0.0150"
    )
    assert str(verdict(second)).startswith(NO_MORE)
    assert verdict(nulled(decoded_walk()).directions[0]) is None


def test_tables_hold_every_change() -> None:
    changes, definitions = tables(decoded_walk(), RESULTS)
    assert changes.caption.endswith('with 95 % intervals, beside 20 random directions of the same length')
    assert changes.rows[0] == [
        'component 1',
        'sitting to standing <b>',
        '−0.40 (−0.42 to −0.38)',
        '0.20',
        'yes',
        'yes',
        '3',
    ]
    assert [row[0] for row in changes.rows] == ['component 1', 'component 2', 'sitting to standing <b>', 'factor <b>']
    assert definitions.rows == [['sitting to standing <b>', 'How upright.', 'torso lengths']]
    empty = decoded_walk()
    empty.directions, empty.concepts = [], []
    assert tables(empty, RESULTS) == []


def test_nothing_known_is_said_as_such() -> None:
    answer = nulled(decoded_walk())
    text = ' '.join(findings(answer, RESULTS))
    assert 'How far component 1 moves joints is not known.' in text
    assert 'Decoded, how “sitting to standing <b>” changes is not known; it is not known to go one way' in text
    cells = [cell for table in tables(answer, RESULTS) for row in table.rows for cell in row]
    for word in ('nan', 'None', 'null'):
        assert word not in text and word not in cells
    assert all(len(row) == len(table.head) for table in tables(answer, RESULTS) for row in table.rows)

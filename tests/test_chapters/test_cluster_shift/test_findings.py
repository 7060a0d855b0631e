"""Sentences and tables on misclassified persons."""

from shg_xai.chapters.cluster_shift.findings import claims, findings, heading, tables
from shg_xai.chapters.cluster_shift.results import ClusterShift
from tests.helpers.made_cluster_shift import cluster_shift
from tests.helpers.made_results import among
from tests.helpers.nulled import nulled


def said(answer: ClusterShift) -> list[str]:
    return findings(answer, among(answer))


def test_misclassified_persons_are_compared_and_moved() -> None:
    texts = said(cluster_shift())
    assert texts[0] == (
        '2 clusters against facing <b> (cut at 0.250; Cramér’s V 0.60): 200 persons of val are on their cluster’s '
        'side, 40 are misclassified; of 3 the concept is not known.'
    )
    assert texts[1] == (
        'Misclassified persons have a PCK of 0.700 (0.680 to 0.720), the others 0.800 (0.780 to 0.820). Among persons '
        'alike in border sides and labelled share theirs is lower, a difference of −0.050 (95 % interval −0.070 to '
        '−0.030), corrected p = 0.004.'
    )
    assert texts[2].endswith('a gain of −0.050 (95 % interval −0.070 to −0.030).')
    assert texts[4] == (
        'To move to the other cluster is worse than to move at random: in 40 misclassified persons a gain of −0.060, '
        'by 199 random moves of the same length −0.040 to −0.010 (the middle 95 %), corrected p = 0.020.'
    )
    assert said(cluster_shift(disagree=0))[1:] == ['Nobody is misclassified, so there is nobody to compare or to move.']


def test_claims_are_what_was_found_and_nothing_else() -> None:
    answer = cluster_shift()
    moved = answer.shifted.disagree
    assert moved and moved.random
    assert claims(answer) == [
        'misclassified persons: lower PCK',
        'moving misclassified persons: worse than a random move',
    ]
    answer.pck.within.value, moved.random.value = 0.05, 0.3
    assert claims(answer) == [
        'misclassified persons: higher PCK',
        'moving misclassified persons: better than a random move',
    ]
    answer.pck.p_corrected = moved.random.p_corrected = 0.05
    assert claims(answer) == []
    text = ' '.join(said(answer))
    for word in ('lower', 'higher', 'better', 'worse'):
        assert word not in text


def test_of_persons_the_network_was_trained_on_nothing_is_concluded() -> None:
    answer = cluster_shift()
    answer.split = 'train'
    assert claims(answer) == []
    texts = said(answer)
    assert texts[-1] == 'The network was trained on these persons, so nothing is concluded from how well they are met.'
    for word in ('lower', 'worse', 'corrected'):
        assert word not in ' '.join(texts)


def test_nothing_known_is_said_as_such() -> None:
    answer = nulled(cluster_shift())
    text = ' '.join(said(answer))
    assert 'not known' in text
    assert claims(answer) == []
    for word in ('nan', 'None', 'null'):
        assert word not in text
    (table,) = tables(answer, among(answer))
    assert all(len(row) == len(table.head) for row in table.rows)


def test_the_concept_is_named_where_there_are_several() -> None:
    one, other = cluster_shift(), cluster_shift(concept='posture')
    assert heading(one, among(one)) is None
    assert [heading(answer, among(one, other)) for answer in (one, other)] == ['By facing <b>', 'By posture']


def test_the_table() -> None:
    (table,) = tables(cluster_shift(), among())
    assert table.rows[0] == [
        'misclassified',
        '40',
        '0.700 (0.680 to 0.720)',
        '40',
        '0.700 (0.680 to 0.720)',
        '0.650 (0.630 to 0.670)',
        '−0.050 (−0.070 to −0.030)',
    ]

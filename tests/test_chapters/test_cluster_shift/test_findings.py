"""Sentences and tables on misclassified persons."""

from shg_xai.chapters.cluster_shift.findings import findings, heading, tables
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
    assert texts[1].endswith('lower, by 0.100 (95 % interval 0.080 to 0.120).')
    assert texts[2].endswith('worse, by 0.050 (95 % interval 0.030 to 0.070).')
    assert texts[4].startswith('The two intervals overlap')
    assert said(cluster_shift(disagree=0))[1:] == ['Nobody is misclassified, so there is nobody to compare or to move.']


def test_nothing_known_is_said_as_such() -> None:
    answer = nulled(cluster_shift())
    text = ' '.join(said(answer))
    assert 'not known' in text
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

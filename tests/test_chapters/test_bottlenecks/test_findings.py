"""Sentences, claims, tables and the figure of bottlenecks."""

import msgspec
import numpy as np
import pytest
from matplotlib.axes import Axes

from shg_xai.chapters.bottlenecks.figures import draw_bottlenecks
from shg_xai.chapters.bottlenecks.findings import claims, findings, heading, tables
from shg_xai.chapters.bottlenecks.results import Bottlenecks, TrainedOn
from shg_xai.results import Verdict
from tests.helpers.made_bottlenecks import about, bottlenecks
from tests.helpers.made_results import among


def said(answer: Bottlenecks) -> list[str]:
    return findings(answer, among(answer))


EACH = 'Intervals of 99.4 % are over starts and photos together (60 persons, 2 concepts).'


def test_the_question_is_answered_first() -> None:
    assert said(bottlenecks())[:3] == [
        'Sparse dictionary beside 4 principal components: more readable by whole concepts (a concept goes with its '
        'best unit at 0.50 on average, beside 0.40; difference +0.100, 0.050 to 0.150); undecided by their ends '
        '(2 AUC − 1 of an end and its unit is 0.60 on average, beside 0.50; difference +0.100, −0.100 to 0.300). '
        f'{EACH}',
        'Linear autoencoder beside 4 principal components: as readable by whole concepts (a concept goes with its best '
        f'unit at 0.40 on average, beside 0.40; difference +0.001, −0.009 to 0.011). {EACH}',
        'Sparse dictionary beside the same on the untrained network’s latents: more readable by whole concepts (a '
        f'concept goes with its best unit at 0.50 on average, beside 0.10; difference +0.100, 0.050 to 0.150). {EACH}',
    ]


def test_the_cost_and_what_units_move() -> None:
    cost, seeds, moved = said(bottlenecks())[3:]
    assert cost.startswith(
        'Through 4 units PCK of 60 persons of val is 0.790 with the principal components (lost: 0.010, 95 % interval '
        '0.005 to 0.015), 0.790 with the linear autoencoder'
    )
    assert cost.endswith('untouched 0.800.')
    assert seeds == (
        'Of two starts, a direction of the sparse dictionary and the one most like it have a cosine of 0.70 on '
        'average, beside 0.30 for directions drawn from the latents’ covariance; 4.0 % of its units are dead.'
    )
    assert moved == (
        'Unit 3 of the sparse dictionary, which goes with sitting to standing at 0.50, moves joints more than random '
        'directions do: by 2.0 % of the crop’s side for a standard deviation, most left knee, right knee and left '
        'ankle (random: 0.50 % to 1.0 %; corrected p = 0.040).'
    )


@pytest.mark.parametrize(
    'verdict, told, claimed',
    [
        (Verdict.WORSE, 'less readable by whole concepts', 'topk: less readable than components by whole concepts'),
        (Verdict.EQUIVALENT, 'as readable by whole concepts', 'topk: as readable as components by whole concepts'),
        (Verdict.UNDECIDED, 'undecided by whole concepts', ''),
    ],
)
def test_the_other_answers(verdict: Verdict, told: str, claimed: str) -> None:
    answer = bottlenecks(verdict=verdict)
    assert said(answer)[0].startswith(f'Sparse dictionary beside 4 principal components: {told}')
    found = [claim for claim in claims(answer) if claim.startswith('topk') and 'components by' in claim]
    assert found == [claimed] * bool(claimed)


def test_other_undecided_kinds_are_not_said() -> None:
    answer = bottlenecks()
    for one in answer.compared:
        one.difference.verdict = Verdict.UNDECIDED
    first, second, *_ = said(answer)
    assert first.startswith('Sparse dictionary beside 4') and second.startswith('Through 4 units')


def test_claims() -> None:
    assert claims(bottlenecks()) == [
        'linear: as readable as components by whole concepts',
        'topk: more readable than components by whole concepts',
        'topk: more readable than untrained by whole concepts',
        'components, trained: standing by unit 3',
        'linear, trained: standing by unit 3',
        'topk, trained: standing by unit 3',
        'topk, untrained: standing by unit 3',
        'topk: unit 3 moves joints',
    ]


def test_after_training_on() -> None:
    after = [
        TrainedOn(name='none', pck=about(0.82), gain=about(0.0, 0.0)),
        TrainedOn(name='topk', pck=about(0.81), gain=about(-0.01)),
    ]
    answer = msgspec.structs.replace(bottlenecks(), after=after)
    assert said(answer)[-1] == (
        'After 0 epochs of training on PCK is 0.810 with the sparse dictionary (−0.010, 95 % interval −0.030 to '
        '0.010), and 0.820 without any; one training each.'
    )


def test_the_tables_hold_the_numbers() -> None:
    side, concepts, units = tables(bottlenecks(), among())
    assert all(len(row) == len(table.head) for table in (side, concepts, units) for row in table.rows)
    assert [row[0] for row in side.rows] == [
        'principal components',
        'linear autoencoder',
        'sparse dictionary',
        'sparse dictionary, untrained network',
    ]
    assert side.rows[2][1:10] == [
        '0.900 (0.880 to 0.920)',
        '8.0',
        '4.0 %',
        '0.790 (0.770 to 0.810)',
        '0.010 (0.005 to 0.015)',
        '0.950 (0.930 to 0.970)',
        '0.500 (0.480 to 0.520)',
        '0.600 (0.580 to 0.620)',
        '1, 1, 1, 1, 1',
    ]
    assert side.rows[2][-2:] == ['0.600 (0.100)', '0.700 (0.300)'] and side.rows[0][-1] == '–'
    assert side.rows[3][4:7] == ['–', '–', '–']
    assert concepts.rows[0] == ['sitting to standing', '0.40 (unit 3)*', '0.40 (unit 3)*', '0.50 (unit 3)*']
    assert units.rows[0][0] == 'sparse dictionary, unit 3'


def test_a_heading_where_there_are_several() -> None:
    answer = bottlenecks()
    assert heading(answer, among(answer)) is None
    assert heading(answer, among(answer, bottlenecks('other'))) == f'plain, {answer.layer}'


def test_the_figure_has_a_row_for_each_kind() -> None:
    left, middle, right = draw_bottlenecks(bottlenecks()).axes
    assert [text.get_text() for text in left.get_yticklabels()] == [
        'principal components',
        'linear autoencoder',
        'sparse dictionary',
    ]

    def dots(ax: Axes) -> list[float]:
        return [np.ravel(line.get_xdata()).item() for line in ax.lines if line.get_marker() == 'o']

    assert dots(left) == [0.4, 0.4, 0.5, 0.1] and dots(right) == [0.79] * 3
    assert dots(middle) == pytest.approx([0.5, 0.5, 0.6, 0.2])

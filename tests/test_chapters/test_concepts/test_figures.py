"""Concepts in figures and tables: the numbers they are drawn from, and what is not known."""

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from shg_xai.chapters.concepts.figures import draw_effects, draw_heat_map, draw_probes, draw_span, rho_matrix
from shg_xai.chapters.concepts.findings import tables
from shg_xai.chapters.concepts.results import Concepts
from tests.helpers.made_results import made_results


@pytest.fixture(scope='module')
def answer() -> Concepts:
    return made_results().all(Concepts)[0]


def test_the_heat_map_writes_plain_above_partial(answer: Concepts) -> None:
    plain, partial = (rho_matrix(answer, key)[0] for key in ('rho', 'partial'))
    assert plain.shape == (9, 10)
    texts = draw_heat_map(answer).axes[0].texts
    written = {(text.get_position()[0] - 0.5, text.get_position()[1]): text.get_text() for text in texts}
    row = [item.name for item in answer.definitions].index('sitting')
    assert written[1, row + 0.27] == f'{plain[row, 1]:.2f}'
    assert written[1, row + 0.77] == f'{partial[row, 1]:.2f}'
    assert written[0, 8.27] == '–', 'a concept that never varies'


def test_a_star_says_that_an_axis_turns(answer: Concepts) -> None:
    labels = [text.get_text() for text in draw_heat_map(answer).axes[0].get_xticklabels()]
    assert labels[:5] == ['1', '2', '3', '4*', '5*']


def test_what_is_sure_is_coloured_and_filled(answer: Concepts) -> None:
    white, patches = (1.0, 1.0, 1.0, 1.0), draw_heat_map(answer).axes[0].patches
    cells = {cell.get_xy(): cell.get_facecolor() for cell in patches if isinstance(cell, Rectangle)}
    names = [item.name for item in answer.definitions]
    for entry in answer.components:
        if entry.rho.value is not None:
            above = cells[entry.component - 1, names.index(entry.concept)]
            assert (above != white) == (entry.p == 0.004)
    axes = draw_span(answer).axes[0]
    filled = [line.get_markerfacecolor() != 'white' for line in axes.lines if line.get_marker() == 'o']
    assert filled == sorted(filled) and {True, False} == set(filled)
    assert axes.get_xlabel() == 'R² of its ranks on the first 10 components'


def test_effects_and_probes_say_what_is_not_known(answer: Concepts) -> None:
    axes = draw_effects(answer, 2).axes[0]
    assert axes.get_yticklabels()[0].get_text() == 'in a crowd', 'the unknown below all'
    assert [text.get_text() for text in axes.texts] == [' not known']
    (panel,) = draw_probes(answer).axes
    assert [text.get_text() for text in panel.texts] == [' not known']
    names = [label.get_text() for label in panel.get_yticklabels()]
    kinds = [name.endswith('(AUC)') for name in names]
    assert kinds == sorted(kinds) and sum(kinds) == 3, 'numbers above flags'
    ends = [float(np.asarray(line.get_xdata())[0]) for line in panel.lines if line.get_marker() == 'o']
    assert len(ends) == 8 and set(ends) == {p.score.y[-1].value for p in answer.probes if p.score.x} - {None}


def test_definitions_of_all_layers_stand_once_at_the_end() -> None:
    results = made_results()
    first, second = (tables(answer, results) for answer in results.all(Concepts))
    assert [table.last for table in first] == [False, False, False, False, True] and len(second) == 4
    lean = first[4].rows[5]
    assert lean[:3] == [
        'lean of the torso – „Neigung“',
        'How lean of the torso – „Neigung“ is measured in one sentence.',
        'degrees',
    ]
    assert lean[3].startswith('80; ') and '|' not in lean[3], 'the same persons in both layers are told once'
    assert first[4].rows[3][2] == 'yes or no'


def test_tables_say_p_controls_persons_and_selectivity(answer: Concepts) -> None:
    span, correlations, effects, probes = tables(answer, made_results())[:4]
    assert span.rows[8] == ['in a crowd', '10', '–', '–', '120']
    (row,) = (row for row in correlations.rows if row[:2] == ['sitting', '2'])
    assert row[2] == '0.97 (0.95 to 0.99)' and row[7] == 'size of the torso, labelled joints'
    assert row[4] in ('0.004', '0.600') and row[5] == row[8] == '120'
    assert len(effects.rows) == 9 * len({entry.k for entry in answer.clusters})
    entry = answer.probes[0]
    score = entry.score.y[-1].value or 0
    assert probes.rows[0][5:] == ['−0.01', f'{score + 0.01:.2f}', '120']

"""Concepts in figures and tables: the numbers they are drawn from, and what is not known."""

import pytest

from shg_xai.chapters.concepts.figures import draw_effects, draw_heat_map, draw_probes, rho_matrix
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


def test_effects_and_probes_say_what_is_not_known(answer: Concepts) -> None:
    axes = draw_effects(answer, 2).axes[0]
    assert axes.get_yticklabels()[0].get_text() == 'in a crowd', 'the unknown below all'
    assert [text.get_text() for text in axes.texts] == [' not known']
    panels = draw_probes(answer).axes
    assert [text.get_text() for text in panels[8].texts] == ['not known']
    assert panels[3].get_ylabel() == 'AUC' and panels[0].get_ylabel() == 'R²'


def test_definitions_of_all_layers_stand_once_at_the_end() -> None:
    results = made_results()
    first, second = (tables(answer, results) for answer in results.all(Concepts))
    assert [table.last for table in first] == [False, False, True] and len(second) == 2
    lean = first[2].rows[5]
    assert lean[:3] == [
        'lean of the torso – „Neigung“',
        'How lean of the torso – „Neigung“ is measured in one sentence.',
        'degrees',
    ]
    assert lean[3].startswith('80; ') and '|' not in lean[3], 'the same persons in both layers are told once'
    assert first[2].rows[3][2] == 'yes or no'

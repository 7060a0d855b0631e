"""Components beside their partners, as dots."""

import numpy as np

from shg_xai.chapters import chapter_of
from shg_xai.chapters.trainings.figures import draw_matches
from shg_xai.drawing.material import Material
from tests.helpers.made_results import among
from tests.helpers.made_trainings import trainings


def test_dots_hold_the_correlations_and_are_filled_where_found_again() -> None:
    answer = trainings()
    ax = draw_matches(answer).axes[0]
    dots = [line for line in ax.lines if line.get_marker() in ('o', 's') and len(np.atleast_1d(line.get_xdata())) == 1]
    values = [float(np.asarray(dot.get_ydata()).item()) for dot in dots]
    assert values == [one.correlation.value for one in answer.matches]
    assert [dot.get_markerfacecolor() != 'white' for dot in dots] == [True, True, False, True, False, False]
    # Those of two trainings stand beside each other.
    assert [float(np.asarray(dot.get_xdata()).item()) for dot in dots] == [0.875, 1.875, 2.875, 1.125, 2.125, 3.125]
    assert [text.get_text() for text in ax.figure.legends[0].get_texts()] == ['plain_1', 'plain_2']


def test_without_matches_there_is_nothing_to_draw() -> None:
    answer = trainings()
    answer.matches = []
    assert [text.get_text() for text in draw_matches(answer).axes[0].texts] == ['not known']


def test_the_chapter_has_one_figure() -> None:
    answer = trainings()
    (own,) = chapter_of(answer).figures(answer, Material(among(answer)))
    assert own.name == 'trainings' and '0.8' in own.caption and own.draw()

"""Curves hold the numbers they are drawn from."""

import numpy as np

from shg_xai.chapters import chapter_of
from shg_xai.chapters.failure_prediction.figures import draw_reliability, draw_risks
from shg_xai.chapters.failure_prediction.results import Target
from shg_xai.drawing.material import Material
from shg_xai.results import Estimate
from tests.helpers.made_failure_prediction import failure_prediction
from tests.helpers.made_results import among


def test_risks_are_drawn_for_joints_and_persons() -> None:
    answer = failure_prediction()
    panels = draw_risks(answer).axes
    assert [ax.get_title(loc='left') for ax in panels] == ['joints', 'persons']
    lines = {line.get_label(): np.asarray(line.get_ydata()).tolist() for line in panels[0].lines}
    own = answer.targets[0].quality('combination')
    assert own and lines['combination of all'] == [item.value for item in own.curve.y]
    promised = [np.asarray(line.get_xdata()).tolist() for line in panels[0].lines if line.get_linestyle() == '--']
    assert [0.7, 0.7] in promised


def test_reliability_has_a_point_a_bin() -> None:
    ax = draw_reliability(failure_prediction()).axes[0]
    points = next(line for line in ax.lines if line.get_label() == 'combination of all')
    assert np.asarray(points.get_xydata()).tolist() == [[0.1, 0.15], [0.5, 0.4]]


def test_the_chapter_has_two_figures_or_none() -> None:
    answer = failure_prediction()
    found = list(chapter_of(answer).figures(answer, Material(among(answer))))
    assert [own.name for own in found] == ['risk-coverage', 'reliability'] and all(own.draw() for own in found)
    answer.targets = [Target.nothing('joints', 0, Estimate(value=None), 'All joints are right.')]
    assert list(chapter_of(answer).figures(answer, Material(among(answer)))) == []


def test_one_of_both_may_be_missing() -> None:
    answer = failure_prediction()
    answer.targets[1] = Target.nothing('persons', 5, Estimate(value=None), 'All persons are right.')
    for draw in (draw_risks, draw_reliability):
        assert [text.get_text() for text in draw(answer).axes[1].texts] == ['not known']

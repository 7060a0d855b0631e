"""Walks are told beside random directions, and drawn with whom they meet."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from shg_xai.chapters.nearest_walk.figures import draw_walk_distances, draw_walk_strip
from shg_xai.chapters.nearest_walk.findings import claims, findings
from shg_xai.chapters.nearest_walk.results import NearestWalk
from shg_xai.report.reading import read_report
from shg_xai.results import Estimate
from tests.helpers.made_results import made_results, write_results


@pytest.mark.parametrize('distance', [4.0, 6.0, 8.0])
def test_walks_are_told_beside_random_directions_and_not_judged(distance: float) -> None:
    answer = made_results().all(NearestWalk)[0]
    for point in answer.walks[0].points:
        point.distance, point.random = distance, Estimate(value=6.0, low=5.5, high=6.5, n=199)
    lines = findings(answer, made_results())
    assert next(line for line in lines if 'along component 1 ' in line) == (
        f'At −3 and +3 standard deviations along component 1 the nearest real person is {distance:.2f} and '
        f'{distance:.2f} away, and 5.50 to 6.50 after as long a step in 95 % of 199 random directions.'
    )
    assert claims(answer) == []


def test_unknown_ends_are_told_as_such() -> None:
    answer = made_results().all(NearestWalk)[0]
    answer.walks[1].points[0].random = Estimate(value=6.0)
    lines = findings(answer, made_results())
    assert lines[1] == 'How near real persons come to the ends of component 2 is not known.'


def test_a_walk_has_a_picture_for_each_step(tmp_path: Path) -> None:
    material = read_report(write_results(tmp_path / 'out'))
    answer, persons = material.results.all(NearestWalk)[0], material.persons['shg_people']
    axes = draw_walk_strip(answer, answer.walks, persons).axes
    assert len(axes) == 7 * len(answer.walks)
    assert [ax.get_title(loc='center') for ax in axes[:7]] == ['−3 σ', '−2 σ', '−1 σ', 'mean', '+1 σ', '+2 σ', '+3 σ']
    point = answer.walks[0].points[0]
    picture = Image.open(io.BytesIO(persons.picture(point.nearest[0].annotation_id) or b''))
    assert np.array_equal(np.asarray(axes[0].images[0].get_array()), np.asarray(picture))
    assert axes[0].get_xlabel() == f'{point.distance:.2f}\n({point.random.value:.2f})'
    curve = draw_walk_distances(answer).axes[0].lines[-1]
    assert np.asarray(curve.get_ydata()).tolist() == [item.distance for item in answer.walks[0].points]

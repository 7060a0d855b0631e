"""Weak spots as gaps, and their persons."""

import numpy as np
import pyarrow as pa

from shg_xai.chapters import chapter_of
from shg_xai.chapters.weak_spots.figures import draw_faces, draw_gaps
from shg_xai.drawing.material import DrawnPersons, Material
from tests.helpers.made_results import among
from tests.helpers.made_weak_spots import weak_spots


def test_dots_hold_the_gaps_of_spots_and_of_what_a_plain_search_finds() -> None:
    ax = draw_gaps(weak_spots()).axes[0]
    dots = [line for line in ax.lines if line.get_marker() == 'o']
    assert [float(np.asarray(dot.get_xdata()).item()) for dot in dots] == [0.1, 0.12, 0.03]
    assert len([line for line in ax.lines if line.get_linestyle() == '--']) == 1


def test_each_spot_has_a_row_of_its_persons() -> None:
    answer = weak_spots()
    atlas = pa.table(
        {'annotation_id': [1000, 1001], 'image': pa.array([None, None], pa.struct([('bytes', pa.binary())]))}
    )
    drawn = draw_faces(answer, DrawnPersons(atlas, atlas))
    titles = [text.get_text() for ax in drawn.axes for text in ax.texts]
    assert [title for title in titles if title and 'picture' not in title] == [
        'generated occluder: yes: 10 % of persons',
        'crowding (independent axis 1, highest 5.0 %): 5.0 % of persons',
    ]
    assert [ax.get_xlabel() for ax in drawn.axes[:2]] == ['PCK 0.00', 'PCK 0.10']


def test_figures_only_of_what_is_told() -> None:
    answer = weak_spots()
    assert [own.name for own in chapter_of(answer).figures(answer, Material(among(answer)))] == ['weak-spots']
    answer.spots = []
    assert not list(chapter_of(answer).figures(answer, Material(among(answer))))

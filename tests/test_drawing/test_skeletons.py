"""The sheet of poses: what is drawn, and what is left out."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib import image

from shg_xai.drawing.panels import new_panels
from shg_xai.drawing.skeletons import Pose, draw_body, draw_pose_sheet

CROPS = [np.full((20, 30, 3), 255, np.uint8), np.zeros((20, 30, 3), np.uint8)]
LINKS, COLOURS = [(0, 1), (1, 2)], np.array([[255, 0, 0], [0, 0, 255]])
POINTS = np.array([[2.0, 3], [10, 12], [25, 15]])


def sheet(*poses: Pose) -> list:
    figure = draw_pose_sheet(CROPS, {'truth': poses, 'net': poses[::-1]}, LINKS, COLOURS)
    return figure.axes


def test_a_column_a_person_and_a_row_a_network() -> None:
    whole, partly = Pose(POINTS, np.array([True] * 3)), Pose(POINTS, np.array([True, True, False]))
    axes = sheet(whole, partly)
    assert len(axes) == 4
    assert [axes[0].get_ylabel(), axes[2].get_ylabel()] == ['truth', 'net']
    # Two links and the joints; where a joint is left out, so is its link.
    assert [len(ax.lines) for ax in axes] == [3, 2, 2, 3]
    assert axes[0].lines[0].get_xydata() == pytest.approx(POINTS[:2])
    assert axes[0].lines[0].get_color() == pytest.approx([1, 0, 0])
    assert axes[1].lines[-1].get_xydata() == pytest.approx(POINTS[:2])
    assert axes[1].images[0].get_array().max() == 0


def test_the_score_is_the_title() -> None:
    judged = Pose(POINTS, np.array([True] * 3), score=0.756)
    assert [ax.get_title() for ax in sheet(judged, judged._replace(score=None))] == ['PCK 0.76', '', '', 'PCK 0.76']


def test_it_can_be_saved(tmp_path: Path) -> None:
    pose = Pose(POINTS, np.array([True] * 3))
    file = tmp_path / 'sheet.png'
    draw_pose_sheet(CROPS, {'truth': [pose, pose]}, LINKS, COLOURS).savefig(file, dpi=50)
    assert image.imread(file).std() > 0


def test_a_body_has_limbs_a_trunk_and_a_head() -> None:
    joints = ('nose', 'left_ear', 'left_shoulder', 'right_shoulder', 'left_hip', 'right_hip', 'left_knee')
    pose = [(5, 0), (6, 1), (4, 3), (8, 3), (4, 8), (8, 8), (float('nan'), float('nan'))]
    links = [(0, 1), (1, 2), (2, 4), (4, 6)]
    _, ax = new_panels(2, 2)
    draw_body(ax, pose, joints, links, 7)
    # Of the links one lies in the head, one leads into it, and one has an end that is not known.
    (limbs,) = ax.collections
    assert [part.tolist() for part in np.array(limbs.get_segments())] == [[[4, 3], [4, 8]]]
    trunk, head = ax.patches
    assert trunk.get_xy()[:4].tolist() == [[4, 3], [8, 3], [8, 8], [4, 8]]
    assert head.get_center() == (5.5, 0.5) and head.get_radius() == pytest.approx(1.1 * 0.5**0.5)

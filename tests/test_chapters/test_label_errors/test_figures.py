"""Crops of suspects with lines to where joints are predicted."""

import io
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from shg_xai.chapters.label_errors.figures import draw_suspects, figures
from shg_xai.chapters.label_errors.results import LabelErrors, Place, Suspect
from shg_xai.drawing.material import DrawnPersons, Material


def picture() -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.full((100, 100, 3), 90, np.uint8)).save(file, 'JPEG')
    return file.getvalue()


def suspect(number: int) -> Suspect:
    place = Place(joint='nose', labelled=(0.25, 0.5), predicted=(0.75, 0.5), height=0.9)
    flag = Place(joint='left_eye', labelled=None, predicted=(0.5, 0.1), height=0.9)
    facts: dict[str, Any] = dict(image_id=1, dataset='made', file_name='1.jpg', score=2.5, kind='joint', loss=0.1)
    return Suspect(annotation_id=number, places=[place, flag], **facts)


@pytest.fixture
def persons() -> DrawnPersons:
    """Of person 1 there is a picture, of person 2 none."""
    images = [{'bytes': picture(), 'path': '1.jpg'}, None]
    atlas = pa.table({'annotation_id': [1, 2], 'image': images})
    return DrawnPersons(atlas, atlas)


def test_a_line_goes_from_label_to_prediction(persons: DrawnPersons) -> None:
    canvas = draw_suspects([suspect(1), suspect(2)], persons)
    first, second, *_ = canvas.axes
    drawn = [np.array(line.get_xydata()).tolist() for line in first.lines]
    crosses, (line,) = [one for one in drawn if len(one) == 1], [one for one in drawn if len(one) == 2]
    assert crosses == [[[74.5, 49.5]], [[49.5, 9.5]]] and line == [[24.5, 49.5], [74.5, 49.5]]
    assert first.get_xlabel() == 'a joint: 2.5'
    assert not second.lines and second.texts[0].get_text() == 'no\npicture'


def test_nothing_is_drawn_of_nobody(persons: DrawnPersons) -> None:
    def of(suspects: list[Suspect]) -> LabelErrors:
        return LabelErrors(of='made', splits=['val'], persons=2, images=2, suspects=suspects, trials=[])

    material = Material(None, {'made': persons})  # type: ignore[arg-type]
    assert [figure.name for figure in figures(of([suspect(1)]), material)] == ['suspects']
    assert not list(figures(of([]), material))
    assert not list(figures(of([suspect(1)]), Material(None)))  # type: ignore[arg-type]

"""Files for annotation tools, by the numbers their formats ask for."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from shg_xai.chapters.label_errors.results import Place, Suspect
from shg_xai.label_check.exporting import coco, interface, label_studio
from shg_xai.label_check.persons import Shown
from shg_xai.latents.schema import Layer, Manifest

NAMES = ('nose', 'left_wrist', 'right_wrist')
EVIL = '../<b> "&.jpg'


def person(number: int = 7, **changes: Any) -> Shown:
    """Three joints in a photo of 200 x 100 pixels; the right wrist is not labelled."""
    place = Place(joint='nose', labelled=(0.5, 0.5), predicted=(0.4, 0.4), height=0.5)
    suspect = Suspect(
        annotation_id=number,
        image_id=3,
        dataset='made',
        file_name=EVIL,
        score=2.5,
        kind='joint',
        places=[place],
        loss=0.1,
    )
    facts = dict(
        suspect=suspect,
        file=None,
        size=(200, 100),
        bbox=[10.0, 20.0, 40.0, 50.0],
        area=None,
        crop_center=[30.0, 45.0],
        crop_scale=[60.0, 60.0],
        keypoints=np.array([(20, 30), (40, 50), (0, 0)], np.float32),
        flags=np.array([2, 3, 0]),
        predicted=np.array([(30, 20), (41, 51), (60, 60)], np.float32),
        heights=np.array([0.5, 0.75, 0.25], np.float32),
    )
    return Shown(**{**facts, **changes})


def read(value: object) -> Any:
    """As who opens the file has it."""
    return json.loads(json.dumps(value))


def test_label_studio_has_per_cent_of_the_photo() -> None:
    (task,) = read(label_studio([person()], NAMES, '/data/local-files/?d='))
    label = task['annotations'][0]['result']
    assert [region['value']['keypointlabels'] for region in label] == [['nose'], ['left_wrist']]
    assert label[0]['value'] == {'x': 10, 'y': 30, 'width': 1, 'keypointlabels': ['nose']}
    assert (label[0]['original_width'], label[0]['original_height'], label[0]['type']) == (200, 100, 'keypointlabels')
    prediction = task['predictions'][0]
    assert prediction['score'] == 0.5
    assert [(region['value']['x'], region['value']['y']) for region in prediction['result']] == [(15, 20), (20.5, 51)]
    assert [region['score'] for region in prediction['result']] == [0.5, 0.75]
    ids = [region['id'] for region in label + prediction['result']]
    assert len(set(ids)) == len(ids)


def test_names_of_files_are_quoted_in_addresses() -> None:
    (task,) = read(label_studio([person()], NAMES, 'https://example.org/'))
    assert task['data']['image'] == 'https://example.org/../%3Cb%3E%20%22%26.jpg'


def test_a_person_whose_photo_has_no_known_size_has_no_task() -> None:
    assert len(label_studio([person(1), person(2, size=None)], NAMES, '')) == 1


def test_the_interface_names_what_tasks_name() -> None:
    names = ('nose', 'a "b" <c>')
    tree = ElementTree.fromstring(interface(names))
    assert [label.get('value') for label in tree.iter('Label')] == list(names)
    (task,) = read(label_studio([person()], NAMES, ''))
    (region, *_) = task['annotations'][0]['result']
    (points,) = tree.iter('KeyPointLabels')
    assert (points.get('name'), points.get('toName')) == (region['from_name'], region['to_name'])
    assert tree[0].get('name') == region['to_name'] and tree[0].get('value') == '$image'


def test_coco_has_the_labels_as_they_are() -> None:
    manifest = Manifest((Layer.named('a', (1,)),), 2, NAMES, ((0, 1), (0, 2)), {}, {})
    found = read(coco([person(7), person(9)], manifest))
    assert found['images'] == [{'id': 3, 'file_name': EVIL, 'width': 200, 'height': 100}]
    first, second = found['annotations']
    # 3, labelled without saying whether occluded, is no flag of COCO's.
    assert first['keypoints'] == [20, 30, 2, 40, 50, 2, 0, 0, 0] and first['num_keypoints'] == 2
    assert (first['id'], second['id'], first['image_id'], first['area']) == (7, 9, 3, 2000)
    assert found['categories'][0]['skeleton'] == [[1, 2], [1, 3]]
    assert found['categories'][0]['keypoints'] == list(NAMES)


def test_coco_can_be_read_by_its_own_tools(tmp_path: Path) -> None:
    tools = pytest.importorskip('xtcocotools.coco')
    manifest = Manifest((Layer.named('a', (1,)),), 2, NAMES, ((0, 1), (0, 2)), {}, {})
    file = tmp_path / 'suspects.json'
    file.write_text(json.dumps(coco([person(7), person(9)], manifest)))
    opened = tools.COCO(str(file))
    assert sorted(opened.getAnnIds()) == [7, 9] and len(opened.getImgIds()) == 1

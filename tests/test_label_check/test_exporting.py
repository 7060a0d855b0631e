"""Files for annotation tools, by the numbers their formats ask for."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from msgspec.structs import replace as structs_replace

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
    box, *label = task['annotations'][0]['result']
    assert box['value'] == {'x': 5, 'y': 20, 'width': 20, 'height': 50, 'rotation': 0, 'rectanglelabels': ['person']}
    assert [region['value']['keypointlabels'] for region in label] == [['nose'], ['left_wrist']]
    assert label[0]['value'] == {'x': 10, 'y': 30, 'width': 1, 'keypointlabels': ['nose']}
    assert {region['parentID'] for region in label} == {box['id']}
    prediction = task['predictions'][0]
    assert prediction['score'] == 0.5
    assert [(region['value']['x'], region['value']['y']) for region in prediction['result']] == [(15, 20), (20.5, 51)]
    assert [region['score'] for region in prediction['result']] == [0.5, 0.75]


def test_tasks_have_what_label_studio_asks_for() -> None:
    """As its TaskValidator and LabelInterface; Label Studio 1.23.2 took fifty with annotations and predictions."""
    (task,) = read(label_studio([person()], NAMES, 'https://example.org/'))
    tree = ElementTree.fromstring(interface(NAMES))
    controls = {tag.get('name'): tag for tag in tree if tag.get('toName')}
    assert isinstance(task['data'][tree[0].get('value', '')[1:]], str)
    (annotation,), (prediction,) = task['annotations'], task['predictions']
    # Who imports is who labelled; Label Studio refuses a user that it does not know.
    assert [*annotation] == ['result'] and isinstance(prediction['model_version'], str)
    regions = annotation['result'] + prediction['result']
    for region in regions:
        control, value = controls[region['from_name']], region['value']
        assert region['type'] == control.tag.lower() and region['to_name'] == control.get('toName')
        assert set(value[region['type']]) <= {label.get('value') for label in control}
        assert 0 <= value['x'] <= 100 and 0 <= value['y'] <= 100
        assert (region['original_width'], region['original_height'], region['image_rotation']) == (200, 100, 0)
    assert len({region['id'] for region in regions}) == len(regions) == 5


def test_what_is_outside_the_photo_is_moved_in_or_left_out() -> None:
    places = np.array([(-5, 30), (210, 101), (0, 0)], np.float32)
    one = person(keypoints=places, predicted=places, bbox=[150.0, -20.0, 100.0, 70.0])
    (task,) = read(label_studio([one], NAMES, ''))
    box, *label = task['annotations'][0]['result']
    assert [box['value'][name] for name in ('x', 'y', 'width', 'height')] == [75, 0, 25, 50]
    assert [(region['value']['x'], region['value']['y']) for region in label] == [(0, 30), (100, 100)]
    assert task['predictions'][0]['result'] == []
    (away,) = read(label_studio([person(bbox=[300.0, 10.0, 5.0, 5.0])], NAMES, ''))
    assert [region['type'] for region in away['annotations'][0]['result']] == ['keypointlabels'] * 2
    assert not any('parentID' in region for region in away['annotations'][0]['result'])


def test_names_of_files_are_quoted_in_addresses() -> None:
    (task,) = read(label_studio([person()], NAMES, 'https://example.org/'))
    assert task['data']['image'] == 'https://example.org/../%3Cb%3E%20%22%26.jpg'


def test_a_person_whose_photo_has_no_known_size_has_no_task() -> None:
    assert len(label_studio([person(1), person(2, size=None)], NAMES, '')) == 1


def test_the_interface_names_joints_in_order_and_a_box() -> None:
    """Without numbers and boxes Label Studio writes neither COCO nor YOLO of what was put right."""
    names = ('nose', 'a "b" <c>')
    tree = ElementTree.fromstring(interface(names))
    (boxes,), (points,) = tree.iter('RectangleLabels'), tree.iter('KeyPointLabels')
    assert [(label.get('value'), label.get('model_index')) for label in points] == [('nose', '0'), (names[1], '1')]
    assert [label.get('value') for label in boxes] == ['person']
    assert tree[0].get('name') == points.get('toName') == boxes.get('toName') and tree[0].get('value') == '$image'


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


def test_coco_has_what_datumaro_asks_for() -> None:
    """As CVAT's reader of COCO Keypoints, which took a file of fifty persons as skeletons with their boxes."""
    manifest = Manifest((Layer.named('a', (1,)),), 2, NAMES, ((0, 1), (0, 2)), {}, {})
    found = read(coco([person(7)], manifest))
    kinds: dict[str, dict[str, type]] = dict(
        images=dict(id=int, file_name=str, width=int, height=int),
        annotations=dict(
            id=int, image_id=int, category_id=int, iscrowd=int, keypoints=list, segmentation=list, bbox=list
        ),
        categories=dict(id=int, name=str, keypoints=list, skeleton=list),
    )
    for part, fields in kinds.items():
        for one in found[part]:
            assert {name: type(one[name]) for name in fields} == fields
    (one,) = found['annotations']
    assert len(one['keypoints']) == 3 * len(NAMES) and len(one['bbox']) == 4 and one['category_id'] > 0


def test_two_photos_of_one_number_stay_two() -> None:
    """Each data set numbers its own from 1."""
    manifest = Manifest((Layer.named('a', (1,)),), 3, NAMES, ((0, 1),), {}, {})
    first, twin, other = person(7), person(8), person(7)
    other = replace(other, suspect=structs_replace(other.suspect, dataset='another', file_name='b.jpg'))
    found = read(coco([first, other, twin], manifest))
    assert [(one['id'], one['file_name']) for one in found['images']] == [(1, EVIL), (2, 'b.jpg')]
    assert [(one['id'], one['image_id']) for one in found['annotations']] == [(1, 1), (2, 2), (3, 1)]

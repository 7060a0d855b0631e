"""Files that MMPose would drop, train on or choke on in silence are named."""

import json
import logging
import pickle
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
import pytest
from mmengine.logging import MMLogger
from mmengine.registry import init_default_scope
from mmpose.datasets import CocoDataset
from PIL import Image

import shg_xai.plugin  # noqa: F401
from shg_xai.coco import Annotation
from shg_xai.datasets.checked_coco import SHARED, CheckedCocoDataset
from shg_xai.errors import InputError
from tests.helpers.data import NAMES, PARTLY, annotation, coco, write_coco, write_part

ANNOTATIONS = 'annotations/person_keypoints_val2017.json'


def dataset(root: Path, **arguments: Any) -> CheckedCocoDataset:
    init_default_scope('mmpose')
    return CheckedCocoDataset(
        data_root=str(root),
        ann_file=ANNOTATIONS,
        data_prefix=dict(img='val2017/'),
        **dict(pipeline=[dict(type='LoadImage')]) | arguments,
    )


def with_entry(root: Path, **changes: Any) -> Path:
    """A data set whose second annotation is changed."""
    write_part(root, 'val2017', [annotation(1), cast(Annotation, {**annotation(2), **changes})])
    return root


def test_good_persons_come_through_as_mmpose_reads_them(tmp_path: Path) -> None:
    persons = dataset(write_coco(tmp_path, val_images=3))
    assert len(persons) == 6
    sample = persons[1]
    assert sample['img'].shape == (120, 160, 3)
    assert sample['keypoints_visible'].tolist() == [[min(v, 1) for v in PARTLY]]
    assert sample['raw_ann_info']['id'] == 11


def test_what_is_known_of_all_comes_with_each_person_and_is_its_own(tmp_path: Path) -> None:
    persons = dataset(write_coco(tmp_path, val_images=3))
    first, expected = persons.get_data_info(1), CocoDataset.get_data_info(persons, 1)
    assert first.keys() == expected.keys()
    for key in SHARED:
        assert np.array_equal(first[key], expected[key]), key
    first['flip_indices'].reverse()
    first['dataset_keypoint_weights'] *= 2
    assert persons.get_data_info(1)['flip_indices'] == expected['flip_indices']
    assert (persons.get_data_info(1)['dataset_keypoint_weights'] == expected['dataset_keypoint_weights']).all()


def test_a_raw_annotation_is_not_copied_deeply_and_comes_through_pickle(tmp_path: Path) -> None:
    raw = dataset(write_coco(tmp_path, val_images=1)).get_data_info(0)['raw_ann_info']
    assert deepcopy(dict(raw=raw))['raw'] is raw
    assert pickle.loads(pickle.dumps(raw)) == raw == dict(raw)


def test_crowds_and_persons_without_keypoints_are_passed_over(tmp_path: Path) -> None:
    write_part(
        tmp_path,
        'val2017',
        [
            annotation(1),
            annotation(2, v=(0,) * 17, bbox=(5, 5, 0, 0)),
            annotation(3, bbox=(5, 5, 0, 0)) | dict(iscrowd=1),
        ],
    )
    assert [person['id'] for person in dataset(tmp_path)] == [1]


def keypoints_with(place: int, value: float) -> list[float]:
    keypoints = annotation()['keypoints']
    keypoints[place] = value
    return keypoints


@pytest.mark.parametrize(
    'changes, message',
    [
        (dict(keypoints=annotation()['keypoints'][:48]), '"keypoints" holds 48 numbers, not 51'),
        (dict(keypoints=[]), '"keypoints" holds 0 numbers'),
        (dict(keypoints=keypoints_with(3, float('nan'))), '"keypoints" holds NaN or infinity'),
        (dict(keypoints=keypoints_with(4, float('inf'))), '"keypoints" holds NaN or infinity'),
        (dict(bbox=[1, 2, float('nan'), 4]), '"bbox" must be x, y, width, height, four finite numbers'),
        (dict(bbox=[1, 2, 3]), '"bbox" must be x, y, width, height'),
        (dict(bbox=[10, 10, 0, 50]), r'"bbox" \[10, 10, 0, 50\] has no area'),
        (dict(bbox=[10, 10, 50, -1]), '.* has no area'),
        (dict(bbox=[200, 10, 50, 50]), r'"bbox" \[200, 10, 50, 50\] or all labelled keypoints lie outside'),
    ],
)
def test_a_bad_annotation_is_named(tmp_path: Path, changes: dict, message: str) -> None:
    with pytest.raises(InputError, match=f'{ANNOTATIONS}: annotation 2: {message}') as caught:
        dataset(with_entry(tmp_path, **changes))
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize('key', ['keypoints', 'bbox'])
def test_an_annotation_without_its_key_is_named(tmp_path: Path, key: str) -> None:
    root = with_entry(tmp_path)
    content = json.loads((root / ANNOTATIONS).read_text())
    del content['annotations'][1][key]
    (root / ANNOTATIONS).write_text(json.dumps(content))
    with pytest.raises(InputError, match=f'annotation 2: "{key}"'):
        dataset(root)


def test_a_missing_annotation_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f'{ANNOTATIONS}: no such annotation file; .*--data-root'):
        dataset(tmp_path)


@pytest.mark.parametrize(
    'content, message',
    [
        ('{"images": [', 'not valid JSON'),
        ('', 'not valid JSON'),
        ('[1, 2]', 'not COCO JSON'),
        ('{"images": [{"id": 1}], "annotations": []}', r"not COCO JSON, images\[0\] has no 'file_name'"),
        (json.dumps(coco([])), 'no person with keypoints'),
        (json.dumps(coco([annotation(v=(0,) * 17)])), 'no person with keypoints'),
    ],
)
def test_a_bad_annotation_file_is_named(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / 'annotations').mkdir()
    (tmp_path / ANNOTATIONS).write_text(content)
    with pytest.raises(InputError, match=f'{ANNOTATIONS}: {message}'):
        dataset(tmp_path)


def test_bytes_that_are_no_text_are_named(tmp_path: Path) -> None:
    (tmp_path / 'annotations').mkdir()
    (tmp_path / ANNOTATIONS).write_bytes(b'\x89PNG\xff\xfe\x00')
    with pytest.raises(InputError, match=f'{ANNOTATIONS}: not'):
        dataset(tmp_path)


def remove(path: Path) -> None:
    path.unlink()


def cut(path: Path) -> None:
    path.write_bytes(b'\xff\xd8 not a picture')


def empty(path: Path) -> None:
    path.write_bytes(b'')


@pytest.mark.parametrize(
    'spoil, message',
    [(remove, 'this photo is missing'), (cut, 'this photo cannot be read'), (empty, 'this photo cannot be read')],
)
def test_a_bad_image_is_named(tmp_path: Path, spoil: Callable[[Path], None], message: str) -> None:
    image = write_coco(tmp_path) / 'val2017' / '000000000001.jpg'
    spoil(image)
    with pytest.raises(InputError, match=f'{image}: {message}'):
        dataset(tmp_path)[0]


def test_an_error_of_the_pipeline_itself_is_not_blamed_on_the_image(tmp_path: Path) -> None:
    def broken(results: dict) -> dict:
        raise RuntimeError('a bug in a transform')

    with pytest.raises(RuntimeError, match='a bug in a transform'):
        dataset(write_coco(tmp_path), pipeline=[dict(type='LoadImage'), broken])[0]


def turned(path: Path) -> None:
    """Have a photo of 160 x 120 be read as one of 120 x 160."""
    image, exif = Image.open(path), Image.Exif()
    exif[0x0112] = 6
    image.save(path, exif=exif)


def smaller(path: Path) -> None:
    Image.open(path).resize((80, 60)).save(path)


@pytest.mark.parametrize(
    'spoil, message',
    [
        (turned, 'is 120 x 160 pixels, .*val2017.json says 160 x 120; its EXIF orientation 6 turns it: annotate the'),
        (smaller, 'is 80 x 60 pixels, .*val2017.json says 160 x 120; mend width and height and see'),
    ],
)
def test_a_photo_of_another_size_is_named(tmp_path: Path, spoil: Callable[[Path], None], message: str) -> None:
    image = write_coco(tmp_path) / 'val2017' / '000000000001.jpg'
    spoil(image)
    with pytest.raises(InputError, match=f'{image}: the photo of image 1 {message}'):
        dataset(tmp_path)[0]
    # Whatever comes of it in the pipeline.
    with pytest.raises(InputError, match=message):
        dataset(tmp_path, pipeline=[dict(type='LoadImage'), dict(type='TopdownAffine', input_size=(8, 8))])[0]
    assert dataset(tmp_path)[4]['img'].shape == (120, 160, 3)


def test_a_photo_turned_by_its_tag_is_as_annotated(tmp_path: Path) -> None:
    file = write_part(tmp_path, 'val2017', [annotation(1)])
    turned(tmp_path / 'val2017' / '000000000001.jpg')
    content = json.loads(file.read_text())
    content['images'][0].update(width=120, height=160)
    file.write_text(json.dumps(content))
    assert dataset(tmp_path)[0]['img'].shape == (160, 120, 3)


def test_whom_it_leaves_out_is_said_and_known(tmp_path: Path) -> None:
    root, said = with_entry(tmp_path, iscrowd='1'), list[str]()
    handler = logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    logger = MMLogger.get_current_instance()
    logger.addHandler(handler)
    try:
        persons = dataset(root)
    finally:
        logger.removeHandler(handler)
    assert persons.left_out == dict(crowds=1)
    assert f'{root / ANNOTATIONS}: 1 of 2 annotations are persons; left out: crowds (1)' in said
    assert any(f'{ANNOTATIONS}: iscrowd is text: it is read as a number here' in line for line in said)


def test_labels_count_not_what_the_file_says_of_them(tmp_path: Path) -> None:
    assert [person['num_keypoints'] for person in dataset(with_entry(tmp_path, num_keypoints=0))] == [17, 17]


def test_a_category_is_chosen(tmp_path: Path) -> None:
    root = with_entry(tmp_path, category_id=7)
    content = json.loads((root / ANNOTATIONS).read_text())
    content['categories'].append({**content['categories'][0], 'id': 7, 'name': 'robot'})
    (root / ANNOTATIONS).write_text(json.dumps(content))
    with pytest.raises(InputError, match=r'several categories have keypoints \(person, robot\); choose .* category='):
        dataset(root)
    robots = dataset(root, category='robot')
    assert [one['id'] for one in robots] == [2]
    assert robots.left_out == {'of another category than robot': 1}


@pytest.mark.parametrize(
    'names, message',
    [
        (NAMES[::-1], 'its joint 0 is right_ankle, that of the dataset nose; set metainfo'),
        (NAMES[:5], "category 'person' has 5 keypoints, the metainfo of the dataset 17; set metainfo"),
    ],
)
def test_joints_are_those_of_the_metainfo(tmp_path: Path, names: tuple[str, ...], message: str) -> None:
    root = write_coco(tmp_path)
    content = json.loads((root / ANNOTATIONS).read_text())
    content['categories'][0]['keypoints'] = names
    (root / ANNOTATIONS).write_text(json.dumps(content))
    with pytest.raises(InputError, match=message):
        dataset(root)


@pytest.mark.parametrize('mode', ['topdown', 'bottomup'])
def test_it_lists_what_mmposes_own_data_set_lists(tmp_path: Path, mode: str) -> None:
    write_part(
        tmp_path,
        'val2017',
        [annotation(5, 2), annotation(1, 1), annotation(3, 2, v=(0,) * 17), annotation(4, 1) | dict(iscrowd=1)],
    )
    kinds = [
        kind(
            data_root=str(tmp_path),
            ann_file=ANNOTATIONS,
            data_prefix=dict(img='val2017/'),
            data_mode=mode,
            serialize_data=False,
            test_mode=True,
        )
        for kind in (CheckedCocoDataset, CocoDataset)
    ]
    first, expected = (kind.get_data_info(0) for kind in kinds)
    first.pop('photo_size', None)
    np.testing.assert_equal(first, expected)
    own, theirs = (kind.data_list for kind in kinds)
    for person in own:
        del person['photo_size']
    np.testing.assert_equal(own, theirs)


def test_detections_on_images_that_are_not_listed_are_named(tmp_path: Path) -> None:
    boxes = tmp_path / 'boxes.json'
    boxes.write_text('[{"image_id": 99, "category_id": 1, "bbox": [1, 1, 9, 9], "score": 1}]')
    with pytest.raises(InputError, match=r'boxes\.json: no COCO detections on images that .*val2017\.json lists'):
        dataset(write_coco(tmp_path), test_mode=True, bbox_file=str(boxes))


def test_a_missing_file_of_detected_boxes_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r'boxes\.json: no such file of boxes'):
        dataset(write_coco(tmp_path), test_mode=True, bbox_file=str(tmp_path / 'boxes.json'))


@pytest.mark.real
def test_real_persons_come_through(coco_sample: Path) -> None:
    persons = dataset(
        coco_sample,
        pipeline=[
            dict(type='LoadImage'),
            dict(type='PersonSquareCrop'),
            dict(type='TopdownAffine', input_size=(256, 256)),
            dict(type='LoadVisibility'),
        ],
    )
    content = json.loads((coco_sample / ANNOTATIONS).read_text())
    flags = {entry['id']: entry['keypoints'][2::3] for entry in content['annotations']}
    assert len(persons) == sum(entry['num_keypoints'] > 0 and not entry['iscrowd'] for entry in content['annotations'])
    for person in persons:
        assert person['keypoints_visible'][0].tolist() == flags[person['id']]
        assert person['img'].shape == (256, 256, 3)
        labelled = person['transformed_keypoints'][0][person['keypoints_visible'][0] > 0]
        # Nothing that is labelled is cut away: the crop holds every labelled keypoint.
        assert (labelled >= -0.5).all()
        assert (labelled <= 256.5).all()
        image = cv2.imread(person['img_path'])
        assert np.abs(image.mean() - person['img'].mean()) < 100

"""What a row says of a person, worked out by hand."""

from copy import deepcopy
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData
from mmpose.datasets import CocoDataset
from mmpose.structures import PoseDataSample

import shg_xai.plugin  # noqa: F401
from shg_xai.errors import InputError
from shg_xai.interventions.rows import first_arrays, relative_name, sample_rows
from shg_xai.runner.provenance import image_folder

POINTS = [10, 20, 2, 30, 40, 1, 0, 0, 0]  # visible, occluded, not labelled
# A crop of 200 x 100 pixels: the 5 % of its longer side are 10 pixels.
CROP = dict(input_center=np.array([50.0, 60.0], np.float32), input_scale=np.array([200.0, 100.0], np.float32))


def sample(predicted: list[tuple[float, ...]] | None = None, **annotation: Any) -> PoseDataSample:
    """A tested person with three joints."""
    raw = dict(id=7, image_id=3, bbox=[1, 2, 30.5, 40], keypoints=POINTS) | annotation
    person = PoseDataSample(
        metainfo=dict(
            id=7,
            img_id=3,
            img_path='/some/where/000003.jpg',
            dataset_name='coco',
            raw_ann_info=raw,
            ori_shape=(120, 160),
            **CROP,
        )
    )
    x, y, width, height = np.asarray(raw['bbox'])
    joints = np.array(raw['keypoints'], np.float32).reshape(1, 3, 3)
    person.gt_instances = InstanceData(
        bboxes=np.array([[x, y, x + width, y + height]]),
        keypoints=joints[..., :2],
        keypoints_visible=np.minimum(1, joints[..., 2]),
    )
    if predicted:
        person.pred_instances = InstanceData(
            keypoints=np.array([predicted], np.float64), keypoint_scores=np.array([[0.5, 0.25, 0.125]])
        )
    return person


def plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: np.asarray(value).tolist() for name, value in row.items()}


def row_of(person: PoseDataSample, split: str, folder: str | None = None) -> dict[str, Any]:
    """The row of one person, the same alone and in company."""
    (alone,) = sample_rows([person], split, folder)
    for row in sample_rows([person, deepcopy(person)], split, folder):
        assert plain(row) == plain(alone)
    return alone


def test_who_the_person_is() -> None:
    row = row_of(sample(), 'val')
    assert plain(row) == dict(
        annotation_id=7,
        image_id=3,
        file_name='000003.jpg',
        dataset='coco',
        split='val',
        bbox=[1, 2, 30.5, 40],
        crop_center=[50, 60],
        crop_scale=[200, 100],
        keypoints=[10, 20, 30, 40, 0, 0],
        visibility=[2, 1, 0],
        num_labelled=2,
        image_width=160,
        image_height=120,
        area=None,
        predicted_keypoints=None,
        keypoint_scores=None,
        pck=None,
        keypoint_spreads=None,
        keypoint_flip_distances=None,
    )


def test_the_size_of_an_image_may_be_unknown() -> None:
    person = sample()
    del person.ori_shape
    row = row_of(person, 'val')
    assert (row['image_width'], row['image_height']) == (None, None)


@pytest.mark.parametrize(
    'annotated, known', [(350, 350), (350.5, 350.5), (0, None), (-1, None), (np.nan, None), (np.inf, None), ('9', None)]
)
def test_the_area_is_that_of_the_annotation(annotated: object, known: float | None) -> None:
    assert row_of(sample(area=annotated), 'val')['area'] == known


@pytest.mark.parametrize(
    'folder, name',
    [
        ('/some/where', '000003.jpg'),
        ('/some/where/', '000003.jpg'),
        ('/some', 'where/000003.jpg'),
        ('/some/./where/../', 'where/000003.jpg'),
        ('/', 'some/where/000003.jpg'),
        ('/some/whe', '000003.jpg'),
        ('/some/where/else', '000003.jpg'),
        ('', '000003.jpg'),
        (None, '000003.jpg'),
        ('relative', '000003.jpg'),
    ],
)
def test_an_image_is_named_from_its_folder_on(folder: str | None, name: str) -> None:
    assert row_of(sample(), 'val', folder)['file_name'] == name


def test_a_name_never_leads_out_of_the_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    assert relative_name('/a/b/../c.jpg', '/a/b') == 'c.jpg'
    assert relative_name('/a/b/../d/c.jpg', '/a') == 'd/c.jpg'
    monkeypatch.chdir('/')
    assert relative_name('data/val/sub/c.jpg', 'data/val/') == 'sub/c.jpg'
    assert relative_name('/data/val/c.jpg', 'data') == 'val/c.jpg'


def test_a_data_set_says_where_its_images_are() -> None:
    dataset = CocoDataset(data_root='/data', data_prefix=dict(img='val2017/'), lazy_init=True)
    assert image_folder(dataset) == '/data/val2017/'
    assert image_folder(CocoDataset(data_prefix=dict(img=''), lazy_init=True)) is None
    assert image_folder(object()) is None


@pytest.mark.parametrize(
    'predicted, pck',
    [
        # 6 right and 8 down are 10 pixels, which is not below the threshold.
        ([(10, 29.9), (36, 48), (0, 0)], 0.5),
        ([(10, 29.9), (35.9, 48), (90, 90)], 1),
        ([(21, 20), (41, 40), (0, 0)], 0),
    ],
)
def test_what_was_predicted(predicted: list[tuple[float, ...]], pck: float) -> None:
    row = row_of(sample(predicted), 'val')
    assert row['pck'] == pck
    assert row['predicted_keypoints'] == pytest.approx([x for pair in predicted for x in pair])
    assert row['keypoint_scores'].tolist() == [0.5, 0.25, 0.125]


def test_a_third_number_of_a_joint_is_left_out() -> None:
    row = row_of(sample([(1, 2, 9), (3, 4, 9), (5, 6, 9)]), 'val')
    assert row['predicted_keypoints'].tolist() == [1, 2, 3, 4, 5, 6]


def test_nobody_knows_the_pck_of_a_person_without_joints() -> None:
    row = row_of(sample([(0, 0), (0, 0), (0, 0)], keypoints=[0] * 9), 'val')
    assert row['num_labelled'] == 0
    assert row['pck'] is None
    assert row['keypoint_scores'] is not None


def test_factors_become_columns() -> None:
    row = row_of(sample(factors=dict(posture=0.25, occluder=1)), 'val')
    assert row['factors.posture'] == 0.25
    assert row['factors.occluder'] == 1


def test_boxes_of_a_detector_are_refused() -> None:
    person = sample()
    person.set_metainfo(dict(raw_ann_info=None))
    person.gt_instances.keypoints = np.zeros((1, 3, 2))  # as MMPose has it where it knows the box alone
    person.gt_instances.keypoints_visible = np.ones((1, 3))
    with pytest.raises(InputError, match=r"come from a detector: set bbox_file='' in "):
        row_of(person, 'val')


def test_a_converter_may_have_been_at_work_on_some_of_a_batch() -> None:
    plain_one, converted = sample(), sample()
    visible = converted.gt_instances.keypoints_visible
    converted.gt_instances.keypoints_visible = np.stack([visible, np.ones_like(visible)], axis=-1)
    rows = sample_rows([plain_one, converted], 'val')
    assert [np.asarray(row['visibility']).tolist() for row in rows] == [[2, 1, 0]] * 2
    assert sample_rows([], 'val') == []


def test_without_annotation_the_sample_says_all_but_who_is_occluded() -> None:
    person = sample()
    person.set_metainfo(dict(raw_ann_info=None))
    row = row_of(person, 'val')
    assert row['visibility'].tolist() == [3, 3, 0]
    assert row['keypoints'].tolist() == [10, 20, 30, 40, 0, 0]
    assert [*row['bbox']] == [1, 2, 30.5, 40]
    assert row['num_labelled'] == 2


def test_the_first_call_counts_and_has_one_entry_a_person() -> None:
    first, second = torch.tensor([[1.0], [2.0]]), torch.tensor([[3.0], [4.0]])
    arrays = first_arrays(dict(layer=[first.bfloat16(), second]), 2)
    assert arrays['layer'].dtype == np.float32
    assert arrays['layer'].tolist() == [[1], [2]]
    with pytest.raises(
        InputError,
        match=r"'layer': its output \(2, 1\) has not one entry for each"
        ' of 3 persons',
    ):
        first_arrays(dict(layer=[first]), 3)
    with pytest.raises(InputError, match="'layer' does not fire"):
        first_arrays(dict(layer=[]), 2)

"""Persons of several data sets in one: told apart by number, with joints and flags of their own."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.registry import DATASETS

import shg_xai.plugin  # noqa: F401
from shg_xai.interventions.persons import build_loader, evaluation_dataset, open_persons, person_columns
from tests.helpers.data import ALL_VISIBLE, PARTLY, STANDING, annotation, write_part

ORDER = (16, 12, 7, 4, 1, 0)  # of COCO's joints in the data set they are converted to
CONVERT = dict(type='KeypointConverter', num_keypoints=6, mapping=[(old, new) for new, old in enumerate(ORDER)])
META = dict(
    dataset_name='few',
    joint_weights=[1.0] * 6,
    sigmas=[0.05] * 6,
    skeleton_info={},
    keypoint_info={k: dict(name=f'joint {k}', id=k, color=[0, 0, 0], type='', swap='') for k in range(6)},
)
PIPELINE = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale'),
    dict(type='TopdownAffine', input_size=(64, 64)),
    dict(type='PackPoseInputs'),
]


@pytest.fixture
def cfg(tmp_path: Path) -> Config:
    """Two data sets that both count from 1; two persons on one photo, one on another of the same name."""
    persons = [annotation(1, 1, STANDING, PARTLY, (0, 0, 90, 110)), annotation(2, 1, STANDING + 5, ALL_VISIBLE)]
    write_part(tmp_path / 'a', 'val2017', persons)
    write_part(tmp_path / 'b', 'val2017', [annotation(1, 1, STANDING + 9, ALL_VISIBLE)])
    parts = [
        dict(
            type='CocoDataset',
            data_root=str(tmp_path / name),
            ann_file='annotations/person_keypoints_val2017.json',
            data_prefix=dict(img='val2017/'),
            bbox_file='detections.json',
            test_mode=True,
            pipeline=[CONVERT],
        )
        for name in 'ab'
    ]
    whole = dict(type='CombinedDataset', metainfo=META, datasets=parts, pipeline=PIPELINE, test_mode=True)
    loader = dict(batch_size=2, num_workers=0, dataset=whole, sampler=dict(type='DefaultSampler', shuffle=False))
    train = {**loader, 'dataset': dict(type='RepeatDataset', times=3, dataset={**whole, 'sample_ratio_factor': [2, 1]})}
    return Config(dict(val_dataloader=loader, train_dataloader=train, default_scope='mmpose'))


@pytest.mark.parametrize('split', ['val', 'train'])
def test_everybody_once_by_number(cfg: Config, split: str) -> None:
    persons = open_persons(cfg, split)
    assert persons.columns['annotation_id'].tolist() == [0, 1, 2]
    assert persons.image_ids.tolist() == [0, 0, 2], 'the photos have one name and are two'
    flags = [PARTLY[old] for old in ORDER]
    assert flags == [0, 1, 1, 1, 1, 2]
    assert persons.columns['num_labelled'].tolist() == [5, 6, 6]
    assert persons.columns['num_occluded'].tolist() == [4, 0, 0]
    assert persons.columns['num_visible'].tolist() == [1, 6, 6]
    assert persons.columns['labelled'].tolist() == [False, True, True]
    assert persons.columns['bbox_width'].tolist() == [90, 100, 100]


def test_samples_are_those_of_the_columns(cfg: Config) -> None:
    some = open_persons(cfg, 'val').subset(np.array([2, 0, 2])).subset(np.array([1, 0]))
    assert some.columns['annotation_id'].tolist() == [0, 2]
    samples: list[Any] = [sample for batch in build_loader(cfg, some.dataset) for sample in batch['data_samples']]
    assert [(sample.id, sample.img_id, sample.raw_ann_info['id']) for sample in samples] == [(0, 0, 1), (2, 2, 1)]
    assert {sample.dataset_name for sample in samples} == {'few'}
    np.testing.assert_array_equal(samples[1].gt_instances.keypoints[0], STANDING[list(ORDER)] + 9)


def test_a_data_set_without_annotations_of_its_own_kind(tmp_path: Path) -> None:
    init_default_scope('mmpose')
    entry = dict(
        image='7.jpg', center=[50, 60], scale=0.5, joints=[[0, 0]] + [[40, 50]] * 15, joints_vis=[0] + [1] * 15
    )
    (tmp_path / 'mpii.json').write_text(json.dumps([entry]))
    dataset = DATASETS.build(dict(type='MpiiDataset', ann_file=str(tmp_path / 'mpii.json'), test_mode=True))
    columns = person_columns(dataset)
    assert (columns['annotation_id'].tolist(), columns['image_id'].tolist()) == ([0], [7])
    assert columns['num_labelled'].tolist() == [15]
    assert columns['bbox_width'].tolist() == [100], 'MPII measures persons in 200 pixels'
    assert np.isnan([columns[name] for name in ('area', 'num_visible', 'num_occluded')]).all()


def test_other_wrappers_and_bottom_up_are_refused(cfg: Config) -> None:
    from shg_xai.errors import InputError

    several = {**cfg.val_dataloader.dataset, 'type': 'ConcatDataset'}
    bottom_up = dict(type='CocoDataset', data_mode='bottomup', pipeline=[])
    for dataset in (several, bottom_up):
        with pytest.raises(InputError, match=r'val_dataloader: not of single persons \(top-down\)'):
            evaluation_dataset(Config(dict(val_dataloader=dict(dataset=dataset))), 'val')

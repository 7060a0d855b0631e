"""Keypoints in the coordinates of the crop, beside MMPose's own pipeline."""

from pathlib import Path

import numpy as np
import pytest
from mmengine.registry import init_default_scope

import shg_xai.plugin  # noqa: F401
from shg_xai.datasets.checked_coco import CheckedCocoDataset
from shg_xai.datasets.crops import read_cropped_keypoints
from tests.helpers.data import NAMES, write_coco

ANNOTATIONS = 'annotations/person_keypoints_val2017.json'


def test_by_the_pipeline_that_reads_images(tmp_path: Path) -> None:
    init_default_scope('mmpose')
    root = write_coco(tmp_path)
    persons = CheckedCocoDataset(
        data_root=str(root),
        ann_file=ANNOTATIONS,
        data_prefix=dict(img='val2017/'),
        pipeline=[
            dict(type='LoadImage'),
            dict(type='PersonSquareCrop'),
            dict(type='TopdownAffine', input_size=(100, 100)),
            dict(type='LoadVisibility'),
        ],
    )
    found = read_cropped_keypoints(str(root / ANNOTATIONS))
    assert found.names == list(NAMES)
    assert len(found.keypoints) == len(persons) == 6
    for person, keypoints, v in zip(persons, found.keypoints, found.v, strict=True):
        assert person['keypoints_visible'][0].tolist() == v.tolist()
        labelled = v > 0
        assert 100 * keypoints[labelled] == pytest.approx(person['transformed_keypoints'][0][labelled], abs=0.01)


def test_labelled_joints_lie_in_the_crop(tmp_path: Path) -> None:
    found = read_cropped_keypoints(str(write_coco(tmp_path) / ANNOTATIONS))
    labelled = found.keypoints[found.v > 0]
    assert ((labelled >= 0) & (labelled <= 1)).all()
    assert np.ptp(labelled) > 0.5

"""COCO's flags through MMPose's real transforms, to the right joint."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mmengine.registry import init_default_scope
from mmpose.datasets import CocoDataset

import shg_xai.plugin  # noqa: F401
from shg_xai.coco import Annotation, matched_flags, raw_joints, raw_visibility, visibilities, visibility
from shg_xai.datasets.checked_coco import LoadVisibility
from shg_xai.errors import InputError
from tests.helpers.data import MIRROR, PARTLY, STANDING, annotation, write_part

CODEC = dict(type='VisibilityHeatmap', input_size=(128, 128), heatmap_size=(32, 32))
MIRRORED = [PARTLY[joint] for joint in MIRROR]


@pytest.fixture
def part(tmp_path: Path) -> Path:
    """A folder with one person whose joints are partly hidden or unlabelled."""
    write_part(tmp_path, 'val2017', [annotation(points=STANDING + 10, v=PARTLY, bbox=(10, 10, 100, 100))])
    return tmp_path


def load(part: Path, pipeline: Sequence[Any], **arguments: Any) -> dict:
    """What a pipeline makes of the person."""
    init_default_scope('mmpose')
    dataset = CocoDataset(
        ann_file='annotations/person_keypoints_val2017.json',
        data_root=str(part),
        data_prefix=dict(img='val2017/'),
        **arguments,
        pipeline=[dict(type='LoadImage'), *pipeline],
    )
    return dataset[0]


def person_results(entry: Annotation | None, visible: np.ndarray) -> dict:
    """What MMPose knows of a standing person before the pipeline, with or without the raw annotation."""
    known = dict(raw_ann_info=entry) if entry else {}
    points = np.array((entry or annotation())['keypoints'], np.float32).reshape(1, 17, 3)[..., :2]
    return dict(keypoints=points, keypoints_visible=visible, **known)


def flip(direction: str = 'horizontal') -> dict:
    return dict(type='RandomFlip', prob=1.0, direction=direction)


def test_flags_replace_mmposes_merged_ones(part: Path) -> None:
    assert load(part, [])['keypoints_visible'].tolist() == [[min(1, v) for v in PARTLY]]
    v = load(part, [dict(type='LoadVisibility')])['keypoints_visible']
    assert v.tolist() == [list(PARTLY)]
    assert v.dtype == np.float32


@pytest.mark.parametrize('direction', ['horizontal', 'vertical'])
@pytest.mark.parametrize('before_flip', [True, False])
def test_flags_are_mirrored_before_or_after_a_flip(part: Path, before_flip: bool, direction: str) -> None:
    pipeline = [dict(type='LoadVisibility'), flip(direction)]
    results = load(part, pipeline if before_flip else pipeline[::-1])
    assert results['keypoints_visible'].tolist() == [MIRRORED]
    # The left shoulder stands where the right one stood, in the mirror.
    x, y = STANDING[6] + 10
    mirrored = (159 - x, y) if direction == 'horizontal' else (x, 119 - y)
    np.testing.assert_allclose(results['keypoints'][0, 5], mirrored, atol=1e-4)


@pytest.mark.parametrize('before_flip', [True, False])
def test_a_diagonal_flip_leaves_left_left(part: Path, before_flip: bool) -> None:
    pipeline = [dict(type='LoadVisibility'), flip('diagonal')]
    results = load(part, pipeline if before_flip else pipeline[::-1])
    assert results['keypoints_visible'].tolist() == [list(PARTLY)]


def test_a_flip_that_was_not_drawn_changes_nothing(part: Path) -> None:
    results = load(part, [dict(type='RandomFlip', prob=0.0), dict(type='LoadVisibility')])
    assert results['keypoints_visible'].tolist() == [list(PARTLY)]


@pytest.mark.parametrize('before_flip', [True, False])
def test_the_whole_training_pipeline_draws_each_joint_by_its_own_flag(part: Path, before_flip: bool) -> None:
    np.random.seed(0)  # noqa: NPY002 (MMPose's transforms draw from it)
    load_flags = dict(type='LoadVisibility')
    geometry = [
        dict(type='GetBBoxCenterScale'),
        *([load_flags, flip()] if before_flip else [flip()]),
        dict(type='RandomHalfBody', prob=0.0),
        dict(type='RandomBBoxTransform', rotate_prob=1.0, rotate_factor=30, scale_factor=(0.9, 1.1), shift_factor=0.02),
        dict(type='TopdownAffine', input_size=CODEC['input_size']),
        *([] if before_flip else [load_flags]),
    ]
    packed = load(
        part,
        [*geometry, dict(type='GenerateTarget', encoder=CODEC), dict(type='PackPoseInputs', pack_transformed=True)],
    )
    sample = packed['data_samples']
    assert packed['inputs'].shape == (3, 128, 128)
    assert sample.gt_instances.keypoints_visible.tolist() == [MIRRORED]

    heatmaps = sample.gt_fields.heatmaps
    positions = sample.gt_instances.transformed_keypoints[0]
    inside = ((positions > 4) & (positions < 123)).all(axis=1)
    # Not one joint by chance: most of the body is in the crop, of both kinds.
    assert {MIRRORED[joint] for joint in np.flatnonzero(inside)} == {1, 2}
    assert not heatmaps[np.array(MIRRORED) == 0].any()
    for joint in np.flatnonzero(inside):
        peak = {1: 0.1592, 2: 0.6187}[MIRRORED[joint]]
        assert heatmaps[joint].max().item() == pytest.approx(peak, abs=1e-4)
        row, column = np.unravel_index(heatmaps[joint].argmax().item(), (32, 32))
        assert (column, row) == tuple(np.rint(positions[joint] / 4))
    weights = sample.gt_instance_labels.keypoint_weights[0].numpy()
    np.testing.assert_array_equal(weights[inside], np.minimum(1, MIRRORED)[inside])


def test_half_body_before_load_visibility_sees_mmposes_flags(part: Path) -> None:
    # 14 of 17 joints are labelled, their flags sum to 23: at 15 half-body must stay out.
    half_body = dict(type='RandomHalfBody', prob=1.0, min_total_keypoints=15)
    assert sum(v > 0 for v in PARTLY) == 14
    results = load(part, [dict(type='GetBBoxCenterScale'), half_body, dict(type='LoadVisibility')])
    np.testing.assert_allclose(results['bbox_center'], [[60, 60]])
    assert results['keypoints_visible'].tolist() == [list(PARTLY)]


def test_half_body_that_cuts_leaves_the_flags(part: Path) -> None:
    half_body = dict(type='RandomHalfBody', prob=1.0)
    results = load(part, [dict(type='GetBBoxCenterScale'), half_body, dict(type='LoadVisibility')])
    assert results['bbox_scale'].max() < 1.25 * 100, 'the crop must have become a half body'
    assert results['keypoints_visible'].tolist() == [list(PARTLY)]


def test_a_joint_switched_off_before_stays_off() -> None:
    results = person_results(annotation(v=PARTLY), np.array([[0] + [1] * 16], dtype=np.float32))
    v = LoadVisibility().transform(results)['keypoints_visible']
    assert v.tolist() == [[0, *PARTLY[1:]]]


def test_boxes_of_a_detector_are_refused(part: Path) -> None:
    detections = part / 'detections.json'
    detections.write_text('[{"image_id": 1, "category_id": 1, "bbox": [10, 10, 100, 100], "score": 0.9}]')
    with pytest.raises(InputError, match=r"come from a detector: .*bbox_file=''"):
        load(part, [dict(type='LoadVisibility')], bbox_file=str(detections), test_mode=True)


def test_a_flag_coco_does_not_know_is_refused() -> None:
    with pytest.raises(InputError, match=r'annotation 7: .* visibility \[3.0\]'):
        raw_visibility(annotation(number=7, v=(3,) + (2,) * 16))


def test_raw_visibility_leaves_the_annotation_alone() -> None:
    entry = annotation(v=PARTLY)
    v = raw_visibility(entry)
    assert v.tolist() == [list(PARTLY)]
    v[:] = 0
    assert entry == annotation(v=PARTLY)


def test_a_new_photo_has_no_flags_to_load() -> None:
    assert LoadVisibility().transform(dict(img_id=1)) == dict(img_id=1)


def test_a_data_set_that_does_not_say_who_is_occluded() -> None:
    results = person_results(None, np.array([[1.0, 0] + [1] * 15], dtype=np.float32))
    assert LoadVisibility().transform(results)['keypoints_visible'].tolist() == [[3, 0] + [3] * 15]


def test_flags_follow_joints_through_a_converter_and_a_flip(part: Path) -> None:
    # Nose, left knee, right elbow, neck between the shoulders, left wrist (not labelled).
    mapping = [(0, 0), (13, 1), (8, 2), ((5, 6), 3), (9, 4)]
    convert = dict(type='KeypointConverter', num_keypoints=5, mapping=mapping)
    flags = [PARTLY[0], PARTLY[13], PARTLY[8], 3, 0]
    for steps in ([convert, dict(type='LoadVisibility')], [convert, flip('diagonal'), dict(type='LoadVisibility')]):
        results = load(part, steps)
        assert results['keypoints_visible'][0, :, 0].tolist() == flags
        assert results['keypoints_visible'][0, :, 1].tolist() == [1] * 5, 'the weights of the converter'


def test_a_converter_reorders_hidden_joints(part: Path) -> None:
    order = [16, 12, 7, 4, 1, 0]
    convert = dict(type='KeypointConverter', num_keypoints=6, mapping=[(old, new) for new, old in enumerate(order)])
    for steps in ([convert, dict(type='LoadVisibility')], [dict(type='LoadVisibility'), convert]):
        results = load(part, steps)
        assert results['keypoints_visible'][0, :, 0].tolist() == [PARTLY[old] for old in order] == [0, 1, 1, 1, 1, 2]


def test_whole_body_flags_come_from_all_its_parts() -> None:
    entry = dict(id=1, keypoints=[1, 1, 2, 2, 1, 1], foot_kpts=[5, 1, 1], lefthand_kpts=[6, 1, 0.3, 0, 0, 0])
    np.testing.assert_array_equal(raw_joints(entry), [[1, 1, 2], [2, 1, 1], [5, 1, 1], [6, 1, 3], [0, 0, 0]])
    points = np.array([[5, 1], [1, 1], [6, 1], [0, 0], [9, 9]])
    v = visibility(points, np.array([1, 1, 1, 0, 1]), entry)
    assert v.tolist() == [1, 2, 3, 0, 3]


def test_joints_in_one_place_are_told_apart_by_their_number_only() -> None:
    joints = np.array([[4, 4, 2], [4, 4, 1], [8, 8, 1], [8, 8, 1]])
    assert matched_flags(np.array([[4, 4], [4, 4], [4, 4], [8, 8]]), joints).tolist() == [2, 1, 3, 1]


def test_flags_that_were_carried_are_known_without_an_annotation() -> None:
    points = np.ones((3, 2))
    assert visibility(points, np.array([2, 1, 0]), None).tolist() == [2, 1, 0]
    assert visibility(points, np.array([1, 1, 0]), None).tolist() == [3, 3, 0]
    assert visibility(points, np.array([[1, 0.5], [0, 1], [1, 1]]), None).tolist() == [3, 0, 3]
    with pytest.raises(InputError, match='come from a detector'):
        visibility(np.zeros((3, 2)), np.ones(3), None)


@pytest.mark.parametrize('way', ['as annotated', 'another order', 'a joint of the feet', 'one without annotation'])
def test_flags_of_many_are_those_of_each(way: str) -> None:
    raw = np.array([[[1, 1, 2], [5, 5, 1], [0, 0, 0]], [[2, 2, 1], [6, 6, 0], [9, 9, 2]]], np.float32)
    annotations: list[dict[str, object] | None] = [dict(id=1, keypoints=own.ravel().tolist()) for own in raw]
    keypoints, visible = raw[..., :2], np.minimum(raw[..., 2], 1)
    expected = [[2, 1, 0], [1, 0, 2]]
    if way == 'another order':
        keypoints, visible = keypoints[:, ::-1], visible[:, ::-1]
        expected = [own[::-1] for own in expected]
    elif way == 'a joint of the feet':
        annotations = [dict(keypoints=own[:2].ravel().tolist(), foot_kpts=own[2].tolist()) for own in raw]
    elif way == 'one without annotation':
        annotations[1], expected[1] = None, [3, 0, 3]
    assert visibilities(keypoints, visible, annotations).tolist() == expected


def test_a_strange_flag_among_many_is_refused_behind_the_joints_that_are_used() -> None:
    joints = np.array([[1, 1, 2], [5, 5, 7]], np.float32)
    with pytest.raises(InputError, match=r'annotation 4: keypoints have visibility \[7'):
        visibilities(joints[None, :1, :2], np.ones((1, 1)), [dict(id=4, keypoints=joints.ravel().tolist())])

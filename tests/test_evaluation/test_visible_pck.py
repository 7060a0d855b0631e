"""The metric through MMEngine's Evaluator, by hand and beside MMPose's PCKAccuracy."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from mmengine.evaluator import Evaluator
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from mmpose.structures import PoseDataSample

import shg_xai.plugin  # noqa: F401
from shg_xai.datasets.checked_coco import CheckedCocoDataset
from shg_xai.errors import InputError
from shg_xai.evaluation import VisiblePCK
from tests.helpers.data import NAMES, PARTLY, STANDING
from tests.helpers.tested import sample

GROUPS = ('labelled', 'visible', 'occluded', 'limbs', 'torso', 'face')


def evaluate(persons: list[PoseDataSample], *others: dict, **arguments: Any) -> dict[str, float]:
    """What MMEngine's Evaluator makes of these persons, in batches of two."""
    init_default_scope('mmpose')
    evaluator = Evaluator([dict(type='VisiblePCK', **arguments), *others])
    evaluator.dataset_meta = parse_pose_metainfo(CheckedCocoDataset.METAINFO)
    for start in range(0, len(persons), 2):
        evaluator.process(persons[start : start + 2], None)
    return evaluator.evaluate(len(persons))


def test_by_hand() -> None:
    # Crop of 200: 0.05 of it are 10 pixels. PARTLY: 9 visible, 5 occluded, 3 unlabelled joints.
    wrong_nose = sample({0: 10.5}, PARTLY)
    wrong_eye_and_knee = sample({1: 11, 13: 11})
    metrics = evaluate([wrong_nose, wrong_eye_and_knee])
    assert metrics['pck/labelled'] == pytest.approx((13 / 14 + 15 / 17) / 2)
    assert metrics['pck/visible'] == pytest.approx((8 / 9 + 15 / 17) / 2)
    assert metrics['pck/occluded'] == 1  # the second person has none and is left out
    # Torso: PARTLY has all of it; face: nose, left eye, left and right ear.
    assert metrics['pck/torso'] == metrics['pck/pooled/torso'] == 1
    assert metrics['pck/face'] == pytest.approx((3 / 4 + 4 / 5) / 2)
    # Limbs: PARTLY has left elbow, right elbow, right wrist, knees, left ankle.
    assert metrics['pck/limbs'] == pytest.approx((1 + 7 / 8) / 2)
    assert metrics['pck/pooled/labelled'] == pytest.approx(28 / 31)
    assert metrics['pck/pooled/visible'] == pytest.approx(23 / 26)
    assert metrics['pck/pooled/limbs'] == pytest.approx(13 / 14)
    assert metrics['pck/joint/nose'] == 0.5
    assert metrics['pck/joint/left_eye'] == 0.5
    assert metrics['pck/joint/right_eye'] == 1  # labelled on the second person only
    # The nose, the left eye and the left knee are right on one of the two persons.
    assert metrics['pck/joint_mean'] == pytest.approx((14 + 0.5 + 0.5 + 0.5) / 17)
    assert set(metrics) == (
        {f'pck/{pool}{group}' for pool in ('', 'pooled/') for group in GROUPS}
        | {f'pck/joint/{name}' for name in NAMES}
        | {'pck/joint_mean'}
    )


def test_a_joint_at_the_threshold_is_not_correct() -> None:
    # 0.25 and 128 are exact in binary, so 32 pixels are exactly the threshold.
    metrics = evaluate([sample({0: 32.0, 1: 31.5}, side=128)], thr=0.25)
    assert metrics['pck/joint/nose'] == 0
    assert metrics['pck/joint/left_eye'] == 1


def test_the_crops_longer_side_is_the_normaliser() -> None:
    metrics = evaluate([sample({0: 9.9, 1: 10.1})])
    assert (metrics['pck/joint/nose'], metrics['pck/joint/left_eye']) == (1, 0)


def test_the_boxs_longer_side_as_normaliser() -> None:
    metrics = evaluate([sample({0: 4.9, 1: 5.1})], normaliser='bbox')
    assert (metrics['pck/joint/nose'], metrics['pck/joint/left_eye']) == (1, 0)


def test_the_torso_as_normaliser() -> None:
    # Left shoulder (64, 25) to right hip (42, 55): sqrt(22^2 + 30^2) = 37.202; a tenth is 3.72.
    first = sample({0: 3.7, 1: 3.75})
    metrics = evaluate([first], normaliser='torso', thr=0.1)
    assert (metrics['pck/joint/nose'], metrics['pck/joint/left_eye']) == (1, 0)


def test_the_other_diagonal_of_the_torso_steps_in() -> None:
    points = STANDING.copy()
    points[6] = 38, 15  # right shoulder to left hip: sqrt(20^2 + 40^2) = 44.72
    v = [2] * 17
    v[5] = 0  # no left shoulder
    metrics = evaluate([sample({0: 4.4, 1: 4.5}, v, points=points)], normaliser='torso', thr=0.1)
    assert (metrics['pck/joint/nose'], metrics['pck/joint/left_eye']) == (1, 0)


def test_a_person_without_a_torso_is_left_out() -> None:
    v = [2] * 5 + [0] * 12
    metrics = evaluate([sample({0: 100}, v), sample({1: 100})], normaliser='torso')
    assert metrics['pck/joint/nose'] == 1
    assert metrics['pck/labelled'] == pytest.approx(16 / 17)


def test_what_no_joint_counts_for_is_left_out() -> None:
    metrics = evaluate([sample({}, [2] * 5 + [0] * 12)])
    assert set(metrics) == {
        'pck/labelled',
        'pck/visible',
        'pck/pooled/labelled',
        'pck/pooled/visible',
        'pck/face',
        'pck/pooled/face',
        'pck/joint_mean',
        *(f'pck/joint/{name}' for name in NAMES[:5]),
    }
    assert set(metrics.values()) == {1.0}


def test_the_mean_over_joints_is_mmposes_pck() -> None:
    generator = np.random.default_rng(0)
    persons = [
        sample(dict(enumerate(generator.normal(0, 5, 17))), generator.choice([0, 1, 2], 17, p=[0.3, 0.2, 0.5]).tolist())
        for _ in range(21)
    ]
    metrics = evaluate(persons, dict(type='PCKAccuracy', thr=0.05, norm_item='bbox'), normaliser='bbox')
    joints = [value for name, value in metrics.items() if name.startswith('pck/joint/')]
    assert len(joints) == 17
    assert 0.2 < metrics['PCK'] < 0.95
    assert np.mean(joints) == pytest.approx(metrics['PCK'], abs=1e-6)
    assert metrics['pck/joint_mean'] == pytest.approx(metrics['PCK'], abs=1e-6)


def test_boxes_of_a_detector_are_refused() -> None:
    person = sample({}, annotated=False)
    person.gt_instances.keypoints = np.zeros((1, 17, 2))  # as MMPose has it where it knows the box alone
    with pytest.raises(InputError, match=r"boxes come from a detector: set bbox_file=''"):
        evaluate([person])


def test_a_data_set_that_does_not_say_who_is_occluded() -> None:
    metrics = evaluate([sample({0: 10.5}, PARTLY, annotated=False), sample({1: 11, 13: 11}, annotated=False)])
    assert metrics['pck/labelled'] == pytest.approx((13 / 14 + 15 / 17) / 2)
    assert metrics['pck/joint/nose'] == 0.5
    assert not {name for name in metrics if 'visible' in name or 'occluded' in name}


def test_flags_that_were_carried_count_without_annotation() -> None:
    person = sample({0: 10.5}, PARTLY, annotated=False)
    person.gt_instances.keypoints_visible = np.array([PARTLY])
    metrics = evaluate([person])
    assert (metrics['pck/visible'], metrics['pck/occluded']) == (pytest.approx(8 / 9), 1)


def test_flags_behind_a_converter() -> None:
    person = sample({0: 10.5}, PARTLY)
    weights = np.stack([np.minimum(1, [PARTLY]), np.ones((1, 17))], axis=2)
    person.gt_instances.keypoints_visible = weights
    metrics = evaluate([person])
    assert (metrics['pck/visible'], metrics['pck/occluded']) == (pytest.approx(8 / 9), 1)


@pytest.mark.parametrize('normaliser, fine', [('torso', False), ('bbox', True)])
def test_a_skeleton_without_torso(normaliser: str, fine: bool) -> None:
    metric = VisiblePCK(normaliser=normaliser)
    names = ('Nose tip', 'L-wing', 'R-wing')
    meta = dict(num_keypoints=3, keypoint_id2name=dict(enumerate(names)))
    if fine:
        metric.dataset_meta = meta
        return
    with pytest.raises(InputError, match=r"needs a shoulder and the opposite hip.* Nose tip, L-wing.*'bbox' or 'crop'"):
        metric.dataset_meta = meta


def test_predictions_of_another_skeleton_are_refused() -> None:
    person = sample({})
    person.pred_instances = InstanceData(keypoints=np.zeros((1, 26, 2)), keypoint_scores=np.ones((1, 26)))
    with pytest.raises(InputError, match='26 joints are predicted, persons have 17'):
        evaluate([person])


def test_an_unknown_normaliser_is_refused() -> None:
    with pytest.raises(InputError, match="normaliser='head'; choose one of crop, bbox, torso"):
        VisiblePCK(normaliser='head')


def test_samples_are_left_alone() -> None:
    person, kept = sample({0: 3}, PARTLY), sample({0: 3}, PARTLY)
    evaluate([person])
    for name in ('keypoints', 'bboxes'):
        np.testing.assert_array_equal(person.gt_instances[name], kept.gt_instances[name])
    np.testing.assert_array_equal(person.pred_instances.keypoints, kept.pred_instances.keypoints)
    assert person.raw_ann_info == kept.raw_ann_info


def test_persons_are_written_in_order(tmp_path: Path) -> None:
    persons = [sample({0: 10.5}, PARTLY), sample({}, [0] * 16 + [2]), sample({1: 11, 13: 11})]
    for number, person in enumerate(persons):
        person.set_metainfo(dict(id=9 - number, img_id=number // 2, dataset_name='ab'[number // 2]))
    file = tmp_path / 'new' / 'persons.parquet'
    metrics = evaluate(persons, persons_file=str(file))
    assert metrics == evaluate(persons)
    table = pq.read_table(file)
    # Hand numbers of test_by_hand; the second person has a right ankle only.
    assert table.to_pydict() == dict(
        annotation_id=[9, 8, 7],
        image_id=[0, 0, 1],
        dataset=['a', 'a', 'b'],
        pck_labelled=[13 / 14, 1, 15 / 17],
        pck_visible=[8 / 9, 1, 15 / 17],
        pck_occluded=[1, None, None],
        pck_limbs=[1, 1, 7 / 8],
    )
    assert [str(kind) for kind in table.schema.types] == ['int64'] * 2 + ['string'] + ['double'] * 4
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_a_person_that_cannot_be_judged_is_null(tmp_path: Path) -> None:
    file = tmp_path / 'persons.parquet'
    persons = [sample({0: 100}, [2] * 5 + [0] * 12), sample({1: 100})]
    evaluate(persons, normaliser='torso', persons_file=str(file))
    scores = pq.read_table(file, columns=['pck_labelled', 'pck_visible'])
    assert scores.equals(pa.table({name: [None, 16 / 17] for name in scores.column_names}))


def test_a_file_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / 'file').write_text('mine')
    for file in (tmp_path / 'file' / 'persons.parquet', tmp_path):
        with pytest.raises(InputError, match=f'{file}: cannot be written'):
            evaluate([sample({})], persons_file=str(file))
    assert [path.name for path in tmp_path.iterdir()] == ['file']
    assert (tmp_path / 'file').read_text() == 'mine'

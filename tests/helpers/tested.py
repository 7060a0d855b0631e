"""A tested person as MMPose hands it to a metric: truth, prediction and annotation."""

from collections.abc import Sequence

import numpy as np
from mmengine.structures import InstanceData
from mmpose.structures import PoseDataSample

from tests.helpers.data import ALL_VISIBLE, STANDING, annotation


def sample(
    shift: dict[int, float],
    v: Sequence[int] = ALL_VISIBLE,
    side: float = 200,
    points: np.ndarray = STANDING,
    annotated: bool = True,
) -> PoseDataSample:
    """A person whose joints are predicted so many pixels to the right of the truth."""
    entry = annotation(points=points, v=v, bbox=(0, 0, 80, 100))
    truth = np.array(entry['keypoints']).reshape(1, 17, 3)[..., :2]
    predicted = truth.copy()
    for joint, distance in shift.items():
        predicted[0, joint, 0] += distance
    person = PoseDataSample(
        metainfo=dict(
            id=1, img_id=1, input_scale=np.array([side, side / 2]), **dict(raw_ann_info=entry) if annotated else {}
        )
    )
    person.gt_instances = InstanceData(
        keypoints=truth, keypoints_visible=np.minimum(1, np.array([v])), bboxes=np.array([[0.0, 0, 80, 100]])
    )
    person.pred_instances = InstanceData(keypoints=predicted, keypoint_scores=np.ones((1, 17)))
    return person

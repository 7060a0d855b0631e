"""How well single persons are met: distances of a tested sample's joints, and PCK by person.

Shapes: N persons, K keypoints.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from shg_xai.coco import raw_visibility
from shg_xai.errors import InputError
from shg_xai.evaluation import pck

TORSO = (('left_shoulder', 'right_hip'), ('right_shoulder', 'left_hip'))


def crop_side(sample: dict, v: np.ndarray, names: list[str]) -> float:
    """Longer side of the crop the network saw, in pixels of the image."""
    return float(np.max(sample['input_scale']))


def bbox_side(sample: dict, v: np.ndarray, names: list[str]) -> float:
    """Longer side of the person's box, in pixels; what MMPose's PCKAccuracy calls 'bbox'."""
    x1, y1, x2, y2 = sample['gt_instances']['bboxes'][0]
    return float(max(x2 - x1, y2 - y1))


def torso_length(sample: dict, v: np.ndarray, names: list[str]) -> float:
    """From a shoulder to the opposite hip, in pixels, NaN if none is labelled (Sapp and Taskar, "MODEC", 2013, 6)."""
    keypoints = sample['gt_instances']['keypoints'][0]
    for shoulder, hip in TORSO:
        i, j = names.index(shoulder), names.index(hip)
        if v[i] and v[j]:
            return float(np.linalg.norm(keypoints[i] - keypoints[j]))
    return math.nan


NORMALISERS = dict(crop=crop_side, bbox=bbox_side, torso=torso_length)


def sample_distances(sample: dict[str, Any], names: list[str], normaliser: str) -> tuple[np.ndarray, np.ndarray]:
    """Distances (K,) of a tested sample's joints to the truth, and their flags v in {0, 1, 2} (K,).

    Distances are divided by a normaliser, one of ``NORMALISERS``, and NaN where the person has none; ``sample`` is a
    PoseDataSample as ``to_dict()`` gives it, with prediction, ``names`` are those of the K keypoints. InputError if the
    box comes from a detector, so that nobody knows who the person is.
    """
    if sample.get('raw_ann_info') is None:
        mend = "set bbox_file='' in val_dataloader.dataset and test_dataloader.dataset"
        raise InputError(f'VisiblePCK needs ground-truth boxes, but these come from a detector: {mend}')
    v = raw_visibility(sample['raw_ann_info'])[0]
    predicted = np.asarray(sample['pred_instances']['keypoints'])[..., :2]
    truth, side = np.asarray(sample['gt_instances']['keypoints']), NORMALISERS[normaliser](sample, v, names)
    return pck.normalised_distances(predicted, truth, np.array([side]))[0], v


def judged_flags(distances: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Flags (N, K), 0 for all joints of a person whose distances (N, K) are NaN: without a normaliser none counts."""
    return np.where(np.isnan(distances).all(axis=1, keepdims=True), 0, v)


def person_scores(
    distances: np.ndarray, v: np.ndarray, names: Sequence[str], thr: float = 0.05
) -> dict[str, np.ndarray]:
    """Each person's share of correct joints, (N,) in [0, 1], by :func:`pck.counting_joints`; NaN without such a joint.

    The mean over the persons who have one is the study's PCK, see :func:`~shg_xai.evaluation.pck.mean_pck`. Distances
    (N, K) are in units of the normaliser, NaN for a person that has none; a joint is correct below ``thr``.
    """
    groups = pck.counting_joints(judged_flags(distances, v), names)
    return {group: pck.person_pck(distances < thr, counts) for group, counts in groups.items()}

"""Percentage of correct keypoints: of arrays, of the mean pose, which every network has to beat, and of tested persons.

Shapes: N persons, K keypoints. A joint is correct when its distance to the truth, divided by the person's own
normaliser, is below the threshold (Yang and Ramanan, "Articulated Human Detection with Flexible Mixtures of Parts",
2013, section 7.1; normalised by the crop's side in the study). Visibility v is COCO's, 0, 1 or 2, or 3: labelled, and
nobody knows whether occluded (``shg_xai.coco``).
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from shg_xai.coco import OCCLUDED, VISIBLE, Raw, visibilities
from shg_xai.errors import InputError
from shg_xai.joints import members, plain_names

NORMALISERS = ('crop', 'bbox', 'torso')
TORSO = (('left_shoulder', 'right_hip'), ('right_shoulder', 'left_hip'))


def normalised_distances(predicted: np.ndarray, truth: np.ndarray, normaliser: np.ndarray) -> np.ndarray:
    """Distances (N, K) of joints (N, K, 2) in units of each person's normaliser (N,); NaN where a person has none.

    InputError where another number of joints is annotated than predicted.
    """
    if predicted.shape[-2] != truth.shape[-2]:
        fault = f'{predicted.shape[-2]} joints are predicted, {truth.shape[-2]} are annotated'
        raise InputError(f'{fault}: test a network on the skeleton that it was trained on')
    return np.linalg.norm(predicted - truth, axis=-1) / normaliser[:, None]


def counting_joints(v: np.ndarray, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Which joints count, for each way to count them: bool masks (N, K), from v (N, K) and the keypoints' names.

    ``labelled`` (v >= 1), ``visible`` (v = 2), ``occluded`` (v = 1), ``limbs`` (elbows, wrists, knees, ankles, paws,
    v >= 1; see ``shg_xai.joints``).
    """
    is_limb = np.array(members(names, 'limbs'))
    return dict(labelled=v >= 1, visible=v == VISIBLE, occluded=v == OCCLUDED, limbs=(v >= 1) & is_limb)


def check_normaliser(normaliser: str, names: Sequence[str]) -> None:
    """Refuse (InputError) a normaliser that is none of ``NORMALISERS``, or the torso of a skeleton without one."""
    if normaliser not in NORMALISERS:
        raise InputError(f'VisiblePCK: normaliser={normaliser!r}; choose one of {", ".join(NORMALISERS)}')
    if normaliser == 'torso' and not any(set(pair) <= set(plain_names(names)) for pair in TORSO):
        fault = f'needs a shoulder and the opposite hip, and this skeleton has {", ".join(names[:8])}'
        more = ' ...' if len(names) > 8 else ''
        raise InputError(f"VisiblePCK: normaliser='torso' {fault}{more}; take normaliser='bbox' or 'crop'")


def person_pck(correct: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Each person's share of counting joints (N, K) that are correct (N, K): (N,) in [0, 1], NaN without any."""
    total = counts.sum(axis=1)
    return np.divide((correct & counts).sum(axis=1), total, out=np.full(len(total), np.nan), where=total > 0)


def mean_pck(correct: np.ndarray, counts: np.ndarray) -> float:
    """Mean of :func:`person_pck` over the persons who have one, the study's PCK, in [0, 1]; NaN when nobody has."""
    scores = person_pck(correct, counts)
    scores = scores[~np.isnan(scores)]
    return float(scores.mean()) if len(scores) else float('nan')


def pooled_pck(correct: np.ndarray, counts: np.ndarray) -> float:
    """Share of all counting joints (N, K), or (N,) of one, that are correct, in [0, 1]; NaN when none counts at all."""
    return float(correct[counts].mean()) if counts.any() else float('nan')


def mean_pose(keypoints: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Mean place (K, 2) of each joint over the persons who have it labelled; NaN for a joint that nobody has labelled.

    ``keypoints`` (N, K, 2) are in the person's crop, 0 to 1 along its side; v is (N, K).
    """
    labelled = (v > 0)[..., None]
    total = np.where(labelled, keypoints, 0).sum(axis=0)
    count = labelled.sum(axis=0)
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)


def mean_pose_pck(
    pose: np.ndarray, keypoints: np.ndarray, v: np.ndarray, names: list[str], thr: float = 0.05
) -> dict[str, float]:
    """:func:`mean_pck` for each way to count joints, when one pose (K, 2) is predicted for all of its persons."""
    correct = normalised_distances(pose, keypoints, np.ones(len(keypoints))) < thr
    return {group: mean_pck(correct, counts) for group, counts in counting_joints(v, names).items()}


def person_size(sample: dict, v: np.ndarray, names: list[str], normaliser: str) -> float:
    """A person's normaliser in pixels of the image: the longer side of its crop or box, or its torso.

    The box as MMPose's PCKAccuracy has it; the torso from a shoulder to the opposite hip, NaN if no such pair is
    labelled (Sapp and Taskar, "MODEC", 2013, 6).
    """
    if normaliser == 'crop':  # what the network saw
        return float(np.max(sample['input_scale']))
    if normaliser == 'bbox':
        x1, y1, x2, y2 = sample['gt_instances']['bboxes'][0]
        return float(max(x2 - x1, y2 - y1))
    keypoints = sample['gt_instances']['keypoints'][0]
    plain = plain_names(names)
    pairs = ((plain.index(pair[0]), plain.index(pair[1])) for pair in TORSO if set(pair) <= set(plain))
    return next((float(np.linalg.norm(keypoints[i] - keypoints[j])) for i, j in pairs if v[i] and v[j]), math.nan)


def sample_distances(sample: dict[str, Any], names: list[str], normaliser: str) -> tuple[np.ndarray, np.ndarray]:
    """Distances (K,) of a tested sample's joints to the truth, and their flags v in {0, 1, 2, 3} (K,).

    Distances are divided by a normaliser, one of ``NORMALISERS``, and NaN where the person has none; ``sample`` is a
    PoseDataSample as ``to_dict()`` gives it, with prediction, ``names`` are those of the K keypoints. InputError if the
    box comes from a detector, so that nobody knows who the person is, or joints are predicted that it has not.
    """
    truth, v = sample_truth(sample)
    predicted = np.asarray(sample['pred_instances']['keypoints'])[0, :, :2]
    check_joints(len(predicted), len(truth), names)
    side = np.array([person_size(sample, v, names, normaliser)])
    return normalised_distances(predicted[None], truth[None], side)[0], v


def check_joints(predicted: int, labelled: int, names: Sequence[str]) -> None:
    """Refuse, by an InputError, to compare predictions of so many joints with labels of another number."""
    if not predicted == labelled == len(names):
        counts = f'{predicted} joints are predicted, persons have {labelled}, the data set names {len(names)}'
        raise InputError(f'{counts}: these must be as many; give the data set the metainfo of what its pipeline makes')


def sample_truth(sample: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Where the joints of a sample are, (K, 2), in pixels of the image, and their flags v in {0, 1, 2, 3} (K,).

    ``sample`` is a PoseDataSample as ``to_dict()`` gives it, of any of MMPose's top-down data sets. InputError if the
    box comes from a detector, or the sample is of several persons, as bottom-up data sets have them.
    """
    keypoints, v = sample_truths([sample['gt_instances']], [sample.get('raw_ann_info')])
    return keypoints[0], v[0]


def sample_truths(truths: Sequence[Any], annotations: Sequence[Raw | None]) -> tuple[np.ndarray, np.ndarray]:
    """:func:`sample_truth` of N samples, by their ``gt_instances`` and ``raw_ann_info``: (N, K, 2) and (N, K)."""
    found = [(np.asarray(one['keypoints']), _flat(np.asarray(one['keypoints_visible']))) for one in truths]
    if several := [len(keypoints) for keypoints, _ in found if len(keypoints) != 1]:
        raise InputError(f'one person a sample is needed, not {several[0]}; take a top-down data set and network')
    keypoints, visible = (np.concatenate(part) for part in zip(*found, strict=True))
    return keypoints, visibilities(keypoints, visible, annotations)


def _flat(visible: np.ndarray) -> np.ndarray:
    """Visibility (1, K), also of samples behind KeypointConverter, which has weights beside it, (1, K, 2)."""
    flat: np.ndarray = visible if visible.ndim == 2 else visible[..., 0]
    return flat


def judged_flags(distances: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Flags (N, K), 0 for all joints of a person whose distances (N, K) are NaN: without a normaliser none counts."""
    return np.where(np.isnan(distances).all(axis=1, keepdims=True), 0, v)


def person_scores(
    distances: np.ndarray, v: np.ndarray, names: Sequence[str], thr: float = 0.05
) -> dict[str, np.ndarray]:
    """Each person's share of correct joints, (N,) in [0, 1], by :func:`counting_joints`; NaN without such a joint.

    The mean over the persons who have one is the study's PCK, see :func:`mean_pck`. Distances
    (N, K) are in units of the normaliser, NaN for a person that has none; a joint is correct below ``thr``.
    """
    groups = counting_joints(judged_flags(distances, v), names)
    return {group: person_pck(distances < thr, counts) for group, counts in groups.items()}

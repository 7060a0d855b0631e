"""Percentage of correct keypoints, as pure functions, and the baseline that every network has to beat: the mean pose.

Shapes: N persons, K keypoints. A joint is correct when its distance to the truth, divided by the person's own
normaliser, is below the threshold (Yang and Ramanan, "Articulated Human Detection with Flexible Mixtures of Parts",
2013, section 7.1; normalised by the crop's side in the study). Visibility v is COCO's, 0, 1 or 2.
"""

from collections.abc import Sequence

import numpy as np

from shg_xai.coco import OCCLUDED, VISIBLE

LIMBS = ('elbow', 'wrist', 'knee', 'ankle')


def normalised_distances(predicted: np.ndarray, truth: np.ndarray, normaliser: np.ndarray) -> np.ndarray:
    """Distance of each joint (N, K) in units of its person's normaliser (N,); NaN where a person has none.

    All are in the same unit, ``predicted`` and ``truth`` (N, K, 2).
    """
    return np.linalg.norm(predicted - truth, axis=-1) / normaliser[:, None]


def counting_joints(v: np.ndarray, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Which joints count, for each way to count them: bool masks (N, K), from v (N, K) and the keypoints' names.

    ``labelled`` (v >= 1), ``visible`` (v = 2), ``occluded`` (v = 1), ``limbs`` (elbows, wrists, knees, ankles, v >= 1).
    """
    is_limb = np.array([any(part in name for part in LIMBS) for name in names])
    return dict(labelled=v >= 1, visible=v == VISIBLE, occluded=v == OCCLUDED, limbs=(v >= 1) & is_limb)


def person_pck(correct: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """For each person the share of its counting joints that are correct, (N,) in [0, 1]; NaN for a person without one.

    Both are bool masks (N, K).
    """
    total = counts.sum(axis=1)
    hits = (correct & counts).sum(axis=1)
    return np.divide(hits, total, out=np.full(len(total), np.nan), where=total > 0)


def mean_pck(correct: np.ndarray, counts: np.ndarray) -> float:
    """Mean of :func:`person_pck` over the persons who have one, the study's PCK, in [0, 1]; NaN when nobody has."""
    scores = person_pck(correct, counts)
    scores = scores[~np.isnan(scores)]
    return float(scores.mean()) if len(scores) else float('nan')


def pooled_pck(correct: np.ndarray, counts: np.ndarray) -> float:
    """Share of all counting joints of all persons that are correct, in [0, 1]; NaN when no joint counts at all.

    Both are bool masks (N, K), or (N,) for one joint.
    """
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
    """:func:`mean_pck` for each way to count joints, when a pose (K, 2) is predicted for everybody.

    Keypoints and v are as in :func:`mean_pose`; a joint is correct below ``thr``, a share of the crop's side.
    """
    correct = normalised_distances(pose, keypoints, np.ones(len(keypoints))) < thr
    return {group: mean_pck(correct, counts) for group, counts in counting_joints(v, names).items()}

"""The baseline every network has to beat: always the mean pose.

Shapes: N persons, K keypoints. Coordinates are in the person's crop, 0 to 1 along its side.
"""

import numpy as np

from shg_xai.evaluation import pck


def mean_pose(keypoints: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Mean place (K, 2) of each joint over the persons who have it labelled; NaN for a joint that nobody has labelled.

    Args:
        keypoints: Shape (N, K, 2).
        v: Visibility in {0, 1, 2}, shape (N, K).
    """
    labelled = (v > 0)[..., None]
    total = np.where(labelled, keypoints, 0).sum(axis=0)
    count = labelled.sum(axis=0)
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)


def mean_pose_pck(
    pose: np.ndarray, keypoints: np.ndarray, v: np.ndarray, names: list[str], thr: float = 0.05
) -> dict[str, float]:
    """PCK, normalised by the crop's side, when this pose (K, 2) is predicted for everybody.

    Args:
        pose: What is predicted.
        keypoints: The truth, shape (N, K, 2).
        v: Visibility in {0, 1, 2}, shape (N, K).
        names: Of the K keypoints.
        thr: A joint is correct below this distance.

    Returns:
        Mean over persons for ``labelled``, ``visible``, ``occluded`` and ``limbs``; NaN where no joint counts.
    """
    correct = pck.normalised_distances(pose, keypoints, np.ones(len(keypoints))) < thr
    return {group: pck.mean_pck(correct, counts) for group, counts in pck.counting_joints(v, names).items()}

"""Percentage of correct keypoints, as pure functions.

Shapes: N persons, K keypoints. A joint is correct when its distance to the truth, divided by the person's own
normaliser, is below the threshold (Yang and Ramanan, "Articulated Human Detection with Flexible Mixtures of Parts",
2013, section 7.1; normalised by the crop's side in the study).
"""

from collections.abc import Sequence

import numpy as np

from shg_xai.visibility import OCCLUDED, VISIBLE

LIMBS = ('elbow', 'wrist', 'knee', 'ankle')


def normalised_distances(predicted: np.ndarray, truth: np.ndarray, normaliser: np.ndarray) -> np.ndarray:
    """Distance of each joint (N, K) in units of its person's normaliser; NaN where a person has none.

    Args:
        predicted: Shape (N, K, 2), in pixels.
        truth: Shape (N, K, 2), in pixels.
        normaliser: Shape (N,), in pixels.
    """
    return np.linalg.norm(predicted - truth, axis=-1) / normaliser[:, None]


def counting_joints(v: np.ndarray, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Which joints count, for each way to count them: bool masks (N, K).

    ``labelled`` (v >= 1), ``visible`` (v = 2), ``occluded`` (v = 1), ``limbs`` (labelled elbows, wrists, knees and
    ankles), from visibility v in {0, 1, 2} (N, K) and the names of the K keypoints.
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
    """Mean over persons of :func:`person_pck`, the study's PCK, in [0, 1]; NaN when no joint counts at all.

    Persons without a counting joint are left out of the sum and of the denominator.
    """
    scores = person_pck(correct, counts)
    scores = scores[~np.isnan(scores)]
    return float(scores.mean()) if len(scores) else float('nan')


def pooled_pck(correct: np.ndarray, counts: np.ndarray) -> float:
    """Share of all counting joints of all persons that are correct, in [0, 1]; NaN when no joint counts at all.

    Both are bool masks (N, K), or (N,) for one joint.
    """
    return float(correct[counts].mean()) if counts.any() else float('nan')

"""COCO's visibility flags: 0 not labelled, 1 labelled but occluded, 2 labelled and visible."""

from collections.abc import Sequence

import numpy as np

from shg_xai.coco import Annotation
from shg_xai.errors import InputError

UNLABELLED, OCCLUDED, VISIBLE = 0, 1, 2


def raw_visibility(
    annotation: Annotation, flip_direction: str | None = None, flip_indices: Sequence[int] | None = None
) -> np.ndarray:
    """The visibility flags (1, K) of one COCO annotation, float32 in {0, 1, 2}; InputError where it has another v.

    MMPose merges visible and occluded joints (``min(1, v)``); the annotation itself still tells them apart, but is not
    mirrored when the image is: ``flip_direction`` is how it was, as in MMPose's RandomFlip, ``flip_indices`` the joint
    that each becomes in a mirror.
    """
    v = np.asarray(annotation['keypoints'], dtype=np.float32).reshape(1, -1, 3)[..., 2]
    if not np.isin(v, (UNLABELLED, OCCLUDED, VISIBLE)).all():
        raise InputError(
            f'annotation {annotation.get("id")}: keypoints have visibility '
            f'{sorted(set(v.ravel().tolist()) - {0, 1, 2})}; COCO knows 0, 1 and 2'
        )
    # A diagonal flip is a turn by 180 degrees: left stays left.
    return v[:, flip_indices] if flip_direction in ('horizontal', 'vertical') else v

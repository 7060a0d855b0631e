"""COCO's raw visibility flags, carried to codec and metric."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform
from mmpose.registry import TRANSFORMS

from shg_xai.errors import InputError


def raw_visibility(annotation: dict[str, Any], flip_direction: str | None = None,
                   flip_indices: Sequence[int] | None = None) -> np.ndarray:
    """The visibility flags of one COCO annotation.

    MMPose merges visible and occluded joints (``min(1, v)``); the annotation itself still
    tells them apart, but is not mirrored when the image is.

    Args:
        annotation (dict): A COCO annotation with ``keypoints``: x, y, v of K joints.
        flip_direction (str, optional): How the image was flipped, as in MMPose's RandomFlip.
        flip_indices (Sequence[int], optional): For each joint the one it becomes in a mirror.

    Returns:
        np.ndarray: v in {0, 1, 2}, shape (1, K), float32.

    Raises:
        InputError: The annotation has another v.
    """
    v = np.asarray(annotation['keypoints'], dtype=np.float32).reshape(1, -1, 3)[..., 2]
    if not np.isin(v, (0, 1, 2)).all():
        raise InputError(f'annotation {annotation.get("id")}: keypoints have visibility '
                         f'{sorted(set(v.ravel().tolist()) - {0, 1, 2})}; COCO knows 0, 1 and 2')
    # A diagonal flip is a turn by 180 degrees: left stays left.
    return v[:, flip_indices] if flip_direction in ('horizontal', 'vertical') else v


@TRANSFORMS.register_module()
class LoadVisibility(BaseTransform):
    """Replace ``keypoints_visible`` by COCO's raw flags: 0, 1 (occluded) or 2 (visible).

    It may stand before or after RandomFlip. Put it after transforms that count visible joints
    (RandomHalfBody), which take every flag for 0 or 1. A joint that an earlier transform has
    switched off stays off.

    Required Keys:

        - raw_ann_info
        - keypoints_visible
        - flip_direction (optional)
        - flip_indices (optional)

    Modified Keys:

        - keypoints_visible: v in shape (1, K), float32
    """

    def transform(self, results: dict) -> dict:
        """Set the flags.

        Args:
            results (dict): The result dict of one person.

        Returns:
            dict: The same dict.

        Raises:
            InputError: There is no annotation (the boxes come from a detector).
        """
        if results.get('raw_ann_info') is None:
            raise InputError('LoadVisibility needs ground-truth annotations, but the boxes come '
                             "from a detector: set bbox_file='' in the dataset config")
        v = raw_visibility(results['raw_ann_info'], results.get('flip_direction'),
                           results.get('flip_indices'))
        results['keypoints_visible'] = np.where(results['keypoints_visible'] > 0, v, 0)
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}()'

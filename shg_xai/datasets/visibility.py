"""COCO's raw visibility flags, carried to codec and metric."""

import numpy as np
from mmcv.transforms import BaseTransform
from mmpose.registry import TRANSFORMS

from shg_xai.coco import raw_visibility
from shg_xai.errors import InputError


@TRANSFORMS.register_module()
class LoadVisibility(BaseTransform):
    """Replace ``keypoints_visible`` by COCO's raw flags: 0, 1 (occluded) or 2 (visible), shape (1, K), float32.

    It may stand before or after RandomFlip. Put it after transforms that count visible joints (RandomHalfBody), which
    take every flag for 0 or 1. A joint that an earlier transform has switched off stays off.

    Required Keys: ``raw_ann_info``, ``keypoints_visible``; optional ``flip_direction``, ``flip_indices``.
    """

    def transform(self, results: dict) -> dict:
        """Set the flags of one person; InputError where it has no annotation (its box comes from a detector)."""
        if results.get('raw_ann_info') is None:
            wrong = 'LoadVisibility needs ground-truth annotations, but the boxes come from a detector'
            raise InputError(f"{wrong}: set bbox_file='' in the dataset config")
        v = raw_visibility(results['raw_ann_info'], results.get('flip_direction'), results.get('flip_indices'))
        results['keypoints_visible'] = np.where(results['keypoints_visible'] > 0, v, 0)
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}()'

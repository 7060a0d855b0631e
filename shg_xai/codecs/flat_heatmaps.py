"""UDP's decoding where a heatmap is flat."""

from contextlib import suppress
from functools import wraps

import numpy as np
from mmpose.codecs import udp_heatmap


def leave_flat_heatmaps() -> None:
    """Have UDP's refinement end well where a heatmap is flat about its maximum; once, however often it is called.

    MMPose refines a maximum by the second derivatives of the heatmap's logarithm. About a joint that a network has not
    learned they are of the size of rounding errors, now and then a matrix without an inverse, and a whole test ends.
    Then, and only then, joints are refined one by one, and such a one stays at its maximum.
    """
    refine = udp_heatmap.refine_keypoints_dark_udp
    if hasattr(refine, '__wrapped__'):
        return

    @wraps(refine)
    def refined(keypoints: np.ndarray, heatmaps: np.ndarray, blur_kernel_size: int) -> np.ndarray:
        found, untouched = keypoints.copy(), heatmaps.copy()  # it changes both in place
        try:
            return refine(keypoints, heatmaps, blur_kernel_size)
        except np.linalg.LinAlgError:
            keypoints[:] = found
        for one, joint in np.ndindex(keypoints.shape[:2]):
            with suppress(np.linalg.LinAlgError):
                alone = found[one : one + 1, joint : joint + 1].copy()
                keypoints[one, joint] = refine(alone, untouched[joint : joint + 1].copy(), blur_kernel_size)
        return keypoints

    udp_heatmap.refine_keypoints_dark_udp = refined

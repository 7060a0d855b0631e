"""The study's crop around a person."""

import numpy as np
from mmcv.transforms import BaseTransform
from mmpose.registry import TRANSFORMS


def square_crop(
    bbox: np.ndarray, keypoints: np.ndarray, labelled: np.ndarray, image_size: tuple[int, int], padding: float
) -> tuple[np.ndarray, float]:
    """Centre (2,) and side of the square the study cuts out, in pixels.

    The box grows until it holds every labelled keypoint; its longer side, grown by ``padding``, is the side of the
    square, which is centred on the extent of the labelled keypoints (on the box where none is labelled) and then moved,
    along each axis, by the least that brings it into the image, or, where it is larger than the image, the image into
    it. Labelled keypoints inside the image always stay inside the square.

    Args:
        bbox: x1, y1, x2, y2 in pixels, shape (4,).
        keypoints: Coordinates in pixels, shape (K, 2).
        labelled: Which keypoints count, bool, shape (K,).
        image_size: Width and height of the image, in pixels.
        padding: Factor on the longer side.
    """
    corners = bbox.reshape(2, 2)
    points = np.concatenate([corners, keypoints[labelled]])
    side = float((points.max(axis=0) - points.min(axis=0)).max()) * padding
    middle = keypoints[labelled] if labelled.any() else corners
    start = (middle.min(axis=0) + middle.max(axis=0)) / 2 - side / 2
    slack = np.asarray(image_size) - side
    start = np.clip(start, np.minimum(0, slack), np.maximum(0, slack))
    return start + side / 2, side


@TRANSFORMS.register_module()
class PersonSquareCrop(BaseTransform):
    """Set the crop to the study's square around box and keypoints; see :func:`square_crop`.

    It takes the place of MMPose's GetBBoxCenterScale, before TopdownAffine. It reads the labelled keypoints, so it can
    only be used where these are known: in training and in evaluation.

    Required Keys: ``img_shape``, ``bbox``, ``keypoints``, ``keypoints_visible``. Added Keys: ``bbox_center`` and
    ``bbox_scale``, shape (1, 2), float32, in pixels.
    """

    def __init__(self, padding: float = 1.1) -> None:
        self.padding = padding

    def transform(self, results: dict) -> dict:
        """Set centre and scale of one person."""
        height, width = results['img_shape'][:2]
        bbox, keypoints, v = (results[key][0] for key in ('bbox', 'keypoints', 'keypoints_visible'))
        center, side = square_crop(bbox, keypoints, v > 0, (width, height), self.padding)
        results['bbox_center'] = center[None].astype(np.float32)
        results['bbox_scale'] = np.full((1, 2), side, dtype=np.float32)
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(padding={self.padding})'

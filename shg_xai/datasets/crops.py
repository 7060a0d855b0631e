"""The study's crop around a person: as a transform, and of a COCO file's keypoints without reading images."""

from typing import NamedTuple

import numpy as np
from mmcv.transforms import BaseTransform
from mmpose.registry import TRANSFORMS

from shg_xai.coco import raw_visibility
from shg_xai.datasets.keypoint_file import check_boxes, read_keypoint_file
from shg_xai.errors import InputError


def square_crop(
    bbox: np.ndarray, keypoints: np.ndarray, labelled: np.ndarray, image_size: tuple[int, int], padding: float
) -> tuple[np.ndarray, float]:
    """Centre (2,) and side of the square the study cuts out, in pixels.

    The box (4,) of x1, y1, x2, y2 grows until it holds every ``labelled`` (K,) one of the keypoints (K, 2); its longer
    side, times ``padding``, is the side of the square, which is centred on the extent of the labelled keypoints (on the
    box where none is labelled) and then moved, along each axis, by the least that brings it into the image (width,
    height) or, where it is larger than the image, the image into it. Labelled keypoints inside the image always stay
    inside the square.
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

    It takes the place of MMPose's GetBBoxCenterScale, before TopdownAffine, where the labelled keypoints are known.

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


class CroppedKeypoints(NamedTuple):
    """N persons of an annotation file, K keypoints."""

    keypoints: np.ndarray  # (N, K, 2), 0 to 1 along the crop's side
    v: np.ndarray  # visibility in {0, 1, 2}, (N, K)
    names: list[str]  # of the K keypoints


def read_cropped_keypoints(ann_file: str, padding: float = 1.1, category: str | None = None) -> CroppedKeypoints:
    """Every person of a COCO keypoint file, in its order; InputError where it is none or has none.

    ``padding`` is PersonSquareCrop's; ``category`` tells whose persons, where several have keypoints.
    """
    file = read_keypoint_file(ann_file, category)
    check_boxes(file)
    if not (names := file.category.get('keypoints')):
        raise InputError(f'{ann_file}: category {file.category["name"]!r} does not name its "keypoints"; add the names')
    images = {image['id']: image for image in file.coco['images']}
    rows, flags = [], []
    for annotation in file.persons:
        v, image = raw_visibility(annotation)[0], images[annotation['image_id']]
        x, y, width, height = annotation['bbox']
        keypoints = np.reshape(annotation['keypoints'], (-1, 3))[:, :2].astype(float)
        box, size = np.array([x, y, x + width, y + height]), (image['width'], image['height'])
        center, side = square_crop(box, keypoints, v > 0, size, padding)
        rows.append((keypoints - center) / side + 0.5)
        flags.append(v)
    if not rows:
        raise InputError(f'{ann_file}: no person with keypoints in it')
    return CroppedKeypoints(np.stack(rows), np.stack(flags), names)

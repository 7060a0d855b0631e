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


def box_in_image(bbox: np.ndarray, image_size: tuple[int, int]) -> np.ndarray:
    """A box (4,) of x1, y1, x2, y2, cut at the border of the image (width, height), as MMPose cuts those of a data set.

    The last pixel of an image of width W is W - 1. InputError where nothing of the box is left.
    """
    last = np.tile(image_size, 2) - 1
    cut = np.clip(bbox, 0, last)
    if not (cut[2:] > cut[:2]).all():  # so that NaN is refused, too
        box, size = ', '.join(f'{value:g}' for value in bbox), 'x'.join(map(str, image_size))
        mend = "give x1, y1, x2, y2, or bbox_format='xywh'"
        raise InputError(f'the box ({box}) has no area in the image of {size} pixels; {mend}')
    return cut


def has_keypoints(results: dict) -> bool:
    """Whether a sample's keypoints are somebody's: a photo has none, and a detector's box has dummies, all at 0, 0."""
    if results.get('keypoints') is None:
        return False
    dummies = not results['keypoints'].any() and np.all(results['keypoints_visible'] > 0)
    return results.get('raw_ann_info') is not None or not dummies


@TRANSFORMS.register_module()
class PersonSquareCrop(BaseTransform):
    """Set the crop to the study's square around box and keypoints; see :func:`square_crop`.

    It takes the place of MMPose's GetBBoxCenterScale, before TopdownAffine, where the labelled keypoints are known.
    Where there are none, on a new photo or with a detector's box, the square is made of the box alone, which is cut at
    the image's border (:func:`box_in_image`): its longer side times ``padding``, centred on it, moved into the image.

    Required Keys: ``img_shape``, ``bbox``; optional ``keypoints``, ``keypoints_visible``, ``raw_ann_info``. Added Keys:
    ``bbox_center`` and ``bbox_scale``, shape (1, 2), float32, in pixels.

    Args:
        padding: What the longer side is multiplied by.
        use_keypoints: ``False``: the box alone, also where keypoints are known. A data set tested like this tells what
            to expect on new photos, where nobody knows the keypoints yet.
    """

    def __init__(self, padding: float = 1.1, use_keypoints: bool = True) -> None:
        self.padding, self.use_keypoints = padding, use_keypoints

    def transform(self, results: dict) -> dict:
        """Set centre and scale of one person; InputError where its box alone counts and is outside the image."""
        height, width = results['img_shape'][:2]
        bbox = results['bbox'][0]
        if self.use_keypoints and has_keypoints(results):
            keypoints, labelled = results['keypoints'][0], results['keypoints_visible'][0] > 0
        else:
            bbox, keypoints, labelled = box_in_image(bbox, (width, height)), np.empty((0, 2)), np.zeros(0, dtype=bool)
        center, side = square_crop(bbox, keypoints, labelled, (width, height), self.padding)
        results['bbox_center'] = center[None].astype(np.float32)
        results['bbox_scale'] = np.full((1, 2), side, dtype=np.float32)
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(padding={self.padding}, use_keypoints={self.use_keypoints})'


class CroppedKeypoints(NamedTuple):
    """N persons of an annotation file, K keypoints."""

    keypoints: np.ndarray  # (N, K, 2), 0 to 1 along the crop's side
    v: np.ndarray  # visibility in {0, 1, 2}, (N, K)
    names: list[str]  # of the K keypoints
    notes: list[str]  # whom the file has beside them, and what is read otherwise than it stands


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
    return CroppedKeypoints(np.stack(rows), np.stack(flags), names, file.report())

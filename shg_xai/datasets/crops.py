"""Keypoints of a COCO file in the coordinates of the study's crop, without reading images."""

from typing import NamedTuple

import numpy as np
from pycocotools.coco import COCO

from shg_xai.datasets.checked_coco import check_annotation
from shg_xai.datasets.person_square_crop import square_crop
from shg_xai.errors import InputError
from shg_xai.visibility import raw_visibility


class CroppedKeypoints(NamedTuple):
    """N persons of an annotation file, K keypoints.

    Attributes:
        keypoints: Shape (N, K, 2), 0 to 1 along the crop's side.
        v: Visibility in {0, 1, 2}, shape (N, K).
        names: Of the K keypoints.
    """

    keypoints: np.ndarray
    v: np.ndarray
    names: list[str]


def read_cropped_keypoints(ann_file: str, padding: float = 1.1) -> CroppedKeypoints:
    """Every person with keypoints of a COCO file, in its order; ``padding`` is PersonSquareCrop's.

    Raises:
        InputError: Not a COCO annotation file, or one without persons.
    """
    try:
        coco = COCO(ann_file)
        names = coco.dataset['categories'][0]['keypoints']
        annotations = coco.dataset['annotations']
    except (AssertionError, LookupError, TypeError, ValueError) as error:
        raise InputError(f'{ann_file}: not a COCO keypoint annotation file ({error!r})') from error
    rows, flags = [], []
    for annotation in annotations:
        check_annotation(annotation, len(names), ann_file)
        v = raw_visibility(annotation)[0]
        if annotation.get('iscrowd') or not v.any():
            continue
        image = coco.imgs[annotation['image_id']]
        x, y, width, height = annotation['bbox']
        keypoints = np.reshape(annotation['keypoints'], (-1, 3))[:, :2].astype(float)
        center, side = square_crop(
            np.array([x, y, x + width, y + height]), keypoints, v > 0, (image['width'], image['height']), padding
        )
        rows.append((keypoints - center) / side + 0.5)
        flags.append(v)
    if not rows:
        raise InputError(f'{ann_file}: no person with keypoints in it')
    return CroppedKeypoints(np.stack(rows), np.stack(flags), names)

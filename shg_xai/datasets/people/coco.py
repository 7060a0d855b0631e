"""Annotation records in COCO's format."""

import cv2
import numpy as np

from shg_xai.coco import Annotation, Category
from shg_xai.datasets.people.compose import Picture
from shg_xai.datasets.people.skeleton import KEYPOINTS

# A distractor with fewer visible pixels is clutter, not a person anybody would annotate.
MIN_DISTRACTOR_PIXELS = 40
FINER = 4  # grid cells per pixel when tracing outlines
SKELETON = [
    [16, 14], [14, 12], [17, 15], [15, 13], [12, 13], [6, 12], [7, 13], [6, 7], [6, 8], [7, 9],
    [8, 10], [9, 11], [2, 3], [1, 2], [1, 3], [2, 4], [3, 5], [4, 6], [5, 7],
]  # fmt: skip


def category() -> Category:
    """COCO's category of persons."""
    return {'supercategory': 'person', 'id': 1, 'name': 'person', 'keypoints': list(KEYPOINTS), 'skeleton': SKELETON}


def _outline(mask: np.ndarray) -> list[list[float]]:
    """Polygons [x1, y1, ...] around a mask (S, S), one for each connected piece.

    COCO counts from the outer corner of the first pixel and rasterises accordingly. Contours run through pixel centres,
    so they are traced on a finer grid, where that loses almost nothing.
    """
    x, y, width, height = cv2.boundingRect(mask.astype(np.uint8))
    crop = mask[y : y + height, x : x + width].astype(np.uint8)
    fine = cv2.resize(crop, None, fx=FINER, fy=FINER, interpolation=cv2.INTER_NEAREST)
    contours, _ = cv2.findContours(fine, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    polygons = []
    for contour in contours:
        smooth = cv2.approxPolyDP(contour, 0.5 * FINER, True)
        corners = (smooth if len(smooth) >= 3 else contour).reshape(-1, 2)
        polygons.append(np.round((corners + 0.5) / FINER + (x, y), 2).reshape(-1).tolist())
    return polygons


def _silhouette(mask: np.ndarray, image_id: int, annotation_id: int) -> Annotation:
    """The part of an annotation that follows from the visible pixels, a mask (S, S) bool."""
    x, y, width, height = cv2.boundingRect(mask.astype(np.uint8))
    box = [float(x), float(y), float(width), float(height)]
    who = Annotation(id=annotation_id, image_id=image_id, category_id=1, iscrowd=0, bbox=box, area=float(mask.sum()))
    return {**who, 'segmentation': _outline(mask), 'keypoints': [0] * (3 * len(KEYPOINTS)), 'num_keypoints': 0}


def annotations(picture: Picture, image_id: int) -> list[Annotation]:
    """COCO annotations of a picture: the main person first, then the visible distractors.

    Their ids are ten times the image id, plus 0, 1, 2.
    """
    main = _silhouette(picture.mask, image_id, 10 * image_id)
    rounded = np.round(picture.keypoints, 2)
    main['keypoints'] = [value for x, y, v in rounded.tolist() for value in ((x, y, int(v)) if v else (0, 0, 0))]
    main['num_keypoints'] = int((rounded[:, 2] > 0).sum())
    main['factors'] = {**picture.factors.record(), 'labelled_joints': main['num_keypoints']}
    others = [
        _silhouette(mask, image_id, 10 * image_id + k + 1)
        for k, mask in enumerate(picture.others)
        if mask.sum() >= MIN_DISTRACTOR_PIXELS
    ]
    return [main, *others]

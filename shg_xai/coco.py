"""COCO's keypoint annotation files, as types, and visibility flags; files are checked where they are read."""

from collections.abc import Sequence
from typing import TypedDict

import numpy as np

from shg_xai.errors import InputError

UNLABELLED, OCCLUDED, VISIBLE = 0, 1, 2  # visibility flags: not labelled; labelled but occluded; labelled and visible


class Image(TypedDict, total=False):
    """One photo."""

    id: int
    file_name: str
    width: int
    height: int
    license: int


class Annotation(TypedDict, total=False):
    """One person, or crowd: x, y, v of K joints, a box of x, y, width, height; made people have their factors."""

    id: int
    image_id: int
    category_id: int
    iscrowd: int
    bbox: list[float]
    area: float
    segmentation: list[list[float]]
    keypoints: list[float]
    num_keypoints: int
    factors: dict[str, float]


class Category(TypedDict, total=False):
    """Persons: the names of their K joints, and the pairs of joints, counted from 1, to draw a line between."""

    id: int
    name: str
    supercategory: str
    keypoints: list[str]
    skeleton: list[list[int]]


class Coco(TypedDict, total=False):
    """A whole file."""

    info: dict[str, object]
    licenses: list[object]
    images: list[Image]
    annotations: list[Annotation]
    categories: list[Category]


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
        strange = sorted(set(v.ravel().tolist()) - {0, 1, 2})
        raise InputError(
            f'annotation {annotation.get("id")}: keypoints have visibility {strange}; COCO knows 0, 1 and 2'
        )
    # A diagonal flip is a turn by 180 degrees: left stays left.
    return v[:, flip_indices] if flip_direction in ('horizontal', 'vertical') else v

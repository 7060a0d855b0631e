"""COCO's keypoint annotation files, as types, and visibility flags; files are checked where they are read."""

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

import numpy as np

from shg_xai.errors import InputError

UNLABELLED, OCCLUDED, VISIBLE = 0, 1, 2  # visibility flags: not labelled; labelled but occluded; labelled and visible
LABELLED = 3  # our own: labelled, and whether it is occluded is not known (MPII's annotations do not say)
# What annotations hold joints in, as x, y, v each: COCO's 17, the rest of COCO-WholeBody's 133, Human-Art's 21.
JOINTS = ('keypoints', 'foot_kpts', 'face_kpts', 'lefthand_kpts', 'righthand_kpts', 'keypoints_21')
Raw = Mapping[str, Any]  # an annotation as it stands in somebody's file
SAME_PLACE = 1e-3  # pixels; 32-bit floats are a quarter of that apart in the largest photos


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


def is_flag(v: np.ndarray) -> np.ndarray:
    """Which numbers are visibilities that COCO knows; np.isin takes ten times as long for the few of a person."""
    known: np.ndarray = (v == UNLABELLED) | (v == OCCLUDED) | (v == VISIBLE)
    return known


def raw_visibility(annotation: Annotation) -> np.ndarray:
    """The visibility flags (1, K) of one COCO annotation, float32 in {0, 1, 2}; InputError where it has another v.

    MMPose merges visible and occluded joints (``min(1, v)``); the annotation itself still tells them apart.
    """
    v = np.asarray(annotation['keypoints'], dtype=np.float32).reshape(1, -1, 3)[..., 2]
    if not is_flag(v).all():
        strange = sorted(set(v.ravel().tolist()) - {0, 1, 2})
        raise InputError(
            f'annotation {annotation.get("id")}: keypoints have visibility {strange}; COCO knows 0, 1 and 2'
        )
    return v.copy()


def raw_joints(annotation: Raw) -> np.ndarray:
    """All joints of an annotation, (J, 3), float32: x, y, v; those of its hands, face and feet behind the body's.

    Hands and faces may have a confidence in v's place, which says that a joint is labelled and no more.
    """
    parts = [np.asarray(annotation[key], dtype=np.float32).reshape(-1, 3) for key in JOINTS if annotation.get(key)]
    joints = np.concatenate([np.empty((0, 3), np.float32), *parts])
    known = is_flag(joints[:, 2])
    joints[:, 2] = np.where(known | (joints[:, 2] <= 0), joints[:, 2], LABELLED)
    if annotation.get('keypoints'):
        v = raw_visibility(annotation)[0]  # type: ignore[arg-type]  # it has no key but this and its id to look at
        joints[: len(v), 2] = v
    return joints


def matched_flags(keypoints: np.ndarray, joints: np.ndarray) -> np.ndarray:
    """Visibility flags (K,) of keypoints (K, 2), by the raw joints (J, 3) of x, y, v that stand in the same place.

    A raw joint of the same number goes first; others count where they agree. So a flag follows its joint through any
    reordering (MMPose's KeypointConverter); one made of two others, which stands nowhere, is LABELLED (3).
    """
    v, own = joints[:, 2], joints[: len(keypoints)]
    if len(own) == len(keypoints) and (np.abs(keypoints - own[:, :2]) < SAME_PLACE).all():
        return own[:, 2].copy()  # as nearly always; all below comes to the same
    same = (np.abs(keypoints[:, None] - joints[:, :2]) < SAME_PLACE).all(-1)
    known = np.where(same & (v > UNLABELLED), v, np.nan)
    lowest, highest = np.fmin.reduce(known, 1, initial=LABELLED), np.fmax.reduce(known, 1, initial=UNLABELLED)
    flags = np.where(lowest == highest, lowest, LABELLED)
    number = np.arange(min(same.shape))
    flags[number] = np.where(same[number, number], v[number], flags[number])
    return flags


def visibility(keypoints: np.ndarray, visible: np.ndarray, annotation: Raw | None) -> np.ndarray:
    """The visibility flags (K,) of one person as MMPose has it, float32: 0, 1, 2 or, where nobody knows, LABELLED (3).

    Flags come from the raw annotation where the data set keeps it; else ``visible`` says which joints are labelled, and
    more where :class:`~shg_xai.datasets.checked_coco.LoadVisibility` has carried flags in it.

    Args:
        keypoints: (K, 2), in pixels of the image, where the annotation has them.
        visible: ``keypoints_visible`` of a sample, (K,), or (K, 2) behind KeypointConverter, weights in the second.
        annotation: ``raw_ann_info`` of a sample, or None.

    Raises:
        InputError: The box comes from a detector, so nobody knows who the person is; MMPose then has all joints at
            0, 0 and visible.
    """
    visible = visible if visible.ndim == 1 else visible[:, 0]
    if annotation is not None:
        flags = matched_flags(keypoints, raw_joints(annotation))
    elif (visible > 0).all() and not keypoints.any():
        mend = "set bbox_file='' in val_dataloader.dataset and test_dataloader.dataset"
        raise InputError(f'annotated persons are needed, but these boxes come from a detector: {mend}')
    else:
        flags = visible if (visible > OCCLUDED).any() else np.full(len(visible), LABELLED)
    return np.where(visible > 0, flags, UNLABELLED).astype(np.float32)


def visibilities(keypoints: np.ndarray, visible: np.ndarray, annotations: Sequence[Raw | None]) -> np.ndarray:
    """:func:`visibility` of N persons, (N, K), by keypoints (N, K, 2) and ``visible`` (N, K)."""
    plain = [None if annotation is None else annotation.get('keypoints') for annotation in annotations]
    if all(plain) and len({len(joints) for joints in plain if joints}) == 1:
        joints = np.array(plain, np.float32).reshape(len(keypoints), -1, 3)
        own = joints[:, : keypoints.shape[1]]
        alike = own.shape[1] == keypoints.shape[1] and (np.abs(keypoints - own[..., :2]) < SAME_PLACE).all()
        if alike and is_flag(joints[..., 2]).all():  # as nearly always; what follows comes to the same
            return np.where(visible > 0, own[..., 2], UNLABELLED).astype(np.float32)
    return np.stack([visibility(*person) for person in zip(keypoints, visible, annotations, strict=True)])

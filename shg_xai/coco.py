"""COCO's keypoint annotation files, as types; whether a file keeps to them is checked where it is read."""

from typing import TypedDict


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

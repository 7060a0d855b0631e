"""Stores of made persons whose labels are right, but for those that a test spoils."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shg_xai.latents import Layer, Manifest, ShardWriter, create_store

NAMES = (
    *('head', 'left_shoulder', 'right_shoulder', 'left_elbow', 'right_elbow', 'left_wrist', 'right_wrist'),
    *('left_hip', 'right_hip', 'left_knee', 'right_knee'),
)
MIRRORED = (0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9)
LINKS = ((1, 3), (3, 5), (2, 4), (4, 6), (1, 7), (2, 8), (7, 9), (8, 10), (0, 1), (0, 2))
POSE = np.array(
    [(0, -40), (14, -25), (-14, -25), (24, -8), (-24, -8), (28, 10), (-28, 10), (9, 12), (-9, 12), (11, 40), (-11, 40)],
    float,
)
Floats = NDArray[np.float64]


def made_persons(count: int, seed: int = 0) -> list[dict[str, Any]]:
    """Persons in crops of 200 pixels around (100, 100), one a photo, who stand with their limbs a little apart each.

    The network is right within two pixels and its heatmaps are high; of one person in eight it is unsure, and exchanges
    left and right of the arms, or puts a joint anywhere.
    """
    random = np.random.default_rng(seed)
    return [_person(number, random) for number in range(count)]


def _person(number: int, random: np.random.Generator) -> dict[str, Any]:
    truth = 100 + POSE * random.uniform(0.8, 1.2) + random.normal(scale=5, size=POSE.shape)
    found, heights = truth + random.normal(scale=2, size=POSE.shape), random.uniform(0.6, 1, len(POSE))
    flags = np.where(random.random(len(POSE)) < 0.25, 0, 2)
    heights[flags == 0] = random.uniform(0, 0.3, int((flags == 0).sum()))
    if number % 8 == 7:
        heights *= 0.4
        if number % 16 == 7:
            found[[1, 2, 3, 4, 5, 6]] = found[[2, 1, 4, 3, 6, 5]]
        else:
            found[random.integers(len(POSE))] = random.uniform(20, 180, 2)
    low, high = truth.min(0) - 5, truth.max(0) + 5
    return dict(
        annotation_id=1000 + number,
        image_id=number,
        file_name=f'{number}.jpg',
        dataset='made',
        split='val',
        bbox=[*low, *(high - low)],
        area=5000.0,
        image_width=200,
        image_height=200,
        crop_center=[100, 100],
        crop_scale=[200, 200],
        keypoints=truth,
        visibility=flags,
        predicted_keypoints=found,
        keypoint_scores=heights,
        pck=1.0,
    )


def write_labels(folder: Path, persons: list[dict[str, Any]], **changes: Any) -> Path:
    """A store of these persons, with latents that say nothing."""
    facts = dict(
        layers=(Layer.named('latent', (2,), 'float32'),),
        rows=len(persons),
        keypoint_names=NAMES,
        skeleton_links=LINKS,
        source=dict(dataset=dict(ann_file='made.json', sha256='made')),
        environment={},
        sigmas=(0.1,) * len(NAMES),
        mirrored=MIRRORED,
    )
    content = Manifest(**{**facts, **changes})
    create_store(folder, content)
    with ShardWriter(folder, content) as writer:
        writer.add(persons, dict(latent=np.random.default_rng(0).normal(size=(len(persons), 2))))
    return folder

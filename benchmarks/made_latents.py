"""A latent store of made numbers: anisotropic, with clusters, and factors behind the values."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from shg_xai.latents import Layer, Manifest, ShardWriter, create_store

DECAY = 1.35  # of the spectrum; the first 542 of 4,096 components hold 95 %, as in the study
GROUPS = 3
BATCH = 1024
CROP, THRESHOLD = 125, 0.05  # side of each person's crop, and what of it is near enough
NAMES = (
    'nose',
    'left_eye',
    'right_eye',
    'left_ear',
    'right_ear',
    'left_shoulder',
    'right_shoulder',
    'left_elbow',
    'right_elbow',
    'left_wrist',
    'right_wrist',
    'left_hip',
    'right_hip',
    'left_knee',
    'right_knee',
    'left_ankle',
    'right_ankle',
)
LINKS = (
    (15, 13),
    (13, 11),
    (16, 14),
    (14, 12),
    (11, 12),
    (5, 11),
    (6, 12),
    (5, 6),
    (5, 7),
    (6, 8),
    (7, 9),
    (8, 10),
    (1, 2),
    (0, 1),
    (0, 2),
    (1, 3),
    (2, 4),
    (3, 5),
    (4, 6),
)
# A standing person who faces the camera, in a box of 100 x 100.
STANDING = np.array(
    [
        (50, 12),
        (54, 9),
        (46, 9),
        (58, 11),
        (42, 11),
        (64, 25),
        (36, 25),
        (72, 40),
        (28, 40),
        (76, 54),
        (24, 54),
        (58, 55),
        (42, 55),
        (60, 75),
        (40, 75),
        (61, 95),
        (39, 95),
    ],
    dtype=float,
)


def make_store(
    folder: Path, persons: int, shape: tuple[int, ...] = (256, 4, 4), dtype: str = 'float16', seed: int = 0
) -> Path:
    """Write a store; the same seed gives the same persons, whatever their number."""
    manifest = Manifest(
        layers=(Layer.named('bottleneck', shape, dtype),),
        rows=persons,
        keypoint_names=NAMES,
        skeleton_links=LINKS,
        source=dict(made=True, seed=seed),
        environment={},
    )
    create_store(folder, manifest)
    with ShardWriter(folder, manifest) as writer:
        for start, values, factors, known in batches(persons, int(np.prod(shape)), seed):
            rows = [_row(start + place, factors[place], known[place]) for place in range(len(values))]
            writer.add(rows, {'bottleneck': values.reshape(-1, *shape)})
    return folder


def batches(persons: int, dimensions: int, seed: int) -> Iterator[tuple[int, np.ndarray, np.ndarray, np.ndarray]]:
    """First person, values (n, D), factors (n, 3) and labelled joints (n, 17) of each batch."""
    world = np.random.default_rng(seed)
    basis = np.linalg.qr(world.standard_normal((dimensions, dimensions)))[0].astype(np.float32)
    sigma = np.arange(1, dimensions + 1, dtype=np.float32) ** (-DECAY / 2)
    centres = np.zeros((GROUPS, dimensions), np.float32)
    centres[:, :4] = 1.5 * world.standard_normal((GROUPS, min(4, dimensions)))[:, :4]
    for start in range(0, persons, BATCH):
        size = min(BATCH, persons - start)
        generator = np.random.default_rng([seed, start])
        values = generator.standard_normal((size, dimensions), dtype=np.float32)
        group = generator.integers(0, GROUPS, size)
        # Posture is seen in the first component, the side faced in the second, dropout in both.
        factors = np.stack(
            [generator.random(size), generator.uniform(-180, 180, size), generator.random(size) * 0.8], axis=1
        )
        values[:, 0] += 3 * (factors[:, 0] - 0.5) - 2 * factors[:, 2]
        values[:, 1] += 1.5 * np.cos(np.radians(factors[:, 1])) + factors[:, 2]
        values = ((values * sigma) + centres[group]) @ basis + 0.1
        known = generator.random((size, len(NAMES))) >= factors[:, 2:] * 0.6
        yield start, values, factors, known


def _row(number: int, factors: np.ndarray, known: np.ndarray) -> dict[str, Any]:
    """A person who sits as far as the first factor says, in a picture of two persons."""
    posture, yaw, dropout = factors
    generator = np.random.default_rng([number])
    points = STANDING * (1 + 0.2 * generator.random()) + generator.normal(0, 2, STANDING.shape)
    points[13:15, 1] -= 18 * posture
    points[[5, 6, 11, 12], 0] = 50 + (points[[5, 6, 11, 12], 0] - 50) * np.cos(np.radians(yaw))
    flags = np.where(known, np.where(generator.random(len(known)) < 0.2, 1, 2), 0)
    corner = generator.uniform(0, 300, 2).round(2)
    # Heights of heatmaps tell most of the joints that are predicted elsewhere; more are where more is unlabelled.
    wrong = generator.random(len(known)) < 0.05 + 0.3 * dropout
    found = points + corner + generator.normal(0, np.where(wrong, 15, 1.5)[:, None], points.shape)
    heights = np.clip(0.7 - 0.25 * wrong + 0.15 * generator.standard_normal(len(known)), 0.02, 1)
    points = np.where(flags[:, None] > 0, points + corner, 0)
    right = np.linalg.norm(found - points, axis=1)[flags > 0] < THRESHOLD * CROP
    return {
        'annotation_id': number + 1,
        'image_id': number // 2,
        'file_name': f'{number // 2}.jpg',
        'dataset': 'made',
        'split': 'train',
        'bbox': [*corner, 100, 100],
        'crop_center': corner + 50,
        'crop_scale': [CROP, CROP],
        'keypoints': points.ravel(),
        'visibility': flags.tolist(),
        'num_labelled': int((flags > 0).sum()),
        'predicted_keypoints': found.ravel(),
        'keypoint_scores': heights,
        'pck': float(right.mean()) if len(right) else None,
        'factors.posture': posture,
        'factors.yaw_deg': yaw,
        'factors.label_dropout': dropout,
    }

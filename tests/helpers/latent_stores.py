"""What the tests of latent stores share: a small manifest, and rows made from their number."""

from pathlib import Path
from typing import Any

import numpy as np

from shg_xai.latents import Layer, Manifest, ShardWriter, create_store
from shg_xai.latents.identity import Key, row_key
from shg_xai.latents.selection import Selection

NAMES = ('nose', 'left_wrist', 'right_wrist')
HALF, FULL = 'backbone:0', 'backbone.hourglasses.0.bottleneck'


def manifest(rows: int = 7, **changes: Any) -> Manifest:
    """Two layers, 2 x 3 x 3 in float16 and 4 in float32; three keypoints."""
    values = dict(
        layers=(Layer.named(HALF, (2, 3, 3)), Layer.named(FULL, (4,), 'float32')),
        rows=rows,
        keypoint_names=NAMES,
        skeleton_links=((0, 1), (0, 2)),
        source=dict(
            split='val',
            config='a = 1\nb = 2\n',
            checkpoint=dict(path='a.pth', sha256='1'),
            files=[dict(path='b.json', sha256='2')],
        ),
        environment=dict(numpy='1.26', seed=0),
    )
    return Manifest(**{**values, **changes})


def row(number: int, **changes: Any) -> dict[str, Any]:
    """A person: every third has no prediction; the factor is a tenth of the number."""
    seen = number % 3 > 0
    values = dict(
        annotation_id=100 + number,
        image_id=number // 2,
        file_name=f'{number // 2}.jpg',
        dataset='people',
        split='val',
        bbox=[number, 1, 20, 40],
        crop_center=(10.5, number),
        crop_scale=np.array([50, 50.0]),
        keypoints=[[number, 2], [3, 4], [0, 0]],
        visibility=[2, 1, 0],
        num_labelled=2,
        predicted_keypoints=np.full((3, 2), number) if seen else None,
        keypoint_scores=[0.5, 0.25, 1] if seen else None,
        pck=0.5 if seen else None,
    )
    return {**values, 'factors.posture': number / 10, **changes}


def keys(*numbers: int) -> set[Key]:
    """Who these persons are."""
    return {row_key(row(number)) for number in numbers}


def arrays(numbers: list[int]) -> dict[str, np.ndarray]:
    """Value 10 * number + place in both layers; below 2048, so exact in float16."""
    first = 10.0 * np.array(numbers, float)
    return {HALF: first[:, None, None, None] + np.arange(18.0).reshape(2, 3, 3), FULL: first[:, None] + np.arange(4.0)}


def write(
    folder: Path, numbers: list[int], rank: int = 0, rows_per_shard: int = 2, rows: int = 7, batch: int = 3
) -> Path:
    """Write these persons to a store, batch by batch."""
    create_store(folder, manifest(rows))
    with ShardWriter(folder, manifest(rows), rank, rows_per_shard) as writer:
        for start in range(0, len(numbers), batch):
            part = numbers[start : start + batch]
            writer.add([row(number) for number in part], arrays(part))
    return folder


def some_values(count: int, shape: tuple[int, ...] = (5, 2, 2), seed: int = 0) -> np.ndarray:
    """Values far from 0, of very different spread."""
    generator = np.random.default_rng(seed)
    size = int(np.prod(shape))
    values = generator.standard_normal((count, size)) @ generator.standard_normal((size, size))
    return (values * np.logspace(0, -2, size) + 30).reshape(count, *shape).astype(np.float32)


def plain(selection: Selection) -> np.ndarray:
    """All values, float64, (N, D), without our reading by blocks."""
    values = np.concatenate(
        [np.asarray(shard.array(selection.layer), np.float64) for shard in selection.store.shards()]
    )
    return values.reshape(len(values), -1)[selection.rows]

"""Stores of persons some of whose joints are predicted wrong."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from shg_xai.latents import LatentStore, Layer, Manifest, ShardWriter, create_store
from shg_xai.latents.selection import Selection, select

NAMES, SIDE = ('nose', 'left_wrist', 'right_wrist'), 200.0
FAR = 10.0  # pixels: 0.05 of the side, which is wrong


def failing(
    folder: Path,
    latents: np.ndarray,
    images: np.ndarray,
    heights: np.ndarray | None,
    wrong: np.ndarray,
    flags: np.ndarray | None = None,
    split: str = 'val',
    doubts: Mapping[str, Sequence[np.ndarray | None] | np.ndarray] | None = None,
) -> Selection:
    """N persons with heights and wrong joints (N, 3), all labelled unless flags (N, 3) say otherwise; without heights
    nothing was predicted. Doubts (N, 3) are by column.
    """
    count = len(latents)
    flags = np.full((count, 3), 2) if flags is None else flags
    layers = (Layer.named('latent', latents.shape[1:], 'float32'),)
    manifest = Manifest(layers, count, NAMES, ((0, 1),), dict(dataset=dict(split=split)), {})
    create_store(folder, manifest)
    with ShardWriter(folder, manifest) as writer:
        rows = [row(number, int(images[number]), heights, wrong[number], flags[number]) for number in range(count)]
        rows = [one | {name: own[number] for name, own in (doubts or {}).items()} for number, one in enumerate(rows)]
        writer.add(rows, {'latent': latents.astype(np.float32)})
    return select(LatentStore.open(folder))


def row(number: int, image: int, heights: np.ndarray | None, wrong: np.ndarray, flags: np.ndarray) -> dict[str, Any]:
    """One person; joints are at 50, 50, and right ones are missed by almost too much."""
    truth = np.where(flags[:, None] > 0, 50.0, [0.0, 0])
    found = truth + np.array([1.0, 0]) * np.where(wrong, FAR, FAR - 0.25)[:, None]
    known = heights is not None
    return dict(
        annotation_id=number + 1,
        image_id=image,
        file_name=f'{image}.jpg',
        dataset='made',
        split='val',
        bbox=[0, 0, 100, 100],
        crop_center=[50, 50],
        crop_scale=[SIDE, SIDE / 2],
        keypoints=truth.ravel(),
        visibility=flags,
        predicted_keypoints=found.ravel() if known else None,
        keypoint_scores=heights[number] if heights is not None else None,
        pck=None,
    )

"""The suspects as a store has them: labels, predictions, boxes, and the sizes of their photos."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shg_xai.chapters.label_errors.results import Suspect
from shg_xai.drawing.pictures import photo_file
from shg_xai.latents import LatentStore
from shg_xai.latents.selection import Selection
from shg_xai.photos import seen_size

COLUMNS = (
    *('file_name', 'image_id', 'annotation_id', 'dataset', 'image_width', 'image_height', 'bbox', 'area'),
    *('keypoints', 'visibility', 'predicted_keypoints', 'keypoint_scores', 'crop_center', 'crop_scale'),
)


@dataclass(frozen=True)
class Shown:
    """One suspect; K joints, places in pixels of the photo. The size is None where neither store nor photo says it."""

    suspect: Suspect
    file: Path | None  # the photo, where it is there
    size: tuple[int, int] | None
    bbox: list[float]
    area: float | None
    crop_center: list[float]
    crop_scale: list[float]
    keypoints: NDArray[np.float32]  # (K, 2)
    flags: NDArray[np.int64]  # (K,)
    predicted: NDArray[np.float32]  # (K, 2)
    heights: NDArray[np.float32]  # (K,)


def folder_of(store: LatentStore, images: Path | None) -> Path | None:
    """Where the photos are: the folder named, else the one that the store was dumped from."""
    known = store.manifest.environment.get('image_dir')
    return images or (Path(known) if isinstance(known, str) else None)


def shown(selection: Selection, suspects: Sequence[Suspect], images: Path | None) -> list[Shown]:
    """The suspects, in their order."""
    folder, table = folder_of(selection.store, images), selection.table(COLUMNS)
    places = {key: row for row, key in enumerate(selection.keys)}
    rows = table.take([places[one.dataset, one.image_id, one.annotation_id] for one in suspects]).to_pylist()
    found = []
    for one, row in zip(suspects, rows, strict=True):
        size = (row['image_width'], row['image_height'])
        file = photo_file(folder, row['file_name'], size)
        found.append(
            Shown(
                suspect=one,
                file=file,
                size=size if None not in size else seen_size(file) if file else None,
                bbox=row['bbox'],
                area=row['area'],
                crop_center=row['crop_center'],
                crop_scale=row['crop_scale'],
                keypoints=np.array(row['keypoints'], np.float32).reshape(-1, 2),
                flags=np.array(row['visibility'], np.int64),
                predicted=np.array(row['predicted_keypoints'], np.float32).reshape(-1, 2),
                heights=np.array(row['keypoint_scores'], np.float32),
            )
        )
    return found

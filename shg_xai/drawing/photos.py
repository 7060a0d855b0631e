"""Pictures of persons from the photos of a data set."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from PIL import Image
from tqdm import tqdm

from shg_xai.drawing.pictures import Person, person_picture, sides_of
from shg_xai.errors import InputError


def photo_file(folder: Path | None, file_name: str) -> Path | None:
    """The photo of a name in a folder; None where there is none inside of it."""
    if folder is None:
        return None
    try:
        file = (folder / file_name).resolve()
        inside = file.is_relative_to(folder.resolve())
        return file if inside and file.is_file() else None
    except (OSError, ValueError):  # no file can have this name
        return None


def missing_photos(folder: Path | None, table: pa.Table) -> int:
    """Of how many persons of a table the photo is not there."""
    return sum(photo_file(folder, name) is None for name in table['file_name'].to_pylist())


def draw_persons(
    folder: Path | None, table: pa.Table, links: Sequence[tuple[int, int]], keypoint_names: Sequence[str], label: str
) -> Iterator[bytes]:
    """Draw the persons of an atlas one by one, on grey where the photo is not there.

    Args:
        folder: Where the photos are.
        table: Rows with file name, keypoints, visibility and crop.
        links: Pairs of keypoints with a line between.
        keypoint_names: They tell left from right.
        label: Of the progress bar.

    Yields:
        A JPEG.

    Raises:
        InputError: A photo is there and cannot be read.
    """
    sides = sides_of(keypoint_names)
    names = ('file_name', 'crop_center', 'crop_scale', 'keypoints', 'visibility')
    opened: tuple[str | None, NDArray[np.uint8] | None] = (None, None)
    for row in tqdm(table.select(names).to_pylist(), desc=label, unit='person', mininterval=0.5):
        if opened[0] != row['file_name']:  # persons of a photo follow each other
            opened = (row['file_name'], _read(photo_file(folder, row['file_name'])))
        points, flags = np.reshape(row['keypoints'], (-1, 2)), np.array(row['visibility'])
        yield person_picture(
            opened[1], Person(row['crop_center'], row['crop_scale'], points, flags), links, sides=sides
        )


def _read(file: Path | None) -> NDArray[np.uint8] | None:
    if file is None:
        return None
    try:
        with Image.open(file) as image:
            return np.asarray(image.convert('RGB'))
    except (OSError, Image.DecompressionBombError) as error:
        raise InputError(f'{file}: cannot be read as a picture: {error}') from error

"""A person's crop with the skeleton drawn in, and the table that holds such pictures.

The person's left is drawn orange, the right blue (Okabe and Ito's), both apart from each other for every kind of colour
blindness; visible joints are filled, occluded ones hollow.
"""

import io
import json
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from shg_xai.errors import InputError
from shg_xai.writing import aside

GREY = (190, 190, 190)
COLOURS = {'left': (230, 159, 0), 'right': (0, 114, 178), '': (245, 245, 245)}
HALO = (20, 20, 20)
# ImageDraw knows no smooth lines; drawn larger and scaled down they are.
OVERSAMPLING = 3
QUALITY = 76
ROWS_PER_GROUP = 256
IMAGE = pa.struct([('bytes', pa.binary()), ('path', pa.string())])
# By which Hugging Face's datasets knows the column for pictures.
FEATURES = {b'huggingface': json.dumps({'info': {'features': {'image': {'_type': 'Image'}}}})}


def sides_of(keypoint_names: Sequence[str]) -> tuple[str, ...]:
    """``left``, ``right`` or nothing for each keypoint, from how its name begins."""
    return tuple(next((side for side in ('left', 'right') if name.startswith(side)), '') for name in keypoint_names)


COCO_SIDES = ('', *('left', 'right') * 8)


class Person(NamedTuple):
    """What is drawn of a person; all places in pixels of the image.

    Attributes:
        crop_center: x and y of the crop's middle.
        crop_scale: Width and height of the crop.
        keypoints: Shape (K, 2).
        visibility: COCO's flags, shape (K,): 0 not labelled (not drawn), 1 occluded, 2 visible.
    """

    crop_center: Sequence[float]
    crop_scale: Sequence[float]
    keypoints: NDArray[Any]
    visibility: NDArray[Any]


def person_picture(
    image: NDArray[np.uint8] | None,
    person: Person,
    links: Sequence[tuple[int, int]],
    size: int = 112,
    sides: Sequence[str] | None = None,
) -> bytes:
    """Draw a person in the square crop around the crop box, grey where there is no image, as a JPEG.

    Args:
        image: RGB, shape (H, W, 3); None where it is not there.
        person: Who.
        links: Pairs of keypoints with a line between.
        size: Side of the picture, in pixels.
        sides: Of each keypoint, as of :func:`sides_of`; None: COCO's, or none where K is not 17.
    """
    side = max(float(person.crop_scale[0]), float(person.crop_scale[1]), 1.0)
    left, top = (float(middle) - side / 2 for middle in person.crop_center)
    canvas = _crop(image, left, top, side, size).resize((size * OVERSAMPLING,) * 2)
    if sides is None:
        sides = COCO_SIDES if len(person.keypoints) == len(COCO_SIDES) else ('',) * len(person.keypoints)
    points = (np.asarray(person.keypoints, float) - (left, top)) * (size * OVERSAMPLING / side)
    _draw_skeleton(canvas, points, np.asarray(person.visibility), links, sides)
    file = io.BytesIO()
    # Without subsampled colours: the skeleton is thin, and its colours tell left from right.
    canvas.resize((size, size), Image.Resampling.BOX).save(file, 'JPEG', quality=QUALITY, subsampling=0)
    return file.getvalue()


def _crop(image: NDArray[np.uint8] | None, left: float, top: float, side: float, size: int) -> Image.Image:
    """Cut out a square, grey where it leaves the image, and scale it to the size."""
    low = np.floor([left, top]).astype(int)
    extent = int(np.ceil(side)) + 1
    canvas = Image.new('RGB', (extent, extent), GREY)
    if image is not None:
        height, width = image.shape[:2]
        first, last = np.maximum(low, 0), np.minimum(low + extent, (width, height))
        if (last > first).all():
            part = image[first[1] : last[1], first[0] : last[0]]
            canvas.paste(Image.fromarray(np.ascontiguousarray(part)), tuple((first - low).tolist()))
    box = (left - low[0], top - low[1], left - low[0] + side, top - low[1] + side)
    return canvas.resize((size, size), Image.Resampling.BICUBIC, box=box)


def _draw_skeleton(
    canvas: Image.Image,
    points: NDArray[np.float64],
    visibility: NDArray[Any],
    links: Sequence[tuple[int, int]],
    sides: Sequence[str],
) -> None:
    """Draw bones, then joints, each on a dark edge that parts it from a bright image."""
    pen = ImageDraw.Draw(canvas)
    unit = canvas.width / 112
    bones = [(a, b) for a, b in links if visibility[a] > 0 and visibility[b] > 0]
    for width, edge in ((3.2 * unit, True), (1.9 * unit, False)):
        for a, b in bones:
            # A bone between left and right, as the shoulders', is of neither side.
            side = sides[b] if sides[a] in (sides[b], '') else sides[a] if not sides[b] else ''
            pen.line([*points[a], *points[b]], HALO if edge else COLOURS[side], round(width))
    for joint in np.flatnonzero(visibility > 0):
        (x, y), radius = points[joint], 2.4 * unit
        colour = COLOURS[sides[joint]]
        box = [x - radius, y - radius, x + radius, y + radius]
        if visibility[joint] == 1:
            pen.ellipse(box, (255, 255, 255), colour, round(1.2 * unit))
        else:
            pen.ellipse(box, colour, HALO, max(1, round(0.5 * unit)))


def write_atlas(file: Path, table: pa.Table, pictures: Iterable[bytes | None]) -> None:
    """Write the atlas: the table with a column ``image`` of JPEGs, some rows at a time.

    Args:
        file: Written beside its place first, then renamed.
        table: All other columns, ``file_name`` among them; only its last part goes to ``path``.
        pictures: One a row, in their order; made only when they are written.

    Raises:
        InputError: There are fewer or more pictures than rows, or the file cannot be written.
    """
    fields = [*table.schema, pa.field('image', IMAGE)]
    schema = pa.schema(fields, {**(table.schema.metadata or {}), **FEATURES})
    supply = iter(pictures)
    with aside(file) as part:
        with pq.ParquetWriter(part, schema, compression='zstd') as writer:
            for start in range(0, max(table.num_rows, 1), ROWS_PER_GROUP):
                rows = table.slice(start, ROWS_PER_GROUP)
                items = list(islice(supply, rows.num_rows))
                if len(items) < rows.num_rows:
                    raise InputError(f'{file}: {start + len(items)} pictures for {table.num_rows} rows; give one a row')
                writer.write_table(_with_pictures(rows, items, schema))
        if next(supply, part) is not part:
            raise InputError(f'{file}: more pictures than its {table.num_rows} rows; give one a row')


def _with_pictures(rows: pa.Table, items: list[bytes | None], schema: pa.Schema) -> pa.Table:
    """Add the pictures to a part of the table."""
    names = rows['file_name'].to_pylist()
    column = pa.array(
        [
            None if item is None else {'bytes': item, 'path': PurePosixPath(name).name if name else None}
            for name, item in zip(names, items, strict=True)
        ],
        IMAGE,
    )
    return pa.Table.from_arrays([*rows.combine_chunks().columns, column], schema=schema)

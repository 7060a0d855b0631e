"""Pictures of persons: crops of photos, if they are there, with the skeleton drawn in; and the table that holds them.

The person's left is orange, the right blue (Okabe and Ito's); visible joints are filled, occluded ones hollow.
"""

import io
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from tqdm import tqdm

from shg_xai.errors import InputError
from shg_xai.photos import read_photo, seen_size
from shg_xai.writing import aside

GREY, HALO = (190, 190, 190), (20, 20, 20)
COLOURS = {'left': (230, 159, 0), 'right': (0, 114, 178), '': (245, 245, 245)}
OVERSAMPLING = 3  # ImageDraw knows no smooth lines; drawn larger and scaled down they are
QUALITY = 76
ROWS_PER_GROUP = 256
MOST_KEPT = 10_000  # pictures of 3 kB or so that are remembered
SIZE = ('image_width', 'image_height')  # of a photo as it was when it was read
Photo = NDArray[np.uint8]  # RGB, (H, W, 3)
Links = Sequence[tuple[int, int]]  # pairs of keypoints with a line between
IMAGE = pa.struct([('bytes', pa.binary()), ('path', pa.string())])
# By which Hugging Face's datasets knows the column for pictures.
FEATURES = {b'huggingface': json.dumps({'info': {'features': {'image': {'_type': 'Image'}}}})}


def sides_of(keypoint_names: Sequence[str]) -> tuple[str, ...]:
    """``left``, ``right`` or nothing for each keypoint, from how its name begins."""
    return tuple(next((side for side in ('left', 'right') if name.startswith(side)), '') for name in keypoint_names)


COCO_SIDES = ('', *('left', 'right') * 8)


class Person(NamedTuple):
    """What is drawn of a person; all places in pixels of the image."""

    crop_center: Sequence[float]
    crop_scale: Sequence[float]  # width and height
    keypoints: NDArray[Any]  # (K, 2)
    visibility: NDArray[Any]  # COCO's flags, (K,): 0 not labelled (not drawn), 1 occluded, 2 visible


def person_picture(
    image: Photo | None, person: Person, links: Links, size: int = 112, sides: Sequence[str] | None = None
) -> bytes:
    """Draw a person in the square crop around the crop box, grey where there is no photo, as a JPEG of so many pixels.

    ``sides``: of each keypoint, as of :func:`sides_of`; None: COCO's, or none where K is not 17.
    """
    side = max(float(person.crop_scale[0]), float(person.crop_scale[1]), 1.0)
    left, top = (float(middle) - side / 2 for middle in person.crop_center)
    x, y, extent = math.floor(left), math.floor(top), math.ceil(side) + 1
    crop = Image.new('RGB', (extent, extent), GREY)
    if image is not None:
        crop.paste(Image.fromarray(image), (-x, -y))
    box = (left - x, top - y, left - x + side, top - y + side)
    canvas = crop.resize((size, size), Image.Resampling.BICUBIC, box=box)
    canvas = canvas.resize((size * OVERSAMPLING,) * 2, Image.Resampling.NEAREST)  # scaled down the photo is as before
    if sides is None:
        sides = COCO_SIDES if len(person.keypoints) == len(COCO_SIDES) else ('',) * len(person.keypoints)
    points = (np.asarray(person.keypoints, float) - (left, top)) * (size * OVERSAMPLING / side)
    _draw_bones(canvas, points, np.asarray(person.visibility), links, sides)
    file = io.BytesIO()
    # Without subsampled colours: the skeleton is thin, and its colours tell left from right.
    canvas.reduce(OVERSAMPLING).save(file, 'JPEG', quality=QUALITY, subsampling=0)
    return file.getvalue()


def _draw_bones(canvas: Image.Image, points: NDArray[Any], v: NDArray[Any], links: Links, sides: Sequence[str]) -> None:
    """Draw bones, then joints, each on a dark edge that parts it from a bright image."""
    pen = ImageDraw.Draw(canvas)
    unit = canvas.width / 112
    bones = [(a, b) for a, b in links if v[a] > 0 and v[b] > 0]
    for width, edge in ((3.2 * unit, True), (1.9 * unit, False)):
        for a, b in bones:
            # A bone between left and right, as the shoulders', is of neither side.
            side = sides[b] if sides[a] in (sides[b], '') else sides[a] if not sides[b] else ''
            pen.line([*points[a], *points[b]], HALO if edge else COLOURS[side], round(width))
    for joint in np.flatnonzero(v > 0):
        (x, y), radius = points[joint], 2.4 * unit
        colour, box = COLOURS[sides[joint]], [x - radius, y - radius, x + radius, y + radius]
        if v[joint] == 1:
            pen.ellipse(box, (255, 255, 255), colour, round(1.2 * unit))
        else:
            pen.ellipse(box, colour, HALO, max(1, round(0.5 * unit)))


def photo_file(folder: Path | None, file_name: str, size: tuple[int | None, int | None] = (None, None)) -> Path | None:
    """The photo of a name in a folder; None where there is none inside of it, or one that is certainly another.

    ``size``, where it is known, is the width and height of the photo that the network saw.
    """
    if folder is None:
        return None
    try:
        file = (folder / file_name).resolve()
        if not file.is_relative_to(folder.resolve()) or not file.is_file():
            return None
    except (OSError, ValueError):  # no file can have this name
        return None
    return file if None in size or seen_size(file) in (size, None) else None


def _photos(folder: Path | None, table: pa.Table) -> Iterator[Path | None]:
    """The photo of each person of a table."""
    width, height = (table[key].to_pylist() if key in table.column_names else [None] * len(table) for key in SIZE)
    for name, *size in zip(table['file_name'].to_pylist(), width, height, strict=True):
        yield photo_file(folder, name, (size[0], size[1]))


def missing_photos(folder: Path | None, table: pa.Table) -> int:
    """Of how many persons of a table the photo is not there, or another is."""
    return sum(file is None for file in _photos(folder, table))


def draw_persons(
    folder: Path | None,
    table: pa.Table,
    links: Links,
    keypoint_names: Sequence[str],
    label: str,
    drawn: dict[str, bytes] | None = None,
) -> Iterator[bytes]:
    """Draw the persons of an atlas one by one as JPEGs, on grey where the photo is not there, or of another size.

    The table has file name, keypoints, visibility and crop, and may have the photo's size; names tell left from right;
    the label is of the progress bar. Who is in ``drawn`` already, by all that is drawn, is not drawn again; others are
    added, up to MOST_KEPT. InputError where a photo is there and cannot be read.
    """
    sides, kept = sides_of(keypoint_names), dict[str, bytes]() if drawn is None else drawn
    names = ['file_name', 'crop_center', 'crop_scale', 'keypoints', 'visibility']
    opened: tuple[Path | None, Photo | None] = (None, None)
    rows = table.select(names + [name for name in SIZE if name in table.column_names]).to_pylist()
    for row in tqdm(rows, desc=label, unit='person', mininterval=0.5):
        known = repr((folder, links, sides, row))
        if known not in kept:
            file = photo_file(folder, row['file_name'], (row.get(SIZE[0]), row.get(SIZE[1])))
            if opened[0] != file:  # persons of a photo follow each other
                opened = (file, None if file is None else read_photo(file))
            points, flags = np.reshape(row['keypoints'], (-1, 2)), np.array(row['visibility'])
            person = Person(row['crop_center'], row['crop_scale'], points, flags)
            picture = person_picture(opened[1], person, links, sides=sides)
            if drawn is not None and len(kept) < MOST_KEPT:
                kept[known] = picture
        else:
            picture = kept[known]
        yield picture


def write_atlas(file: Path, table: pa.Table, pictures: Iterable[bytes | None]) -> None:
    """Write the atlas: the table with a column ``image`` of JPEGs, made when they are written, some rows at a time.

    The last part of each row's ``file_name`` is the picture's ``path``. InputError where there are fewer or more
    pictures than rows, or the file cannot be written.
    """
    fields = [*table.schema, pa.field('image', IMAGE)]
    schema = pa.schema(fields, {**(table.schema.metadata or {}), **FEATURES})
    supply = iter(pictures)
    with aside(file) as part:
        with pq.ParquetWriter(part, schema, compression='zstd') as writer:
            for start in range(0, max(table.num_rows, 1), ROWS_PER_GROUP):
                rows = table.slice(start, ROWS_PER_GROUP).combine_chunks()
                items = list(islice(supply, rows.num_rows))
                if len(items) < rows.num_rows:
                    raise InputError(f'{file}: {start + len(items)} pictures for {table.num_rows} rows; give one a row')
                paths = [PurePosixPath(name).name if name else None for name in rows['file_name'].to_pylist()]
                pairs = zip(items, paths, strict=True)
                images = [None if item is None else {'bytes': item, 'path': path} for item, path in pairs]
                writer.write_table(pa.Table.from_arrays([*rows.columns, pa.array(images, IMAGE)], schema=schema))
        if next(supply, part) is not part:
            raise InputError(f'{file}: more pictures than its {table.num_rows} rows; give one a row')

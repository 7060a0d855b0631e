"""Some persons whom the network meets well, and some on whom it fails: labels beside predictions.

Who is shown is drawn by lot among the best and among the worst met, so that neither is picked by hand.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from shg_xai.drawing.pictures import Links, Person, person_picture, photo_file, sides_of
from shg_xai.photos import read_photo
from shg_xai.random_streams import stream

GOOD, FAILED = 'good', 'failed'
EACH = 4  # persons of a kind
LABELLED = 5  # joints that have to be labelled, or PCK says little
PART = 0.1  # of the persons that are best met, and that are worst met
SIDE = 176  # pixels of a picture
RULE = (
    f'Up to {EACH} persons drawn at random from the tenth with the highest PCK, and {EACH} from the tenth with the '
    f'lowest, of those with at least {LABELLED} labelled joints. The person’s left is orange, the right blue; '
    'predictions are drawn for labelled joints alone.'
)
COLUMNS = ('annotation_id', 'file_name', 'pck', 'keypoints', 'visibility', 'crop_center', 'crop_scale')
PREDICTED = 'predicted_keypoints'


def choose(pck: NDArray[np.float64], labelled: NDArray[np.int64], seed: int) -> dict[str, NDArray[np.int64]]:
    """Rows of good and of failed persons, by PCK (N,), NaN where it is not known, and their labelled joints (N,)."""
    known = np.flatnonzero(np.isfinite(pck) & (labelled >= LABELLED))
    ordered = known[np.argsort(pck[known], kind='stable')]
    count = min(max(EACH, round(PART * len(ordered))), len(ordered) // 2)
    draw = stream(seed, 'map', 1)  # the map itself has no key
    worst, best = ordered[:count], ordered[len(ordered) - count :]
    found = {GOOD: draw.permutation(best)[:EACH], FAILED: draw.permutation(worst)[:EACH]}
    return {kind: rows for kind, rows in found.items() if len(rows)}


def strip_table(table: pa.Table, names: tuple[str, ...], links: Links, folder: Path | None, seed: int) -> pa.Table:
    """Who is shown, of persons with :data:`COLUMNS` and predictions: kind, name, PCK, and two JPEGs of each.

    InputError where a photo is there and cannot be read.
    """
    pck = np.array(table['pck'].to_pylist(), np.float64)
    pairs = zip(table['visibility'].to_pylist(), table[PREDICTED].to_pylist(), strict=True)
    labelled = np.array([0 if places is None else sum(flag > 0 for flag in flags) for flags, places in pairs])
    chosen = choose(pck, labelled, seed)
    rows = [dict(kind=kind, **own) for kind, rows in chosen.items() for own in table.take(rows).to_pylist()]
    return pa.Table.from_pylist([_row(own, *_pictures(own, names, links, folder)) for own in rows], SCHEMA)


SCHEMA = pa.schema(
    [
        ('kind', pa.string()),
        ('annotation_id', pa.int64()),
        ('file_name', pa.string()),
        ('pck', pa.float64()),
        ('labelled', pa.binary()),
        ('predicted', pa.binary()),
    ]
)


def _row(own: dict[str, object], labelled: bytes, predicted: bytes) -> dict[str, object]:
    known = {key: own[key] for key in ('kind', 'annotation_id', 'file_name', 'pck')}
    return known | dict(labelled=labelled, predicted=predicted)


def _pictures(own: dict, names: tuple[str, ...], links: Links, folder: Path | None) -> Iterator[bytes]:
    """The person as annotated, and as predicted."""
    file = photo_file(folder, own['file_name'])
    photo, flags = None if file is None else read_photo(file), np.array(own['visibility'])
    for key, seen in (('keypoints', flags), (PREDICTED, np.where(flags > 0, 2, 0))):
        person = Person(own['crop_center'], own['crop_scale'], np.reshape(own[key], (-1, 2)), seen)
        yield person_picture(photo, person, links, SIDE, sides_of(names))

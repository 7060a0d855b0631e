"""Which joints of each person are found, from where a store's table says they are and were predicted.

Shapes: N persons, K joints.
"""

import numpy as np
import pyarrow as pa

from shg_xai.coco import UNLABELLED
from shg_xai.stats.arrays import Float, Floats

# Of the crop's longer side, as the store's own PCK. Predictions are stored rounded to 1/16 pixel, so of joints that lie
# on the threshold a few turn out otherwise.
THRESHOLD = 0.05
COLUMNS = ('keypoints', 'predicted_keypoints', 'visibility', 'crop_scale')


def found_joints(table: pa.Table, joints: int) -> Float[Floats, 'N K']:
    """1 where a joint is predicted nearer to the truth than the threshold, 0 where not; NaN where it is not labelled or
    the person has no prediction.
    """
    truth, predicted = (_lists(table, name, 2 * joints).reshape(-1, joints, 2) for name in COLUMNS[:2])
    labelled = _lists(table, 'visibility', joints) > UNLABELLED
    side = _lists(table, 'crop_scale', 2).max(axis=1)
    distance = np.linalg.norm(predicted - truth, axis=2) / side[:, None]
    known = labelled & np.isfinite(distance)
    return np.where(known, distance < THRESHOLD, np.nan)


def _lists(table: pa.Table, column: str, length: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """A column of lists of one length, (N, length), NaN where there is none."""
    found = np.full((table.num_rows, length), np.nan, np.float32)
    start = 0
    for chunk in table[column].chunks:
        there = chunk.is_valid().to_numpy(zero_copy_only=False)
        rows = found[start : start + len(chunk)]
        rows[there] = chunk.flatten().to_numpy(zero_copy_only=False).reshape(-1, length)
        start += len(chunk)
    return found

"""Labels of a store's persons beside what the network predicted, in units of the crop.

Places are measured from the middle of the crop in its longer side, so that persons near and far are alike.

Shapes: N persons, K joints.
"""

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from shg_xai.chapters.error_types.people import lists
from shg_xai.latents.selection import Selection
from shg_xai.stats.arrays import Bools, Float32, Int, Ints, Shaped, Singles

COLUMNS = ('image_id', 'dataset', 'bbox', 'crop_center', 'crop_scale', 'keypoints', 'visibility')
PREDICTED = ('predicted_keypoints', 'keypoint_scores')
FEWEST_JOINTS = 2  # labelled: of one alone nothing tells a wrong label from a wrong prediction


@dataclass(frozen=True)
class Labels:
    """N persons with a prediction and at least two labelled joints, in units of the crop."""

    rows: Int[Ints, ' N']  # of the selection
    image_of: Int[Ints, ' N']  # from 0
    places: Float32[Singles, 'N K 2']
    flags: Int[Ints, 'N K']
    predicted: Float32[Singles, 'N K 2']
    heights: Float32[Singles, 'N K']
    box: Float32[Singles, 'N 4']  # left, top, right, bottom
    side: Float32[Singles, ' N']  # of the crop, in pixels
    middle: Float32[Singles, 'N 2']  # of the crop, in pixels of the photo

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def labelled(self) -> Shaped[Bools, 'N K']:
        """Which joints are."""
        return self.flags > 0

    def take(self, some: Ints | Bools) -> 'Labels':
        """Some of the persons, by number or mask."""
        return Labels(*(getattr(self, name)[some] for name in self.__dataclass_fields__))

    def moved(self, places: Float32[Singles, 'N K 2'], flags: Int[Ints, 'N K'] | None = None) -> 'Labels':
        """The same persons with other labels."""
        return replace(self, places=places, flags=self.flags if flags is None else flags)

    def boxed(self, box: Float32[Singles, 'N 4']) -> 'Labels':
        """The same persons with other boxes."""
        return replace(self, box=box)


def labels_of(selection: Selection) -> Labels:
    """Whoever of a selection can be judged; InputError where the table has lists of another length."""
    joints = len(selection.store.manifest.keypoint_names)
    table = selection.table([*COLUMNS, *PREDICTED])
    predicted, heights = lists(table, 'predicted_keypoints', 2 * joints), lists(table, 'keypoint_scores', joints)
    flags = lists(table, 'visibility', joints)
    known = np.isfinite(predicted).all(1) & np.isfinite(heights).all(1) & ((flags > 0).sum(1) >= FEWEST_JOINTS)
    rows = np.flatnonzero(known)
    side = np.maximum(lists(table, 'crop_scale', 2).max(1, initial=0), 1e-6)[rows, None, None]
    middle = lists(table, 'crop_center', 2)[rows, None]
    box = lists(table, 'bbox', 4)[rows].reshape(-1, 2, 2)
    corners = np.stack([box[:, 0], box[:, 0] + box[:, 1]], 1)

    def in_crop(places: Singles) -> Singles:
        own: Singles = ((places - middle) / side).astype(np.float32)
        return own

    return Labels(
        rows=rows,
        image_of=images_of(table)[rows],
        places=in_crop(lists(table, 'keypoints', 2 * joints)[rows].reshape(-1, joints, 2)),
        flags=flags[rows].astype(np.int64),
        predicted=in_crop(predicted[rows].reshape(-1, joints, 2)),
        heights=heights[rows],
        box=in_crop(corners).reshape(-1, 4),
        side=side.reshape(-1),
        middle=middle.reshape(-1, 2),
    )


def images_of(table: pa.Table) -> Int[Ints, ' N']:
    """Numbers of images from 0; two data sets may have an image of one id."""
    names = np.unique(np.array(table['dataset'].to_pylist(), str), return_inverse=True)[1].reshape(-1)
    keys = np.stack([names, table['image_id'].to_numpy()], 1)
    return np.unique(keys, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)

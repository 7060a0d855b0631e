"""Concepts of N poses of K keypoints that a network decoded, by the definitions for annotated ones."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from shg_xai.chapters.decoded_walk.results import DecodedConcept
from shg_xai.coco import UNLABELLED, VISIBLE
from shg_xai.latents.concepts import RULES, Persons

Floats = NDArray[np.float64]
# What needs joints (and the crop) alone; boxes, neighbours and flags no network decodes.
POSES = ('torso_in_crop', 'standing', 'facing_camera', 'facing_right', 'torso_tilt', 'limb_spread')
PEAKS = 'labelled_share'
POSE_NOTE = 'Of the decoded joints, all taken as labelled.'
PEAKS_NOTE = (
    'Of the decoded joints, of which those count as labelled whose heatmap has a peak of at least {peak:g}: how much '
    'of the person the network sees, its counterpart of truncation.'
)


def decodable(names: Sequence[str]) -> list[str]:
    """The concepts that keypoints of these names, COCO's, allow."""
    return [name for name in (*POSES, PEAKS) if set(RULES[name].joints) <= set(names)]


def decoded_rules(names: Sequence[str], peak: float) -> list[DecodedConcept]:
    """How each of them is computed; ``peak`` as in :func:`decoded_concepts`."""
    found = []
    for name in decodable(names):
        rule, note = RULES[name], PEAKS_NOTE.format(peak=peak) if name == PEAKS else POSE_NOTE
        definition = f'{rule.definition} {note}'
        found.append(DecodedConcept(name=name, title=rule.title, unit=rule.unit, definition=definition))
    return found


def decoded_concepts(
    keypoints: Floats, peaks: Floats, crop_scale: Floats, names: Sequence[str], peak: float
) -> dict[str, Floats]:
    """The concepts of decoded poses, see :mod:`shg_xai.latents.concepts`, by name, (N,).

    Whether a joint is labelled no network decodes. Concepts of the pose take all joints as labelled; ``labelled_share``
    takes those whose heatmap has a peak. NaN, not known, is what is measured in torsos shorter than a pixel.

    Args:
        keypoints: Pixels of the image, shape (N, K, 2).
        peaks: Highest value of each heatmap, shape (N, K).
        crop_scale: Width and height of the crop, pixels of the image, shape (N, 2).
        names: Of the K keypoints, COCO's.
        peak: From which one on a joint counts as labelled.
    """

    def persons(visibility: NDArray[np.int64]) -> Persons:
        columns = {'keypoints': keypoints, 'visibility': visibility, 'crop_scale': crop_scale}
        lists = {
            name: pa.FixedSizeListArray.from_arrays(pa.array(own.ravel()), own[0].size) for name, own in columns.items()
        }
        return Persons(pa.table(lists), tuple(names))

    labelled = persons(np.full(peaks.shape, VISIBLE))
    seen = persons(np.where(peaks >= peak, VISIBLE, UNLABELLED))
    return {name: RULES[name].compute(seen if name == PEAKS else labelled).astype(float) for name in decodable(names)}

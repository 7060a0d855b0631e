"""Concepts of a pose that a network decoded, by the definitions for annotated ones.

Shapes: N poses, K keypoints.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from shg_xai.latents.annotation_measures import Persons
from shg_xai.latents.concepts import RULES
from shg_xai.visibility import UNLABELLED, VISIBLE

# What needs joints (and the crop) alone; boxes, neighbours and flags no network decodes.
POSES = ('torso_in_crop', 'standing', 'facing_camera', 'facing_right', 'torso_tilt', 'limb_spread')
PEAKS = 'labelled_share'
POSE_NOTE = 'Of the decoded joints, all taken as labelled.'
PEAKS_NOTE = (
    'Of the decoded joints, of which those count as labelled whose heatmap has a peak '
    'of at least {peak:g}: how much of the person the network sees, its counterpart of '
    'truncation.'
)


def decoded_rules(names: Sequence[str], peak: float) -> list[dict[str, str]]:
    """The concepts that these K keypoints allow: ``name``, ``title``, ``unit``, ``definition``.

    Args:
        names: Names of the keypoints, COCO's.
        peak: See :func:`decoded_concepts`.
    """
    notes = {**dict.fromkeys(POSES, POSE_NOTE), PEAKS: PEAKS_NOTE.format(peak=peak)}
    rules = [
        (name, replace(RULES[name], definition=f'{RULES[name].definition} {note}'))
        for name, note in notes.items()
        if set(RULES[name].joints) <= set(names)
    ]
    return [dict(name=name, title=rule.title, unit=rule.unit, definition=rule.definition) for name, rule in rules]


def decoded_concepts(
    keypoints: np.ndarray, peaks: np.ndarray, crop_scale: np.ndarray, names: Sequence[str], peak: float
) -> Mapping[str, np.ndarray]:
    """The concepts of decoded poses, see :mod:`shg_xai.latents.annotation_measures`.

    Whether a joint is labelled no network decodes. Concepts of the pose take all joints as labelled; ``labelled_share``
    takes those whose heatmap has a peak.

    Args:
        keypoints: Pixels of the image, shape (N, K, 2).
        peaks: Highest value of each heatmap, shape (N, K).
        crop_scale: Width and height of the crop, pixels of the image, shape (N, 2).
        names: Names of the keypoints, COCO's.
        peak: From which peak on a joint counts as labelled.

    Returns:
        By name, float64, shape (N,), NaN where not known: a pose whose torso is shorter than a pixel has no concept
        that is measured in torsos.
    """
    everything = np.full(peaks.shape, VISIBLE)
    flags = np.where(peaks >= peak, VISIBLE, UNLABELLED)
    found = {}
    for visibility, wanted in ((everything, POSES), (flags, (PEAKS,))):
        persons = Persons(_table(keypoints, visibility, crop_scale), tuple(names))
        found |= {
            name: RULES[name].compute(persons).astype(float) for name in wanted if set(RULES[name].joints) <= set(names)
        }
    return found


def _table(keypoints: np.ndarray, visibility: np.ndarray, crop_scale: np.ndarray) -> pa.Table:
    """The columns of a store's rows that the concepts need."""
    columns = {'keypoints': keypoints, 'visibility': visibility, 'crop_scale': crop_scale}
    lists = {}
    for name, values in columns.items():
        rows = np.ascontiguousarray(values.reshape(len(values), -1))
        lists[name] = pa.FixedSizeListArray.from_arrays(pa.array(rows.ravel()), rows.shape[1])
    return pa.table(lists)

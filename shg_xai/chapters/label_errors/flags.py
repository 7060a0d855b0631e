"""Flags that do not fit: labelled where the heatmap finds nothing, or not labelled where it finds the joint.

Confident learning (Northcutt, Jiang and Chuang, Journal of Artificial Intelligence Research 70, 2021): how likely is
each flag by a classifier that was fitted to other photos? Flags are two here, labelled or not; whether a labelled joint
is called occluded differs from annotator to annotator. A joint that hardly anybody has labelled, or hardly anybody has
not, is not judged.

Shapes: N persons, K joints, F numbers.
"""

import numpy as np

from shg_xai.chapters.label_errors.body import Body
from shg_xai.chapters.label_errors.labels import Labels
from shg_xai.stats.arrays import Bools, Float, Float32, Floats, Int, Ints, Shaped, Singles

FEWEST = 50  # persons with and without a label of a joint, for its flags to be judged


def judged(labels: Labels) -> Int[Ints, ' J']:
    """Joints of which enough are labelled and enough are not."""
    many = labels.labelled.sum(0)
    return np.flatnonzero(np.minimum(many, len(labels) - many) >= FEWEST)


def numbers(labels: Labels, body: Body, chosen: Shaped[Bools, 'N K']) -> Float32[Singles, 'n F']:
    """What tells of chosen joints, in the order of ``np.nonzero``, whether they are labelled: heatmaps, where they are
    predicted, and whether their neighbours are labelled.
    """
    heights, there = labels.heights, labels.labelled.astype(np.float32)
    low, high = labels.box[:, None, :2], labels.box[:, None, 2:]
    joints = np.arange(heights.shape[1])
    others = max(len(joints) - 1, 1)
    columns = [
        heights,
        heights[:, body.mirrored],
        (heights.sum(1, keepdims=True) - heights) / others,
        (there.sum(1, keepdims=True) - there) / others,
        np.where(body.mirrored == joints, -1, there[:, body.mirrored]),
        _neighbours(there, body),
        np.minimum(labels.predicted - low, high - labels.predicted).min(-1),
        np.abs(labels.predicted).max(-1),  # 0.5 is the crop's edge
        np.broadcast_to(joints, heights.shape),
    ]
    return np.stack([column[chosen] for column in columns], 1).astype(np.float32)


def _neighbours(there: Float32[Singles, 'N K'], body: Body) -> Singles:
    """Share of the joints at the other ends of lines that are labelled; -1 without lines."""
    total, count = np.zeros_like(there), np.zeros(there.shape[1], np.float32)
    for a, b in body.links:
        for own, other in ((a, b), (b, a)):
            total[:, own] += there[:, other]
            count[own] += 1
    return np.where(count > 0, total / np.maximum(count, 1), -1).astype(np.float32)


def base(labels: Labels, joints: Int[Ints, ' J']) -> Float[Floats, ' J']:
    """Log odds of each joint to be labelled, less those of all of them together: what a classifier that is shown both
    kinds in equal weight says of a joint of which it knows no more than which one it is.
    """
    there = labels.labelled[:, joints]
    many = there.sum(0)
    own: Floats = np.log(many / (len(labels) - many)) - np.log(there.sum() / (~there).sum())
    return own


def damaged(
    labels: Labels, joints: Int[Ints, ' J'], random: np.random.Generator
) -> tuple[Labels, Shaped[Bools, 'N K']]:
    """One flag of each person is the other one, and which; a joint that becomes labelled is where it is predicted."""
    rows, own = np.arange(len(labels)), joints[random.integers(0, len(joints), len(labels))]
    flags, places, which = labels.flags.copy(), labels.places.copy(), np.zeros(labels.flags.shape, bool)
    which[rows, own] = True
    found = which & (flags == 0)
    flags[which] = np.where(flags[which] > 0, 0, 2)
    places[found] = labels.predicted[found]
    return labels.moved(places, flags), which

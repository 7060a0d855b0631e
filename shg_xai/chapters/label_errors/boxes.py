"""Boxes that cut a person off: labelled joints that are predicted where they are labelled, and lie outside of the box.

What the network sees is cut out along the box, so of a box that is too small by much nothing is left to be predicted
with, and what is told here is only what labels say.

Shapes: N persons, K joints.
"""

import numpy as np

from shg_xai.chapters.label_errors.fit import distances
from shg_xai.chapters.label_errors.labels import Labels
from shg_xai.stats.arrays import Float32, Singles

NEAR = 0.1  # of the crop's side: a joint this near to its prediction is where it is labelled
EDGE = 0.5  # where the crop ends; beyond nothing can be predicted
CUT = (0.2, 0.5)  # shares of a side that are cut off in damaged copies


def outside(labels: Labels) -> Float32[Singles, 'N K']:
    """How far labelled joints lie outside of the box, in its longer side; 0 of those inside, and of those that are
    predicted elsewhere.
    """
    low, high = labels.box[:, None, :2], labels.box[:, None, 2:]
    beyond = np.maximum(np.maximum(low - labels.places, labels.places - high), 0).max(-1)
    size = np.maximum((high - low).max(-1), 1e-6)
    trusted = (distances(labels) < NEAR) | (np.abs(labels.places) > EDGE).any(-1)
    own: Singles = np.where(labels.labelled & trusted, beyond / size, 0).astype(np.float32)
    return own


def numbers(labels: Labels) -> Float32[Singles, 'N 3']:
    """The farthest joint outside, how many there are, and their share."""
    own = outside(labels)
    count = (own > 0).sum(1)
    return np.stack([own.max(1), count, count / labels.labelled.sum(1)], 1).astype(np.float32)


def damaged(labels: Labels, random: np.random.Generator) -> Labels:
    """Boxes of which a part is cut off at one side."""
    box, rows = labels.box.copy(), np.arange(len(labels))
    side, share = random.integers(0, 4, len(labels)), random.uniform(*CUT, len(labels))
    length = box[rows, 2 + side % 2] - box[rows, side % 2]
    box[rows, side] += np.where(side < 2, 1, -1) * share * length
    return labels.boxed(box)

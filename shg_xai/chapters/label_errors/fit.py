"""How well labels fit predictions: distances, and what a typical one is of each joint.

A distance d counts as log(1 + (d / s)²), where s is the joint's median distance in the store: 0.7 of a typical one, and
hardly more for what is far off than for what is farther (the logarithm of a Student t density with one degree of
freedom, but for a constant).

Shapes: N persons, K joints, Q mirrored pairs.
"""

from dataclasses import dataclass

import numpy as np

from shg_xai.chapters.label_errors.body import Body
from shg_xai.chapters.label_errors.labels import Labels
from shg_xai.stats.arrays import Bools, Float32, Shaped, Singles

FLOOR = 0.005  # of the crop's side: medians below it are those of labels that were predictions


def distances(labels: Labels) -> Float32[Singles, 'N K']:
    """From each label to its prediction, also of joints that are not labelled, of which it means nothing."""
    own: Singles = np.linalg.norm(labels.places - labels.predicted, axis=-1)
    return own


def typical(labels: Labels) -> Float32[Singles, ' K']:
    """The median distance of each joint; of one that nobody has labelled, of all."""
    known = np.where(labels.labelled, distances(labels), np.nan)
    there = labels.labelled.any(0)
    found = np.full(labels.places.shape[1], np.nanmedian(known))
    found[there] = np.nanmedian(known[:, there], axis=0)
    return np.maximum(found, FLOOR).astype(np.float32)


@dataclass(frozen=True)
class Fit:
    """Misfit (see above) of each labelled joint with its own prediction and with that of its mirror image, 0 of what is
    not labelled.
    """

    own: Float32[Singles, 'N K']
    crossed: Float32[Singles, 'N K']  # of the mirror image's label with this joint's prediction
    labelled: Shaped[Bools, 'N K']

    @classmethod
    def of(cls, labels: Labels, body: Body, scale: Float32[Singles, ' K']) -> 'Fit':
        """Measured in the typical distances of each joint."""
        both = labels.labelled & labels.labelled[:, body.mirrored]
        crossed = np.linalg.norm(labels.places[:, body.mirrored] - labels.predicted, axis=-1)
        return cls(
            np.where(labels.labelled, misfit(distances(labels), scale), 0),
            np.where(both, misfit(crossed, scale), 0),
            labels.labelled,
        )


def misfit(distance: Singles, scale: Singles) -> Singles:
    """log(1 + (d / s)²)."""
    own: Singles = np.log1p((distance / scale) ** 2)
    return own

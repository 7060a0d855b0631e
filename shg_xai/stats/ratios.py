"""Ratios of sums over persons, as the share of all joints that are found, with intervals over images.

A mean over persons gives each the same say; a pooled share gives it to each joint, and persons have different numbers
of them. Both are a sum over persons by another, and in a resample of images both sums change.

Shapes: N persons in G images, S resamples, F sums.
"""

from collections.abc import Iterable

import numpy as np

from shg_xai.stats.arrays import Float, Floats, Int, Ints, Labels, NDArray, Shaped
from shg_xai.stats.bootstrap import Bootstrap

Weights = Shaped[Labels, 'S G']
Part = tuple[Int[Ints, ' n'], Shaped[NDArray[np.float32], 'n F']]


def image_weights(bootstrap: Bootstrap) -> tuple[Weights, Int[Ints, ' N']]:
    """How often each of G images is in each resample, a byte each, and the image of each person. No image is drawn more
    than 255 times: of as many draws as there are images, that has a chance below 1e-500.
    """
    images, image_of = np.unique(bootstrap.groups, return_inverse=True)
    own = Bootstrap(np.arange(len(images)), bootstrap.resamples, bootstrap.confidence, bootstrap.seed)
    drawn = np.empty((bootstrap.resamples, len(images)), np.uint8)
    made = 0
    for weights in own.weights():
        drawn[made], made = weights, made + 1
    return drawn[:made], image_of


def sums_in_resamples(parts: Iterable[Part], weights: Weights) -> Float[Floats, '1+S F']:
    """Sums of F numbers over all persons, in the first row as they are, then in each resample. Persons come in parts:
    the image of each, and its numbers; only one part is held at a time.
    """
    total: Floats | float = 0.0
    for image_of, values in parts:
        once = np.ones((1, len(image_of)), np.float32)
        total = total + np.concatenate([once, weights[:, image_of].astype(np.float32)]) @ values
    return np.asarray(total, dtype=float)


def ratios(sums: Floats, over: Floats) -> Floats:
    """Sums by sums, NaN where there is nothing to divide by."""
    return np.divide(sums, over, out=np.full(np.broadcast_shapes(sums.shape, over.shape), np.nan), where=over > 0)

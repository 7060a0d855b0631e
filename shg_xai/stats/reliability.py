"""Does a predicted risk mean what it says: of those told 0.2, is one in five wrong?

Units are cut into bins of equal size by their predicted risk; in each the share that is wrong stands beside the mean
prediction (a reliability diagram). The expected calibration error is the mean distance of both, weighted by the units:
0 is calibrated, 0.1 says that predictions are off by ten points on average (Guo, Pleiss, Sun and Weinberger, On
Calibration of Modern Neural Networks, ICML 2017, section 2; bins of equal size: Nguyen and O'Connor, EMNLP 2015).
Chance alone makes it larger than 0, and in a resample once more: the mean over resamples less the value says by how
much, and its interval is moved down by that.

Shapes: U units on G images, B bins, S sets of weights of the images.
"""

from dataclasses import dataclass

import numpy as np

from shg_xai.stats.arrays import Bools, Float, Floats, Int, Ints

BINS = 15


@dataclass(frozen=True)
class Reliability:
    """Sums over the units of each image and bin: how many, how many wrong, their predicted risks."""

    sums: Float[Floats, 'G 3*B']

    @classmethod
    def of(cls, predicted: Float[Floats, ' U'], wrong: Bools, image_of: Int[Ints, ' U'], images: int) -> 'Reliability':
        """Bins end at quantiles of the predictions; of equal ones there are fewer bins."""
        edges = np.unique(np.quantile(predicted, np.arange(1, BINS) / BINS))
        place = np.searchsorted(edges, predicted)
        bins = len(edges) + 1
        cell = image_of * bins + place
        parts = [np.bincount(cell, own, images * bins) for own in (np.ones(len(cell)), wrong.astype(float), predicted)]
        return cls(np.concatenate([part.reshape(images, bins) for part in parts], axis=1))

    def shares(self, times: Float[Floats, 'S G']) -> tuple[Floats, Floats, Float[Floats, ' S']]:
        """Mean prediction and share wrong of each bin, (S, B), NaN of an empty one, and the calibration error (S,)."""
        count, wrong, told = np.split(times @ self.sums, 3, axis=1)
        with np.errstate(invalid='ignore', divide='ignore'):
            error = np.abs(wrong - told).sum(1) / count.sum(1)
            return told / count, wrong / count, error


def moved_down(value: float, samples: Float[Floats, ' S']) -> Float[Floats, ' S']:
    """Resampled errors less what a resample adds by chance, at least 0."""
    known = samples[np.isfinite(samples)]
    return np.maximum(samples - (known.mean() - value), 0) if len(known) else samples

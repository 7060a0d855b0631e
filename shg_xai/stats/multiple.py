"""Several tests at once."""

from collections.abc import Sequence

import numpy as np

from shg_xai.stats.arrays import Float, Floats


def holm(p: Sequence[float]) -> Float[Floats, ' T']:
    """P-values of T tests, corrected so that the chance of any false alarm stays at the level, however the tests hang
    together. The smallest is taken T times, the next T - 1 times, and none is less than one before it; at most 1. NaN
    stands for a test that was not made, and does not count.

    Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6, 1979.
    """
    found = np.array(p, float)
    order = np.argsort(found)  # NaN last
    order = order[: np.isfinite(found).sum()]
    found[order] = np.minimum(np.maximum.accumulate(found[order] * np.arange(len(order), 0, -1)), 1)
    return found

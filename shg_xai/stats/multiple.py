"""Several tests at once: p-values corrected for how much was looked at.

Of two numbers at the 0.05 level one in ten finds something by luck; who looks at many corrects for it.

Shapes: T tests; R random draws of each, below what was seen in the first of 1 + R rows.
"""

from collections.abc import Sequence

import numpy as np

from shg_xai.stats.arrays import Bools, Float, Floats


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


def familywise(
    drawn: Float[Floats, '1+R T'], signed: Bools | bool = False, rounding: float = 1e-9
) -> Float[Floats, ' T']:
    """How often the largest of all T numbers is, by luck, as large as each one: the maximum statistic (Westfall and
    Young, Resampling-Based Multiple Testing, 1993, section 2.5, single step), which keeps the level for all of them
    together, however they hang together.

    Numbers of different kind are made comparable by mean and standard deviation over all 1 + R rows, which treats what
    was seen as one of the draws, so that nothing is lost of the level. Of those ``signed``, (T,) or all, a large
    negative one counts, too. p = (b + 1) / (R + 1), never 0 (Phipson and Smyth, Statistical Applications in Genetics
    and Molecular Biology 9, 2010, section 2). NaN where a number is not known; one that varies less than ``rounding``,
    relative to its size, is never the largest.
    """
    known = np.isfinite(drawn)
    counts, filled = np.maximum(known.sum(0), 1), np.where(known, drawn, 0)
    apart = np.where(known, filled - filled.sum(0) / counts, 0)
    spread = np.sqrt((apart**2).sum(0) / counts)
    varies = spread > rounding * np.abs(filled).max(0)
    scaled = apart / np.where(varies, spread, 1)
    scaled = np.where(known & varies, np.where(signed, np.abs(scaled), scaled), -np.inf)
    largest = np.sort(scaled.max(1, initial=-np.inf))
    reached = len(largest) - np.searchsorted(largest, scaled[0] - rounding)
    return np.where(known[0], reached / len(largest), np.nan)

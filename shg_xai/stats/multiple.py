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
    scaled, _, _ = _scaled(drawn, signed, rounding)
    largest = np.sort(scaled.max(1, initial=-np.inf))
    reached = len(largest) - np.searchsorted(largest, scaled[0] - rounding)
    return np.where(np.isfinite(drawn[0]), reached / len(largest), np.nan)


def least_found(
    drawn: Float[Floats, '1+R T'], level: float, signed: Bools | bool = False, rounding: float = 1e-9
) -> Float[Floats, ' T']:
    """How large each of T numbers would have to be for :func:`familywise` to give it a p below the level, in its own
    unit, on the side it is on; NaN where draws are too few for this level, or all alike.
    """
    scaled, centre, spread = _scaled(drawn, signed, rounding)
    largest = np.sort(scaled.max(1, initial=-np.inf))
    beyond = int(np.ceil(level * len(largest))) - 1  # so many may be as large
    if beyond < 1 or not np.isfinite(largest[-1 - beyond]):
        return np.full(drawn.shape[1], np.nan)
    side = np.where(signed & (drawn[0] < centre), -1, 1)
    return centre + side * spread * largest[-1 - beyond]


def _scaled(drawn: Floats, signed: Bools | bool, rounding: float) -> tuple[Floats, Floats, Floats]:
    """Numbers in standard deviations from the mean of their column, -inf where they are none; mean and deviation."""
    known = np.isfinite(drawn)
    counts, filled = np.maximum(known.sum(0), 1), np.where(known, drawn, 0)
    centre = filled.sum(0) / counts
    apart = np.where(known, filled - centre, 0)
    spread = np.sqrt((apart**2).sum(0) / counts)
    varies = spread > rounding * np.abs(filled).max(0)
    scaled = apart / np.where(varies, spread, 1)
    return np.where(known & varies, np.where(signed, np.abs(scaled), scaled), -np.inf), centre, spread

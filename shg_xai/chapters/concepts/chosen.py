"""Intervals of what is claimed, which allow for its having been chosen (``shg_xai.stats.selected``).

A claim is a number that came out beyond a limit, and near the limit that is partly luck. The interval of what is not
claimed stays as it is.
"""

from msgspec.structs import replace
from scipy.stats import norm

from shg_xai.chapters.concepts.family import Chance
from shg_xai.chapters.concepts.results import LEVEL
from shg_xai.results import Estimate
from shg_xai.stats.selected import end_towards_none


def allowed_for(estimate: Estimate, chance: Chance | None, confidence: float, none: float | None = None) -> Estimate:
    """An estimate whose interval reaches farther towards none if it is claimed.

    The test saw the same number, up to what chance adds to it, so it could have been so much smaller as what the test
    saw; where ``none`` is told, the value without an effect, the number is in another unit, and in proportion.
    """
    if chance is None or not chance.p < LEVEL or estimate.value is None or estimate.ends is None:
        return estimate
    apart = estimate.value - (none or 0.0)
    side, seen, spare = (-1 if apart < 0 else 1), abs(apart), chance.seen - chance.least
    if none is not None:
        spare *= seen / chance.seen
    plain = side * (estimate.ends[0 if side > 0 else 1] - (none or 0.0))
    error = (seen - plain) / float(norm.isf((1 - confidence) / 2))
    # Numbers of NumPy would be no numbers in JSON.
    end = float((none or 0.0) + side * min(plain, end_towards_none(seen, seen - spare, error, confidence)))
    return replace(estimate, low=end) if side > 0 else replace(estimate, high=end)

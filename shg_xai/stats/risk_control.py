"""A threshold below which few answers are wrong, with a promise about new ones.

Who keeps the units whose predicted risk is at most t wants to know that of those kept at most a share a is wrong, not
here but in general. For one t that is a test: per image, wrong units that are kept less a times all that are kept is d,
and the risk is at most a exactly if the mean of d over images is not above 0. Of many t the largest that passes may
pass by luck; so they are tried in an order fixed before, from the one that keeps the fewest, and the first that fails
ends it, which keeps the level for all of them together (Angelopoulos, Bates, Candès, Jordan and Lei, Learn then Test:
Calibrating Predictive Algorithms to Achieve Risk Control, 2021, fixed sequence testing; Bates, Angelopoulos, Lei, Malik
and Jordan, Distribution-Free, Risk-Controlling Prediction Sets, JACM 2021). The order is by coverage, which needs no
labels.

The one-sided end is Student's, moved for skewness (Johnson, Modified t Tests and Confidence Intervals for Asymmetrical
Populations, JASA 1978), with one image more in which all is wrong that is kept: where none of few losses has been seen,
they are not ruled out (of X losses the exact end of Clopper and Pearson is about that of X + 1).

Shapes: U units on G images.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import skew
from scipy.stats import t as student

from shg_xai.stats.arrays import Bools, Float, Floats, Int, Ints

COVERAGES = np.linspace(0.1, 1, 46)  # that are tried, the smallest first
FEWEST_IMAGES = 50  # with something kept; fewer promise nothing


@dataclass(frozen=True)
class Promise:
    """Kept is what has a predicted risk up to ``threshold``."""

    threshold: float
    coverage: float  # share of the units that is kept
    risk: float  # share of these that is wrong, as seen


def upper_end(values: Float[Floats, ' G'], loss: float, confidence: float) -> float:
    """Below which the mean of values is with this confidence; ``loss`` is that of one image more."""
    seen = np.append(values, loss)
    spread = float(seen.std(ddof=1))
    if not spread:
        return float(seen[0])
    t = float(student.ppf(confidence, len(seen) - 1))
    lean = max(float(skew(seen)), 0.0) / math.sqrt(len(seen))
    return float(seen.mean()) + (t + lean * (1 + 2 * t**2) / 6) * spread / math.sqrt(len(seen))


def promise(
    predicted: Float[Floats, ' U'], wrong: Bools, image_of: Int[Ints, ' U'], most: float, confidence: float
) -> Promise | None:
    """The highest threshold of predicted risk below which at most a share ``most`` of the units is wrong, with this
    confidence; None where none can be promised.
    """
    images = int(image_of.max(initial=-1)) + 1
    found = None
    for coverage in COVERAGES:
        threshold = float(np.quantile(predicted, coverage, method='higher')) if len(predicted) else math.nan
        keep = predicted <= threshold
        kept, bad = (np.bincount(image_of, own, images) for own in (keep.astype(float), (keep & wrong).astype(float)))
        some = int((kept > 0).sum())
        if some < FEWEST_IMAGES:
            if found is None:
                continue
            break
        loss = (1 - most) * float(kept.sum()) / some
        if upper_end(bad - most * kept, loss, confidence) > 0:
            break
        found = Promise(threshold, float(keep.mean()), float(bad.sum() / kept.sum()))
    return found

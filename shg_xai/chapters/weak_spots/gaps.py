"""By how much a group's mean is below that of the others, where persons of one image are alike.

A difference of two means is a sum over images, and images are independent: what each adds to it, its persons'
deviations from their group's mean over the group's size, gives the variance (the linearised ratio of survey sampling;
Cochran, Sampling Techniques, 3rd edition, 1977, section 2.11; "cluster-robust", Liang and Zeger, Biometrika 73, 1986).
The others are many and the group is small, so the images that have somebody of the group say how sure it is: their
number less one is taken for the degrees of freedom of Student's t.

PCK is skewed: most persons are met well and a few are missed altogether. A group whose mean is low by chance has drawn
more of these few, so its variance is large, too, and Student's t finds too little on this side. The cubic
transformation of Hall (Journal of the Royal Statistical Society B 54, 1992) takes the skewness out: with c the
skewness of the sum, ``g(t) = t + c t^2 / 3 + c^2 t^3 / 27 + c / 6``, which rises everywhere and is turned around in
closed form.

Shapes: N persons, G images.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from shg_xai.results import Estimate
from shg_xai.stats.arrays import Bools, Float, Floats, Int, Ints
from shg_xai.stats.bootstrap import number

FEWEST_IMAGES = 20  # with somebody of the group; from fewer a variance is too unsure to conclude anything from
STRAIGHT = 1e-6  # skewness that changes nothing


@dataclass(frozen=True)
class Gap:
    """The others' mean less the group's, with its standard error; NaN where it is not known.

    ``lean`` is the skewness of the gap as a sum over images.
    """

    group: float
    others: float
    error: float
    lean: float
    persons: int  # of the group
    images: int  # with somebody of it
    share: float  # of the group in all that are compared

    @property
    def value(self) -> float:
        """Above 0 where the group's is lower."""
        return self.others - self.group

    @property
    def p(self) -> float:
        """How often chance gives at least this gap, one-sided."""
        if not self.error > 0:  # of an error of 0 it is certain
            return math.nan if math.isnan(self.error) else float(self.value <= 0)
        return float(student.sf(straightened(self.value / self.error, self.lean), self.images - 1))

    @property
    def p_either(self) -> float:
        """The same for a difference to either side."""
        if not self.error > 0:
            return math.nan if math.isnan(self.error) else float(self.value == 0)
        return 2 * min(self.p, float(student.cdf(straightened(self.value / self.error, self.lean), self.images - 1)))

    def estimate(self, below: float, above: float) -> Estimate:
        """The gap with an interval that misses it to either side with these chances."""
        if math.isnan(self.error):
            return Estimate(value=number(self.value), n=self.persons)
        low, high = (
            self.value - bent(float(student.isf(tail, self.images - 1)), self.lean) * self.error
            for tail in (below, 1 - above)
        )
        return Estimate(value=number(self.value), low=low, high=high, n=self.persons)


def straightened(t: float, lean: float) -> float:
    """A statistic of this skewness as if it had none."""
    return float(t + lean * t**2 / 3 + lean**2 * t**3 / 27 + lean / 6)


def bent(t: float, lean: float) -> float:
    """The other way round."""
    return float(3 / lean * (np.cbrt(1 + lean * (t - lean / 6)) - 1)) if abs(lean) > STRAIGHT else t


def gap_of(values: Float[Floats, ' N'], group: Bools, others: Bools, image_of: Int[Ints, ' N']) -> Gap:
    """The gap between two sets of persons, by masks; who has no value (NaN) is in neither. ``image_of`` counts images
    from 0.
    """
    known = np.isfinite(values)
    sides = group & known, others & known
    persons = [int(side.sum()) for side in sides]
    images = len(np.unique(image_of[sides[0]]))
    share = persons[0] / max(sum(persons), 1)
    if not all(persons):
        return Gap(math.nan, math.nan, math.nan, 0.0, persons[0], images, share)
    means = [float(values[side].mean()) for side in sides]
    parts = np.zeros(int(image_of.max()) + 1)
    for side, mean, count, sign in zip(sides, means, persons, (-1, 1), strict=True):
        parts += sign * np.bincount(image_of[side], (values[side] - mean) / count, len(parts))
    squares = float(parts @ parts)
    error = math.sqrt(squares * images / (images - 1)) if images >= FEWEST_IMAGES else math.nan
    lean = float((parts**3).sum()) / squares**1.5 if squares > 0 else 0.0
    return Gap(means[0], means[1], error, lean, persons[0], images, share)

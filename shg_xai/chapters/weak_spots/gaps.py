"""By how much a group's mean is below that of the others, where persons of one image are alike.

A difference of two means is a sum over images, and images are independent: what each adds to it, its persons'
deviations from their group's mean over the group's size, gives the variance (the linearised ratio of survey sampling;
Cochran, Sampling Techniques, 3rd edition, 1977, section 2.11; "cluster-robust", Liang and Zeger, Biometrika 73, 1986).
The others are many and the group is small, so the images that have somebody of the group say how sure it is: their
number less one is taken for the degrees of freedom of Student's t.

Shapes: N persons.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from shg_xai.results import Estimate
from shg_xai.stats.arrays import Bools, Float, Floats, Int, Ints
from shg_xai.stats.bootstrap import number

FEWEST_IMAGES = 20  # with somebody of the group; from fewer a variance is too unsure to conclude anything from


@dataclass(frozen=True)
class Gap:
    """The others' mean less the group's, with its standard error; NaN where it is not known."""

    group: float
    others: float
    error: float
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
        return float(student.sf(self.value / self.error, self.images - 1))

    @property
    def p_either(self) -> float:
        """The same for a difference to either side."""
        if not self.error > 0:
            return math.nan if math.isnan(self.error) else float(self.value == 0)
        return float(2 * student.sf(abs(self.value) / self.error, self.images - 1))

    def estimate(self, below: float, above: float) -> Estimate:
        """The gap with an interval that misses it to either side with these chances."""
        if math.isnan(self.error):
            return Estimate(value=number(self.value), n=self.persons)
        low, high = (float(student.isf(tail, self.images - 1)) * self.error for tail in (below, above))
        return Estimate(value=number(self.value), low=self.value - low, high=self.value + high, n=self.persons)


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
        return Gap(math.nan, math.nan, math.nan, persons[0], images, share)
    means = [float(values[side].mean()) for side in sides]
    parts = np.zeros(int(image_of.max()) + 1)
    for side, mean, count, sign in zip(sides, means, persons, (-1, 1), strict=True):
        parts += sign * np.bincount(image_of[side], (values[side] - mean) / count, len(parts))
    error = math.sqrt(float(parts @ parts) * images / (images - 1)) if images >= FEWEST_IMAGES else math.nan
    return Gap(means[0], means[1], error, persons[0], images, share)

"""Two groups of persons compared among their like: what of a difference is left where a third thing is held fixed.

Who is cut off by the image border is met worse, and lies elsewhere in the latent; two groups that differ in how many
such persons they have differ in how well they are met, too, and nothing is learnt from it. So persons are sorted into
strata, in each of which they are about equally cut off, and compared within. Fifths of a variable take away more than
nine tenths of what it confounds (Cochran, Biometrics 24, 1968, section 2).

Whether the difference is more than chance: under the hypothesis of none, the part that each image has in it might as
well have the other sign, as it has mean zero. The signs of whole images are drawn anew, so persons of one photo may
resemble each other as much as they like (sign flips of effective scores: Hemerik, Goeman and Finos, Journal of the
Royal Statistical Society B 82, 2020, section 3). To exchange whole images within strata would leave most where they
are: images with several persons have persons of several strata.

Shapes: N persons in G images, S strata.
"""

import math
from collections.abc import Sequence

import numpy as np

from shg_xai.random_streams import stream
from shg_xai.results import Estimate
from shg_xai.stats.arrays import Bools, Float, Floats, Int, Ints
from shg_xai.stats.bootstrap import Bootstrap, Groups
from shg_xai.stats.draws import at_least

PARTS = 5
FEW = 20  # distinct values, each of which is a part of its own
BLOCKS, EACH = 27, 37  # of draws of signs, and draws in each: 999


def strata(columns: Sequence[Float[Floats, ' N']], persons: int) -> Int[Ints, ' N']:
    """The stratum of each person, 0 to S - 1: by each column's values where these are few, else by fifths of it, equal
    values together; not known (NaN) apart. Fifths leave some of what a strong third thing does, equal values nothing.
    """
    codes = np.zeros((persons, 1), np.int64)
    for column in columns:
        known = column[np.isfinite(column)]
        cuts = np.unique(known)
        if len(cuts) > FEW:
            cuts = np.unique(np.quantile(known, np.arange(1, PARTS) / PARTS))
        part = np.where(np.isfinite(column), np.searchsorted(cuts, column), -1)
        codes = np.column_stack([codes, part])
    return np.unique(codes, axis=0, return_inverse=True)[1].ravel()


def _difference(weights: Floats, values: Floats, first: Bools, stratum: Ints) -> float:
    """Mean over strata of one group's mean less the other's, NaN where no stratum has both."""

    def totals(own: Floats) -> Floats:
        return np.bincount(stratum, own).astype(float)

    a, b = weights * first, weights * ~first
    counts, sums = (totals(a), totals(b)), (totals(a * values), totals(b * values))
    # What one stratum says is the surer the more there are of both (Mantel and Haenszel 1959).
    share = np.divide(counts[0] * counts[1], sum(counts), out=np.zeros(len(counts[0])), where=sum(counts) > 0)
    both = share > 0
    if not both.any():
        return math.nan
    apart = sums[0][both] / counts[0][both] - sums[1][both] / counts[1][both]
    return float(share[both] @ apart / share[both].sum())


def difference(
    values: Float[Floats, ' N'], first: Bools, second: Bools, stratum: Int[Ints, ' N'], bootstrap: Bootstrap
) -> Estimate:
    """Mean of one group of persons, by a mask (N,), less that of another, within strata, and its interval.

    Strata count by how many persons of both groups they have, n m / (n + m); those of one group alone say nothing. The
    images of both groups are drawn together. With one stratum for all it is the plain difference of two means.
    """
    known = np.isfinite(values) & (first | second)
    own = values[known], first[known], stratum[known]
    drawn = [_difference(weights.astype(float), *own) for weights in bootstrap.of(known).weights()]
    value = _difference(np.ones(known.sum()), *own)
    return bootstrap.estimate(value, np.array(drawn, dtype=float), n=int(known.sum()))


def p_of_difference(
    values: Float[Floats, ' N'], both: tuple[Bools, Bools], stratum: Int[Ints, ' N'], groups: Groups, seed: int
) -> float:
    """How often signs of images drawn at random give as large a difference within strata, to either side.

    NaN where no stratum has persons of both groups, or all of these are in one image.
    """
    first, second = both
    known = np.isfinite(values) & (first | second)
    stratum, image_of = stratum[known], np.unique(groups[known], return_inverse=True)[1]
    score = _centred(first[known].astype(float), stratum) * _centred(values[known], stratum)
    parts, count = np.bincount(image_of, score), np.bincount(stratum)[stratum]
    seen = parts.sum()
    # Less its mean a stratum of n varies by (n - 1) / n of what it did; draws are to vary as what was seen does.
    parts = np.bincount(image_of, score * np.sqrt(count / np.maximum(count - 1, 1)))
    parts = parts[np.abs(parts) > 0]
    if len(parts) < 2:
        return math.nan
    drawn = [np.array([seen])]
    for block in range(BLOCKS):
        signs = stream(seed, 'image_signs', block).integers(0, 2, (EACH, len(parts)), np.int8)
        drawn.append(parts.sum() - 2 * (signs @ parts))
    return float(at_least(np.abs(np.concatenate(drawn))[:, None])[0])


def _centred(values: Floats, stratum: Ints) -> Floats:
    """Less the mean of the person's stratum."""
    counts = np.bincount(stratum)
    means = np.divide(np.bincount(stratum, values), counts, out=np.zeros(len(counts)), where=counts > 0)
    return values - means[stratum]

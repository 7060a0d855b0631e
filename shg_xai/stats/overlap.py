"""How much of one set of components another set tells, whichever axis is which.

Two trainings may spread the same differences between persons over other axes. A linear fit on all K components of the
one asks for no axis: the share of the variance of the other's K components that it explains, of persons whom it was not
fitted to. 1 where both span the same, 0 (or a little less) where they have nothing to do with each other; directions
count by their variance. It is the redundancy index of Stewart and Love (Psychological Bulletin 70, 1968), held out.

Shapes: N persons, A and B components.
"""

import numpy as np

from shg_xai.stats.arrays import Bools, Float, Floats, Singles

PERSONS_A_COMPONENT = 2  # to fit to, at least


def held_out_share(
    scores: Float[Floats | Singles, 'N A'], others: Float[Floats | Singles, 'N B'], half: Bools
) -> float | None:
    """Share of the variance of ``others`` that scores explain, each half of the persons by a fit to the other half.

    R squared about the mean of the persons fitted to, errors and squares summed over both halves and all B. None where
    a half is too few to fit to, or nothing varies.
    """
    if min(half.sum(), (~half).sum()) < PERSONS_A_COMPONENT * (1 + scores.shape[1]):
        return None
    errors = squares = 0.0
    for fitted, asked in ((half, ~half), (~half, half)):
        inputs, targets = scores[fitted].astype(float), others[fitted].astype(float)
        centre, mean = inputs.mean(0), targets.mean(0)
        weights = np.linalg.lstsq(inputs - centre, targets - mean, rcond=None)[0]
        apart = others[asked] - mean
        errors += float(((apart - (scores[asked] - centre) @ weights) ** 2).sum())
        squares += float((apart**2).sum())
    return 1 - errors / squares if squares > 0 else None

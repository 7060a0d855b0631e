"""Principal axes fitted anew, and told which is which.

In another sample components of nearly equal variance come in another order, with another sign, and turned into one
another. An interval that holds the axes fixed leaves that out, and is too narrow. So axes are fitted again in every
resample and matched with those there were, by largest cosines, each axis to one (Milan and Whittaker, Applied
Statistics 44, 1995, section 3; a Procrustes rotation would undo the very turning that is asked for).

Shapes: N persons, M components.
"""

import numpy as np
from scipy.optimize import linear_sum_assignment

from shg_xai.stats.arrays import Float, Floats, Int, Ints, Singles


def refitted(scores: Float[Floats | Singles, 'N M'], weights: Int[Ints, ' N']) -> Float[Floats, 'M M']:
    """Principal axes of weighted persons as columns, in terms of the axes their scores are along: the one in column j
    is that which is nearest to axis j, and the diagonal its cosine with it.

    The persons' scores along M components are all that is known here: how far the resampled axes leave the span of
    these is not in it, so what is told is the least that they turn.
    """
    apart = scores - np.average(scores, axis=0, weights=weights)
    vectors = np.linalg.eigh((apart * weights[:, None]).T @ apart)[1]
    axes = vectors[:, linear_sum_assignment(-(vectors**2))[1]]
    return np.where(axes.diagonal() < 0, -axes, axes)

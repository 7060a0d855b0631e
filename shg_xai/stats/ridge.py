"""Ridge regression from sums of products, which can be added up block by block.

The sums are those of an input with a leading 1 for the intercept, so 1 + M wide. Only the upper triangle is kept.

Shapes: n persons, M inputs, T targets, S numbers of inputs.
"""

from collections.abc import Sequence

import numpy as np

from shg_xai.stats.arrays import Float, Floats

# Of the mean variance of the inputs: from next to none to enough to say nothing.
STRENGTHS = 10.0 ** np.arange(-6, 4.1, 0.5)


def products(inputs: Float[Floats, 'n 1+M']) -> Float[Floats, ' P']:
    """Sums of products of inputs as the upper triangle of a matrix."""
    return (inputs.T @ inputs)[np.triu_indices(inputs.shape[1])]


def unpacked(triangle: Float[Floats, ' P']) -> Float[Floats, '1+M 1+M']:
    """The whole symmetric matrix of an upper triangle."""
    size = int(np.sqrt(2 * len(triangle)))
    matrix = np.zeros((size, size))
    matrix[np.triu_indices(size)] = triangle
    return matrix + np.triu(matrix, 1).T


def fit(
    triangle: Float[Floats, ' P'], cross: Float[Floats, '1+M T'], squares: Float[Floats, ' T'], sizes: Sequence[int]
) -> Float[Floats, 'T S 1+M']:
    """Least squares with a ridge, from the first m inputs, for each of the ascending ``sizes`` m below the persons'
    number.

    The intercept is free and the first weight; weights are 0 beyond m. The ridge is chosen for each target and m among
    STRENGTHS times the mean variance of the m inputs, by generalised cross-validation on these same sums, ``products``
    of inputs, of inputs and targets, and of targets (Golub, Heath and Wahba, Technometrics 21, 1979): with few persons
    it keeps many inputs from fitting noise, with many it is next to none, and no held-out person is asked. Inputs are
    not scaled, so those of little variance are held back most, as noise should be.
    """
    sums = unpacked(triangle)
    persons, means = sums[0, 0], sums[0, 1:] / sums[0, 0]
    target_means = cross[0] / persons
    between = sums[1:, 1:] - persons * np.outer(means, means)
    along = cross[1:] - persons * np.outer(means, target_means)
    spread = squares - persons * target_means**2
    weights = np.zeros((cross.shape[1], len(sizes), len(sums)))
    for place, size in enumerate(sizes):
        values, vectors = np.linalg.eigh(between[:size, :size])
        values = np.maximum(values, 0)
        turned = vectors.T @ along[:size]
        if not values.any():  # inputs that never vary say nothing
            weights[:, place, 0] = target_means
            continue
        ridges = STRENGTHS * values.mean()
        shrunk = values + ridges[:, None]
        gain = (values + 2 * ridges[:, None]) / shrunk**2
        left = np.maximum(spread - gain @ turned**2, 0)
        freedom = persons - 1 - (values / shrunk).sum(1)
        best = np.argmin(left / freedom[:, None] ** 2, axis=0)
        solved = vectors @ (turned / shrunk[best].T)
        weights[:, place, 1 : size + 1] = solved.T
        weights[:, place, 0] = target_means - means[:size] @ solved
    return weights

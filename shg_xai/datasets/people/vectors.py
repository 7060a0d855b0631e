"""Products of small vectors and matrices, to the last bit the same on every machine.

What ``@`` gives depends on the processor: linear algebra libraries add up in the order that is fastest on it. Of a
thousand pictures twenty then differ, as what is nearer is drawn last, and two places can be all but as near.
"""

import numpy as np


def turned(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """A matrix (M, M) times a point (M,), or each of several (P, M)."""
    return (matrix * points[..., None, :]).sum(-1)


def composed(*matrices: np.ndarray) -> np.ndarray:
    """Matrices (M, M), one times the next, from the left."""
    first, *others = matrices
    for matrix in others:
        first = turned(matrix.T, first)
    return first


def dot(a: np.ndarray, b: np.ndarray) -> float:
    """The inner product of two vectors (M,)."""
    return float((a * b).sum())


def norm(vector: np.ndarray) -> float:
    """Of a vector (M,)."""
    return float(np.sqrt(dot(vector, vector)))

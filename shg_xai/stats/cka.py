"""How alike two latents of the same persons are: centred kernel alignment."""

from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

import numpy as np

from shg_xai.stats.arrays import Block, Float, Floats, Rows
from shg_xai.stats.executors import ordered

FEWEST_PERSONS = 4


@dataclass(frozen=True)
class Latents:
    """One side of a comparison: N persons, their mean latent, the eigenvalues of their covariance, and its first
    components, a column each, where somebody asked for them.
    """

    rows: Rows
    mean: Float[Floats, ' D']
    eigenvalues: Float[Floats, ' D']
    leading: Float[Floats, 'D M'] | None = None


def linear_cka(a: Latents, b: Latents, pool: Executor) -> float | None:
    """Debiased linear centred kernel alignment of two latents of the same N persons.

    1 where one latent is the other turned, mirrored or scaled; about 0 where they have nothing to do with each other,
    however many dimensions they have, but more where persons share images and so are near each other in both. At most
    1; None for fewer than four persons, or where nothing varies.

    Kornblith and others 2019, "Similarity of neural network representations revisited", section 3, with the unbiased
    estimate of HSIC by Song and others 2012, equation 5, as in Nguyen and others 2021, equation 3. For centred latents
    the N x N kernels enter by their diagonals and |X'Y|^2 alone, so this streams.
    """
    count = len(a.rows)
    if count < FEWEST_PERSONS:
        return None
    cross = np.zeros((len(a.mean), len(b.mean)))
    norms = np.zeros((count, 2))
    tasks = zip(a.rows.blocks(), b.rows.blocks(), strict=True)
    for start, product, squares in ordered(pool, partial(_cross, (a.mean, b.mean)), tasks, ahead=1):
        cross += product
        norms[start : start + len(squares)] = squares
    x, y = norms.T
    both = _hsic(float((cross**2).sum()), x, y)
    # Squared Frobenius norms of the scatter matrices, each the sum over i, j of (x_i . x_j)^2.
    of_a, of_b = (float(((own.eigenvalues * (count - 1)) ** 2).sum()) for own in (a, b))
    own = _hsic(of_a, x, x) * _hsic(of_b, y, y)
    return both / float(np.sqrt(own)) if own > 0 else None


def _hsic(inner: float, x: Floats, y: Floats) -> float:
    """Unbiased HSIC but for its factor 1 / (n (n - 3)), which every CKA has above and below; x, y: squared norms."""
    count = len(x)
    # Without its diagonal, a row of a centred linear kernel sums to minus its diagonal entry.
    diagonal = float(x @ y)
    return float(inner - diagonal + x.sum() * y.sum() / ((count - 1) * (count - 2)) - 2 / (count - 2) * diagonal)


def _cross(means: tuple[Floats, Floats], blocks: tuple[Block, Block]) -> tuple[int, Floats, Floats]:
    a, b = (block.values() - mean for block, mean in zip(blocks, means, strict=True))
    norms = np.stack([np.einsum('nd,nd->n', part, part) for part in (a, b)], axis=1)
    return blocks[0].start, a.T @ b, norms

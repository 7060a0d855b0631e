"""Principal components of latents: variance along them, and what they explain of others."""

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
from scipy import linalg
from scipy.linalg import lapack

from shg_xai.errors import InputError
from shg_xai.random_streams import stream
from shg_xai.stats.arrays import Block, Float, Floats, Rows
from shg_xai.stats.executors import ordered
from shg_xai.stats.moments import look, moments

SHARES = (0.90, 0.95, 0.99)
STUDY = 50  # the component from which on the study saw nothing but noise
FLAT = 1e-12  # share of the variance of all, below which persons do not differ


@dataclass(frozen=True)
class Components:
    """Principal components, the strongest first: mean latent, variance along each, and a component a column,
    orthonormal; the sign of each is such that its largest entry is positive. There are M = D, fewer only where persons
    are so few that the others have no variance, see :func:`thin_components`, or nobody asked for more.
    """

    mean: Float[Floats, ' D']
    eigenvalues: Float[Floats, ' D']
    vectors: Float[Floats, 'D M']

    @property
    def ratio(self) -> Float[Floats, ' D']:
        """Explained variance ratio of each component."""
        return self.eigenvalues / self.eigenvalues.sum()


def principal_components(mean: Float[Floats, ' D'], covariance: Float[Floats, 'D D']) -> Components:
    """Components of latents with this mean and covariance, which is overwritten."""
    values, vectors = linalg.eigh(covariance, overwrite_a=True, check_finite=False, driver='evd')
    return Components(mean, np.maximum(values[::-1], 0), _signed(vectors[:, ::-1]))


def _signed(vectors: Float[Floats, 'D M']) -> Float[Floats, 'D M']:
    largest = np.abs(vectors).argmax(axis=0)
    vectors *= np.sign(vectors[largest, np.arange(vectors.shape[1])])
    return vectors


def thin_components(latents: Float[Floats, 'N D'], least: int) -> Components:
    """Components of N < D persons by way of a singular value decomposition: N of them, and at least so many.

    A covariance (D, D) would be far larger than the latents it is of, and all but N - 1 of its eigenvalues 0.
    """
    (persons, size), mean = latents.shape, latents.mean(axis=0)
    _, singular, vectors = linalg.svd(latents - mean, full_matrices=False, check_finite=False)
    values = np.zeros(size)
    values[: persons - 1] = singular[:-1] ** 2 / (persons - 1)  # the last is 0 but for rounding
    if more := max(0, min(least, size) - persons):
        # Any directions at right angles to these.
        others = stream(0, 'flat_directions').standard_normal((size, more))
        vectors = linalg.qr(np.hstack([vectors.T, others]), mode='economic')[0].T
    return Components(mean, values, _signed(np.ascontiguousarray(vectors.T)))


def leading_components(mean: Float[Floats, ' D'], covariance: Float[Floats, 'D D'], most: int) -> Components:
    """All eigenvalues, but only the first so many components; the covariance is overwritten.

    Both come of one reduction to a tridiagonal matrix (Golub and Van Loan 2013, section 8.3), which is nearly all of
    the work: a few vectors cost no more than the eigenvalues alone, and no second matrix (D, D) is held.
    """
    size = len(covariance)
    if size == 1:
        return Components(mean, np.maximum(covariance[0], 0), np.ones((1, 1)))
    work = int(lapack.dsytrd_lwork(size, lower=1)[0])
    reduced, diagonal, beside, factors, _ = lapack.dsytrd(covariance, lower=1, lwork=work, overwrite_a=1)
    values = linalg.eigvalsh_tridiagonal(diagonal, beside, lapack_driver='sterf')
    ends = (max(size - most, 0), size - 1)
    _, vectors = linalg.eigh_tridiagonal(diagonal, beside, select='i', select_range=ends, lapack_driver='stemr')
    for place in range(size - 2, -1, -1):  # each reflection is 1 - factor v v', v[0] = 1, from the row below on
        reflection = np.append(1, reduced[place + 2 :, place])
        part = vectors[place + 1 :]
        part -= np.outer(factors[place] * reflection, reflection @ part)
    return Components(mean, np.maximum(values[::-1], 0), _signed(np.ascontiguousarray(vectors[:, ::-1])))


def drawn_directions(components: Components, count: int, random: np.random.Generator) -> Float[Floats, 'D R']:
    """Directions drawn from a normal distribution with the latents' covariance, a column of length 1 each: more of them
    lead to where persons vary more. Those drawn evenly from the sphere lead to where nobody is.
    """
    size = components.vectors.shape[1]
    scores = np.sqrt(components.eigenvalues[:size, None]) * random.standard_normal((size, count))
    return components.vectors @ (scores / np.linalg.norm(scores, axis=0))


def components_for(values: Float[Floats, ' D'], share: float) -> int:
    """How many components hold at least this share of the variance; eigenvalues descending."""
    running = np.cumsum(values)
    return int(np.searchsorted(running, share * running[-1] * (1 - 1e-12)) + 1)


def participation_ratio(values: Float[Floats, ' D']) -> float:
    """How many equal components would spread variance as these do: (sum l)^2 / sum l^2, between 1 and D (Gao and others
    2017, "A theory of multineuronal dimensionality", equation 4).
    """
    return float(values.sum() ** 2 / (values**2).sum())


def fit_components(rows: Rows, pool: Executor) -> Components:
    """Principal components of N persons, streamed; refuses what :func:`~shg_xai.stats.moments.look` refuses."""
    found = moments(rows, look(rows, pool).mean, pool)
    return principal_components(found.mean, found.covariance)


def pca_explained(components: Components, rows: Rows, widths: Sequence[int], pool: Executor) -> Float[Floats, ' W']:
    """Explained variance of persons reconstructed from their first components, 1 - SSE / SST for each width in [0, D].

    Reconstructions are centred at the components' own mean, those of any persons; the variance is that about the mean
    of ``rows``, so it is 0 for who predicts this mean for everybody, and may be below 0. Directions along which the
    persons of the components do not differ are no components. InputError if a width is not in [0, D], the components
    are of other values, or all persons have the same.
    """
    size = len(components.mean)
    if size != rows.dimensions:
        raise InputError(f'{rows.label}: {rows.dimensions} values a person, components have {size}')
    if wrong := [width for width in widths if not 0 <= width <= size]:
        raise InputError(f'{rows.label}: {wrong[0]} components of {size} values; choose 0 to {size}')
    values = components.eigenvalues
    kept = min(max(widths, default=0), int((values > FLAT * values.sum()).sum()))
    squares, offset, total = np.zeros(kept), np.zeros(size), 0.0
    tasks = ((block, components.mean, components.vectors[:, :kept]) for block in rows.blocks())
    for own_squares, own_offset, own_total in ordered(pool, _sums, tasks):
        squares, offset, total = squares + own_squares, offset + own_offset, total + own_total
    variance = total - offset @ offset / len(rows)
    if not variance > FLAT * total:
        same = f'all {len(rows):,} persons have the same values'
        raise InputError(f'{rows.label}: {same}, there is no variance to explain')
    explained = np.concatenate([[0.0], np.cumsum(squares)])[np.minimum(widths, kept)]
    return 1 - (total - explained) / variance


def _sums(task: tuple[Block, Floats, Floats]) -> tuple[Floats, Floats, float]:
    """Squared scores (M,), deviations from the mean (D,), and their squares, summed."""
    block, mean, vectors = task
    centred = block.values() - mean
    return np.square(centred @ vectors).sum(axis=0), centred.sum(axis=0), float(np.square(centred).sum())

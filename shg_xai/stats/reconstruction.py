"""What principal components of some persons explain of others."""

from collections.abc import Sequence
from concurrent.futures import Executor

import numpy as np

from shg_xai.errors import InputError
from shg_xai.stats.arrays import Block, Float, Floats, Rows
from shg_xai.stats.executors import ordered
from shg_xai.stats.moments import look, moments
from shg_xai.stats.pca import FLAT, Components, principal_components


def fit_components(rows: Rows, pool: Executor) -> Components:
    """Principal components of N persons, streamed.

    Raises:
        InputError: Latents that cannot be analysed, see :func:`~shg_xai.stats.moments.look`.
    """
    found = moments(rows, look(rows, pool).mean, pool)
    return principal_components(found.mean, found.covariance)


def pca_explained(components: Components, rows: Rows, widths: Sequence[int], pool: Executor) -> Float[Floats, ' W']:
    """Explained variance of persons reconstructed from their first components, 1 - SSE / SST for each width in [0, D].

    Reconstructions are centred at the components' own mean, those of any persons; the variance is that about the mean
    of ``rows``, so it is 0 for who predicts this mean for everybody, and may be below 0. Directions along which the
    persons of the components do not differ are no components.

    Raises:
        InputError: A width is not in [0, D], the components are of other values, or the persons have the same values.
    """
    size = len(components.mean)
    if size != rows.dimensions:
        raise InputError(f'{rows.label}: {rows.dimensions} values a person, components have {size}')
    wrong = [width for width in widths if not 0 <= width <= size]
    if wrong:
        raise InputError(f'{rows.label}: {wrong[0]} components of {size} values; choose 0 to {size}')
    values = components.eigenvalues
    kept = min(max(widths, default=0), int((values > FLAT * values.sum()).sum()))
    squares, offset, total = np.zeros(kept), np.zeros(size), 0.0
    tasks = ((block, components.mean, components.vectors[:, :kept]) for block in rows.blocks())
    for own_squares, own_offset, own_total in ordered(pool, _sums, tasks):
        squares, offset, total = squares + own_squares, offset + own_offset, total + own_total
    variance = total - offset @ offset / len(rows)
    if not variance > FLAT * total:
        raise InputError(
            f'{rows.label}: all {len(rows):,} persons have the same values, there is no variance to explain'
        )
    explained = np.concatenate([[0.0], np.cumsum(squares)])[np.minimum(widths, kept)]
    return 1 - (total - explained) / variance


def _sums(task: tuple[Block, Floats, Floats]) -> tuple[Floats, Floats, float]:
    """Squared scores (M,), deviations from the mean (D,), and their squares, summed."""
    block, mean, vectors = task
    centred = block.values() - mean
    return np.square(centred @ vectors).sum(axis=0), centred.sum(axis=0), float(np.square(centred).sum())

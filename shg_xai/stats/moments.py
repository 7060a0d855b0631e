"""Mean and scatter of latents, streamed: one pass to look at the values, one for the sums."""

from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
from scipy.linalg import blas

from shg_xai.errors import InputError
from shg_xai.stats.arrays import Block, Bools, Float, Floats, Rows
from shg_xai.stats.executors import ordered

STRIDE = 2  # blocks whose scatter one task adds up before it hands a (D, D) matrix on
ROWS = 512  # persons in float64 at a time
MOST = 16384  # dimensions: a covariance of 2 GiB, and a few times that while it is solved
MOST_OF_FEW = 8 * MOST  # where none is computed; still every one of them is in the results
LARGEST = 1e15  # value, so that the squares of many persons' many values add up in float32
FEW_PERSONS = 4  # none is where there are so many times as many values as persons


@dataclass(frozen=True)
class Moments:
    """Sums of N persons' latents: ``count`` is N, ``scatter`` the sum of squared deviations from the mean."""

    count: int
    mean: Float[Floats, ' D']
    scatter: Float[Floats, 'D D']

    @property
    def covariance(self) -> Float[Floats, 'D D']:
        """Covariance with N - 1 in the denominator."""
        return self.scatter / (self.count - 1)


@dataclass(frozen=True)
class Overview:
    """What one quick pass over the values says: mean of each dimension (D,), and whether it has one value only."""

    mean: Float[Floats, ' D']
    constant: Bools


def are_few(rows: Rows) -> bool:
    """Whether persons are so few beside their values that the covariance would be far larger than they are."""
    return len(rows) * FEW_PERSONS <= rows.dimensions


def _check_width(rows: Rows, most: int) -> None:
    if rows.dimensions > most:
        gib = rows.dimensions**2 * 8 / 2**30
        size = f'{rows.dimensions:,} values a person, whose covariance would take {gib:,.0f} GiB'
        raise InputError(f'{rows.label}: {size}; choose a layer of at most {MOST:,}, as the bottleneck is')


def look(rows: Rows, pool: Executor) -> Overview:
    """Look at every value once, before any long work; InputError if there are too many dimensions, a value is NaN,
    infinite or too large to be squared, or nothing varies.
    """
    _check_width(rows, MOST_OF_FEW if are_few(rows) else MOST)
    total, low = np.zeros(rows.dimensions), np.full(rows.dimensions, np.inf, np.float32)
    high = -low
    for start, sums, lowest, highest, wrong in ordered(pool, _look, rows.blocks()):
        if wrong is not None:
            person = rows.annotation_ids[start + wrong]
            raise InputError(
                f'{rows.label}: annotation {person} has a value that is NaN or infinite; leave the person out '
                f"with --rows 'annotation_id != {person}', or dump again as float32"
            )
        total += sums
        np.minimum(low, lowest, out=low)
        np.maximum(high, highest, out=high)
    if (largest := float(np.maximum(high, -low).max())) > LARGEST:
        raise InputError(
            f'{rows.label}: values of up to {largest:.1g}, whose squares float32 cannot hold: the network diverged, or '
            'was never trained; take another checkpoint'
        )
    if (low == high).all():
        raise InputError(f'{rows.label}: all {len(rows):,} persons have the same values, there is nothing to analyse')
    return Overview(total / len(rows), low == high)


def _look(block: Block) -> tuple[int, Floats, Floats, Floats, int | None]:
    values = block.values()
    with np.errstate(invalid='ignore'):  # infinity minus infinity, reported below
        sums = values.sum(axis=0, dtype=np.float64)
    if not np.isfinite(sums).all():
        return block.start, sums, sums, sums, int(np.argmin(np.isfinite(values).all(axis=1)))
    return block.start, sums, values.min(axis=0), values.max(axis=0), None


def moments(rows: Rows, shift: Float[Floats, ' D'], pool: Executor) -> Moments:
    """Mean and scatter of N persons, in float64, summed about ``shift``, a point near the mean, so that no digits are
    lost to a large mean; InputError if there are too many dimensions.
    """
    _check_width(rows, MOST)
    blocks = list(rows.blocks())
    tasks = [(blocks[start : start + STRIDE], shift) for start in range(0, len(blocks), STRIDE)]
    total, scatter = np.zeros(len(shift)), np.zeros((len(shift), len(shift)), order='F')
    # A result is a (D, D) matrix: none may pile up.
    for sums, squares in ordered(pool, _scatter, tasks, ahead=1):
        total += sums
        scatter += squares
        del squares  # or it would stay while the next one comes
    offset = total / len(rows)
    scatter = blas.dger(-1, offset, total, a=scatter, overwrite_a=True)
    for row in range(1, len(scatter)):  # the lower half is not filled yet
        scatter[row, :row] = scatter[:row, row]
    return Moments(len(rows), shift + offset, scatter)


def _scatter(task: tuple[list[Block], Floats]) -> tuple[Floats, Floats]:
    blocks, shift = task
    total, scatter = np.zeros(len(shift)), np.zeros((len(shift), len(shift)), order='F')
    for block in blocks:
        values = block.values()
        for start in range(0, len(values), ROWS):
            centred = values[start : start + ROWS] - shift
            total += centred.sum(axis=0)
            # Adds to the upper half, without an array for the product.
            scatter = blas.dsyrk(1, centred.T, 1, scatter, overwrite_c=True)
    return total, scatter


def joined(a: Moments, b: Moments) -> Moments:
    """Moments of two sets of persons together (Chan, Golub and LeVeque 1983, equation 1.5)."""
    count = a.count + b.count
    difference = b.mean - a.mean
    both = np.asfortranarray(a.scatter + b.scatter)
    scatter = blas.dger(a.count * b.count / count, difference, difference, a=both, overwrite_a=True)
    return Moments(count, a.mean + difference * (b.count / count), scatter)

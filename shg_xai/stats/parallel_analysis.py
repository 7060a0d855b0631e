"""How many components stand above noise, where persons of one image are alike.

Parallel analysis (Horn 1965) holds components against those of dimensions that have nothing to do with each other. Such
persons are made in two ways, both of which leave in each dimension what persons of one image have in common:

- Of data that fit in memory, each dimension's values change places on their own: whole images with others of as many
  persons (exchangeability blocks: Winkler and others 2014, section 2.4). That is exact, however values are distributed;
  where no two images have as many persons, nothing can be found.
- Of more, normal values are drawn, of the same mean squares between and within images. Their scatter is drawn without
  them, so that the cost does not depend on N. Where tails are as heavy as those of t with 3 degrees of freedom, the
  first component of noise is found too often.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
from scipy import linalg
from scipy.sparse.linalg import svds

from shg_xai.random_streams import stream
from shg_xai.stats.arrays import Bools, Float, Float32, Floats, Int, Ints, Rows, Singles
from shg_xai.stats.bootstrap import Groups
from shg_xai.stats.executors import ordered

HELD = 2**23  # values, N D, up to which they are held and change places: 32 MiB
LEVEL = 0.025  # chance to find a component where there is none: the end of a range of 95 %
SOLVED = 1024  # dimensions up to which a draw's matrix is solved; above, only its largest eigenvalue is sought
MANY_DRAWS, DRAWS = 79, 39  # up to so many dimensions and above; the least for this level is 39
IMAGES, OF_EACH = 1000, 4  # of whom the variance within images is: at most so many, and persons of each
WIDEST = 1.5  # sizes of images that are taken together, the largest over the smallest
TOLERANCE = 1e-4  # of a largest eigenvalue that is sought
ROUNDED = 1e-5  # what two eigenvalues differ by that are the same, as of a single dimension


class Persons(Rows, Protocol):
    """Rows of whom it is known on which image they are, and that some can be taken of."""

    @property
    def image_ids(self) -> Ints: ...
    def take(self, persons: Ints) -> Rows: ...


@dataclass(frozen=True)
class Above:
    """How many components stand above noise, the p-value of the first, and the ``threshold``: the variance that each
    had to exceed, which the first of unrelated dimensions does in one of 40 data sets, by so many ``draws``.
    """

    count: int
    p: float
    threshold: float
    draws: int


@dataclass(frozen=True)
class Unrelated:
    """Persons whose D values vary as in the data, but have nothing to do with each other.

    Their scatter is a sum of independent ``parts``, between images of each size and within images: mean squares of each
    dimension, and degrees of freedom. ``variances`` are those in the data.
    """

    variances: Float[Floats, ' D']
    parts: list[tuple[Float[Floats, ' D'], int]]


def above_noise(
    persons: Persons, eigenvalues: Float[Floats, ' D'], variances: Float[Floats, ' D'], seed: int, pool: Executor
) -> Above:
    """How many components hold more variance than the strongest of unrelated dimensions.

    All are held against the same threshold, so that none of noise is counted in 39 of 40 data sets, whatever comes
    before it: strong ones raise it for the weak, and the count is "at least". p = (b + 1) / (R + 1), b of R draws
    being as large as the first (Phipson and Smyth 2010).
    """
    count = MANY_DRAWS if len(variances) <= SOLVED else DRAWS
    if len(persons) * len(variances) <= HELD:
        draw = partial(first_exchanged, _held(persons), alike(persons.image_ids), seed)
    else:
        draw = partial(first_eigenvalue, unrelated_to(persons, variances, seed, pool), seed)
    drawn = np.array(list(ordered(pool, draw, range(count), ahead=1)))
    threshold = np.sort(drawn)[::-1][round(LEVEL * (count + 1)) - 1]
    least = eigenvalues * (1 - ROUNDED)
    p = (np.count_nonzero(drawn >= least[0]) + 1) / (count + 1)
    return Above(int(np.count_nonzero(least > threshold)), float(p), float(threshold), count)


def alike(groups: Groups) -> list[Int[Ints, 'images persons']]:
    """Who may change places: the persons of images of one size, for each size that several images have."""
    _, image_of, counts = np.unique(groups, return_inverse=True, return_counts=True)
    order = np.argsort(image_of, kind='stable')
    sizes = counts[image_of[order]]
    tables = (order[sizes == size].reshape(-1, size) for size in np.unique(counts).tolist())
    return [table for table in tables if len(table) > 1]


def _held(rows: Rows) -> Float32[Singles, 'D N']:
    """All values about their mean, a dimension a row."""
    values: Singles = np.concatenate([block.values() for block in rows.blocks()]).T
    return np.ascontiguousarray(values - values.mean(axis=1, dtype=np.float64, keepdims=True), np.float32)


def first_exchanged(held: Float32[Singles, 'D N'], tables: Sequence[Ints], seed: int, draw: int) -> float:
    """The largest eigenvalue of the covariance once in each dimension images have changed places."""
    random, values = stream(seed, 'parallel_analysis', draw), held.copy()
    for table in tables:
        if table.shape[1] == 1:  # the same numbers; what changes places need not be looked up
            persons = _as_slice(table[:, 0])
            values[:, persons] = random.permuted(held[:, persons], axis=1)
            continue
        order = random.permuted(np.tile(np.arange(len(table), dtype=np.int32), (len(held), 1)), axis=1)
        for persons in table.T:  # the first of each image, the second, ...
            values[:, persons] = np.take_along_axis(held[:, persons], order, axis=1)
    return largest(values) / (held.shape[1] - 1)


def _as_slice(places: Ints) -> Ints | slice:
    """Ascending numbers without gaps as a slice, which copies sooner."""
    return slice(int(places[0]), int(places[-1]) + 1) if (np.diff(places) == 1).all() else places


def unrelated_to(persons: Persons, variances: Float[Floats, ' D'], seed: int, pool: Executor) -> Unrelated:
    """What is drawn: a one-way analysis of variance of each dimension, its variance within images that of a sample.

    Mean squares between images of n persons are n times the variance of images, and that of persons within. Images of
    about one size are taken together, with the freedom of Satterthwaite (1946) by what all dimensions have in common;
    of one size it is their number. The mean of all takes one of it.
    """
    sizes = np.unique(persons.image_ids, return_counts=True)[1]
    total, within = len(persons) - 1, len(persons) - len(sizes)
    if len(sizes) == 1 or not within:  # of one image, or of each image one: there is one kind of variance
        return Unrelated(variances, [(variances, total)])
    inside = within_images(persons, seed, pool)
    outside = np.maximum(variances - inside, 0) * total / (len(persons) - (sizes**2).sum() / len(persons))
    parts, most = [(inside, within)], np.bincount(sizes).argmax()
    for like in _about_equal(sizes):
        squares = like * outside.sum() + inside.sum()
        freedom = round(squares.sum() ** 2 / (squares**2).sum())
        parts.append(((like.sum() * outside + len(like) * inside) / freedom, max(freedom - (most in like), 1)))
    return Unrelated(variances, parts)


def _about_equal(sizes: Int[Ints, ' G']) -> Iterator[Ints]:
    """Sizes of images, those together of which none is more than half as large again as another."""
    sizes = np.sort(sizes)
    while len(sizes):
        count = int(np.searchsorted(sizes, WIDEST * sizes[0], side='right'))
        yield sizes[:count]
        sizes = sizes[count:]


def sample(groups: Groups, seed: int) -> Bools:
    """Which persons, a mask (N,), are of the images drawn among those with several: at most ``OF_EACH`` of each."""
    _, image_of, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    several = np.flatnonzero(sizes > 1)
    drawn = stream(seed, 'sampled_images').choice(several, min(IMAGES, len(several)), replace=False)
    order = np.argsort(image_of, kind='stable')
    place = np.arange(len(order)) - np.repeat(np.cumsum(sizes) - sizes, sizes)  # of a person in its image
    chosen = np.zeros(len(order), bool)
    chosen[order] = (place < OF_EACH) & np.isin(image_of[order], drawn)
    return chosen


def within_images(persons: Persons, seed: int, pool: Executor) -> Float[Floats, ' D']:
    """Variance of each dimension within images, of a sample of them, see :func:`sample`; held in memory in float32."""
    places = np.flatnonzero(sample(persons.image_ids, seed))
    _, image_of, sizes = np.unique(persons.image_ids[places], return_inverse=True, return_counts=True)
    blocks = persons.take(places).blocks()
    values: Singles = np.concatenate([block.values() for block in blocks])[np.argsort(image_of, kind='stable')]
    squares, starts = np.zeros(persons.dimensions), np.cumsum(sizes) - sizes
    for start, size in zip(starts.tolist(), sizes.tolist(), strict=True):
        squares += values[start : start + size].var(axis=0, dtype=np.float64) * size
    return squares / (len(places) - len(sizes))


def first_eigenvalue(unrelated: Unrelated, seed: int, draw: int) -> float:
    """The largest eigenvalue of the covariance of unrelated normal values, drawn without their persons.

    Each part of the scatter follows a Wishart distribution and is drawn by its Bartlett factor (1933), or where it has
    fewer degrees of freedom than dimensions by that many persons. Each dimension is then scaled to the variance it has
    in the data, of which correlations of unrelated normal values do not depend: so the draw is one given these.
    """
    random = stream(seed, 'parallel_analysis', draw)
    size, start = len(unrelated.variances), 0
    factor = np.empty((size, sum(min(size, freedom) for _, freedom in unrelated.parts)), np.float32)
    for squares, freedom in unrelated.parts:
        _fill(factor[:, start : start + min(size, freedom)], squares, freedom, random)
        start += min(size, freedom)
    norms = np.linalg.norm(factor, axis=1)
    factor *= np.divide(np.sqrt(unrelated.variances), norms, out=np.zeros_like(norms), where=norms > 0)[:, None]
    return largest(factor)


def largest(factor: Float32[Singles, 'D F']) -> float:
    """The largest eigenvalue of a factor times its transpose."""
    if min(factor.shape) > SOLVED:
        start = stream(0, 'krylov_start').standard_normal(min(factor.shape), dtype=np.float32)
        return float(svds(factor, 1, tol=TOLERANCE, v0=start, return_singular_vectors=False)[0]) ** 2
    gram = factor @ factor.T if factor.shape[0] <= factor.shape[1] else factor.T @ factor
    last = len(gram) - 1
    return float(linalg.eigh(gram, subset_by_index=[last, last], eigvals_only=True, overwrite_a=True)[0])


def _fill(
    factor: Float32[Singles, 'D F'], squares: Float[Floats, ' D'], freedom: int, random: np.random.Generator
) -> None:
    """Write a factor of a Wishart matrix of so many degrees of freedom, with these mean squares in expectation."""
    size, deviations = len(squares), np.sqrt(squares)
    for row in range(size):
        if freedom < size:
            factor[row] = random.standard_normal(freedom, dtype=np.float32)
        else:
            factor[row, :row] = random.standard_normal(row, dtype=np.float32)
            factor[row, row] = np.sqrt(random.chisquare(freedom - row))
            factor[row, row + 1 :] = 0
        factor[row] *= deviations[row]

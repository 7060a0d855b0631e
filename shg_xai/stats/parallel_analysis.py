"""How many components stand above noise, where persons of one image are alike."""

from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
from scipy import linalg
from scipy.sparse.linalg import svds

from shg_xai.random_streams import stream
from shg_xai.stats.arrays import Bools, Float, Float32, Floats, Ints, Rows, Singles
from shg_xai.stats.bootstrap import Groups
from shg_xai.stats.executors import ordered

LEVEL = 0.05  # chance to find a component where there is none
SOLVED = 1024  # dimensions up to which a draw's matrix is solved; above, only its largest eigenvalue is sought
MANY_DRAWS, DRAWS = 99, 19  # up to so many dimensions and above; the least for this level is 19
IMAGES, OF_EACH = 1000, 4  # of whom the variance within images is: at most so many, and persons of each
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
    had to exceed, which the first of unrelated dimensions does in at most 5 of 100 data sets, by so many ``draws``.
    """

    count: int
    p: float
    threshold: float
    draws: int


@dataclass(frozen=True)
class Unrelated:
    """Persons whose D values vary as in the data, but have nothing to do with each other.

    Of each dimension the variance, and the mean squares between and within images of a one-way analysis of variance;
    with as many degrees of freedom.
    """

    variances: Float[Floats, ' D']
    between: Float[Floats, ' D']
    within: Float[Floats, ' D']
    freedom: tuple[int, int]


def above_noise(
    persons: Persons, eigenvalues: Float[Floats, ' D'], variances: Float[Floats, ' D'], seed: int, pool: Executor
) -> Above:
    """Parallel analysis (Horn 1965): how many components hold more variance than the strongest of unrelated dimensions.

    Unrelated dimensions have each the variance it has in the data, and its share of it between images; the first
    component of as many such persons is drawn again and again. All components are held against the same threshold, so
    that with a chance of at least 95 % none of noise is counted, whatever comes before it: strong ones raise it for the
    weak, and the count is "at least". p = (b + 1) / (R + 1), b of R draws being as large (Phipson and Smyth 2010).
    """
    count = MANY_DRAWS if len(variances) <= SOLVED else DRAWS
    unrelated = unrelated_to(persons, variances, seed, pool)
    drawn = np.array(list(ordered(pool, partial(first_eigenvalue, unrelated, seed), range(count), ahead=1)))
    threshold = np.sort(drawn)[::-1][round(LEVEL * (count + 1)) - 1]
    least = eigenvalues * (1 - ROUNDED)
    p = (np.count_nonzero(drawn >= least[0]) + 1) / (count + 1)
    return Above(int(np.count_nonzero(least > threshold)), float(p), float(threshold), count)


def unrelated_to(persons: Persons, variances: Float[Floats, ' D'], seed: int, pool: Executor) -> Unrelated:
    """What parallel analysis draws, from the variance of each dimension and, where images have several persons, its
    variance within images, that of at most ``IMAGES`` of them.

    Sums of squares between and within add up to that of all. Of images of different size the freedom between them is
    Satterthwaite's (1946), by what all dimensions have in common; for sizes n, all equal, it is their number less one.
    """
    sizes = np.unique(persons.image_ids, return_counts=True)[1]
    total, alone, within = len(persons) - 1, len(sizes) - 1, len(persons) - len(sizes)
    if not alone or not within:  # of one image, or of each image one: there is one kind of variance
        return Unrelated(variances, variances, variances, (total, 0))
    inside = np.minimum(within_images(persons, seed, pool), variances * total / within)
    outside = np.maximum(variances * total - inside * within, 0)
    # Mean squares between images of size n: n times the variance of images, and that of persons within.
    of_images = max(outside.sum() - alone * inside.sum(), 0) / (len(persons) - (sizes**2).sum() / len(persons))
    squares = sizes * of_images + inside.sum()
    between = max(round(squares.sum() ** 2 / (squares**2).sum()) - 1, 1)
    return Unrelated(variances, outside / between, inside, (between, within))


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
    """The largest eigenvalue of the covariance of unrelated dimensions, drawn without their persons.

    For normal values and images of one size the scatter is the sum of two independent Wishart matrices, one between
    and one within images, each drawn by its Bartlett factor (1933), or where it has fewer degrees of freedom than
    dimensions by that many persons. Each dimension is then scaled to the variance it has in the data: correlations of
    unrelated normal values do not depend on it, so that the draw is one given these variances.
    """
    random = stream(seed, 'parallel_analysis', draw)
    parts = zip((unrelated.between, unrelated.within), unrelated.freedom, strict=True)
    factor = np.hstack([_factor(random, squares, freedom) for squares, freedom in parts])
    norms = np.linalg.norm(factor, axis=1)
    factor *= np.divide(np.sqrt(unrelated.variances), norms, out=np.zeros_like(norms), where=norms > 0)[:, None]
    if min(factor.shape) > SOLVED:
        start = random.standard_normal(min(factor.shape), dtype=np.float32)
        return float(svds(factor, 1, tol=TOLERANCE, v0=start, return_singular_vectors=False)[0]) ** 2
    gram = factor @ factor.T if factor.shape[0] <= factor.shape[1] else factor.T @ factor
    last = len(gram) - 1
    return float(linalg.eigh(gram, subset_by_index=[last, last], eigvals_only=True, overwrite_a=True)[0])


def _factor(random: np.random.Generator, squares: Float[Floats, ' D'], freedom: int) -> Float32[Singles, 'D F']:
    """A factor of a Wishart matrix of so many degrees of freedom, with these mean squares on its diagonal."""
    size = len(squares)
    drawn = random.standard_normal((size, min(size, freedom)), dtype=np.float32)
    if freedom >= size:
        drawn = np.tril(drawn, -1)
        drawn[np.diag_indices(size)] = np.sqrt(random.chisquare(freedom - np.arange(size)))
    drawn *= np.sqrt(squares)[:, None]
    return drawn

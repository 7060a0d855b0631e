"""Are there groups at all, and how many? Any cloud can be cut into clusters; groups have fewer persons between them.

**Valleys.** Persons are dealt into two halves. One half is cut into K clusters; the other half, which had no say in
where, is looked at along the line between the centres of two neighbouring clusters, and counted in three windows of one
width: around either centre, and midway. A density with a single peak has at least as much midway as around the emptier
centre, wherever its peak is, so significantly less midway than around *both* is a valley. K groups are parted if there
is a valley between every two neighbours: each of these tests must reject, and so all of them together keep the level of
one (Berger 1982, "Multiparameter hypothesis testing and acceptance sampling", theorem 1). Of very many persons a dent
is significant, too, so a valley has to be half as deep as its sides are high at least.

Two clusters are neighbours if no third centre lies in the ball between their centres (Gabriel and Sokal 1969). Of the
persons those count who are nearer to the point midway than to any third centre. They lie in a convex region, so a
density that is log-concave (a Gaussian of any shape, a uniform box, exponential values) keeps a single peak on the line
(Prekopa 1973); the two clusters as they were found would not do, as they are narrow where they meet. A cloud that is
bent has a dent along its chord; that of a ring of one density is less deep than half.

Halves are dealt several times. Twice the median of the p-values is one that holds for all deals (Meinshausen, Meier and
Bühlmann 2009, "p-values for high-dimensional regression", section 3.2 with gamma = 1/2). How well the two halves of a
deal agree about everybody is the stability of the clusters (Hennig 2007, "Cluster-wise assessment of cluster
stability"; Ben-Hur, Elisseeff and Guyon 2002).

**A Gaussian.** The second witness is the share of the squares that stays within K clusters, beside that of draws of one
Gaussian with the same covariance (Liu, Hayes, Nobel and Marron 2008, "Statistical significance of clustering", section
2, and Tibshirani, Walther and Hastie 2001, "Estimating the number of clusters in a data set via the gap statistic"):
groups leave less.

Shapes: N persons, independent of each other, M components, K clusters, P pairs of neighbours, S deals.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cache, partial
from itertools import combinations

import numpy as np
from scipy.spatial.distance import cdist
from scipy.stats import binom
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from threadpoolctl import ThreadpoolController

from shg_xai.random_streams import stream
from shg_xai.stats.arrays import Float, Floats, Int, Ints
from shg_xai.stats.executors import ordered

DEALS, DRAWS = 20, 199  # into halves; of a Gaussian, 199 as p is then at least 0.005
STARTS = 3  # of K-Means, each time
WIDE = 1 / 3  # of a window, in distances between two centres
DEEP = 1 / 2  # a valley has at most so many persons midway, for each around the emptier centre
FEWEST = 20  # persons for each cluster, or a window has too few to tell


@dataclass(frozen=True)
class Halves:
    """K clusters of one half of the persons, looked at by the other half.

    Of each of S deals, in the first two with either half in either part: the p-value of the pair of neighbours that is
    parted least; the most persons midway between two neighbours as a share of those around the emptier centre, infinite
    where that is empty; and the agreement of both halves about all persons, as adjusted Rand index.
    """

    p_values: Float[Floats, ' 2S']
    shares: Float[Floats, ' 2S']
    agreement: Float[Floats, ' S']

    @property
    def p(self) -> float:
        """One p-value for all deals: a single peak would part K clusters as well as that."""
        return min(1.0, 2 * _upper_median(self.p_values))

    @property
    def midway(self) -> float:
        """The share midway, in the median of all deals."""
        return _upper_median(self.shares)


def _upper_median(values: Floats) -> float:
    return float(np.quantile(values, 0.5, method='higher'))


def one_an_image(image_ids: Int[Ints, ' N'], most: int, seed: int) -> Int[Ints, ' n']:
    """The numbers, ascending, of one person of each image, and of no more than ``most`` images; persons of one image
    resemble each other, and would be small groups of their own.
    """
    random = stream(seed, 'groups_sample')
    mixed = random.permutation(len(image_ids))
    drawn = mixed[np.unique(image_ids[mixed], return_index=True)[1]]
    return np.sort(random.permutation(drawn)[:most])


def by_halves(values: Float[Floats, 'N M'], ks: Sequence[int], seed: int, pool: Executor) -> dict[int, Halves]:
    """What the halves say of each number of clusters that leaves enough persons a cluster; none of too few persons."""
    tried = [k for k in ks if len(values) >= FEWEST * k]
    if not tried:
        return {}
    deals = np.array(list(ordered(pool, partial(_deal, values, tried, seed), range(DEALS))))  # (S, K, 5)
    told = zip(tried, deals.swapaxes(0, 1), strict=True)
    return {k: Halves(own[:, :2].ravel(), own[:, 2:4].ravel(), own[:, 4]) for k, own in told}


def corrected(found: Mapping[int, Halves]) -> dict[int, float]:
    """For each number of clusters the p-value times how many were tried (Bonferroni)."""
    return {k: min(1.0, len(found) * own.p) for k, own in found.items()}


def parted(found: Mapping[int, Halves], alpha: float) -> list[int]:
    """The numbers of clusters with valleys between all neighbours. The chance that there are any in a density with one
    peak is at most ``alpha``.
    """
    return [k for k, p in corrected(found).items() if p <= alpha and found[k].midway <= DEEP]


def beside_gaussian(values: Float[Floats, 'N M'], k: int, seed: int, pool: Executor) -> float:
    """The p-value (b + 1) / (R + 1) of the share of squares within K clusters, where b of R draws of a Gaussian with
    the variances of these components, which are uncorrelated, leave no more.
    """
    own = _within(values, k, stream(seed, 'groups_gaussian'))
    draw = partial(_drawn, values.std(axis=0), len(values), k, seed)
    return (1 + sum(share <= own for share in ordered(pool, draw, range(DRAWS)))) / (1 + DRAWS)


def neighbours(centres: Float[Floats, 'K M']) -> list[tuple[int, int]]:
    """Pairs of centres with no third one in the ball whose diameter is the line between them."""
    square = cdist(centres, centres, 'sqeuclidean')
    pairs = combinations(range(len(centres)), 2)
    return [(a, b) for a, b in pairs if not (square[a] + square[b] < square[a, b]).any()]


def along(values: Float[Floats, 'N M'], centres: Float[Floats, 'K M'], a: int, b: int) -> Float[Floats, ' n']:
    """Where persons between two centres are on the line from one to the other, 0 at the first and 1 at the second; of
    those who are nearer to the point midway than to any third centre.
    """
    line, midway = centres[b] - centres[a], (centres[a] + centres[b]) / 2
    points = np.vstack([midway, np.delete(centres, (a, b), axis=0)])
    between = cdist(values, points, 'sqeuclidean').argmin(axis=1) == 0
    return (values[between] - centres[a]) @ line / (line @ line)


def in_windows(places: Float[Floats, ' n']) -> Int[Ints, ' 3']:
    """How many are around the first centre, midway and around the second."""
    return (np.abs(places[:, None] - (0, 0.5, 1)) < WIDE / 2).sum(axis=0)


def valley(counts: Int[Ints, 'P 3']) -> tuple[float, float]:
    """The p-value of the pair that is parted least, and the most persons midway as a share of the emptier centre's.

    Under a single peak a person who is midway or around the emptier centre is midway with a chance of at least one
    half; which centre that is is not known, so both have to say so.
    """
    midway, ends = counts[:, 1:2], counts[:, ::2]
    share = np.divide(midway[:, 0], ends.min(axis=1), out=np.full(len(counts), np.inf), where=ends.min(axis=1) > 0)
    return float(binom.cdf(midway, midway + ends, 0.5).max()), float(share.max())


def _deal(values: Floats, ks: Sequence[int], seed: int, deal: int) -> list[tuple[float, ...]]:
    """Both p-values, both shares midway and the agreement, for each K."""
    mixed = stream(seed, 'groups_halves', deal).permutation(len(values))
    parts = np.array_split(values[mixed], 2)
    distinct = [len(np.unique(part, axis=0)) for part in parts]
    found = []
    for k in ks:
        random = stream(seed, 'groups_halves', deal, k)
        fits = [_clusters(part, min(k, most), random) for part, most in zip(parts, distinct, strict=True)]
        seen = [_looked_at(fit.cluster_centers_, k, part) for fit, part in zip(fits, parts[::-1], strict=True)]
        agreement = adjusted_rand_score(*(fit.predict(values) for fit in fits))
        found.append((*(p for p, _ in seen), *(share for _, share in seen), agreement))
    return found


def _looked_at(centres: Floats, k: int, values: Floats) -> tuple[float, float]:
    """Whether K centres are parted, see :func:`valley`; fewer, where persons are the same, are not."""
    if len(centres) < k or k == 1:
        return 1.0, np.inf
    return valley(np.array([in_windows(along(values, centres, a, b)) for a, b in neighbours(centres)]))


def _clusters(values: Floats, k: int, random: np.random.Generator) -> KMeans:
    # Of several threads each adds up its own persons, in an order that would depend on how many there are.
    with _threads().limit(limits=1, user_api='openmp'):
        return KMeans(k, n_init=STARTS, random_state=int(random.integers(2**31))).fit(values)


_threads = cache(ThreadpoolController)  # looking up the libraries takes as long as K-Means


def _within(values: Floats, k: int, random: np.random.Generator) -> float:
    """The share of squares that stays within K clusters; all of it where persons do not differ."""
    total = float(((values - values.mean(axis=0)) ** 2).sum())
    return _clusters(values, k, random).inertia_ / total if total else 1.0


def _drawn(spread: Floats, persons: int, k: int, seed: int, draw: int) -> float:
    random = stream(seed, 'groups_gaussian', draw)
    return _within(random.standard_normal((persons, len(spread))) * spread, k, random)

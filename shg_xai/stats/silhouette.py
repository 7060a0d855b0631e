"""Euclidean silhouettes of several clusterings, in one pass over everybody.

Rousseeuw 1987, "Silhouettes: a graphical aid to the interpretation and validation of cluster analysis", section 2.

**Whom everybody is compared with.** A mean distance to a cluster of thousands needs no more than some hundreds of them.
Of up to ``MOST`` persons everybody is compared with everybody; of more, with that many, drawn at random, and with all
of a cluster of which that leaves fewer than ``FEWEST``. Nobody is left out: each person has a silhouette, with the
standard error that the draw leaves in it. A mean over n of the N_k persons of a cluster has a variance of
(1/n - 1/N_k) s^2 (Cochran 1977, "Sampling techniques", section 2.5), and a silhouette 1 - a / b, where a is the smaller
of both means, a relative one of a / b from the relative ones of both.

**What is cut.** Distances are taken in the first d of D principal components. What is cut enters by its norm: with r_i
the cut part of person i, the squared distance is that in d dimensions plus |r_i|^2 + |r_j|^2 - 2 r_i.r_j, and only the
last term is left out. It is at most 2 |r_i| |r_j|, so a distance e instead of e' is wrong by at most 2 |r_i| |r_j| / e,
and a mean distance of person i to a cluster by at most 2 |r_i| mean |r_j| / (distance of i to the nearest person).

Shapes: N persons, R of them references, d components, S clusterings, K clusters of one, n persons of a block.
"""

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

import numpy as np

from shg_xai.random_streams import stream
from shg_xai.stats.arrays import Bools, Float, Float32, Floats, Int, Ints, Labels, Singles
from shg_xai.stats.executors import ordered
from shg_xai.stats.projection import Scores
from shg_xai.stats.silhouette_parts import BLOCK as PARTS_BLOCK
from shg_xai.stats.silhouette_parts import Sides, parts

BLOCK = 2048  # persons a block: one tile of distances is then 16 MiB
MOST, FEWEST = 20_000, 500  # references in all, and of a cluster, where there are more
NO_CLUSTER = 255  # of a reference that stands for none in a clustering
Side = tuple[int, Labels, Singles]  # a block of persons: its first, labels (S, n) and residuals (n,)


@dataclass(frozen=True)
class Silhouettes:
    """Silhouettes of one clustering, in [-1, 1], 0 in a cluster of one; by how much each can be wrong at most by what
    was cut; its standard error by whom it was compared with, 0 where that was everybody; and each person's part in
    their mean, for its interval (:mod:`shg_xai.stats.silhouette_parts`).
    """

    values: Float32[Singles, ' N']
    bounds: Float32[Singles, ' N']
    errors: Float32[Singles, ' N']
    parts: Float32[Singles, ' N']

    @property
    def uncertainty(self) -> float:
        """By how much the mean may be off: the mean bound, and two standard errors as if all were wrong alike."""
        return float(self.bounds.mean(dtype=float) + 2 * self.errors.mean(dtype=float))


@dataclass(frozen=True)
class References:
    """Whom everybody is compared with: numbers among all, ascending, scores, norms of what was cut, and in each
    clustering the cluster each stands for.
    """

    numbers: Int[Ints, ' R']
    scores: Scores
    cut: Float32[Singles, ' R']
    labels: Int[Labels, 'S R']


def silhouettes(
    scores: Scores,
    residuals: Float[Floats, ' N'],
    labelings: Sequence[Int[Labels, ' N']],
    pool: Executor,
    seed: int = 0,
) -> list[Silhouettes]:
    """Silhouettes of several clusterings, labels 0 to K - 1, of the same persons, from their first d components and the
    squared norms of what was cut.
    """
    together, cut = np.stack(labelings), residuals.astype(np.float32)
    references = _references(scores, cut, together, seed)
    counts = [np.bincount(labels) for labels in together]
    sides = ((start, together[:, start:stop], cut[start:stop]) for start, stop in scores.blocks(BLOCK))
    blocks = ordered(pool, partial(_of_block, scores, references, counts), sides)
    found = [np.concatenate(own, axis=1) for own in zip(*blocks, strict=True)]
    if references.scores is not scores:
        references.scores.file.unlink()
    beside = [Sides(own[0], own[3], own[4], own[5].astype(np.uint8)) for own in found]
    told = parts(scores, cut, together, beside, pool, seed)
    return [Silhouettes(own[0], own[1], own[2], part) for own, part in zip(found, told, strict=True)]


def blocks(rows: int) -> int:
    """How many tasks that is."""
    return -(-rows // BLOCK) + -(-rows // PARTS_BLOCK)


def _references(scores: Scores, cut: Singles, labels: Labels, seed: int) -> References:
    """Everybody, or those drawn and all of the clusters that few were drawn of."""
    if scores.rows <= MOST:
        return References(np.arange(scores.rows), scores, cut, labels)
    drawn = np.zeros(scores.rows, bool)
    drawn[stream(seed, 'silhouette_references').choice(scores.rows, MOST, replace=False)] = True
    few = [np.flatnonzero(np.bincount(own[drawn], minlength=own.max() + 1) < FEWEST) for own in labels]
    whole: Bools = np.array([np.isin(own, clusters) for own, clusters in zip(labels, few, strict=True)])
    numbers = np.flatnonzero(drawn | whole.any(0))
    stands = np.where((drawn | whole)[:, numbers], labels[:, numbers], NO_CLUSTER).astype(np.uint8)
    return References(numbers, scores.part(numbers), cut[numbers], stands)


def _of_block(scores: Scores, references: References, counts: Sequence[Ints], side: Side) -> list[Singles]:
    """What :func:`_silhouettes` says of a block (6, n), for each clustering."""
    start, labels, cut = side
    first, last = np.searchsorted(references.numbers, (start, start + len(cut)))
    itself = references.numbers[first:last] - start  # those of the block who are references, too
    sums, squares, nearest = _sums(scores.read(start, start + len(cut)), cut, references, counts, (itself, first))
    stop, found = 0, []
    for own, known, stands in zip(labels, counts, references.labels, strict=True):
        here, stop = slice(stop, stop + len(known)), stop + len(known)
        used = np.bincount(stands, minlength=NO_CLUSTER + 1)[: len(known)]
        cuts = np.bincount(stands, np.sqrt(references.cut), minlength=NO_CLUSTER + 1)[: len(known)]
        wrong = 2 * np.sqrt(cut) * float((cuts / np.maximum(used - 1, 1)).max())
        with np.errstate(divide='ignore', invalid='ignore'):
            wrong = np.where(wrong > 0, wrong / nearest, 0)  # of a mean distance; cut nowhere is exact
        # Whom each is compared with in each cluster: a person not with itself.
        compared = np.tile(used.astype(float), (len(own), 1))
        compared[itself, own[itself]] -= stands[first:last] != NO_CLUSTER
        found.append(_silhouettes(sums[:, here], squares[:, here], own, known, compared, wrong))
    return found


def _sums(
    values: Singles, cut: Singles, references: References, counts: Sequence[Ints], same: tuple[Ints, int]
) -> tuple[Floats, Floats, Floats]:
    """Sums of distances and of their squares to the references of each cluster (n, sum of K), the least distance (n,);
    ``same``: which of these persons are references, from which number on.
    """
    (itself, first), sizes = same, [len(own) for own in counts]
    sums, squares = np.zeros((2, len(values), sum(sizes)))
    nearest, norms = np.full(len(values), np.inf), np.einsum('nd,nd->n', values, values) + cut
    for start, stop in references.scores.blocks(BLOCK):
        others = references.scores.read(start, stop)
        distances = values @ others.T  # squared, at first
        distances *= -2
        distances += norms[:, None]
        distances += np.einsum('nd,nd->n', others, others) + references.cut[start:stop]
        here = (start <= first + np.arange(len(itself))) & (first + np.arange(len(itself)) < stop)
        own = itself[here], first + np.flatnonzero(here) - start
        distances[own] = 0
        np.maximum(distances, 0, out=distances)
        member = _members(references.labels[:, start:stop], sizes)
        squares += distances @ member
        np.sqrt(distances, out=distances)
        sums += distances @ member
        distances[own] = np.inf
        np.minimum(nearest, distances.min(axis=1), out=nearest)
    return sums, squares, nearest


def _silhouettes(
    sums: Floats, squares: Floats, labels: Labels, counts: Ints, compared: Floats, wrong: Floats
) -> Singles:
    """Silhouettes, their bounds and errors, mean distances to the own and the next cluster, and which that is, (6, n):
    from sums of distances and their squares by cluster (n, K), labels (n,), sizes of clusters (K,), how many of each a
    person was compared with (n, K), and by how much a mean distance may be wrong (n,).
    """
    persons = np.arange(len(labels))
    population = np.tile(counts, (len(labels), 1))
    population[persons, labels] -= 1
    means = sums / np.maximum(compared, 1)
    own, others = means[persons, labels], np.where(counts, means, np.inf)
    others[persons, labels] = np.inf
    next_to = others.argmin(axis=1)
    other = others[persons, next_to]
    larger = np.maximum(own, other)
    known = (population[persons, labels] > 0) & np.isfinite(other) & (larger > 0)
    values, relative = np.zeros(len(labels)), np.zeros(len(labels))
    values[known] = (other - own)[known] / larger[known]
    with np.errstate(divide='ignore', invalid='ignore'):
        # s is 1 - smaller / larger in size: both change, the larger one also beneath.
        bounds = np.where(larger > wrong, 2 * wrong / (larger - wrong), 2)
        spread = (squares / compared - means**2) / means**2 * (1 / compared - 1 / population)
        for cluster in (labels, next_to):
            relative += np.nan_to_num(np.maximum(spread[persons, cluster], 0))
    errors = (1 - np.abs(values)) * np.sqrt(relative)
    told = (np.minimum(bounds, 2), errors, own, other)
    return np.stack([values, *(np.where(known, one, 0) for one in told), next_to]).astype(np.float32)


def _members(labels: Labels, sizes: Sequence[int]) -> Singles:
    """A 1 for each clustering in the column of the reference's cluster: (n, sum of K)."""
    member = np.zeros((labels.shape[1], sum(sizes)), np.float32)
    for own, start in zip(labels, np.cumsum([0, *sizes[:-1]]), strict=True):
        standing = np.flatnonzero(own != NO_CLUSTER)
        member[standing, start + own[standing].astype(int)] = 1
    return member

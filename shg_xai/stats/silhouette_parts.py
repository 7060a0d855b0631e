"""Each person's part in a mean silhouette: its own one, and what it is to everybody else's.

A mean of N silhouettes is no mean of N independent numbers: who a person is decides about its own, and as one of those
whom others are compared with about theirs, too. An interval from the silhouettes alone leaves the second out and is too
short. The part of person j is the derivative of the mean silhouette T in j's weight (the influence function; Davison
and Hinkley, Bootstrap Methods and their Application, 1997, section 2.7): with a and b the mean distances of person i to
the own cluster and to the next one,

    s_j - T + sum over i of own cluster that of j   (ds_i / da_i) (d_ij - a_i) / n
            + sum over i of next cluster that of j  (ds_i / db_i) (d_ij - b_i) / n

where n persons are in the cluster of j, and the silhouette s is 1 - a / b where a is smaller, else b / a - 1. Parts are
numbers a person like any other: their mean is T, and resampling images with them gives the interval of T. Clusters stay
as they are: what K-Means would cut otherwise is not in it.

**What is left out.** Sums are over ``ASKED`` persons, drawn at random where there are more, each standing for as many
of its cluster; and distances take scalar products of the first ``ALONG`` components only, norms of all. Both leave the
parts a little blurred, and their mean as it is.

Shapes: N persons, A of them asked, d components, S clusterings, K clusters of one, n persons of a block.
"""

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

import numpy as np

from shg_xai.random_streams import stream
from shg_xai.stats.arrays import Float32, Floats, Int, Ints, Labels, Singles
from shg_xai.stats.executors import ordered
from shg_xai.stats.projection import Scores

ASKED, ALONG = 4000, 256
BLOCK = 2048  # persons a block
Block = tuple[int, Labels, Singles]  # first person, labels (S, n), squared norms of what was cut (n,)


@dataclass(frozen=True)
class Sides:
    """Silhouettes of one clustering, mean distances to the own cluster and to the next, 0 where there is none, and the
    number of that next one.
    """

    values: Float32[Singles, ' N']
    own: Float32[Singles, ' N']
    other: Float32[Singles, ' N']
    next_to: Int[Labels, ' N']

    def slopes(self) -> tuple[Floats, Floats]:
        """By how much a silhouette moves with the one and with the other mean distance; 0 where there is none."""
        own, other = self.own.astype(float), self.other.astype(float)
        inside, larger = own < other, np.maximum(own, other)
        divisor = np.where(larger > 0, larger, np.inf)
        return np.where(inside, -1, -other / divisor) / divisor, np.where(inside, own / divisor, 1) / divisor


@dataclass(frozen=True)
class Asked:
    """Those whose silhouettes the others have a part in: numbers among all, scores along the first components, squared
    norms, and for each cluster of each clustering what a distance to each of them counts, and what is taken from that.
    """

    numbers: Int[Ints, ' A']
    scores: Float32[Singles, 'A d']
    norms: Float32[Singles, ' A']
    counted: Float32[Singles, 'A SK']
    taken: Float32[Singles, ' SK']


def parts(
    scores: Scores,
    cut: Float32[Singles, ' N'],
    labels: Int[Labels, 'S N'],
    found: Sequence[Sides],
    pool: Executor,
    seed: int,
) -> list[Float32[Singles, ' N']]:
    """The part of each person in the mean silhouette of each clustering, with that mean."""
    numbers = np.arange(scores.rows)
    if scores.rows > ASKED:
        numbers = np.sort(stream(seed, 'silhouette_parts').choice(scores.rows, ASKED, replace=False))
    offsets = np.cumsum([0, *(int(own.max()) + 1 for own in labels)])
    columns = [_counted(own, side, numbers) for own, side in zip(labels, found, strict=True)]
    counted, taken = (np.concatenate(own, axis=-1).astype(np.float32) for own in zip(*columns, strict=True))
    values = scores.read(0, scores.rows)[numbers]
    norms = np.einsum('nd,nd->n', values, values) + cut[numbers]
    asked = Asked(numbers, values[:, :ALONG].copy(), norms, counted, taken)
    blocks = ((start, labels[:, start:stop], cut[start:stop]) for start, stop in scores.blocks(BLOCK))
    task = partial(_of_block, scores, asked, offsets[:-1])
    more = np.concatenate(list(ordered(pool, task, blocks)), axis=1)
    whole = [side.values + own for side, own in zip(found, more, strict=True)]
    return [
        own + (side.values.mean(dtype=float) - own.mean(dtype=float)) for side, own in zip(found, whole, strict=True)
    ]


def _counted(labels: Labels, side: Sides, numbers: Ints) -> tuple[Floats, Floats]:
    """What a distance from each person asked to one of each cluster counts (A, K), and what is taken from it (K,)."""
    sizes = np.bincount(labels)
    own, next_to, rows = labels[numbers].astype(int), side.next_to[numbers].astype(int), np.arange(len(numbers))
    stands = (sizes / np.maximum(np.bincount(own, minlength=len(sizes)), 1))[own]
    counted, taken = np.zeros((len(numbers), len(sizes))), np.zeros(len(sizes))
    for cluster, slope, mean in zip((own, next_to), side.slopes(), (side.own, side.other), strict=True):
        weight = stands * slope[numbers] / np.maximum(sizes[cluster], 1)
        counted[rows, cluster] += weight
        taken += np.bincount(cluster, weight * mean[numbers], len(sizes))
    return counted, taken


def _of_block(scores: Scores, asked: Asked, offsets: Ints, block: Block) -> Float32[Singles, 'S n']:
    """What the persons of a block are to the silhouettes of those asked."""
    start, labels, cut = block
    values = scores.read(start, start + len(cut))
    distances = values[:, : asked.scores.shape[1]] @ asked.scores.T  # squared, at first
    distances *= -2
    distances += (np.einsum('nd,nd->n', values, values) + cut)[:, None]
    distances += asked.norms
    first, last = np.searchsorted(asked.numbers, (start, start + len(cut)))
    distances[asked.numbers[first:last] - start, np.arange(first, last)] = 0
    np.sqrt(np.maximum(distances, 0, out=distances), out=distances)
    told = distances @ asked.counted - asked.taken
    return told[np.arange(len(cut)), offsets[:, None] + labels.astype(int)]

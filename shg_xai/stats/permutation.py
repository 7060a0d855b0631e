"""What chance gives: persons' values exchanged between images.

To ask whether one set of columns (concepts) tells anything of another (latents), the rows of one set are dealt anew,
which leaves nothing between the two and everything within each as it was. Persons of one photo are alike, so persons
may not be dealt one by one: whole images change places, and only those with the same number of persons, each of whom
gets the values of the one who stands at the same place in the other image (exchangeability blocks: Winkler and others,
NeuroImage 92, 2014, section 2.4). An image of a size that no other has stays as it is.

Shapes: N persons, B permutations, T statistics.
"""

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

import numpy as np

from shg_xai.random_streams import stream
from shg_xai.stats.arrays import Float, Floats, Int, Ints
from shg_xai.stats.bootstrap import Groups
from shg_xai.stats.executors import ordered

BLOCK = 20  # permutations a task; fixed, so that nothing depends on the number of workers


@dataclass(frozen=True)
class Exchange:
    """Who may change places: for each number of persons that several images have, their rows, (images, persons)."""

    persons: int
    tables: tuple[Ints, ...]

    @classmethod
    def of(cls, groups: Groups) -> 'Exchange':
        """Of the image of each person; the order of the persons of an image is that of the rows."""
        _, image_of, counts = np.unique(groups, return_inverse=True, return_counts=True)
        order = np.argsort(image_of, kind='stable')
        sizes = counts[image_of[order]]
        tables = [order[sizes == size].reshape(-1, size) for size in np.unique(counts)]
        return cls(len(order), tuple(table for table in tables if len(table) > 1))

    def source(self, random: np.random.Generator) -> Int[Ints, ' N']:
        """Whose values each person gets in one permutation."""
        source = np.arange(self.persons)
        for table in self.tables:
            source[table] = table[random.permutation(len(table))]
        return source


Statistics = Callable[[Int[Ints, ' N']], Float[Floats, ' T']]


def permuted(
    statistics: Statistics, exchange: Exchange, permutations: int, seed: int, executor: Executor
) -> Float[Floats, '1+B T']:
    """Statistics of the persons as they are, then of so many permutations; they take whose values each person gets. A
    permutation depends on its number and the seed alone, so parts can be computed anywhere.
    """
    parts = [range(start, min(start + BLOCK, permutations)) for start in range(0, permutations, BLOCK)]
    task = partial(_some, statistics, exchange, seed)
    return np.concatenate(list(ordered(executor, task, [None, *parts])))


def _some(statistics: Statistics, exchange: Exchange, seed: int, part: range | None) -> Floats:
    """Statistics of a block of permutations; None stands for the persons as they are."""
    if part is None:
        return statistics(np.arange(exchange.persons))[None]
    return np.array([statistics(exchange.source(stream(seed, 'rank_shuffles', number))) for number in part])

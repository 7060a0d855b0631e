"""Persons whose latents are held in memory, for statistics that need no store; and noise to make them of."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from shg_xai.latents.selection import held_out_images
from shg_xai.stats.arrays import Ints, Singles

Draw = Callable[[np.random.Generator, tuple[int, int]], np.ndarray]
MARGINALS: dict[str, Draw] = {
    'normal': lambda random, shape: random.standard_normal(shape),
    'exponential': lambda random, shape: random.exponential(size=shape) - 1,
    't3': lambda random, shape: random.standard_t(3, shape) / np.sqrt(3),
}


@dataclass(frozen=True)
class HeldBlock:
    """Consecutive persons."""

    start: int
    held: Singles

    def values(self) -> Singles:
        return self.held


@dataclass(frozen=True)
class HeldPersons:
    """Latents (N, D) and the image of each person."""

    held: Singles
    image_ids: Ints
    label: str = 'held'

    @property
    def dimensions(self) -> int:
        return self.held.shape[1]

    @property
    def annotation_ids(self) -> Ints:
        return np.arange(len(self))

    def __len__(self) -> int:
        return len(self.held)

    def blocks(self, size: int = 128) -> Iterator[HeldBlock]:
        for start in range(0, len(self), size):
            yield HeldBlock(start, self.held[start : start + size])

    def take(self, persons: np.ndarray) -> 'HeldPersons':
        return HeldPersons(self.held[persons], self.image_ids[persons])

    def halves(self, seed: int) -> np.ndarray:
        return held_out_images(self.image_ids, 0.5, seed)


def noise(
    seed: Sequence[int], sizes: Sequence[int], dimensions: int, correlation: float = 0, marginal: str = 'normal'
) -> HeldPersons:
    """Dimensions that have nothing to do with each other, of persons on images of these sizes.

    Within an image each dimension has this correlation; the marginal distribution is that of its two parts.
    """
    random, draw = np.random.default_rng(seed), MARGINALS[marginal]
    image_of = np.repeat(np.arange(len(sizes)), sizes)
    shared = draw(random, (len(sizes), dimensions))[image_of]
    own = draw(random, (len(image_of), dimensions))
    values = np.sqrt(correlation) * shared + np.sqrt(1 - correlation) * own
    return HeldPersons(values.astype(np.float32), image_of)

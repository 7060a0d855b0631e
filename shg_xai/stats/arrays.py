"""What statistics take: arrays, and rows that are too many for memory, block by block.

Letters stand for the same size wherever they appear in one signature: N persons, n of them, D dimensions.
"""

from collections.abc import Iterator
from typing import Protocol

import numpy as np
from jaxtyping import Float, Float32, Int, Shaped
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Ints = NDArray[np.int64]
Labels = NDArray[np.uint8]
Bools = NDArray[np.bool_]

__all__ = ['Block', 'Bools', 'Float', 'Float32', 'Floats', 'Int', 'Ints', 'Labels', 'Rows', 'Shaped', 'Singles']


class Block(Protocol):
    """Consecutive rows; small to pickle, as it reads them when asked."""

    @property
    def start(self) -> int:
        """Number of its first row."""

    def values(self) -> Float32[Singles, 'n D']:
        """The rows."""


class Rows(Protocol):
    """N persons of D numbers each, wherever they are stored."""

    @property
    def label(self) -> str:
        """What they are, for messages."""

    @property
    def dimensions(self) -> int:
        """D."""

    @property
    def annotation_ids(self) -> Int[Ints, ' N']:
        """Who each row is."""

    def __len__(self) -> int:
        """N."""

    def blocks(self) -> Iterator[Block]:
        """All rows in order."""

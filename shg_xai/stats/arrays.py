"""What statistics take: arrays, and rows that are too many for memory, block by block.

Letters stand for the same size wherever they appear in one signature: N persons, n of them, D dimensions.
"""

from collections.abc import Iterator
from typing import Any, Protocol, TypeVar

import numpy as np
from jaxtyping import Float, Float32, Int, Shaped

Scalar = TypeVar('Scalar', bound=np.generic)
# numpy.typing's, spelt out: from NumPy 2.5 on that is an alias jaxtyping cannot read.
NDArray = np.ndarray[tuple[Any, ...], np.dtype[Scalar]]
Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Ints = NDArray[np.int64]
Labels = NDArray[np.uint8]
Bools = NDArray[np.bool_]

__all__ = [
    'Block',
    'Bools',
    'Float',
    'Float32',
    'Floats',
    'Int',
    'Ints',
    'Labels',
    'NDArray',
    'Rows',
    'Shaped',
    'Singles',
]


class Block(Protocol):
    """Consecutive rows, the first of number ``start``; small to pickle, as it reads its values when asked."""

    @property
    def start(self) -> int: ...
    def values(self) -> Float32[Singles, 'n D']: ...


class Rows(Protocol):
    """N persons of D numbers each, wherever they are stored: who they are, a label for messages, all in order."""

    @property
    def label(self) -> str: ...
    @property
    def dimensions(self) -> int: ...
    @property
    def annotation_ids(self) -> Int[Ints, ' N']: ...
    def __len__(self) -> int: ...
    def blocks(self) -> Iterator[Block]: ...

"""One layer of a store as one array, read from the shards that are needed."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


class ShardedArray:
    """Arrays (n, *shape) of consecutive shards as one (N, *shape), read when indexed.

    ``array[3]``, ``array[10:20]``, ``array[[5, 1, 1]]`` and ``array[mask]`` give plain arrays with copies of the
    values, in the order asked for; ``np.asarray(array)`` gives all of it.

    Args:
        readers: For each shard a function that opens its array.
        starts: First row of each shard, and N as the last entry.
        shape: That of one person.
        dtype: That of the values.
    """

    def __init__(
        self,
        readers: Sequence[Callable[[], NDArray[Any]]],
        starts: Sequence[int] | NDArray[np.int64],
        shape: tuple[int, ...],
        dtype: str,
    ) -> None:
        self._readers = readers
        self._starts = np.asarray(starts, np.int64)
        self.shape = (int(self._starts[-1]), *shape)
        self.dtype = np.dtype(dtype)

    @property
    def ndim(self) -> int:
        """Number of axes, with that of the persons."""
        return len(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes of all values."""
        return int(np.prod(self.shape, dtype=np.int64)) * self.dtype.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def __repr__(self) -> str:
        return f'ShardedArray(shape={self.shape}, dtype={self.dtype}, shards={len(self._readers)})'

    def __iter__(self) -> Iterator[NDArray[Any]]:
        for read in self._readers:
            for row in read():
                yield np.array(row)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError('values of several files cannot be had without a copy')
        values = self[:]
        return values if dtype is None else values.astype(dtype, copy=False)

    def __getitem__(self, index: Any) -> NDArray[Any]:
        """Rows by a number, a slice, an array of numbers or a bool mask of N.

        Raises:
            IndexError: Out of range, or not one of these.
            InputError: A shard can no longer be read.
        """
        if isinstance(index, int | np.integer) and not isinstance(index, bool | np.bool_):
            return np.asarray(self._take(self._in_range(np.array([index], np.int64)))[0])
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            return self._take(np.arange(start, stop, step))
        rows = np.asarray(index)
        if rows.dtype == bool and rows.shape == (len(self),):
            return self._take(np.flatnonzero(rows))
        whole = rows.dtype.kind in 'iu' or not rows.size  # an empty list is one of floats
        if rows.ndim != 1 or isinstance(index, tuple) or not whole:
            raise IndexError(
                'rows of a ShardedArray are chosen by one number, a slice, a list of '
                f'numbers or a bool mask of {len(self)}'
            )
        return self._take(self._in_range(rows.astype(np.int64)))

    def _in_range(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Rows with negative ones counted from the end."""
        wrong = rows[(rows < -len(self)) | (rows >= len(self))]
        if wrong.size:
            raise IndexError(f'row {wrong[0]} of {len(self)} rows')
        return np.where(rows < 0, rows + len(self), rows)

    def _take(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """Values (n, *shape) of rows in [0, N)."""
        values = np.empty((len(rows), *self.shape[1:]), self.dtype)
        owner = np.searchsorted(self._starts, rows, side='right') - 1
        for shard in np.unique(owner):
            places = np.flatnonzero(owner == shard)
            local = rows[places] - self._starts[shard]
            source = self._readers[shard]()
            first, last = places[0], places[-1] + 1
            # A run of rows is copied as one; choosing them singly would need a copy more.
            if (np.diff(local) == 1).all() and last - first == len(places):
                values[first:last] = source[local[0] : local[-1] + 1]
            else:
                values[places] = source[local]
        return values

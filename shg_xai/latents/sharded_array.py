"""One layer of a store as one array, read from the shards that are needed."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shg_xai.errors import InputError


def read_array(file: Path) -> NDArray[Any]:
    """The values of an .npy file, mapped from the disk and read only; InputError if it cannot be read."""
    try:
        values: NDArray[Any] = np.load(file, mmap_mode='r', allow_pickle=False)
    except (OSError, ValueError) as error:
        raise InputError(f'{file}: cannot be read: {error}') from error
    return values


class ShardedArray:
    """Arrays (n, *shape) of consecutive shards as one (N, *shape), read when indexed.

    ``array[3]``, ``array[10:20]``, ``array[[5, 1, 1]]`` and ``array[mask]`` give plain arrays with copies of the
    values, in the order asked for; ``np.asarray(array)`` gives all of it.

    It is made from the .npy file of each shard, the first row of each and N as the last of ``starts``, and shape and
    dtype of one person's values.
    """

    def __init__(self, files: Sequence[Path], starts: NDArray[np.int64], shape: tuple[int, ...], dtype: str) -> None:
        self._files, self._starts = files, starts
        self.shape = (int(starts[-1]), *shape)
        self.dtype = np.dtype(dtype)
        self.ndim = len(self.shape)
        self.nbytes = int(np.prod(self.shape, dtype=np.int64)) * self.dtype.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def __repr__(self) -> str:
        return f'ShardedArray(shape={self.shape}, dtype={self.dtype}, shards={len(self._files)})'

    def __iter__(self) -> Iterator[NDArray[Any]]:
        for file in self._files:
            yield from map(np.array, read_array(file))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError('values of several files cannot be had without a copy')
        return self[:] if dtype is None else self[:].astype(dtype, copy=False)

    def __getitem__(self, index: Any) -> NDArray[Any]:
        """Rows by a number, a slice, an array of numbers or a bool mask of N.

        Raises:
            IndexError: Out of range, or not one of these.
            InputError: A shard can no longer be read.
        """
        if isinstance(index, slice):
            return self._take(np.arange(*index.indices(len(self))))
        rows = np.asarray(index)
        if rows.dtype == bool and rows.shape == (len(self),):
            return self._take(np.flatnonzero(rows))
        whole = rows.dtype.kind in 'iu' or not rows.size  # an empty list is one of floats
        if rows.ndim > 1 or isinstance(index, tuple) or not whole:
            ways = f'one number, a slice, a list of numbers or a bool mask of {len(self)}'
            raise IndexError(f'rows of a ShardedArray are chosen by {ways}')
        places = np.atleast_1d(rows.astype(np.int64))
        wrong = places[(places < -len(self)) | (places >= len(self))]
        if wrong.size:
            raise IndexError(f'row {wrong[0]} of {len(self)} rows')
        values = self._take(np.where(places < 0, places + len(self), places))
        return values if rows.ndim else np.asarray(values[0])

    def _take(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """Values (n, *shape) of rows in [0, N)."""
        values = np.empty((len(rows), *self.shape[1:]), self.dtype)
        owner = np.searchsorted(self._starts, rows, side='right') - 1
        for shard in np.unique(owner):
            places = np.flatnonzero(owner == shard)
            local = rows[places] - self._starts[shard]
            source = read_array(self._files[shard])
            first, last = places[0], places[-1] + 1
            # A run of rows is copied as one; choosing them singly would need a copy more.
            if (np.diff(local) == 1).all() and last - first == len(places):
                values[first:last] = source[local[0] : local[-1] + 1]
            else:
                values[places] = source[local]
        return values

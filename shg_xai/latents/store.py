"""Reading a latent store: opened by its headers alone, values read when they are asked for."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from shg_xai.errors import InputError
from shg_xai.latents.expression import column_names, evaluate
from shg_xai.latents.identity import COLUMNS as KEY
from shg_xai.latents.identity import Key, person_keys
from shg_xai.latents.schema import DTYPES, FACTOR, MANIFEST, Layer, Manifest, row_schema
from shg_xai.latents.shards import SHARDS, Shard, known, read_array, read_shard, shard_names


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a store; InputError if there is none, or it cannot be read."""
    file = Path(folder) / MANIFEST
    try:
        return Manifest.from_json(file.read_text(encoding='utf-8'), file)
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(f'{folder}: no latent store, it has no {MANIFEST}') from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f'{file}: cannot be read: {error}') from error


class ShardedArray:
    """Arrays (n, *shape) of consecutive shards as one (N, *shape), read when indexed.

    ``array[3]``, ``array[10:20]``, ``array[[5, 1, 1]]`` and ``array[mask]`` give plain arrays with copies of the
    values, in the order asked for; ``np.asarray(array)`` gives all of it. ``starts`` are the first row of each file,
    then N; shape and dtype are those of one person's values.
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
        """Rows by a number, a slice, an array of numbers or a bool mask of N; else an IndexError."""
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


def widest(layer: Layer, shards: Iterable[Shard]) -> str:
    """The dtype that holds a layer's values of all shards: float32 where one was too large for float16."""
    return max([layer.dtype, *(shard.layers[layer.name].dtype for shard in shards)], key=DTYPES.index)


class LatentStore:
    """A store of N persons; make one with ``LatentStore.open(folder)``."""

    def __init__(self, folder: Path, manifest: Manifest, shards: Sequence[Shard]) -> None:
        self.folder, self.manifest, self._shards = folder, manifest, shards
        self._starts = np.cumsum([0, *(shard.rows for shard in shards)])
        factors = [name for shard in shards for name in shard.columns if name.startswith(FACTOR)]
        self._schema = row_schema(manifest.num_keypoints, dict.fromkeys(name[len(FACTOR) :] for name in factors))
        self.layers = tuple(layer.name for layer in manifest.layers)
        self.columns = tuple(self._schema.names)  # those of the factors last
        self.complete = len(self) == manifest.rows
        self.size = sum(shard.size for shard in shards)  # bytes

    @classmethod
    def open(cls, folder: Path | str) -> 'LatentStore':
        """Open a store, reading its manifest and the headers of its files; InputError if it is none or of a newer
        version, or a shard is damaged or lacks a file.
        """
        folder = Path(folder)
        manifest = read_manifest(folder)
        shards, start = list[Shard](), 0
        for name in shard_names(folder):
            shard = read_shard(folder / SHARDS / name, manifest, start)
            if shard.problems:
                raise InputError(shard.problems[0])
            shards.append(shard)
            start += shard.rows
        return cls(folder, manifest, shards)

    def __len__(self) -> int:
        return int(self._starts[-1])

    def __repr__(self) -> str:
        rows = f'{len(self)} of {self.manifest.rows} rows'
        return f'LatentStore({str(self.folder)!r}, {rows}, layers: {", ".join(self.layers)})'

    def shards(self) -> Iterator[Shard]:
        """The shards in order."""
        return iter(self._shards)

    def array(self, layer: str) -> ShardedArray:
        """The values (N, *shape) of a layer (InputError if there is none); nothing is read yet."""
        known(layer, self.layers, 'layer')
        own = self.manifest.layers[self.layers.index(layer)]
        files = [shard.folder / own.file for shard in self._shards]
        return ShardedArray(files, self._starts, own.shape, widest(own, self._shards))

    def table(self, columns: Sequence[str] | None = None) -> pa.Table:
        """The rows of all shards in order, or these columns of them, see :func:`~shg_xai.latents.schema.row_schema`.

        A factor, or the size of an image, that a shard does not have is null in its rows. InputError if there is no
        such column, or a file can no longer be read.
        """
        names = self.columns if columns is None else list(dict.fromkeys(columns))
        for name in names:
            known(name, self.columns, 'column')
        parts = [pa.schema([self._schema.field(name) for name in names]).empty_table()]
        for shard in self._shards:
            table = shard.table(names)
            if not table.num_columns:  # only columns that this shard does not have
                table = pa.table({name: pa.nulls(shard.rows, self._schema.field(name).type) for name in names})
            parts.append(table)
        return pa.concat_tables(parts, promote_options='default').select(names)

    @cached_property
    def annotation_ids(self) -> NDArray[np.int64]:
        """The annotation id of each row, int64, shape (N,)."""
        return np.asarray(self.table(['annotation_id'])['annotation_id'].to_numpy())

    @cached_property
    def keys(self) -> list[Key]:
        """Who each row is, see :mod:`shg_xai.latents.identity`."""
        return person_keys(self.table(KEY))

    def where(self, expression: str) -> NDArray[np.int64]:
        """Rows, ascending, for which an expression over the columns is true: int64, shape (n,).

        ``labelled`` stands for persons with all K joints labelled, as in ``labelled and factors.posture > 0.5``.
        InputError if it is not understood, or names no column of one value a row; see
        :mod:`shg_xai.latents.expression`.
        """
        usable = {field.name for field in self._schema if not pa.types.is_nested(field.type)}
        names = column_names(expression)
        wanted = [name for name in self.columns if name in usable & names]
        table = self.table([*wanted, 'num_labelled'])
        columns = {name: table[name].to_numpy() for name in wanted}
        if 'labelled' in names:
            columns['labelled'] = table['num_labelled'].to_numpy() == self.manifest.num_keypoints
        # The others are there to be proposed to who misspelt one.
        nothing = np.full(len(self), np.nan)
        others = {name: nothing for name in (*sorted(usable), 'labelled') if name not in names}
        return np.flatnonzero(evaluate(expression, {**columns, **others}))

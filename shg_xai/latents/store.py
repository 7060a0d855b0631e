"""Reading a latent store: opened by its headers alone, values read when they are asked for."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from shg_xai.errors import InputError
from shg_xai.latents.expression import column_names, evaluate
from shg_xai.latents.schema import FACTOR, MANIFEST, Manifest, row_schema
from shg_xai.latents.sharded_array import ShardedArray
from shg_xai.latents.shards import SHARDS, Shard, known, read_shard, shard_names


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a store; InputError if there is none, or it cannot be read."""
    file = Path(folder) / MANIFEST
    try:
        return Manifest.from_json(file.read_text(encoding='utf-8'), file)
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(f'{folder}: no latent store, it has no {MANIFEST}') from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f'{file}: cannot be read: {error}') from error


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
        """Open a store; reads its manifest and the headers of its files.

        Raises:
            InputError: No store, one of a newer version, or a shard is damaged or lacks a file.
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
        return ShardedArray([shard.folder / own.file for shard in self._shards], self._starts, own.shape, own.dtype)

    def table(self, columns: Sequence[str] | None = None) -> pa.Table:
        """The rows of all shards in order, or these columns of them, see :func:`~shg_xai.latents.schema.row_schema`.

        A factor, or the size of an image, that a shard does not have is null in its rows.

        Raises:
            InputError: No such column, or a file can no longer be read.
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

    def where(self, expression: str) -> NDArray[np.int64]:
        """Rows, ascending, for which an expression over the columns is true: int64, shape (n,).

        ``labelled`` stands for persons with all K joints labelled, as in ``labelled and factors.posture > 0.5``; see
        :mod:`shg_xai.latents.expression`.

        Raises:
            InputError: The expression is not understood, or names no column of one value a row.
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

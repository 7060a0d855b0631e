"""Reading a latent store: opened by its headers alone, values read when they are asked for."""

import difflib
import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from shg_xai.errors import InputError
from shg_xai.latents.expression import column_names, evaluate
from shg_xai.latents.schema import FACTOR, MANIFEST, Layer, Manifest, row_schema
from shg_xai.latents.sharded_array import ShardedArray
from shg_xai.latents.shards import ROWS, SHARDS, ShardFacts, shard_facts, shard_names


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a store.

    Raises:
        InputError: There is none, or it cannot be read.
    """
    file = Path(folder) / MANIFEST
    try:
        text = file.read_text(encoding='utf-8')
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(f'{folder}: no latent store, it has no {MANIFEST}') from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f'{file}: cannot be read: {error}') from error
    return Manifest.from_json(text, file)


def read_rows(file: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """The table of one shard, or those of its columns that it has.

    Raises:
        InputError: It cannot be read.
    """
    try:
        with pa.OSFile(os.fspath(file)) as handle:
            return pq.ParquetFile(handle).read(columns=columns)
    except (OSError, pa.ArrowException) as error:
        raise InputError(f'{file}: cannot be read: {error}') from error


@dataclass(frozen=True)
class Shard:
    """One shard: n consecutive rows of a store, from row ``start`` on."""

    name: str
    start: int
    rows: int
    folder: Path
    layers: dict[str, Layer]

    def array(self, layer: str) -> NDArray[Any]:
        """The values (n, *shape) of a layer, mapped from the disk and read only.

        Raises:
            InputError: No such layer, or its file can no longer be read.
        """
        known(layer, self.layers, 'layer')
        file = self.folder / self.layers[layer].file
        try:
            values: NDArray[Any] = np.load(file, mmap_mode='r', allow_pickle=False)
            return values
        except (OSError, ValueError) as error:
            raise InputError(f'{file}: cannot be read: {error}') from error

    def table(self) -> pa.Table:
        """The rows of this shard."""
        return read_rows(self.folder / ROWS)


def known(name: str, names: Collection[str], kind: str) -> None:
    """Refuse a name that is not there, with the nearest that is."""
    if name not in names:
        near = difflib.get_close_matches(str(name), list(names), n=3) or list(names)
        raise InputError(f'{kind} {name!r}: not in this store; it has {", ".join(near)}')


class LatentStore:
    """A store of N persons; make one with ``LatentStore.open(folder)``."""

    def __init__(self, folder: Path, manifest: Manifest, facts: Sequence[ShardFacts]) -> None:
        self.folder = folder
        self.manifest = manifest
        self.size = sum(shard.size for shard in facts)
        self._layers = {layer.name: layer for layer in manifest.layers}
        self._starts = np.cumsum([0, *(shard.rows for shard in facts)])
        self._shards = [
            Shard(shard.name, int(start), shard.rows, folder / SHARDS / shard.name, self._layers)
            for shard, start in zip(facts, self._starts[:-1], strict=True)
        ]
        factors = {
            name.removeprefix(FACTOR): None for shard in facts for name in shard.columns if name.startswith(FACTOR)
        }
        self._schema = row_schema(manifest.num_keypoints, factors)

    @classmethod
    def open(cls, folder: Path | str) -> 'LatentStore':
        """Open a store; reads its manifest and the headers of its files.

        Raises:
            InputError: No store, one of a newer version, or a shard is damaged or lacks a file.
        """
        folder = Path(folder)
        manifest = read_manifest(folder)
        facts = []
        for name in shard_names(folder):
            facts.append(shard_facts(folder / SHARDS / name, manifest))
            if facts[-1].problems:
                raise InputError(facts[-1].problems[0])
        return cls(folder, manifest, facts)

    def __len__(self) -> int:
        return int(self._starts[-1])

    def __repr__(self) -> str:
        return (
            f'LatentStore({str(self.folder)!r}, {len(self)} of {self.manifest.rows} rows, '
            f'layers: {", ".join(self.layers)})'
        )

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers."""
        return tuple(self._layers)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns of the rows, those of the factors last."""
        return tuple(self._schema.names)

    @property
    def complete(self) -> bool:
        """Whether there are as many rows as the manifest expects."""
        return len(self) == self.manifest.rows

    def shards(self) -> Iterator[Shard]:
        """The shards in order."""
        return iter(self._shards)

    def array(self, layer: str) -> ShardedArray:
        """The values (N, *shape) of a layer; nothing is read yet.

        Raises:
            InputError: No such layer.
        """
        known(layer, self._layers, 'layer')
        own, readers = self._layers[layer], [partial(shard.array, layer) for shard in self._shards]
        return ShardedArray(readers, self._starts, own.shape, own.dtype)

    def table(self, columns: Sequence[str] | None = None) -> pa.Table:
        """The rows of all shards in order, or these columns of them, see ``row_schema``.

        A factor, or the size of an image, that a shard does not have is null in its rows.

        Raises:
            InputError: No such column, or a file can no longer be read.
        """
        names = self.columns if columns is None else list(dict.fromkeys(columns))
        for name in names:
            known(name, self.columns, 'column')
        empty = pa.schema([self._schema.field(name) for name in names]).empty_table()
        parts = []
        for shard in self._shards:
            table = read_rows(shard.folder / ROWS, names)
            if not table.num_columns:  # only columns that this shard does not have
                table = pa.table({name: pa.nulls(shard.rows, self._schema.field(name).type) for name in names})
            parts.append(table)
        return pa.concat_tables([empty, *parts], promote_options='default').select(names)

    @cached_property
    def annotation_ids(self) -> NDArray[np.int64]:
        """The annotation id of each row, int64, shape (N,)."""
        return np.asarray(self.table(['annotation_id'])['annotation_id'].to_numpy())

    def where(self, expression: str) -> NDArray[np.int64]:
        """Rows, ascending, for which an expression over the columns is true: int64, shape (n,).

        ``labelled`` stands for persons with all K joints labelled, as in ``labelled and factors.posture > 0.5``; see
        ``shg_xai.latents.expression``.

        Raises:
            InputError: The expression is not understood, or names no column of one value a row.
        """
        usable = {field.name for field in self._schema if not pa.types.is_nested(field.type)}
        names = column_names(expression)
        wanted = [name for name in self.columns if name in usable & names]
        if 'labelled' in names:
            wanted.append('num_labelled')
        table = self.table([*wanted, 'annotation_id'])
        columns = {name: table[name].to_numpy() for name in wanted}
        if 'labelled' in names:
            columns['labelled'] = columns['num_labelled'] == self.manifest.num_keypoints
        # The others are there to be proposed to who misspelt one.
        nothing = np.full(len(self), np.nan)
        others = {name: nothing for name in (*sorted(usable), 'labelled') if name not in names}
        return np.flatnonzero(evaluate(expression, {**columns, **others}))

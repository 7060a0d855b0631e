"""The persons of one analysis: one layer of a store, and which of its rows."""

import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, count
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from shg_xai.errors import InputError
from shg_xai.latents.identity import Key
from shg_xai.latents.store import LatentStore, ShardedArray

BLOCK = 2048  # persons a block


@dataclass(frozen=True)
class Block:
    """Consecutive persons of a selection; small to pickle, it reads its values when asked."""

    start: int
    rows: NDArray[np.int64]
    array: ShardedArray

    def values(self) -> NDArray[np.float32]:
        """The latents, shape (n, D)."""
        return self.array[self.rows].reshape(len(self.rows), -1).astype(np.float32, copy=False)


def held_out_images(image_ids: NDArray[np.int64], share: float, seed: int) -> NDArray[np.bool_]:
    """Which persons are held out, a mask (N,): those of the images whose checksums, of seed and id, come first.

    ``image_ids`` (N,) is the image of each person, ``share`` that of the images, from 0 to below 1, rounded up to whole
    ones. All persons of an image are on one side.
    """
    images, image_of = np.unique(image_ids, return_inverse=True)
    key = np.array([zlib.crc32(f'{seed} {image}'.encode()) for image in images])
    order = np.argsort(np.argsort(key, kind='stable'), kind='stable')
    return (order < share * len(images))[image_of]


@dataclass(frozen=True)
class Selection:
    """N persons of one layer of a store: :class:`~shg_xai.stats.arrays.Rows` that know whose they are.

    ``rows`` says which rows of the store, ascending, shape (N,).
    """

    store: LatentStore
    layer: str
    rows: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def array(self) -> ShardedArray:
        """The layer of the whole store."""
        return self.store.array(self.layer)

    @property
    def label(self) -> str:
        """What this is, for messages."""
        return f'{self.store.folder}: layer {self.layer}'

    @property
    def dimensions(self) -> int:
        """D, the number of values of one person."""
        return int(np.prod(self.array.shape[1:], dtype=np.int64))

    @cached_property
    def annotation_ids(self) -> NDArray[np.int64]:
        """Annotation id of each person, shape (N,)."""
        return self.store.annotation_ids[self.rows]

    @cached_property
    def keys(self) -> list[Key]:
        """Who each person is, see :mod:`shg_xai.latents.identity`."""
        keys = self.store.keys
        return [keys[row] for row in self.rows]

    @cached_property
    def image_ids(self) -> NDArray[np.int64]:
        """Image of each person, shape (N,)."""
        return self.store.table(['image_id'])['image_id'].to_numpy()[self.rows]

    def table(self, columns: Sequence[str] | None = None) -> pa.Table:
        """The rows of the persons, or these columns of them."""
        table = self.store.table(columns)
        whole = np.array_equal(self.rows, np.arange(len(self.store)))
        return table if whole else table.take(pa.array(self.rows))

    def blocks(self, size: int = BLOCK) -> Iterator[Block]:
        """The persons in order, ``size`` at a time."""
        for start in range(0, len(self), size):
            yield Block(start, self.rows[start : start + size], self.array)

    def take(self, persons: NDArray[np.bool_] | NDArray[np.int64]) -> 'Selection':
        """Some of the persons, by a bool mask (N,) or by ascending numbers."""
        return replace(self, rows=self.rows[persons])

    def halves(self, seed: int) -> NDArray[np.bool_]:
        """A mask (N,) of about half of the persons; those of one image stay together."""
        return held_out_images(self.image_ids, 0.5, seed)


def select(store: LatentStore, layer: str | None = None, rows: str = 'all') -> Selection:
    """The persons of a store that an analysis is about.

    ``layer`` may be left out where the store has one; ``rows`` is ``all``, ``labelled`` (all joints) or a condition.
    InputError if there is no such layer, or the condition is not understood or met by fewer than two persons.
    """
    if layer is None:
        if len(store.layers) > 1:
            names = ', '.join(store.layers)
            raise InputError(f'{store.folder}: has {len(store.layers)} layers, name one with --layers: {names}')
        layer = store.layers[0]
    store.array(layer)
    chosen = np.arange(len(store)) if rows == 'all' else store.where(rows)
    if len(chosen) < 2:
        few = 'one person' if len(chosen) else 'no person'
        of = f' of {len(store)} meets --rows {rows!r}' if rows != 'all' else ''
        raise InputError(f'{store.folder}: {few}{of}; an analysis needs at least two')
    return Selection(store, layer, chosen)


def names_for(places: Sequence[tuple[Path | str, str]]) -> list[str]:
    """Names for files and figures, each for a store's folder and a layer of it; no two are the same.

    The folder's own name, of letters, digits, ``_`` and ``-``; where several of its layers are there, with as much of
    each one's end as tells them apart.
    """
    names: list[str] = []
    for folder, layer in places:
        others = {other for where, other in places if Path(where).resolve() == Path(folder).resolve()} - {layer}
        name = _plain(Path(folder).resolve().name) or 'store'
        if others:
            parts = layer.split('.')
            ends = ('.'.join(parts[-length:]) for length in range(1, len(parts) + 1))
            alone = (end for end in ends if not any(f'.{other}'.endswith(f'.{end}') for other in others))
            name += f'-{_plain(next(alone, layer))}'
        numbered = chain([name], (f'{name}-{number}' for number in count(2)))
        names.append(next(unique for unique in numbered if unique not in names))
    return names


def _plain(text: str) -> str:
    return re.sub('[^a-z0-9]', '_', text.lower()).strip('_')[:60]

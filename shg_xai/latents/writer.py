"""Making a latent store, and writing rows to it so that a killed run can be resumed."""

import logging
import shutil
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shg_xai.errors import InputError
from shg_xai.latents.identity import Key
from shg_xai.latents.rows import Row, checked_rows, row_table
from shg_xai.latents.schema import MANIFEST, Manifest, differences
from shg_xai.latents.shards import SHARDS, read_shard, shard_names, sync, write_file, write_shard
from shg_xai.latents.store import LatentStore, read_manifest, widest

logger = logging.getLogger(__name__)


def create_store(folder: Path, manifest: Manifest) -> set[Key]:
    """Make a store, or go on with the one in this folder: who is in it already. InputError if the folder cannot be
    written, or holds other files, a store of something else or a damaged shard.
    """
    folder, text, aside = Path(folder), manifest.to_json(), f'.{MANIFEST}.'
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / MANIFEST).exists():
            if differing := differences(read_manifest(folder), manifest):
                fault = 'holds a store of something else, choose another --out; the store against this run'
                raise InputError(f'{folder}: {fault}: {"; ".join(differing)}')
            return set(LatentStore.open(folder).keys)
        # Another rank may be at this point too, or may have been killed here.
        if others := sorted(entry.name for entry in folder.iterdir() if not entry.name.startswith(aside)):
            raise InputError(f'{folder}: holds other files ({others[0]}) and no {MANIFEST}; choose another --out')
        part = folder / f'{aside}{uuid.uuid4().hex}.part'
        try:
            write_file(part, text.encode())
            part.rename(folder / MANIFEST)
        finally:
            part.unlink(missing_ok=True)
        sync(folder)
    except OSError as error:
        raise _unwritable(folder, error) from error
    return set()


def _unwritable(folder: Path, error: OSError) -> InputError:
    """The one line for a folder that cannot be written."""
    try:
        room = f' (free: {shutil.disk_usage(folder).free / 2**20:.0f} MiB)'
    except OSError:
        room = ''
    mend = 'make room or choose another --out, then run the command again'
    return InputError(f'{folder}: cannot be written: {error.strerror or error}{room}; {mend}')


def _too_much_memory(folder: Path, rows: int, error: Exception) -> InputError:
    """The one line for a shard that is too large."""
    fault = f'a shard of {rows} rows does not fit the memory ({error})'
    return InputError(f'{folder}: {fault}; choose fewer layers or rows a shard')


class ShardWriter(AbstractContextManager['ShardWriter']):
    """Write rows and their arrays to a store made by ``create_store``; a context manager.

    Holds two shards, at most ``rows_per_shard`` persons each, in memory: one is filled while a thread packs and writes
    the other, which takes hardly any Python. float16 ends at 65,504: from the first value beyond it on, this shard and
    those after it have the layer as float32. It is not scaled to fit instead: whoever maps the files reads the
    network's own numbers, whichever shard they are in, and nothing written before needs to be rewritten.

    An exception inside ``with``, Ctrl-C too, still writes the rows that were added, unless the exception came from
    writing. ``rank`` is the number of this process, 0 to 99; no two at a time may have the same. InputError if the
    folder is no store or cannot be written, or a shard needs too much memory.
    """

    def __init__(self, folder: Path, manifest: Manifest, rank: int = 0, rows_per_shard: int = 1024) -> None:
        if not 0 <= rank <= 99:
            raise InputError(f'rank {rank}: a store takes ranks 0 to 99')
        if rows_per_shard < 1:
            raise InputError(f'rows_per_shard {rows_per_shard}: a shard has at least one row')
        self.folder, self.manifest, self.rank = Path(folder), manifest, rank
        self._size = min(rows_per_shard, max(manifest.rows, 1))
        if not (self.folder / MANIFEST).is_file():
            raise InputError(f'{self.folder}: no {MANIFEST}; make the store with create_store')
        try:
            (self.folder / SHARDS).mkdir(exist_ok=True)
            for left in (self.folder / SHARDS).glob(f'.{rank:02}-*.part'):
                shutil.rmtree(left)
        except OSError as error:
            raise _unwritable(self.folder, error) from error
        names = shard_names(self.folder)
        self._number = max((int(name[3:]) for name in names if int(name[:2]) == rank), default=-1) + 1
        stored = [read_shard(self.folder / SHARDS / name, manifest) for name in names]
        try:
            self._arrays = {
                layer.name: np.empty((self._size, *layer.shape), widest(layer, stored)) for layer in manifest.layers
            }
        except (MemoryError, ValueError) as error:
            raise _too_much_memory(self.folder, self._size, error) from error
        self._rows: list[dict[str, object]] = []
        self._filled = 0
        self._pool = ThreadPoolExecutor(1)
        self._writing: Future[None] | None = None
        self._failed = self._closed = False

    def add(self, rows: Sequence[Row], arrays: Mapping[str, NDArray[Any]]) -> None:
        """Add n persons, their rows (see ``row_schema``; what is optional may be missing) and each layer's (n, *shape).

        A shard is written whenever one is full. InputError if rows or arrays do not fit the manifest, or cannot be
        written; ValueError if the writer is closed.
        """
        if self._closed or self._failed:
            raise ValueError('add() after the writer was closed or could not write')
        checked = checked_rows(rows, self.manifest.num_keypoints)
        layers = {layer.name: layer for layer in self.manifest.layers}
        for kind, names in (('unknown', set(arrays) - set(layers)), ('missing', set(layers) - set(arrays))):
            if names:
                raise InputError(f'layer {min(names)}: {kind}; the manifest has {", ".join(layers)}')
        values = {name: np.asarray(array) for name, array in arrays.items()}
        for name, array in values.items():
            expected, dtype = (len(checked), *layers[name].shape), layers[name].dtype
            if array.shape != expected or array.dtype.kind not in 'fiub':
                raise InputError(f'layer {name}: {array.dtype} {array.shape} instead of {dtype} {expected}')
        start = 0
        while start < len(checked):
            count = min(self._size - self._filled, len(checked) - start)
            for name, array in values.items():
                self._put(name, array[start : start + count])
            # The count comes last: interrupted before it, these rows were not added.
            self._rows[self._filled :] = checked[start : start + count]
            self._filled += count
            start += count
            if self._filled == self._size:
                self._write()

    def flush(self) -> None:
        """Wait until every full shard is on the disk; InputError if it cannot be written."""
        self._pool.submit(int).result()  # also what was handed over when Ctrl-C came
        writing, self._writing = self._writing, None
        try:
            if writing is not None:
                writing.result()
        except Exception as error:
            self._failed = True
            if isinstance(error, OSError):
                raise _unwritable(self.folder, error) from error
            raise

    def _put(self, name: str, values: NDArray[Any]) -> None:
        """Put a layer's values (n, *shape) behind those in the buffer; one too large for it makes it float32."""
        rows, own = slice(self._filled, self._filled + len(values)), self._arrays[name]
        with np.errstate(over='ignore', invalid='ignore'):
            np.copyto(own[rows], values, casting='same_kind')
        if not (np.isinf(own[rows]).any() and (np.isinf(own[rows]) & np.isfinite(values)).any()):
            return
        largest = np.abs(values[np.isfinite(values)]).max()
        if own.dtype != np.float16:
            raise InputError(f'layer {name}: {largest:g} is too large for {own.dtype}; scale it')
        logger.warning('layer %s: %g is too large for float16; stored as float32 from here on', name, largest)
        try:
            self._arrays[name] = np.empty(own.shape, np.float32)
        except MemoryError as error:
            raise _too_much_memory(self.folder, self._size, error) from error
        self._arrays[name][: self._filled] = own[: self._filled]
        self._put(name, values)

    def _write(self) -> None:
        """Have what is buffered written as a shard, once the one before is."""
        self.flush()
        shard = self.folder / SHARDS / f'{self.rank:02}-{self._number:06}'
        if not shard.is_dir():  # Ctrl-C may have come when it was handed over already
            table = row_table(self._rows[: self._filled], self.manifest.num_keypoints)
            arrays = {layer.file: self._arrays[layer.name][: self._filled] for layer in self.manifest.layers}
            self._writing = self._pool.submit(write_shard, shard, table, arrays)
        try:
            self._arrays = {name: np.empty_like(array) for name, array in self._arrays.items()}
        except MemoryError as error:
            raise _too_much_memory(self.folder, self._size, error) from error
        self._filled, self._rows = 0, []
        self._number += 1

    def close(self) -> None:
        """Write the rest (InputError if that fails); a second time does nothing."""
        try:
            if not self._closed and not self._failed:
                if self._filled:
                    self._write()
                self.flush()
        finally:
            self._closed = True
            self._pool.shutdown()
            self._arrays = {}

    def __exit__(self, *error: object) -> None:
        self.close()

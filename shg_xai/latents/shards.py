"""Shards on disk: how one is written whole or not at all, how it is read, and what is wrong with it.

A shard is a folder ``shards/<rank, two digits>-<number, six digits>`` with rows.parquet and one .npy a layer; while it
is written it is called ``shards/.<rank>-<number>.part``.
"""

import difflib
import io
import os
import re
import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from msgspec.structs import replace
from numpy.typing import NDArray

from shg_xai.errors import InputError
from shg_xai.latents.schema import ADDED, FACTOR, FLIPS, SPREADS, Layer, Manifest, row_schema

SHARDS = 'shards'
ROWS = 'rows.parquet'
SHARD_NAME = re.compile(r'(\d{2})-(\d{6})')
COMPRESSION_LEVEL = 19  # of 1 to 22; takes 0.1 s for 1024 persons
# How columns are laid out to compress best; those that are not here repeat few values.
ENCODINGS = {
    **dict.fromkeys(('annotation_id', 'image_id'), 'DELTA_BINARY_PACKED'),
    **dict.fromkeys(('file_name', 'bbox', 'crop_center', 'crop_scale'), 'PLAIN'),
    **dict.fromkeys(('keypoints', 'predicted_keypoints', 'keypoint_scores', SPREADS, FLIPS), 'BYTE_STREAM_SPLIT'),
}
MEND = 'remove this shard and run the same command again'


def shard_names(folder: Path) -> list[str]:
    """Names of the whole shards of a store, in order; InputError if their folder cannot be read."""
    try:
        entries = os.scandir(folder / SHARDS)
        return sorted(entry.name for entry in entries if SHARD_NAME.fullmatch(entry.name) and entry.is_dir())
    except FileNotFoundError:
        return []  # a run that was killed before its first shard
    except OSError as error:
        raise InputError(f'{folder / SHARDS}: cannot be read: {error.strerror}') from error


def sync(path: Path) -> None:
    """Have the system write a file or folder to the disk now."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_file(file: Path, *parts: bytes | memoryview | pa.Buffer) -> None:
    """Write a new file and have it on the disk."""
    with file.open('xb') as handle:
        handle.writelines(parts)
        handle.flush()
        os.fsync(handle.fileno())


def write_shard(shard: Path, table: pa.Table, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write a shard aside and rename it; arrays are by file name, in C order; after an OSError nothing is left."""
    encodings: dict[str, str | None] = {}
    for field in table.schema:
        path = field.name + '.list.element' * pa.types.is_nested(field.type)
        encodings[path] = 'BYTE_STREAM_SPLIT' if field.name.startswith(FACTOR) else ENCODINGS.get(field.name)
    repeating = [path for path, encoding in encodings.items() if not encoding]
    special = {path: encoding for path, encoding in encodings.items() if encoding}
    rows = pa.BufferOutputStream()
    layout = dict(column_encoding=special, use_dictionary=repeating, write_statistics=False)
    pq.write_table(table, rows, compression='zstd', compression_level=COMPRESSION_LEVEL, **layout)
    part = part_folder(shard)
    shutil.rmtree(part, ignore_errors=True)
    try:
        part.mkdir()
        write_file(part / ROWS, rows.getvalue())
        for file, array in arrays.items():
            # Not np.save: of a full disk it says how many bytes were written, not what is wrong.
            header = io.BytesIO()
            np.lib.format.write_array_header_1_0(header, np.lib.format.header_data_from_array_1_0(array))
            write_file(part / file, header.getvalue(), array.reshape(-1).view(np.uint8).data)
        sync(part)
        part.rename(shard)
    except Exception:
        shutil.rmtree(part, ignore_errors=True)
        raise
    sync(shard.parent)


def part_folder(shard: Path) -> Path:
    """Where a shard is while it is being written."""
    return shard.with_name(f'.{shard.name}.part')


def known(name: str, names: Collection[str], kind: str) -> None:
    """Refuse a name that is not there, with the nearest that is."""
    if name not in names:
        near = difflib.get_close_matches(str(name), list(names), n=3) or list(names)
        raise InputError(f'{kind} {name!r}: not in this store; it has {", ".join(near)}')


def read_array(file: Path) -> NDArray[Any]:
    """The values of an .npy file, mapped from the disk and read only; InputError if it cannot be read."""
    try:
        values: NDArray[Any] = np.load(file, mmap_mode='r', allow_pickle=False)
    except (OSError, ValueError) as error:
        raise InputError(f'{file}: cannot be read: {error}') from error
    return values


@dataclass(frozen=True)
class Shard:
    """Consecutive rows of a store, from row ``start`` on, as the headers of its files say."""

    folder: Path
    layers: dict[str, Layer]  # with the dtype of its own files
    start: int
    rows: int = 0
    columns: tuple[str, ...] = ()
    size: int = 0  # bytes of all files
    problems: tuple[str, ...] = ()  # what is wrong with it, one line each; then nothing else need be right

    @property
    def name(self) -> str:
        """As its folder."""
        return self.folder.name

    def array(self, layer: str) -> NDArray[Any]:
        """The values (n, *shape) of a layer, mapped and read only; InputError if there is none, or no readable file."""
        known(layer, self.layers, 'layer')
        return read_array(self.folder / self.layers[layer].file)

    def table(self, columns: Sequence[str] | None = None) -> pa.Table:
        """The rows, or those of these columns that it has; InputError if they can no longer be read."""
        file = self.folder / ROWS
        try:
            with pa.OSFile(os.fspath(file)) as handle:
                return pq.ParquetFile(handle).read(columns=columns)
        except (OSError, pa.ArrowException) as error:
            raise InputError(f'{file}: cannot be read: {error}') from error


def _array_problem(file: Path, layer: Layer, rows: int) -> tuple[str | None, int, str]:
    """What is wrong with a layer's file, judged by its header and size, its bytes, and the dtype of its values.

    That is the manifest's, or float32 where values were too large for float16.
    """
    try:
        with file.open('rb') as handle:
            form = np.lib.format
            first = form.read_magic(handle) == (1, 0)
            shape, _, dtype = form.read_array_header_1_0(handle) if first else form.read_array_header_2_0(handle)
            header, size = handle.tell(), os.fstat(handle.fileno()).st_size
    except FileNotFoundError:
        return f'{file}: missing; {MEND}', 0, layer.dtype
    except OSError as error:
        return f'{file}: cannot be read: {error.strerror}', 0, layer.dtype
    except ValueError as error:
        return f'{file}: no .npy file: {error}; {MEND}', 0, layer.dtype
    expected = (rows, *layer.shape)
    if dtype not in (np.dtype(layer.dtype), np.dtype('float32')) or shape != expected:
        fault = f'holds {dtype} {shape}, the manifest and {ROWS} say {layer.dtype} {expected}'
        return f'{file}: {fault}; {MEND}', size, layer.dtype
    needed = header + int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    return (f'{file}: has {size} bytes instead of {needed}; {MEND}' if size != needed else None), size, str(dtype)


def read_shard(folder: Path, manifest: Manifest, start: int = 0) -> Shard:
    """Read the headers of a shard, no values; what is wrong becomes ``problems``."""
    file, layers = folder / ROWS, {layer.name: layer for layer in manifest.layers}
    try:
        # Not its path: pyarrow would take a missing file for a folder of files.
        with pa.OSFile(os.fspath(file)) as handle:
            facts = pq.read_metadata(handle)
            schema, size = facts.schema.to_arrow_schema(), handle.size()
    except FileNotFoundError:
        return Shard(folder, layers, start, problems=(f'{file}: missing; {MEND}',))
    except (OSError, pa.ArrowException) as error:
        return Shard(folder, layers, start, problems=(f'{file}: no readable Parquet file: {error}; {MEND}',))
    names, problems = schema.names, []
    wanted = row_schema(manifest.num_keypoints, [name[len(FACTOR) :] for name in names if name.startswith(FACTOR)])
    kinds = dict(zip(names, schema.types, strict=True))
    wrong = [own.name for own in wanted if kinds.get(own.name, own.type if own.name in ADDED else None) != own.type]
    extra = [name for name in names if name not in wanted.names]
    if wrong or extra or len(set(names)) < len(names):
        unlike = ', '.join(wrong or extra or ['a column is there twice'])
        problems.append(f'{file}: columns not as this version writes them: {unlike}; {MEND}')
    for layer in manifest.layers:
        problem, size_of_layer, dtype = _array_problem(folder / layer.file, layer, facts.num_rows)
        layers[layer.name] = replace(layer, dtype=dtype)
        size += size_of_layer
        problems += [problem] if problem else []
    return Shard(folder, layers, start, facts.num_rows, tuple(names), size, tuple(problems))

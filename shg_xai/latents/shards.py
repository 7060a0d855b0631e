"""Shards on disk: their names, how one is written whole or not at all, and what is wrong with one.

A shard is a folder ``shards/<rank, two digits>-<number, six digits>`` with rows.parquet and one .npy a layer; while it
is written it is called ``shards/.<rank>-<number>.part``.
"""

import io
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from shg_xai.errors import InputError
from shg_xai.latents.schema import ADDED, FACTOR, Layer, Manifest, row_schema

SHARDS = 'shards'
ROWS = 'rows.parquet'
SHARD_NAME = re.compile(r'(\d{2})-(\d{6})')
COMPRESSION_LEVEL = 19  # of 1 to 22; takes 0.1 s for 1024 persons
# How columns are laid out to compress best; those that are not here repeat few values.
ENCODINGS = {
    **dict.fromkeys(('annotation_id', 'image_id'), 'DELTA_BINARY_PACKED'),
    **dict.fromkeys(('file_name', 'bbox', 'crop_center', 'crop_scale'), 'PLAIN'),
    **dict.fromkeys(('keypoints', 'predicted_keypoints', 'keypoint_scores'), 'BYTE_STREAM_SPLIT'),
}
MEND = 'remove this shard and run the same command again'


def shard_names(folder: Path) -> list[str]:
    """Names of the whole shards of a store, in order.

    Raises:
        InputError: The folder of the shards cannot be read.
    """
    try:
        return sorted(
            entry.name for entry in os.scandir(folder / SHARDS) if SHARD_NAME.fullmatch(entry.name) and entry.is_dir()
        )
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
        for part in parts:
            handle.write(part)
        handle.flush()
        os.fsync(handle.fileno())


def npy_header(array: NDArray[Any]) -> bytes:
    """The header of an .npy file; array must be in C order."""
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, np.lib.format.header_data_from_array_1_0(array))
    return stream.getvalue()


def rows_file(table: pa.Table) -> pa.Buffer:
    """The bytes of rows.parquet."""
    encodings, repeating = {}, []
    for field in table.schema:
        path = field.name + '.list.element' * pa.types.is_nested(field.type)
        encoding = 'BYTE_STREAM_SPLIT' if field.name.startswith(FACTOR) else ENCODINGS.get(field.name)
        if encoding:
            encodings[path] = encoding
        else:
            repeating.append(path)
    sink = pa.BufferOutputStream()
    pq.write_table(
        table,
        sink,
        compression='zstd',
        compression_level=COMPRESSION_LEVEL,
        column_encoding=encodings,
        use_dictionary=repeating,
        write_statistics=False,
    )
    return sink.getvalue()


def write_shard(shard: Path, table: pa.Table, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write a shard aside and rename it; arrays are by file name, in C order.

    Raises:
        OSError: It could not be written; then nothing is left of it.
    """
    part = part_folder(shard)
    shutil.rmtree(part, ignore_errors=True)
    try:
        part.mkdir()
        write_file(part / ROWS, rows_file(table))
        for file, array in arrays.items():
            # Not np.save: of a full disk it says how many bytes were written, not what is wrong.
            write_file(part / file, npy_header(array), array.reshape(-1).view(np.uint8).data)
        sync(part)
        part.rename(shard)
    except Exception:
        shutil.rmtree(part, ignore_errors=True)
        raise
    sync(shard.parent)


def part_folder(shard: Path) -> Path:
    """Where a shard is while it is being written."""
    return shard.with_name(f'.{shard.name}.part')


@dataclass(frozen=True)
class ShardFacts:
    """What the headers of a shard say: its rows, columns, bytes, and what is wrong with it."""

    name: str
    rows: int
    columns: tuple[str, ...]
    size: int
    problems: tuple[str, ...]


def array_problem(file: Path, layer: Layer, rows: int) -> tuple[str | None, int]:
    """What is wrong with a layer's file, judged by its header and size, and its bytes."""
    try:
        with file.open('rb') as handle:
            version = np.lib.format.read_magic(handle)
            header_1 = version == (1, 0)
            shape, _, dtype = (
                np.lib.format.read_array_header_1_0(handle) if header_1 else np.lib.format.read_array_header_2_0(handle)
            )
            header, size = handle.tell(), os.fstat(handle.fileno()).st_size
    except FileNotFoundError:
        return f'{file}: missing; {MEND}', 0
    except OSError as error:
        return f'{file}: cannot be read: {error.strerror}', 0
    except ValueError as error:
        return f'{file}: no .npy file: {error}; {MEND}', 0
    expected = (rows, *layer.shape)
    if dtype != np.dtype(layer.dtype) or shape != expected:
        return (f'{file}: holds {dtype} {shape}, the manifest and {ROWS} say {layer.dtype} {expected}; {MEND}', size)
    needed = header + int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    if size != needed:
        return f'{file}: has {size} bytes instead of {needed}; {MEND}', size
    return None, size


def shard_facts(shard: Path, manifest: Manifest) -> ShardFacts:
    """Read the headers of a shard, no values."""
    file = shard / ROWS
    try:
        # Not its path: pyarrow would take a missing file for a folder of files.
        with pa.OSFile(os.fspath(file)) as handle:
            facts = pq.read_metadata(handle)
            schema = facts.schema.to_arrow_schema()
            size = handle.size()
    except FileNotFoundError:
        return ShardFacts(shard.name, 0, (), 0, (f'{file}: missing; {MEND}',))
    except (OSError, pa.ArrowException) as error:
        return ShardFacts(shard.name, 0, (), 0, (f'{file}: no readable Parquet file: {error}; {MEND}',))
    problems = []
    factors = [name.removeprefix(FACTOR) for name in schema.names if name.startswith(FACTOR)]
    wanted = row_schema(manifest.num_keypoints, factors)
    wrong = [
        field.name
        for field in wanted
        if (schema.field(field.name).type != field.type if field.name in schema.names else field.name not in ADDED)
    ]
    extra = [name for name in schema.names if name not in wanted.names]
    if wrong or extra or len(set(schema.names)) < len(schema.names):
        names = ', '.join(wrong or extra or ['a column is there twice'])
        problems.append(f'{file}: columns not as this version writes them: {names}; {MEND}')
    for layer in manifest.layers:
        problem, size_of_layer = array_problem(shard / layer.file, layer, facts.num_rows)
        size += size_of_layer
        problems += [problem] if problem else []
    return ShardFacts(shard.name, facts.num_rows, tuple(schema.names), size, tuple(problems))

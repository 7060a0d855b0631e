"""Checking all of a latent store, its values too."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shg_xai.errors import InputError
from shg_xai.latents.rows import list_size
from shg_xai.latents.schema import Layer
from shg_xai.latents.shards import MEND, ROWS, SHARDS, shard_facts, shard_names
from shg_xai.latents.store import LatentStore, Shard, read_manifest, read_rows

CHUNK_BYTES = 2**25


def values_problem(shard: Shard, layer: Layer) -> str | None:
    """Whether a layer has values that are not finite; read in small chunks."""
    values = shard.array(layer.name)
    step = max(1, CHUNK_BYTES // max(1, values.nbytes // len(values))) if len(values) else 1
    bad, first = 0, None
    for start in range(0, len(values), step):
        finite = np.isfinite(values[start : start + step])
        if not finite.all():
            rows = np.flatnonzero(~finite.reshape(len(finite), -1).all(axis=1))
            bad += len(rows)
            first = start + int(rows[0]) if first is None else first
    if first is None:
        return None
    return (
        f'{shard.folder / layer.file}: NaN or infinite values in {bad} of {len(values)} rows, '
        f'first in row {first}; look at the checkpoint, then dump again to another folder'
    )


def row_problems(file: Path, table: pa.Table, num_keypoints: int) -> list[str]:
    """Columns with NaN, nulls where the schema has none, or lists of another length."""
    problems = []
    for field, column in zip(table.schema, table.columns, strict=True):
        flat = column.combine_chunks()
        listed = pa.types.is_fixed_size_list(flat.type) or pa.types.is_list(flat.type)
        if pa.types.is_list(flat.type):
            sizes = set(pc.call_function('list_value_length', [flat]).drop_null().to_pylist())
            if sizes - {list_size(field.name, num_keypoints)}:
                problems.append(f'{file}: {field.name}: lists of another length; {MEND}')
        if listed:
            flat = flat.flatten()
        values = flat.drop_null()
        if pa.types.is_floating(values.type) and not np.isfinite(values.to_numpy(zero_copy_only=False)).all():
            problems.append(f'{file}: {field.name}: NaN or infinite values; {MEND}')
        required = not field.nullable and column.null_count
        if required or (listed and flat.null_count):
            problems.append(f'{file}: {field.name}: null values; {MEND}')
    return problems


def verify(store: LatentStore | Path | str) -> list[str]:
    """Check a store: manifest, files, sizes, shapes, values, ids and whether it is complete.

    Args:
        store: The store or its folder; the folder may be damaged.

    Returns:
        One line for each problem, naming the file and the mend; empty if all is well.
    """
    folder = store.folder if isinstance(store, LatentStore) else Path(store)
    try:
        manifest = read_manifest(folder)
        names = shard_names(folder)
    except InputError as error:
        return [str(error)]
    problems: list[str] = []
    ids: list[NDArray[np.int64]] = []
    start = 0
    for name in names:
        path = folder / SHARDS / name
        facts = shard_facts(path, manifest)
        found = list(facts.problems)
        if not found:
            shard = Shard(name, start, facts.rows, path, {layer.name: layer for layer in manifest.layers})
            try:
                table = read_rows(path / ROWS)
                found += row_problems(path / ROWS, table, manifest.num_keypoints)
                ids.append(table['annotation_id'].to_numpy())
                found += filter(None, (values_problem(shard, layer) for layer in manifest.layers))
            except InputError as error:
                found.append(f'{error}; {MEND}')
            start += facts.rows
        problems += found
    unique, counts = np.unique(np.concatenate([np.empty(0, np.int64), *ids]), return_counts=True)
    twice = unique[counts > 1]
    if twice.size:
        some = ', '.join(map(str, twice[:5])) + (', …' if twice.size > 5 else '')
        problems.append(f'{folder}: annotation ids stored more than once: {some}; dump again to another folder')
    if len(unique) < manifest.rows:
        problems.append(f'{folder}: incomplete: {len(unique)} of {manifest.rows} rows; run the same command again')
    elif len(unique) > manifest.rows:
        problems.append(
            f'{folder}: {len(unique)} rows, but the manifest says {manifest.rows}; dump again to another folder'
        )
    return problems

"""Checking all of a latent store, its values too."""

from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shg_xai.errors import InputError
from shg_xai.latents.identity import Key, person_keys
from shg_xai.latents.rows import list_size
from shg_xai.latents.shards import MEND, ROWS, SHARDS, read_shard, shard_names
from shg_xai.latents.store import LatentStore, read_manifest

CHUNK_BYTES = 2**25


def _row_problems(file: Path, table: pa.Table, num_keypoints: int) -> list[str]:
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
        if (not field.nullable and column.null_count) or (listed and flat.null_count):
            problems.append(f'{file}: {field.name}: null values; {MEND}')
    return problems


def verify(store: LatentStore | Path | str) -> list[str]:
    """Check a store, or a folder that may be damaged: manifest, files, sizes, shapes, values, ids, completeness. One
    line for each problem comes back, naming the file and the mend.
    """
    folder = store.folder if isinstance(store, LatentStore) else Path(store)
    try:
        manifest = read_manifest(folder)
        names = shard_names(folder)
    except InputError as error:
        return [str(error)]
    problems: list[str] = []
    persons: Counter[Key] = Counter()
    for shard in (read_shard(folder / SHARDS / name, manifest) for name in names):
        problems += shard.problems
        if shard.problems:
            continue
        try:
            table = shard.table()
            problems += _row_problems(shard.folder / ROWS, table, manifest.num_keypoints)
            persons.update(person_keys(table))
            for layer in manifest.layers:
                values = shard.array(layer.name)
                step = max(1, CHUNK_BYTES // max(1, values.nbytes // max(1, len(values))))
                chunks = (values[start : start + step] for start in range(0, len(values), step))
                good = [np.isfinite(chunk.reshape(len(chunk), -1)).all(axis=1) for chunk in chunks]
                bad = np.flatnonzero(~np.concatenate([np.empty(0, bool), *good]))
                if bad.size:
                    problems.append(
                        f'{shard.folder / layer.file}: NaN or infinite values in {bad.size} of {len(values)} rows, '
                        f'first in row {bad[0]}; look at the checkpoint, then dump again to another folder'
                    )
        except InputError as error:
            problems.append(f'{error}; {MEND}')
    if twice := sorted(annotation for (_, _, annotation), count in persons.items() if count > 1):
        some = ', '.join(map(str, twice[:5])) + (', …' if len(twice) > 5 else '')
        problems.append(f'{folder}: annotation ids stored more than once: {some}; dump again to another folder')
    found, rows = len(persons), manifest.rows
    if found < rows:
        problems.append(f'{folder}: incomplete: {found} of {rows} rows; run the same command again')
    elif found > rows:
        problems.append(f'{folder}: {found} rows, but the manifest says {rows}; dump again to another folder')
    return problems

"""Read an analysis' folder: results.json, persons/*.parquet, atlas/*.parquet and, where it is there, strip/."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from shg_xai.chapters import chapter_of
from shg_xai.drawing.material import DrawnPersons, Material
from shg_xai.errors import InputError
from shg_xai.report.atlas import DRAWN
from shg_xai.results import Results
from shg_xai.results_file import read_results

MEND = 'give the folder that tools/analyze_latent.py wrote with --out, or run it again'
STRIP = ('kind', 'annotation_id', 'file_name', 'pck', 'labelled', 'predicted')
ATLAS = ('annotation_id', 'file_name', 'in_map', 'x', 'y', *DRAWN, 'image')


def read_report(out: Path) -> Material:
    """Read the folder that tools/analyze_latent.py wrote.

    InputError where results.json is missing, of another version or damaged, or tells of a layer that is not there, or
    where a table is missing, unreadable or without a column.
    """
    path = out / 'results.json'
    results = read_results(path, MEND)
    names = [layer.name for layer in results.layers]
    for place, answer in enumerate(results.answers):
        if chapter_of(answer).in_layer and answer.of not in names:
            raise InputError(f'{path}: answers[{place}].of: {answer.of!r} is no layer in it; {MEND}')
    kinds = {'persons': ('annotation_id',), 'atlas': ATLAS}
    tables = {name: [_read_table(out / kind / f'{name}.parquet', kinds[kind]) for kind in kinds] for name in names}
    strips = {name: out / 'strip' / f'{name}.parquet' for name in names}  # folders of before have none
    drawn = {name: _read_table(path, STRIP) if path.exists() else None for name, path in strips.items()}
    persons = {name: DrawnPersons(own[0], own[1], drawn[name]) for name, own in tables.items()}
    return Material(results, persons, _related(out, results))


def _related(out: Path, results: Results) -> dict[str, bytes]:
    """The pictures of related reports that still lie where they are said to."""
    found = results.related if isinstance(results.related, list) else []
    files = {own.folder: out / own.folder / 'figures' / f'{own.figure}.png' for own in found}
    return {folder: file.read_bytes() for folder, file in files.items() if file.is_file()}


def _read_table(path: Path, columns: tuple[str, ...]) -> pa.Table:
    """Read a Parquet file that has to have these columns."""
    try:
        # Not pq.read_table, which takes several threads and knows nothing better.
        table = pq.ParquetFile(path).read()
    except FileNotFoundError as error:
        raise InputError(f'{path}: no such file; {MEND}') from error
    except (OSError, pa.ArrowException) as error:
        raise InputError(f'{path}: cannot be read as Parquet ({error}); {MEND}') from error
    if missing := [column for column in columns if column not in table.column_names]:
        raise InputError(f'{path}: no column {missing[0]!r}; {MEND}')
    return table

"""Read an analysis' folder: results.json, persons/*.parquet and atlas/*.parquet, checked."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from shg_xai.errors import InputError
from shg_xai.report.reading_interventions import check_interventions
from shg_xai.report.reading_study import check_study

SCHEMA_VERSION, KIND = 1, 'shg_xai latent analysis'
MEND = 'run tools/analyze_latent.py again'
NAME = re.compile(r'[a-z0-9_-]+')
PARTS = ('spectrum', 'walks', 'clusters', 'concepts')
ATLAS = (
    'annotation_id',
    'file_name',
    'in_map',
    'x',
    'y',
    'keypoints',
    'visibility',
    'crop_center',
    'crop_scale',
    'image',
)


@dataclass(frozen=True)
class Analysis:
    """One analysis of a report.

    Attributes:
        result: its part of results.json.
        persons: table of all N persons.
        atlas: table of the persons with a picture.
    """

    result: Mapping[str, Any]
    persons: pa.Table
    atlas: pa.Table

    @property
    def name(self) -> str:
        """Its slug."""
        return self.result['name']

    @cached_property
    def rows(self) -> dict[int, int]:
        """annotation_id -> row of the atlas."""
        return {key: row for row, key in enumerate(self.atlas['annotation_id'].to_pylist())}

    @cached_property
    def pictures(self) -> list[bytes | None]:
        """A JPEG for each row of the atlas; None where there is none."""
        return [item['bytes'] if item else None for item in self.atlas['image'].to_pylist()]

    def picture(self, annotation_id: int) -> bytes | None:
        """The JPEG of a person; None where the atlas has none."""
        row = self.rows.get(annotation_id)
        return None if row is None else self.pictures[row]

    def numbers(self, column: str) -> np.ndarray:
        """A column of the atlas as float64, NaN where it is not known; all NaN if not there."""
        return column_of(self.atlas, column)


@dataclass(frozen=True)
class Report:
    """A folder read: ``results`` is results.json, ``analyses`` one each, in its order."""

    results: Mapping[str, Any]
    analyses: tuple[Analysis, ...]


def column_of(table: pa.Table, column: str) -> np.ndarray:
    """A numeric column as float64 of shape (rows,), NaN where it is null or not there."""
    if column not in table.column_names:
        return np.full(table.num_rows, np.nan)
    return np.array([np.nan if value is None else value for value in table[column].to_pylist()], np.float64)


def read_report(out: Path) -> Report:
    """Read the folder that tools/analyze_latent.py wrote.

    Raises:
        InputError: no results.json, or of another kind or a newer schema, a key missing in it, or a table that is
            missing, unreadable or without a column.
    """
    path = out / 'results.json'
    try:
        results = json.loads(path.read_text(encoding='utf-8'))
    except FileNotFoundError as error:
        raise InputError(
            f'{path}: no such file; give the folder that tools/analyze_latent.py wrote with --out'
        ) from error
    except (OSError, ValueError) as error:
        raise InputError(f'{path}: cannot be read as JSON ({error}); {MEND}') from error
    _check(path, results)
    analyses = []
    for place, result in enumerate(results['analyses']):
        name = result.get('name') if isinstance(result, dict) else None
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise InputError(
                f'{path}: analyses[{place}].name: {name!r} is no name of letters a-z, digits, _ and -; {MEND}'
            )
        for part in PARTS:
            if not isinstance(result.get(part), dict):
                raise InputError(f'{path}: analyses[{place}].{part} is missing; {MEND}')
        persons = _read_table(out / 'persons' / f'{name}.parquet', ('annotation_id',))
        analyses.append(Analysis(result, persons, _read_table(out / 'atlas' / f'{name}.parquet', ATLAS)))
    return Report(results, tuple(analyses))


def _check(path: Path, results: Any) -> None:
    """Check what results.json says it is."""
    if not isinstance(results, dict) or results.get('kind') != KIND:
        raise InputError(
            f'{path}: kind: is not {KIND!r}; give the folder that tools/analyze_latent.py wrote with --out'
        )
    version = results.get('schema_version')
    if version != SCHEMA_VERSION:
        newer = isinstance(version, int) and version > SCHEMA_VERSION
        mend = 'update shg_xai' if newer else MEND
        raise InputError(f'{path}: schema_version: {version!r}, but this shg_xai reads {SCHEMA_VERSION}; {mend}')
    if not isinstance(results.get('analyses'), list) or not results['analyses']:
        raise InputError(f'{path}: analyses: is no list of at least one; {MEND}')
    for key in ('settings', 'versions'):
        if not isinstance(results.get(key), dict):
            raise InputError(f'{path}: {key} is missing; {MEND}')
    if results.get('study') is not None:
        check_study(path, results['study'])
    if results.get('interventions') is not None:
        check_interventions(path, results['interventions'])


def _read_table(path: Path, columns: tuple[str, ...]) -> pa.Table:
    """Read a Parquet file that has to have these columns."""
    try:
        # Not pq.read_table, which takes several threads and knows nothing better.
        table = pq.ParquetFile(path).read()
    except FileNotFoundError as error:
        raise InputError(f'{path}: no such file; {MEND}') from error
    except (OSError, pa.ArrowException) as error:
        raise InputError(f'{path}: cannot be read as Parquet ({error}); {MEND}') from error
    for column in columns:
        if column not in table.column_names:
            raise InputError(f'{path}: no column {column!r}; {MEND}')
    return table

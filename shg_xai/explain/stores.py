"""From latent stores to a folder of results: every number, all persons, and those to be drawn."""

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import scipy
import sklearn
from tqdm import tqdm

import shg_xai
from shg_xai.chapters.comparison.measure import comparison_results
from shg_xai.drawing.photos import draw_persons, missing_photos
from shg_xai.drawing.pictures import write_atlas
from shg_xai.errors import InputError
from shg_xai.explain.decomposition import overview_of
from shg_xai.explain.layer import Analysis, analyse
from shg_xai.explain.options import Options, check
from shg_xai.latents.selection import Selection, names_for
from shg_xai.report.atlas import DRAWN, atlas_table
from shg_xai.stats.cka import matched

SCHEMA_VERSION = 1
KIND = 'shg_xai latent analysis'
RESULTS = 'results.json'


def check_output(out: Path) -> None:
    """Refuse a folder that is not there for us to replace.

    Raises:
        InputError: It is a file, or holds something else than an earlier analysis.
    """
    if out.exists() and not out.is_dir():
        raise InputError(f'--out {out}: is a file; name a folder')
    if not out.is_dir() or not any(out.iterdir()):
        return
    try:
        kind = json.loads((out / RESULTS).read_text())['kind']
    except (OSError, ValueError, KeyError, TypeError):
        kind = None
    if kind != KIND:
        raise InputError(f'--out {out}: holds other files than an analysis; name a new folder')


@contextmanager
def replace_folder(out: Path) -> Iterator[Path]:
    """A folder beside ``out`` that takes its place if the ``with`` block ends well, else goes.

    Raises:
        InputError: It cannot be written.
    """
    out = out.resolve()
    made = [folder for folder in out.parents if not folder.exists()]
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f'.{out.name}.', suffix='.part', dir=out.parent))
        part.chmod(0o755)
        try:
            yield part
            old = part.with_suffix('.old')
            if out.exists():
                out.rename(old)
            try:
                part.rename(out)
            except OSError:
                if old.exists():  # nothing is lost
                    old.rename(out)
                raise
            shutil.rmtree(old, ignore_errors=True)
        finally:
            shutil.rmtree(part, ignore_errors=True)
            for folder in made:  # the innermost first; one with something in it stays
                with suppress(OSError):
                    folder.rmdir()
    except OSError as error:
        raise InputError(f'--out {out}: cannot be written: {error.strerror or error}') from error


def explain(
    selections: Sequence[Selection],
    options: Options,
    out: Path,
    pool: Executor,
    command: str,
    images: Path | None = None,
) -> dict[str, Any]:
    """Analyse stores one by one, then compare them; write all that a report needs.

    Args:
        selections: The persons of each store; of several stores those that all of them have are analysed.
        options: How.
        out: An empty folder.
        pool: Who computes.
        command: What the user typed, for the record.
        images: Folder of the photos; defaults to where the dump found them.

    Returns:
        The results, as they are in results.json.

    Raises:
        InputError: Latents cannot be analysed or compared, or a photo cannot be read.
    """
    if images is not None and not images.is_dir():
        raise InputError(f'--images {images}: no such folder')
    counts = [len(selection) for selection in selections]
    if len(selections) > 1:
        selections = matched(selections)
    for selection in selections:
        check(selection, options)
    times: dict[str, float] = {}
    overviews = [overview_of(selection, pool, times) for selection in selections]
    names = names_for([(selection.store.folder, selection.layer) for selection in selections])
    analyses = []
    scratch = out / '.scratch'
    scratch.mkdir()
    for name, selection, count, overview in zip(names, selections, counts, overviews, strict=True):
        notes = (
            []
            if count == len(selection)
            else [f'{count - len(selection):,} of {count:,} persons are left out, whom not all stores have.']
        )
        tqdm.write(f'{name}: {len(selection):,} persons of {selection.dimensions:,} values')
        analyses.append(analyse(name, selection, options, scratch, pool, times, notes, overview))
    scratch.rmdir()
    comparison = comparison_results(analyses, pool, times) if len(analyses) > 1 else None
    for analysis in analyses:
        _write_persons(analysis, options, out, images)
    results = dict(
        schema_version=SCHEMA_VERSION,
        kind=KIND,
        command=command,
        seed=options.seed,
        versions=dict(
            shg_xai=shg_xai.__version__, numpy=np.__version__, scipy=scipy.__version__, scikit_learn=sklearn.__version__
        ),
        settings={key: value for key, value in asdict(options).items() if key != 'seed'},
        analyses=[analysis.results for analysis in analyses],
        comparison=comparison,
        times_s=times,
    )
    (out / RESULTS).write_text(json.dumps(results, indent=1, allow_nan=False) + '\n')
    return results


def _write_persons(analysis: Analysis, options: Options, out: Path, images: Path | None) -> None:
    """The tables of an analysis; photos that are not there become a warning."""
    results, store = analysis.results, analysis.latents.selection.store
    name = results['name']
    for folder in ('persons', 'atlas'):
        (out / folder).mkdir(exist_ok=True)
    pq.write_table(analysis.persons, out / 'persons' / f'{name}.parquet', compression='zstd')
    rows = analysis.latents.selection.table(DRAWN)
    table = atlas_table(results, analysis.persons, rows, options.map, options.seed)
    known = store.manifest.environment.get('image_dir')
    folder = images or (Path(known) if isinstance(known, str) else None)
    missing = missing_photos(folder, table)
    if missing:
        results['warnings'].append(
            f'The photos of {missing:,} of {len(table):,} persons to draw are not in '
            f'{folder or "any folder the store names"}; they are drawn on grey (--images).'
        )
        tqdm.write(f'warning: {name}: {results["warnings"][-1]}', file=sys.stderr)
    write_atlas(
        out / 'atlas' / f'{name}.parquet',
        table,
        draw_persons(folder, table, results['skeleton_links'], results['keypoint_names'], 'pictures'),
    )

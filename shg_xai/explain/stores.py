"""From latent stores to a folder of results: every number, all persons, and those to be drawn."""

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager, suppress
from dataclasses import fields
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import scipy
import sklearn
from tqdm import tqdm

import shg_xai
from shg_xai.chapters.comparison.measure import matched, measure
from shg_xai.drawing.photos import draw_persons, missing_photos
from shg_xai.drawing.pictures import write_atlas
from shg_xai.errors import InputError
from shg_xai.explain.decomposition import Work, overview_of
from shg_xai.explain.layer import Analysis, analyse
from shg_xai.explain.options import AnalyzeOptions, Options, check
from shg_xai.latents import LatentStore
from shg_xai.latents.selection import Selection, names_for, select
from shg_xai.report.atlas import DRAWN, atlas_table
from shg_xai.results import KIND, Results
from shg_xai.results_file import write
from shg_xai.stats.executors import executor
from shg_xai.stats.progress import stage

KINDS = (KIND, 'shg_xai latent analysis')  # the last of earlier versions
RESULTS = 'results.json'


def explain(options: AnalyzeOptions, command: str = '') -> Results:
    """Analyse stores into a folder, with its page unless that is not wanted: all that tools/analyze_latent.py does.

    An earlier analysis in the folder is replaced once the new one is complete, and stays if it fails.

    Args:
        options: Which stores, where to, and how.
        command: What the user typed, for the record.

    Raises:
        InputError: Stores cannot be read, analysed or compared, or the folder is not there for us to write.
    """
    selections = chosen(options)
    check_output(options.out)
    with replace_folder(options.out) as part:
        with executor(options.threads, options.dask) as pool:
            results = explain_selections(selections, options, part, pool, command, options.images)
        if options.report:
            from shg_xai.report.page import write_report

            write_report(part)
    return results


def chosen(options: AnalyzeOptions) -> list[Selection]:
    """The persons of each store.

    Raises:
        InputError: A store cannot be read, or the layers or persons are not in it.
    """
    stores = options.stores
    layers: tuple[str | None, ...] = options.layers or (None,)
    if not stores:
        raise InputError('STORE is missing: name one or more latent stores')
    if len(layers) == 1:
        layers = layers * len(stores)
    if len(layers) != len(stores):
        raise InputError(f'--layers: {len(layers)} layers for {len(stores)} stores; give one for all or one for each')
    return [select(LatentStore.open(store), layer, options.rows) for store, layer in zip(stores, layers, strict=True)]


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
    if kind not in KINDS:
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


def explain_selections(
    selections: Sequence[Selection],
    options: Options,
    out: Path,
    pool: Executor,
    command: str = '',
    images: Path | None = None,
) -> Results:
    """Analyse selections one by one, then compare them; write all that a report needs.

    Args:
        selections: The persons of each store; of several stores those that all of them have are analysed.
        options: How.
        out: An empty folder.
        pool: Who computes.
        command: What the user typed, for the record.
        images: Folder of the photos; defaults to where the dump found them.

    Returns:
        What is in results.json.

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
    scratch, times = out / '.scratch', dict[str, float]()
    names = names_for([(selection.store.folder, selection.layer) for selection in selections])
    works = [
        Work(selection, options, pool, scratch / f'{name}.npy', times)
        for name, selection in zip(names, selections, strict=True)
    ]
    overviews = [overview_of(work) for work in works]
    scratch.mkdir()
    analyses = []
    for name, work, count, overview in zip(names, works, counts, overviews, strict=True):
        persons = len(work.selection)
        left = f'{count - persons:,} of {count:,} persons are left out, whom not all stores have.'
        tqdm.write(f'{name}: {persons:,} persons of {work.selection.dimensions:,} values')
        analyses.append(analyse(name, work, [left] if persons < count else [], overview))
    scratch.rmdir()
    answers = [answer for analysis in analyses for answer in analysis.answers]
    if len(analyses) > 1:
        with stage(pool, 'comparison', times) as counted:
            answers.append(measure([analysis.side for analysis in analyses], counted))
    for analysis in analyses:
        _write_persons(analysis, options, out, images)
    # What the results say elsewhere is said once.
    settings = {key.name: getattr(options, key.name) for key in fields(Options)}
    results = Results(
        command=command,
        seed=settings.pop('seed'),
        confidence=settings.pop('confidence'),
        versions=dict(
            shg_xai=shg_xai.__version__, numpy=np.__version__, scipy=scipy.__version__, scikit_learn=sklearn.__version__
        ),
        settings={**settings, 'ks': list(options.ks)},
        layers=[analysis.layer for analysis in analyses],
        answers=answers,
        times_s=times,
    )
    write(out / RESULTS, results)
    return results


def _write_persons(analysis: Analysis, options: Options, out: Path, images: Path | None) -> None:
    """The tables of an analysis; photos that are not there become a warning."""
    layer, selection = analysis.layer, analysis.selection
    for kind in ('persons', 'atlas'):
        (out / kind).mkdir(exist_ok=True)
    pq.write_table(analysis.persons, out / 'persons' / f'{layer.name}.parquet', compression='zstd')
    table = atlas_table(analysis.answers, analysis.persons, selection.table(DRAWN), options.map, options.seed)
    known = selection.store.manifest.environment.get('image_dir')
    folder = images or (Path(known) if isinstance(known, str) else None)
    missing = missing_photos(folder, table)
    if missing:
        layer.warnings.append(
            f'The photos of {missing:,} of {len(table):,} persons to draw are not in '
            f'{folder or "any folder the store names"}; they are drawn on grey (--images).'
        )
        tqdm.write(f'warning: {layer.name}: {layer.warnings[-1]}', file=sys.stderr)
    write_atlas(
        out / 'atlas' / f'{layer.name}.parquet',
        table,
        draw_persons(folder, table, layer.skeleton_links, layer.keypoint_names, 'pictures'),
    )

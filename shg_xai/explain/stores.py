"""From latent stores to a folder of results: every number, all persons, and those to be drawn."""

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import scipy
import sklearn
from tqdm import tqdm

import shg_xai
from shg_xai.chapters import Chapter, chapters
from shg_xai.chapters.clusters.measure import Structure, structure
from shg_xai.chapters.comparison.measure import Side, matched, measure
from shg_xai.chapters.concepts.results import Concepts
from shg_xai.drawing.pictures import SIZE, draw_persons, missing_photos, write_atlas
from shg_xai.errors import InputError
from shg_xai.explain.decomposition import Times, Work
from shg_xai.explain.options import AnalyzeOptions, Options, check, outlier_warnings, warnings_of
from shg_xai.explain.trainings import chosen_trainings, trainings_of
from shg_xai.explain.unseen import chosen_unseen, enough, too_few
from shg_xai.latents import LatentStore
from shg_xai.latents.concepts import Concept, lacking
from shg_xai.latents.identity import annotations_sha256, check_told_apart
from shg_xai.latents.schema import FACTOR, PARAMETERS, Json
from shg_xai.latents.selection import Selection, names_for, select
from shg_xai.report.atlas import DRAWN, atlas_table
from shg_xai.report.strip import COLUMNS, PREDICTED, strip_table
from shg_xai.results import KIND, AnalysedLayer, Answer, Checkpoint, Results, Subject
from shg_xai.results_file import write
from shg_xai.stats.cka import Latents
from shg_xai.stats.executors import executor, stage

KINDS = (KIND, 'shg_xai latent analysis')  # the last of earlier versions
RESULTS = 'results.json'


def explain(options: AnalyzeOptions, command: str = '') -> Results:
    """Analyse stores into a folder, with its page unless that is not wanted: all that tools/analyze_latent.py does.

    An earlier analysis in the folder is replaced once the new one is complete, and stays if it fails. InputError if
    stores cannot be read, analysed or compared, or the folder is not there for us to write.
    """
    selections = chosen(options)
    check_output(options.out)
    with replace_folder(options.out) as part:
        with executor(options.threads, options.dask) as pool:
            baselines = [select(LatentStore.open(store), None, options.rows) for store in options.baselines]
            trainings, unseen = chosen_trainings(options, selections), chosen_unseen(options, selections)
            beside = Beside(options.images, baselines, trainings, unseen)
            results = explain_selections(selections, options, part, pool, command, beside)
        if options.report:
            from shg_xai.report.page import write_report

            write_report(part)
    return results


def chosen(options: AnalyzeOptions) -> list[Selection]:
    """The persons of each store; InputError if it cannot be read, or the layers or persons are not in it."""
    stores, layers = options.stores, list[str | None](options.layers) or [None]
    if not stores:
        raise InputError('STORE is missing: name one or more latent stores')
    layers = layers * len(stores) if len(layers) == 1 else layers
    if len(layers) != len(stores):
        raise InputError(f'--layers: {len(layers)} layers for {len(stores)} stores; give one for all or one for each')
    return [select(LatentStore.open(store), layer, options.rows) for store, layer in zip(stores, layers, strict=True)]


def check_output(out: Path) -> None:
    """Refuse a folder that is a file or holds something else than an earlier analysis, by an InputError."""
    if out.exists() and not out.is_dir():
        raise InputError(f'--out {out}: is a file; name a folder')
    kind = None
    with suppress(OSError, ValueError, KeyError, TypeError):
        kind = json.loads((out / RESULTS).read_text())['kind']
    if kind not in KINDS and out.is_dir() and any(out.iterdir()):
        raise InputError(f'--out {out}: holds other files than an analysis; name a new folder')


@contextmanager
def replace_folder(out: Path) -> Iterator[Path]:
    """A folder beside ``out`` that takes its place if the block ends well; InputError if it cannot be written."""
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


@dataclass(frozen=True)
class Analysis:
    """One store, analysed: its answers, one row a person, and what it is compared by."""

    selection: Selection
    layer: AnalysedLayer
    answers: list[Answer]  # of all chapters on layers, in their order; of a store's first layer on the store before
    persons: pa.Table
    side: Side


def analyse(
    name: str, work: Work, notes: Sequence[str] = (), first: bool = True, asking: Sequence[Chapter] = chapters()
) -> Analysis:
    """Analyse one layer of a store; ``notes`` are warnings for the reader that are known already. What is the same for
    all layers of a store is asked with the ``first`` one; ``asking`` are the chapters.
    """
    selection, found = work.selection, structure(work)
    layer = layer_of(name, selection, found.constant)
    store = selection.store
    layer.warnings = [
        *notes,
        *warnings_of(selection, found.constant),
        *outlier_warnings(selection, found.projections.norms),
        *lacking(store.columns, store.manifest.keypoint_names, work.concepts),
    ]
    for warning in layer.warnings:
        tqdm.write(f'warning: {name}: {warning}', file=sys.stderr)
    asked = [chapter.of_store(name, work) for chapter in asking if first and chapter.of_store]
    asked += [chapter.of_layer(name, work, found) for chapter in asking if chapter.of_layer]
    answers = [answer for answer in asked if answer]
    persons = _persons(selection, found, work.concepts)
    work.file.unlink()
    latents = Latents(selection, found.components.mean, found.components.eigenvalues)
    labels = {k: runs.best.labels for k, runs in found.clusters.items()}
    separations = next((answer.clusters for answer in answers if isinstance(answer, Concepts)), [])
    return Analysis(selection, layer, answers, persons, Side(name, latents, found.halves, labels, separations))


def layer_of(name: str, selection: Selection, constant: int) -> AnalysedLayer:
    """What is analysed; ``constant`` of its values are the same for all."""
    store, source = selection.store, selection.store.manifest.source
    dataset, checkpoint = (source.get(key) or {} for key in ('dataset', 'checkpoint'))
    weights = {key: checkpoint[key] for key in ('sha256', 'url') if key in checkpoint}  # of random ones a seed
    return AnalysedLayer(
        name=name,
        store=str(store.folder),
        layer=selection.layer,
        persons=len(selection),
        persons_in_store=len(store),
        images=len(np.unique(selection.image_ids)),
        dimensions=selection.dimensions,
        shape=list(selection.array.shape[1:]),
        config_file=source.get('config_file'),
        dataset=dataset.get('ann_file'),
        dataset_sha256=annotations_sha256(store.manifest),
        split=dataset.get('split'),
        checkpoint=Checkpoint(**weights) if weights else None,
        keypoint_names=list(store.manifest.keypoint_names),
        skeleton_links=[(int(a), int(b)) for a, b in store.manifest.skeleton_links],
        constant_dimensions=constant,
        warnings=[],
        subject=subject_of(source, store.manifest.environment, store.columns),
    )


def subject_of(source: Json, environment: Json, columns: Sequence[str]) -> Subject:
    """The network and its data, of what a store's manifest says, and of its columns."""
    backbone = (source.get('model') or {}).get('backbone') or {}
    sizes = [step['input_size'] for step in source.get('pipeline') or () if 'input_size' in step]
    return Subject(
        model=backbone.get('type'),
        input_size=(int(sizes[0][0]), int(sizes[0][1])) if sizes else None,
        stacks=backbone.get('num_stacks'),
        parameters=environment.get(PARAMETERS),
        made=any(name.startswith(FACTOR) for name in columns),
    )


def _write_strip(selection: Selection, layer: AnalysedLayer, folder: Path | None, out: Path, seed: int) -> None:
    """Write some persons as annotated and as predicted, where the store has predictions."""
    if PREDICTED not in selection.store.columns or 'pck' not in selection.store.columns:
        return
    rows, names, links = selection.table([*COLUMNS, PREDICTED]), tuple(layer.keypoint_names), layer.skeleton_links
    table = strip_table(rows, names, links, folder, seed)
    if table.num_rows:
        pq.write_table(table, out / 'strip' / f'{layer.name}.parquet', compression='zstd')


def _persons(selection: Selection, found: Structure, known: Sequence[Concept]) -> pa.Table:
    """One row a person, without pictures; what is not known is null."""
    table = selection.table(['annotation_id', 'image_id', 'file_name', 'pck'])
    columns = {name: table[name] for name in ('annotation_id', 'image_id', 'file_name')}
    columns |= {f'component_{place + 1}': pa.array(scores) for place, scores in enumerate(found.leading.T)}
    columns |= {f'cluster_k{k}': pa.array(own.best.labels.astype(np.int16)) for k, own in found.clusters.items()}
    columns |= {f'silhouette_k{k}': pa.array(own.values) for k, own in found.silhouettes.items()}
    columns['pck'] = table['pck']
    columns |= {f'concept.{concept.name}': pa.array(concept.values, from_pandas=True) for concept in known}
    return pa.table(columns)


@dataclass(frozen=True)
class Beside:
    """What an analysis may have besides its stores: the folder of the photos (None: where the dump found them), and the
    same persons' latents from what has learned nothing, and from other trainings of the first store's network, layer by
    layer; and the first layer of persons whom that network was not trained on.
    """

    images: Path | None = None
    baselines: Sequence[Selection] = ()
    trainings: Sequence[Selection] = ()
    unseen: Selection | None = None


NOTHING = Beside()


def _works(
    selections: Sequence[Selection], options: Options, scratch: Path, pool: Executor, beside: Beside, times: Times
) -> dict[str, Work]:
    """The work on each selection by its name, on the persons that all have; last that on the unseen, if there are."""
    everything = [*selections, *beside.baselines, *beside.trainings]
    others = [beside.unseen] if beside.unseen is not None and enough(beside.unseen) else []
    names = names_for([(own.store.folder, own.layer) for own in [*everything, *others]])
    everything = matched(everything) if len(everything) > 1 else everything
    first, last = len(selections), len(everything) - len(beside.trainings)
    named = dict(zip(names[first:last], everything[first:last], strict=True))
    again = dict(zip(names[last:], everything[last:], strict=False))
    works, shared = dict[str, Work](), dict[Any, Any]()
    for name, own in zip(names, everything[:first], strict=False):
        check(own, options)
        check_told_apart(own)
        others_of = trainings_of(own, everything[0], again)
        works[name] = Work(own, options, pool, scratch / f'{name}.npy', times, named, others_of, shared)
    for own in others:
        check_told_apart(own)
        fitting = replace(options, ks=tuple(k for k in options.ks if k < len(own)))
        works[names[-1]] = Work(own, fitting, pool, scratch / f'{names[-1]}.npy', times)
    return works


def _analyses(
    works: Mapping[str, Work], counts: Mapping[str, int], unseen: Selection | None
) -> tuple[list[Analysis], list[Analysis]]:
    """Each selection analysed, of which there were so many persons; and apart from these that of the unseen persons."""
    analyses, apart, opened = list[Analysis](), list[Analysis](), set[Path]()
    for name, work in works.items():
        own, persons = work.selection, len(work.selection)
        tqdm.write(f'{name}: {persons:,} persons of {own.dimensions:,} values')
        if own is unseen:
            apart.append(analyse(name, work, asking=[chapter for chapter in chapters() if chapter.unseen]))
            continue
        asking = [chapter for chapter in chapters() if unseen is None or not chapter.unseen]
        left = [f'{counts[name] - persons:,} of {counts[name]:,} persons are left out, whom not all stores have.']
        store = own.store.folder.resolve()
        analyses.append(analyse(name, work, left * (persons < counts[name]), store not in opened, asking))
        opened.add(store)
    if unseen is not None and not apart:
        analyses[0].layer.warnings.append(too_few(unseen))
        tqdm.write(f'warning: {analyses[0].layer.warnings[-1]}', file=sys.stderr)
    return analyses, apart


def _draw(analysis: Analysis, options: Options, images: Path | None, out: Path, drawn: dict[str, bytes]) -> None:
    """Write an analysis's persons, and of those to be drawn the pictures, unless they are ``drawn`` already."""
    layer, selection = analysis.layer, analysis.selection
    pq.write_table(analysis.persons, out / 'persons' / f'{layer.name}.parquet', compression='zstd')
    rows = selection.table([*DRAWN, *SIZE])
    table = atlas_table(analysis.answers, analysis.persons, rows, options.map, options.seed)
    known = selection.store.manifest.environment.get('image_dir')
    folder = images or (Path(known) if isinstance(known, str) else None)
    if missing := missing_photos(folder, table):
        layer.warnings.append(
            f'The photos of {missing:,} of {len(table):,} persons to draw are not in '
            f'{folder or "any folder the store names"}, or of another size; they are drawn on grey (--images).'
        )
        tqdm.write(f'warning: {layer.name}: {layer.warnings[-1]}', file=sys.stderr)
    pictures = draw_persons(folder, table, layer.skeleton_links, layer.keypoint_names, 'pictures', drawn)
    write_atlas(out / 'atlas' / f'{layer.name}.parquet', table, pictures)
    _write_strip(selection, layer, folder, out, options.seed)


def explain_selections(
    selections: Sequence[Selection],
    options: Options,
    out: Path,
    pool: Executor,
    command: str = '',
    beside: Beside = NOTHING,
) -> Results:
    """Analyse selections one by one, then compare them on the persons that all have; write what a report needs into an
    empty folder. InputError if latents cannot be analysed or compared, or a photo cannot be read.
    """
    if beside.images is not None and not beside.images.is_dir():
        raise InputError(f'--images {beside.images}: no such folder')
    times = dict[str, float]()
    works = _works(selections, options, out / '.scratch', pool, beside, times)
    for work in works.values():
        _ = work.overview  # a look at all values before any long work
    (out / '.scratch').mkdir()
    analyses, unseen = _analyses(works, dict(zip(works, map(len, selections), strict=False)), beside.unseen)
    (out / '.scratch').rmdir()
    answers = [answer for analysis in [*analyses, *unseen] for answer in analysis.answers]
    if len(analyses) > 1:
        with stage(pool, 'comparison', times) as counted:
            answers.append(measure([analysis.side for analysis in analyses], counted, options.confidence))
    analyses += unseen
    for kind in ('persons', 'atlas', 'strip'):
        (out / kind).mkdir(exist_ok=True)
    drawn = dict[str, bytes]()
    for analysis in analyses:
        _draw(analysis, options, beside.images, out, drawn)
    if not any((out / 'strip').iterdir()):
        (out / 'strip').rmdir()
    settings = {key.name: getattr(options, key.name) for key in fields(Options)} | dict(ks=list(options.ks))
    packages = dict(shg_xai=shg_xai, numpy=np, scipy=scipy, scikit_learn=sklearn)
    results = Results(
        command=command,
        seed=settings.pop('seed'),
        confidence=settings.pop('confidence'),
        versions={name: package.__version__ for name, package in packages.items()},
        settings=settings,
        layers=[analysis.layer for analysis in analyses],
        answers=answers,
        times_s=times,
    )
    write(out / RESULTS, results)
    return results

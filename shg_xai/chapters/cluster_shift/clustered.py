"""Clusters and concepts of a store's persons: read from an analysis, or found anew."""

from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from shg_xai.chapters.clusters.measure import structure
from shg_xai.errors import InputError
from shg_xai.explain.decomposition import working
from shg_xai.explain.options import Options, check
from shg_xai.latents.concepts import concepts
from shg_xai.latents.identity import annotations_sha256
from shg_xai.latents.selection import Selection
from shg_xai.results import AnalysedLayer, Checkpoint
from shg_xai.results_file import read_results

CONCEPT, CLUSTER = 'concept.', 'cluster_k'
WHO = ('annotation_id', 'image_id', 'file_name')


@dataclass(frozen=True)
class Clustered:
    """N persons of a store, the cluster of each, 0 to K - 1, and concepts by name, NaN where not known, (N,)."""

    selection: Selection
    labels: NDArray[Any]
    concepts: dict[str, NDArray[Any]]


def find_clusters(selection: Selection, clusters: int, seed: int, pool: Executor, times: dict[str, float]) -> Clustered:
    """Cluster all persons of a selection, as an analysis does; InputError where they are few or cannot be analysed."""
    options = Options(seed=seed, ks=(clusters,))
    check(selection, options)
    with working(selection, options, pool, times) as work:
        labels = structure(work).clusters[clusters].best.labels.astype(np.int64)
    known = concepts(selection.table(), selection.store.manifest.keypoint_names)
    return Clustered(selection, labels, {concept.name: concept.values for concept in known})


def read_clusters(folder: Path, name: str | None, selection: Selection, clusters: int) -> tuple[str, Clustered]:
    """Read what an analysis in a folder has found: its name, and its persons in the order of the store.

    It is that of the network and layer of the selection, all persons of a store; of several the one named. InputError:
    no analysis, none of that name or number of clusters, or one of another network, layer or store.
    """
    analysis = _named(folder, name, selection)
    file = folder / 'persons' / f'{analysis.name}.parquet'
    try:
        table = pq.read_table(file)
    except (OSError, pa.ArrowException) as error:
        raise InputError(f'{file}: cannot be read ({error}); run tools/analyze_latent.py again') from error
    column = f'{CLUSTER}{clusters}'
    if column not in table.column_names:
        known = [own.removeprefix(CLUSTER) for own in table.column_names if own.startswith(CLUSTER)]
        raise InputError(f'--k-clusters {clusters}: {file} has clusters for {", ".join(known)}; choose one of these')
    # An analysis has no names of data sets, but it has those of the photos.
    own_place = {key: place for place, key in enumerate(zip(*_who(selection.table(WHO)), strict=True))}
    keys = list(zip(*_who(table), strict=True))
    if missing := [key for key in keys if key not in own_place]:
        raise InputError(
            f'{file}: {len(missing):,} of its {len(keys):,} persons (annotation {missing[0][0]} first) are not in '
            f'{selection.store.folder}; give the store it was made of'
        )
    places = np.array([own_place[key] for key in keys])
    rows = np.argsort(places)
    found = {own: table[own].to_numpy(zero_copy_only=False)[rows] for own in table.column_names}
    values = {own.removeprefix(CONCEPT): found[own].astype(float) for own in found if own.startswith(CONCEPT)}
    return analysis.name, Clustered(selection.take(places[rows]), found[column].astype(np.int64), values)


def _who(table: pa.Table) -> list[list[Any]]:
    """Who the N persons of a table are: annotations, images, photos."""
    return [table[name].to_pylist() for name in WHO]


def _named(folder: Path, name: str | None, selection: Selection) -> AnalysedLayer:
    """The analysis of a selection's network and layer."""
    layers = read_results(folder / 'results.json', 'make an analysis with tools/analyze_latent.py').layers
    names = [layer.name for layer in layers]
    if name not in (None, *names):
        raise InputError(f'--name {name}: {folder} has {", ".join(names)}')
    own = Checkpoint(**selection.store.manifest.source.get('checkpoint') or {}), selection.layer
    fitting = [layer for layer in layers if name in (None, layer.name)]
    fitting = [layer for layer in fitting if (layer.checkpoint or Checkpoint(), layer.layer) == own]
    data = annotations_sha256(selection.store.manifest)
    if fitting and not (fitting := [layer for layer in fitting if layer.dataset_sha256 in (None, data)]):
        fault = f'not of the annotations that {selection.store.folder} is of'
        raise InputError(f'--analysis {folder}: {fault}; analyse that store with tools/analyze_latent.py')
    if not fitting:
        raise InputError(
            f'--analysis {folder}: {name or " and ".join(names)}: not of the network and layer ({selection.layer}) of '
            f'{selection.store.folder}; analyse that store with tools/analyze_latent.py'
        )
    if len(fitting) > 1:
        several = ', '.join(layer.name for layer in fitting)
        raise InputError(f'--analysis {folder}: has several of this network, name one with --name: {several}')
    return fitting[0]

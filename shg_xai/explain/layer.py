"""The study's analysis of one store: spectrum, walks, clusters, concepts, in this order."""

import sys
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from tqdm import tqdm

from shg_xai.chapters.clusters.measure import central_persons, cluster_results
from shg_xai.chapters.concepts.measure import concept_results
from shg_xai.chapters.nearest_walk.measure import KEPT, STEPS, picked, walks
from shg_xai.explain.decomposition import Structure, structure
from shg_xai.explain.options import Options, warnings_of
from shg_xai.latents.selection import BLOCK, Selection
from shg_xai.stats.bootstrap import mean_interval, number
from shg_xai.stats.cka import Latents
from shg_xai.stats.moments import Overview
from shg_xai.stats.pca import leading_shares, null_eigenvalues, spectrum_results
from shg_xai.stats.progress import stage
from shg_xai.stats.silhouette import Silhouettes

# Columns of a store that no chapter needs.
UNUSED = ('dataset', 'split', 'crop_center', 'predicted_keypoints', 'keypoint_scores')


@dataclass(frozen=True)
class Analysis:
    """One store, analysed.

    Attributes:
        results: Its entry in the results.
        persons: N rows: who, scores, clusters, silhouettes, PCK, concepts.
        latents: For comparing.
        halves: The same of each half of the images; none if too few.
        labels: By K the cluster of each person, uint8, (N,).
    """

    results: dict[str, Any]
    persons: pa.Table
    latents: Latents
    halves: tuple[Latents, ...]
    labels: dict[int, np.ndarray]


def analyse(
    name: str,
    selection: Selection,
    options: Options,
    scratch: Path,
    pool: Executor,
    times: dict[str, float],
    notes: Sequence[str] = (),
    overview: Overview | None = None,
) -> Analysis:
    """Analyse one layer of a store.

    Args:
        name: Name of the analysis, for files and figures.
        selection: N persons.
        options: How.
        scratch: A folder for the rotated latents, up to 4 N D bytes.
        pool: Who computes.
        times: Gets the seconds of each stage.
        notes: Warnings for the reader that are known already.
        overview: What a look at all values said, if it was taken already.

    Raises:
        InputError: Latents or options cannot be analysed.
    """
    file = scratch / f'{name}.npy'
    found = structure(file, selection, options, pool, times, overview)
    warnings = [*notes, *warnings_of(selection, found.constant)]
    for warning in warnings:
        tqdm.write(f'warning: {name}: {warning}', file=sys.stderr)
    scores = found.projections.scores.first(KEPT)
    with stage(pool, 'spectrum', times):
        spectrum = _spectrum(selection, options, found, scores)
    with stage(pool, 'walks', times, -(-len(selection) // BLOCK)) as counted:
        walked = walks(selection, found.components, picked(selection.dimensions, len(selection)), options.seed, counted)
    clusters = _clusters(selection, options, found, pool)
    labels = {k: own.best.labels for k, own in found.clusters.items()}
    table = selection.table([name for name in selection.store.columns if name not in UNUSED])
    with stage(pool, 'concepts', times) as counted:
        concepts, columns = concept_results(
            table,
            selection.store.manifest.keypoint_names,
            scores,
            found.projections.scores,
            {k: labels[k] for k in sorted({min(options.ks), clusters['best_k']})},
            options,
            counted,
        )
    file.unlink()
    results = dict(
        _facts(name, selection, found.constant),
        warnings=warnings,
        spectrum=spectrum,
        walks=dict(steps=list(STEPS), components=walked),
        clusters=clusters,
        concepts=concepts,
    )
    latents = Latents(selection, found.components.mean, found.components.eigenvalues)
    return Analysis(results, _persons(table, scores, labels, found.silhouettes, columns), latents, found.halves, labels)


def _spectrum(selection: Selection, options: Options, found: Structure, scores: np.ndarray) -> dict[str, Any]:
    leading = leading_shares(
        scores.astype(np.float64) ** 2,
        found.projections.norms,
        selection.image_ids,
        options.bootstrap,
        options.confidence,
        options.seed,
    )
    null = null_eigenvalues(found.variances, len(selection), options.seed)
    return spectrum_results(found.components.eigenvalues, leading, [half.eigenvalues for half in found.halves], null)


def _clusters(selection: Selection, options: Options, found: Structure, pool: Executor) -> dict[str, Any]:
    sils = found.silhouettes
    central = central_persons(selection, found.components.mean, list(found.clusters.values()), pool)
    entries = [
        cluster_results(k, clusters, sils[k], persons, selection, options)
        for (k, clusters), persons in zip(found.clusters.items(), central, strict=True)
    ]
    order = sorted(sils, key=lambda k: (-sils[k].values.mean(dtype=float), k))
    margin = None
    if len(order) > 1:
        value, low, high = mean_interval(
            sils[order[0]].values - sils[order[1]].values,
            selection.image_ids,
            options.bootstrap,
            options.confidence,
            options.seed,
        )
        margin = dict(value=float(value), low=number(low), high=number(high))
    return dict(
        restarts=options.restarts,
        tolerance=options.tolerance,
        k=entries,
        best_k=order[0],
        second_k=order[1] if len(order) > 1 else None,
        margin=margin,
    )


def _facts(name: str, selection: Selection, constant: int) -> dict[str, Any]:
    """What was analysed."""
    store, source = selection.store, selection.store.manifest.source
    dataset = source.get('dataset') or {}
    return dict(
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
        split=dataset.get('split'),
        checkpoint=source.get('checkpoint'),
        keypoint_names=list(store.manifest.keypoint_names),
        skeleton_links=[list(link) for link in store.manifest.skeleton_links],
        constant_dimensions=constant,
    )


def _persons(
    table: pa.Table,
    scores: np.ndarray,
    labels: dict[int, np.ndarray],
    sils: dict[int, Silhouettes],
    concepts: dict[str, np.ndarray],
) -> pa.Table:
    """One row a person, without pictures; what is not known is null."""
    columns = {name: table[name] for name in ('annotation_id', 'image_id', 'file_name')}
    columns |= {f'component_{place + 1}': pa.array(scores[:, place]) for place in range(scores.shape[1])}
    columns |= {f'cluster_k{k}': pa.array(own.astype(np.int16)) for k, own in labels.items()}
    columns |= {f'silhouette_k{k}': pa.array(own.values) for k, own in sils.items()}
    columns['pck'] = table['pck']
    columns |= {f'concept.{name}': pa.array(values, from_pandas=True) for name, values in concepts.items()}
    return pa.table(columns)

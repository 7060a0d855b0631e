"""The study's analysis of one store: spectrum, walks, clusters, concepts, in this order."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from tqdm import tqdm

from shg_xai.chapters.clusters.measure import Structure, clusters, structure
from shg_xai.chapters.clusters.results import Clusters
from shg_xai.chapters.comparison.measure import Side
from shg_xai.chapters.concepts.measure import concepts
from shg_xai.chapters.concepts.results import Concepts
from shg_xai.chapters.nearest_walk.measure import nearest_walk
from shg_xai.chapters.nearest_walk.results import NearestWalk
from shg_xai.chapters.spectrum.measure import spectrum
from shg_xai.chapters.spectrum.results import Spectrum
from shg_xai.explain.decomposition import Work
from shg_xai.explain.options import warnings_of
from shg_xai.latents.concepts import Concept, concepts_of
from shg_xai.latents.selection import Selection
from shg_xai.results import AnalysedLayer, Answer, Checkpoint
from shg_xai.stats.cka import Latents
from shg_xai.stats.moments import Overview


@dataclass(frozen=True)
class Analysis:
    """One store, analysed.

    Attributes:
        selection: N persons.
        layer: What was analysed.
        spectrum: How its variance spreads over components.
        walks: Who is met along them.
        clusters: Which groups there are.
        concepts: What goes with what.
        persons: N rows: who, scores, clusters, silhouettes, PCK, concepts.
        side: For comparing.
    """

    selection: Selection
    layer: AnalysedLayer
    spectrum: Spectrum
    walks: NearestWalk
    clusters: Clusters
    concepts: Concepts
    persons: pa.Table
    side: Side

    @property
    def answers(self) -> list[Answer]:
        """In the order they are read."""
        return [self.spectrum, self.walks, self.clusters, self.concepts]


def analyse(name: str, work: Work, notes: Sequence[str] = (), overview: Overview | None = None) -> Analysis:
    """Analyse one layer of a store.

    Args:
        name: Name of the analysis, for files and figures.
        work: Whose latents, and how.
        notes: Warnings for the reader that are known already.
        overview: What a look at all values said, if it was taken already.

    Raises:
        InputError: Latents or options cannot be analysed.
    """
    selection = work.selection
    found = structure(work, overview)
    layer = layer_of(name, selection, found.constant)
    layer.warnings = [*notes, *warnings_of(selection, found.constant)]
    for warning in layer.warnings:
        tqdm.write(f'warning: {name}: {warning}', file=sys.stderr)
    spread = spectrum(name, work, found)
    walks = nearest_walk(name, work, found)
    groups = clusters(name, work, found)
    known = concepts_of(selection)
    relations = concepts(name, work, found, known)
    persons = _persons(selection, found, known)
    work.file.unlink()
    latents = Latents(selection, found.components.mean, found.components.eigenvalues)
    labels = {k: runs.best.labels for k, runs in found.clusters.items()}
    side = Side(name, latents, found.halves, labels, relations.clusters)
    return Analysis(selection, layer, spread, walks, groups, relations, persons, side)


def layer_of(name: str, selection: Selection, constant: int) -> AnalysedLayer:
    """What is analysed; ``constant`` of its values are the same for all."""
    store, source = selection.store, selection.store.manifest.source
    dataset = source.get('dataset') or {}
    checkpoint = source.get('checkpoint') or {}
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
        split=dataset.get('split'),
        checkpoint=Checkpoint(**weights) if weights else None,
        keypoint_names=list(store.manifest.keypoint_names),
        skeleton_links=[(int(a), int(b)) for a, b in store.manifest.skeleton_links],
        constant_dimensions=constant,
        warnings=[],
    )


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

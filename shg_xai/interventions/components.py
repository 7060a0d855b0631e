"""Principal components of a network's stored latents, once the store is known to be its own."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from torch import Tensor

from shg_xai.errors import InputError
from shg_xai.interventions.persons import Persons
from shg_xai.latents import LatentStore
from shg_xai.latents.identity import annotations_sha256
from shg_xai.latents.selection import BLOCK, Selection, select
from shg_xai.runner.layers import storable_layers
from shg_xai.runner.provenance import data_files, data_sha256, identify
from shg_xai.stats.executors import executor, stage
from shg_xai.stats.moments import STRIDE, look, moments
from shg_xai.stats.parallel_analysis import above_noise
from shg_xai.stats.pca import Components, principal_components

SAME_PERSONS = 'The components were computed from persons of {}, who are tested too; they fit these better than others.'


@dataclass(frozen=True)
class Fitted:
    """All D components of a selection's N latents, and how many of them parallel analysis finds above noise."""

    selection: Selection
    components: Components
    above_noise: int

    def warnings(self, persons: Persons) -> list[str]:
        """Sentences for the reader of a test of these components on persons."""
        store, dimensions = self.selection.store, self.selection.dimensions
        same = annotations_sha256(store.manifest) == data_sha256(persons.dataset)
        found = [SAME_PERSONS.format(persons.split)] * same
        if not store.complete:
            found.append(f'The store has {len(store):,} of {store.manifest.rows:,} persons; its dump was cut off.')
        if len(store) <= dimensions:
            found.append(
                f'{len(store):,} persons are no more than {dimensions:,} dimensions: components from the '
                f'{len(store):,}th on have no variance.'
            )
        return found


def open_selection(folder: Path, layer: str | None, checkpoint: str) -> Selection:
    """All persons of a layer, None where there is one, of a store that a checkpoint, a file or a URL, has made.

    InputError: no store or checkpoint, one of another network, no such layer, or none named of several.
    """
    store = LatentStore.open(folder)
    if layer is None and len(store.layers) > 1:
        raise InputError(f'{folder}: has {len(store.layers)} layers, name one with --layer: {", ".join(store.layers)}')
    own = identify(checkpoint)
    if store.manifest.source.get('checkpoint') != (dict(url=own.url) if own.url else dict(sha256=own.sha256)):
        raise InputError(
            f'{folder}: its latents are not those of {checkpoint}; dump them: tools/dump_latents.py CONFIG '
            f'{checkpoint} --layers {layer or store.layers[0]} --split train --out DIR'
        )
    return select(store, layer)


def check_same_data(selection: Selection, dataset: Any) -> None:
    """Raise InputError where a store's persons are not of these annotations: the same ids may be others there."""
    if annotations_sha256(selection.store.manifest) != data_sha256(dataset):
        fault = f'its persons are not of {", ".join(data_files(dataset))}, whose content differs from what was dumped'
        raise InputError(f'{selection.store.folder}: {fault}; name that data with --data-root and --split')


def fit(selection: Selection, seed: int, times: dict[str, float]) -> Fitted:
    """Mean, principal components and parallel analysis (drawn with the seed) of stored latents, in float64.

    ``times`` gets the seconds of each stage. InputError: latents :func:`~shg_xai.stats.moments.look` refuses.
    """
    blocks = -(-len(selection) // BLOCK)
    with executor() as pool:
        with stage(pool, 'look', times, blocks) as counted:
            mean = look(selection, counted).mean
        with stage(pool, 'covariance', times, -(-blocks // STRIDE)) as counted:
            found = moments(selection, mean, counted)
        with stage(pool, 'eigenvectors', times):
            covariance = found.covariance
            variances = covariance.diagonal().copy()
            components = principal_components(found.mean, covariance)
        with stage(pool, 'noise', times) as counted:
            above = above_noise(selection, components.eigenvalues, variances, seed, counted)
    return Fitted(selection, components, above.count)


def as_tensors(components: Components, device: torch.device) -> tuple[Tensor, Tensor]:
    """Mean (D,) and components (D, D), a column each, as edits want them, in float32."""
    both = (np.ascontiguousarray(values) for values in (components.mean, components.vectors))
    mean, vectors = (torch.from_numpy(values).float().to(device) for values in both)
    return mean, vectors


def check_stored(cfg: Config, *selections: Selection) -> None:
    """Raise InputError for stored layers that a config's network has not, or with another shape."""
    infos = storable_layers(cfg, [selection.layer for selection in selections])
    for selection in selections:
        shape, own = tuple(selection.array.shape[1:]), tuple(infos[selection.layer].shape)
        if own != shape:
            fault = f'the store has {shape} values a person, this network {own}; dump its latents anew'
            raise InputError(f'{selection.store.folder}: layer {selection.layer}: {fault}')

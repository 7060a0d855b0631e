"""Latents in memory, and all that was trained on some of them.

Shapes: N persons, C channels, H x W the resolution, D = C H W values of a latent, W units, S starts.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from shg_xai.chapters.bottlenecks.options import BottlenecksOptions, Kind
from shg_xai.chapters.bottlenecks.readouts import Start
from shg_xai.chapters.bottlenecks.results import Name
from shg_xai.chapters.bottlenecks.splicing import MEAN, components_edit, edit_of
from shg_xai.chapters.bottlenecks.training import Shape, Standardised, answers, configs, directions, shape_of, train
from shg_xai.errors import InputError
from shg_xai.interventions.edits import Edit
from shg_xai.interventions.network import Network
from shg_xai.latents.selection import Selection, held_out_images
from shg_xai.runner.measurement import timed
from shg_xai.stats.executors import executor
from shg_xai.stats.pca import Components, fit_components

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Learned:
    """Latents of one network, and what was trained on some of them: of each kind S bottlenecks, and the components."""

    latents: Tensor  # (N, C, H, W)
    fitted: NDArray[np.bool_]  # (N,)
    necks: Mapping[Kind, Sequence[Standardised]]
    components: Components
    shape: Shape
    width: int

    @classmethod
    def of(cls, selection: Selection, options: BottlenecksOptions, times: dict[str, float]) -> 'Learned':
        """Train all of them; InputError where nobody is on one of the two sides, or the width is too large."""
        shape = shape_of(selection.array.shape[1:])
        fitted = ~held_out_images(selection.image_ids, options.measured, options.seed)
        if fitted.all() or not fitted.any():
            raise InputError(f'{selection.store.folder}: of one image; the bottlenecks are measured on others')
        with executor() as pool:
            components = fit_components(selection.take(fitted), pool)
        latents = torch.from_numpy(np.concatenate([block.values() for block in selection.blocks()]))
        latents, mask = latents.reshape(-1, *shape), torch.from_numpy(fitted)
        necks = {}
        for kind, config in configs(options, shape).items():
            with timed(times, kind):
                seeds = range(options.seed, options.seed + options.starts)
                necks[kind] = [train(config, latents[mask], options.steps, seed) for seed in seeds]
        return cls(latents, fitted, necks, components, shape, options.width)

    @property
    def vectors(self) -> Floats:
        """The first components, (D, W), or all that there are."""
        return self.components.vectors[:, : self.width]

    def starts(self) -> dict[Name, list[Start]]:
        """What each says of all persons."""
        centred: NDArray[np.float32] = self.latents.flatten(1).numpy() - self.components.mean.astype(np.float32)
        codes = centred @ self.vectors.astype(np.float32)
        whole, kept = (np.einsum('nd,nd->n', part, part, dtype=float) for part in (centred, codes))
        errors = np.maximum(whole - kept, 0)
        found: dict[Name, list[Start]] = {'components': [Start(codes, errors, self.vectors)]}
        for kind, necks in self.necks.items():
            told = [(neck, answers(neck, self.latents)) for neck in necks]
            found[kind] = [Start(own.codes, own.errors, directions(neck, own.codes)) for neck, own in told]
        return found

    def deviations(self) -> Floats:
        """Squared distances of the measured persons from their mean."""
        latents = self.latents.flatten(1).numpy()[~self.fitted]
        apart = latents - latents.mean(0, dtype=float).astype(np.float32)
        return np.einsum('nd,nd->n', apart, apart, dtype=float)

    def edits(self, network: Network) -> dict[Hashable, Edit]:
        """Each as an edit of the layer, by kind and start, and the mean latent."""
        mean, device = self.components.mean, network.device
        found: dict[Hashable, Edit] = {MEAN: components_edit(mean, self.vectors[:, :0], device)}
        found['components', 0] = components_edit(mean, self.vectors, device)
        for kind, necks in self.necks.items():
            found |= {(kind, place): edit_of(neck, self.shape, device) for place, neck in enumerate(necks)}
        return found

"""Decoding walked latents: forward passes whose latent, and perhaps skips, are replaced.

Shapes: N persons, K keypoints, D values of a latent, M directions, P points.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.runner import autocast
from torch import Tensor, nn
from tqdm import tqdm

import shg_xai.plugin  # noqa: F401  (MMPose's models can be imported from here on)
from shg_xai.chapters.skip_ablation.passes import present_levels, read_outputs, skip_layer
from shg_xai.errors import InputError
from shg_xai.interventions.persons import build_loader
from shg_xai.interventions.subject import Subject
from shg_xai.models.stacked_hourglass import StackedHourglass
from shg_xai.tracing.replay import replayed
from shg_xai.tracing.tap import Outputs, Replacement, split_name, tap

SKIPS = ('own', 'none', 'mean', 'donor')
IN_STACK = re.compile(r'backbone\.hourglasses\.(\d+)\..+')


@dataclass(frozen=True)
class Points:
    """Where latents are decoded: start + length * direction.

    Attributes:
        start: Latent that all walks start from, float32, (D,); None for each person's own.
        vectors: Directions of length 1, a row each, float32, (M, D).
        places: For each point its direction and how far along it.
    """

    start: Tensor | None
    vectors: Tensor
    places: Sequence[tuple[int, float]]

    def replacement(self, point: int) -> Replacement:
        """The function of a layer's output (N, ...) that puts this point's latents there."""
        direction, length = self.places[point]
        return lambda x: moved(x, self.start, length * self.vectors[direction])


@dataclass(frozen=True)
class Decoded:
    """What a network made of P points for N persons.

    Attributes:
        keypoints: Pixels of the image, shape (P + 1, N, K, 2); the last are those of the untouched network.
        peaks: Scores of the keypoints, shape (P + 1, N, K).
        center: Of each crop, pixels of the image, shape (N, 2).
        scale: Width and height of each crop, shape (N, 2).
        files: N paths of images.
    """

    keypoints: np.ndarray
    peaks: np.ndarray
    center: np.ndarray
    scale: np.ndarray
    files: list[str]


def moved(x: Tensor, start: Tensor | None, offset: Tensor) -> Tensor:
    """Latents replaced by a start plus an offset.

    Args:
        x: Latents (N, ...) of D values each.
        start: float32, (D,); None for each person's own latent.
        offset: float32, (D,).

    Returns:
        Of the shape, type and memory format of ``x``; computed in float32.
    """
    with torch.autocast(x.device.type, enabled=False):
        values = (x.flatten(1).float() if start is None else start) + offset
    return torch.empty_like(x).copy_(values.expand(len(x), -1).reshape(x.shape))


def skips_around(model: nn.Module, layer: str, skips: str) -> list[str]:
    """The skips to replace when a layer is walked in; none where every person keeps their own.

    Args:
        model: A pose estimator.
        layer: The layer.
        skips: One of SKIPS.

    Raises:
        InputError: They are to be replaced, but the layer is in no hourglass.
    """
    if skips == 'own':
        return []
    found = IN_STACK.fullmatch(split_name(layer)[0])
    if found is None or not isinstance(model.backbone, StackedHourglass):
        raise InputError(
            f'--skips {skips}: {layer} is no layer within an hourglass of '
            "StackedHourglass's, so there are no skips to replace; leave --skips at "
            'own'
        )
    stack = int(found[1])
    return [skip_layer(stack, level) for level in present_levels(model, layer)[stack]]


def _autocast(cfg: Config) -> Any:
    return autocast(enabled=(cfg.get('test_cfg') or {}).get('fp16', False))


def _instead(values: Tensor | None = None) -> Replacement:
    """A function that puts values in an output's place, in its type and format; None for zeros."""
    if values is None:
        return torch.zeros_like
    return lambda x: torch.empty_like(x).copy_(values)


def skip_replacements(
    layers: Sequence[str], averaged: Outputs, donors: Subject | None
) -> Iterator[dict[str, Replacement]]:
    """For each batch of persons, in order, what takes the place of their skips.

    Args:
        layers: The skips to replace.
        averaged: Their means, a tensor (1, C, H, W) each; without one it is zeros.
        donors: The network and as many donors as persons, whose skips come instead.
    """
    if donors is None or not layers:
        while True:
            yield {name: _instead(*averaged.get(name, ())) for name in layers}
    for batch in build_loader(donors.cfg, donors.dataset):
        with donors.testing():
            found = read_outputs(donors, donors.model.data_preprocessor(batch, False), layers)
        yield {name: _instead(*values) for name, values in found.items()}


def decode(
    model: nn.Module,
    cfg: Config,
    dataset: Any,
    layer: str,
    points: Points,
    replacements: Iterator[dict[str, Replacement]],
    times: dict[str, float],
) -> Decoded:
    """Keypoints of every person at every point, from the network's own ``predict``.

    What comes before the layer is computed once for all points.

    Args:
        model: A top-down pose estimator in evaluation mode; it is left as it was.
        cfg: Its config, for the dataloader and autocast.
        dataset: The N persons.
        layer: The layer whose output is replaced.
        points: The P points.
        replacements: For each batch what takes the place of other layers' outputs.
        times: Gets the seconds it took, as ``network``.
    """
    keypoints, peaks, center, scale, files = [], [], [], [], []
    passes = len(points.places) + 1
    with tqdm(total=len(dataset) * passes, desc='network', unit='pose') as progress:
        for batch in build_loader(cfg, dataset):
            others = next(replacements)
            with torch.no_grad(), _autocast(cfg), replayed(model, until=layer):
                # Once: it copies all that is known of a person. Predictions are overwritten.
                data = model.data_preprocessor(batch, False)
                samples = model(**data, mode='predict')  # untouched
                own = _poses(samples)
                walked = []
                for point in range(len(points.places)):
                    with tap(model, replace={**others, layer: points.replacement(point)}):
                        walked.append(_poses(model(**data, mode='predict')))
                    progress.update(len(samples))
            for kept, part in zip((keypoints, peaks), zip(*walked, own, strict=True), strict=True):
                kept.append(np.stack(part))
            center += [sample.input_center for sample in samples]
            scale += [sample.input_scale for sample in samples]
            files += [sample.img_path for sample in samples]
            progress.update(len(samples))  # the untouched pass
    times['network'] = round(progress.format_dict['elapsed'], 2)
    return Decoded(
        np.concatenate(keypoints, axis=1),
        np.concatenate(peaks, axis=1),
        np.array(center, dtype=float),
        np.array(scale, dtype=float),
        files,
    )


def _poses(samples: Sequence[Any]) -> tuple[np.ndarray, np.ndarray]:
    """Keypoints (n, K, 2) and scores (n, K) of a batch, copied."""
    found = [sample.pred_instances for sample in samples]
    return (
        np.stack([np.asarray(one.keypoints)[0, :, :2] for one in found]).astype(float),
        np.stack([np.asarray(one.keypoint_scores)[0] for one in found]).astype(float),
    )

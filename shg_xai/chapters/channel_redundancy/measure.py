"""Which stages of a network carry more channels than PCK needs.

Shapes: N persons, C channels, H x W the resolution of a layer.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.runner import autocast
from torch import Tensor, nn
from tqdm import tqdm

import shg_xai.plugin  # noqa: F401  (MMPose's models can be imported from here on)
from shg_xai.chapters.channel_redundancy.channels import channel_moments, explained_by, place_of, spectrum_over_channels
from shg_xai.chapters.channel_redundancy.options import RedundancyOptions, choose_layers, numbers
from shg_xai.chapters.component_projection.width import mean_estimate, paired_difference, suggestion
from shg_xai.errors import InputError
from shg_xai.interventions.persons import build_loader
from shg_xai.interventions.subject import open_model, open_persons
from shg_xai.interventions.variants import Changes, Scores, measure_variants
from shg_xai.runner.evaluators import pck_settings
from shg_xai.runner.provenance import sha256
from shg_xai.stats.moments import Moments
from shg_xai.stats.pca import Components, principal_components
from shg_xai.tracing.tap import tap

SCHEMA_VERSION, KIND = 1, 'shg_xai redundancy'
STREAM = 6  # keeps these random numbers apart from others of the same seed


def find_redundancy(cfg: Config, checkpoint: str, options: RedundancyOptions) -> dict[str, Any]:
    """For every layer the spectrum over channels, and PCK with k channel components kept.

    Args:
        cfg: The config, options of the command line merged.
        checkpoint: A checkpoint of it.
        options: What to measure.

    Returns:
        The results, plain data.

    Raises:
        InputError: Anything the user can mend.
    """
    if '://' not in checkpoint and not Path(checkpoint).is_file():
        raise InputError(f'{checkpoint}: no such checkpoint')
    shapes = choose_layers(cfg, options.layers)
    ladders = {name: numbers(options.ks, name, shape[0]) for name, shape in shapes.items()}
    fitted_on = fit_persons(cfg, options)
    dataset, columns = open_persons(cfg, options.split, options.limit)
    image_ids = columns['image_id']
    model = open_model(cfg, checkpoint)
    settings = pck_settings(cfg, options.split)
    times: dict[str, float] = {}
    components = fit_channels(model, cfg, fitted_on, list(shapes), times)
    device = next(model.parameters()).device
    changes = {name: projections(components[name], ks, device) for name, ks in ladders.items()}
    untouched, changed = measure_variants(model, cfg, dataset, changes, settings, times)
    known = dict(url=checkpoint) if '://' in checkpoint else dict(sha256=sha256(checkpoint))
    return dict(
        schema_version=SCHEMA_VERSION,
        kind=KIND,
        config=cfg.filename,
        checkpoint=dict(file=checkpoint, **known),
        split=options.split,
        persons=len(image_ids),
        fit=dict(split=options.fit_split, persons=len(fitted_on)),
        seed=options.seed,
        settings=dict(_settings(options), **settings),
        warnings=_warnings(options, len(fitted_on), image_ids, shapes, components),
        **summary(untouched, changed, shapes, components, image_ids, options),
        times_s=times,
    )


def _settings(options: RedundancyOptions) -> dict[str, Any]:
    return {
        key: value
        for key, value in asdict(options).items()
        if key in ('tolerance', 'fit_persons', 'limit', 'bootstrap', 'confidence')
    }


def fit_persons(cfg: Config, options: RedundancyOptions) -> Any:
    """The data set of the persons whom the spectrum is of, drawn with the seed.

    Returns:
        At most ``fit_persons`` of them, in the order of the fit split.
    """
    dataset, _ = open_persons(cfg, options.fit_split)
    drawn = np.random.default_rng([options.seed, STREAM]).permutation(len(dataset))
    dataset.get_subset_(np.sort(drawn[: options.fit_persons]).tolist())
    return dataset


def fit_channels(
    model: nn.Module, cfg: Config, dataset: Any, layers: Sequence[str], times: dict[str, float]
) -> dict[str, Components]:
    """Principal components over channels of what layers put out, streamed in float64.

    Of a layer that fires several times in a pass the first output counts.

    Args:
        model: A pose estimator; it is left as it was, but in evaluation mode.
        cfg: Its config, for the dataloader and autocast.
        dataset: The persons.
        layers: Layers of outputs (N, C, H, W).
        times: Gets the seconds it took, as ``channels``.

    Returns:
        By layer, all C of them.

    Raises:
        InputError: A layer puts out NaN or infinity.
    """
    model.eval()
    found: dict[str, Moments] = {}
    with tqdm(total=len(dataset), desc='channels', unit='person') as progress:
        for batch in build_loader(cfg, dataset):
            with (
                torch.no_grad(),
                autocast(enabled=cfg.test_cfg.get('fp16', False)),
                tap(model, read=layers, stop=True) as outputs,
            ):
                model(**model.data_preprocessor(batch, False), mode='predict')
            for name in layers:
                values = outputs[name][0].float()
                if not torch.isfinite(values).all():
                    raise InputError(
                        f'layer {name}: puts out NaN or infinity for some persons; '
                        'leave it out of --layers, or leave --amp out'
                    )
                found[name] = channel_moments(values.cpu().numpy(), found.get(name))
            progress.update(len(batch['inputs']))
    times['channels'] = round(progress.format_dict['elapsed'], 2)
    return {name: principal_components(own.mean, own.covariance) for name, own in found.items()}


def projected_channels(x: Tensor, mean: Tensor, vectors: Tensor) -> Tensor:
    """Features as their first k channel components leave them, position by position.

    Args:
        x: Features (N, C, H, W).
        mean: Mean over persons and positions, float32, (C,).
        vectors: V, the first k components, a column each, float32, (C, k).

    Returns:
        Mean + V V^T (x - mean) at every position, of the shape, type and memory format of ``x``; computed in float32.
    """
    with torch.autocast(x.device.type, enabled=False):
        centred = x.movedim(1, -1).float() - mean
        values = mean + (centred @ vectors) @ vectors.T
    return torch.empty_like(x).copy_(values.movedim(-1, 1))


def projections(components: Components, ks: Sequence[int], device: torch.device) -> Changes:
    """For each k the replacement of a layer's output by its first k channel components."""
    mean, vectors = (
        torch.from_numpy(np.ascontiguousarray(values)).float().to(device)
        for values in (components.mean, components.vectors)
    )
    made = {k: lambda x, k=k: projected_channels(x, mean, vectors[:, :k]) for k in ks}
    return lambda persons: made


def summary(
    untouched: Scores,
    changed: Mapping[tuple[str, Hashable], Scores],
    shapes: Mapping[str, Sequence[int]],
    components: Mapping[str, Components],
    image_ids: np.ndarray,
    options: RedundancyOptions,
) -> dict[str, Any]:
    """Untouched network and layers for the results, from the PCK of N persons by person.

    Args:
        untouched: By group, (N,).
        changed: The same by layer and k.
        shapes: (C, H, W) of each layer.
        components: Of each layer.
        image_ids: The image of each person, shape (N,).
        options: How.

    Raises:
        InputError: No person has a labelled joint.
    """
    if np.isnan(untouched['labelled']).all():
        raise InputError(f'{options.split}: no person has a labelled joint that can be judged')
    drawn = (image_ids, options.bootstrap, options.confidence, options.seed)
    layers = []
    for name, (channels, height, width) in shapes.items():
        curve = [
            dict(
                k=k,
                explained_variance_ratio=explained_by(components[name], k),
                pck={group: mean_estimate(values, *drawn) for group, values in own.items()},
                drop={group: paired_difference(untouched[group], values, *drawn) for group, values in own.items()},
            )
            for (layer, k), own in changed.items()
            if layer == name
        ]
        layers.append(
            dict(
                name=name,
                **asdict(place_of(name)),
                channels=channels,
                height=height,
                width=width,
                **spectrum_over_channels(components[name]),
                curve=curve,
                suggestion=suggestion(curve, options.tolerance),
            )
        )
    return dict(untouched={group: mean_estimate(values, *drawn) for group, values in untouched.items()}, layers=layers)


def _warnings(
    options: RedundancyOptions,
    fitted_on: int,
    image_ids: np.ndarray,
    shapes: Mapping[str, Sequence[int]],
    components: Mapping[str, Components],
) -> list[str]:
    """Sentences for the reader of the results."""
    found = []
    if options.fit_split == options.split:
        found.append(
            f'The components were computed from persons of {options.split}, who are '
            'tested too; they fit these better than others.'
        )
    if len(np.unique(image_ids)) < 2:
        found.append('All persons are of one image: there are no intervals.')
    for name, (channels, height, width) in shapes.items():
        if not components[name].eigenvalues.sum() > 0:
            found.append(f'{name} puts out the same for everybody at every position.')
        elif fitted_on * height * width <= channels:
            found.append(
                f'{name}: {fitted_on * height * width:,} positions of {fitted_on:,} '
                f'persons are no more than {channels:,} channels; the last components '
                'have no variance. Raise --fit-persons.'
            )
    return found

"""Which stages of a network carry more channels than PCK needs.

Each position of each of N persons in a feature map (C, H, W) is one sample of C values, so what is found is what a 1x1
convolution to fewer channels would keep.
"""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from mmengine.config import Config
from numpy.typing import NDArray

import shg_xai.plugin  # noqa: F401  (MMPose's models can be imported from here on)
from shg_xai.chapters.channel_redundancy.options import ChannelRedundancyOptions
from shg_xai.chapters.channel_redundancy.results import ChannelRedundancy, ChannelSpectrum, LayerChannels, Part
from shg_xai.chapters.component_projection.measure import curves, steps, untouched_pck
from shg_xai.errors import InputError
from shg_xai.interventions.components import SAME_PERSONS, as_tensors
from shg_xai.interventions.edits import project_channels
from shg_xai.interventions.evaluate import UNTOUCHED, Condition, evaluate, predictions
from shg_xai.interventions.network import Network, open_network
from shg_xai.interventions.persons import Persons, build_loader, open_persons
from shg_xai.random_streams import stream
from shg_xai.runner.layers import check_layers, list_layers
from shg_xai.runner.measurement import config_to_test, head, timed
from shg_xai.runner.provenance import data_sha256
from shg_xai.stats.bootstrap import Bootstrap
from shg_xai.stats.moments import Moments, joined
from shg_xai.stats.pca import Components, components_for, participation_ratio, principal_components

# The stages of StackedHourglass, by the part of the network they are; level 0 of ups computes nothing of its own.
STAGES: dict[Part, re.Pattern[str]] = {
    'skip': re.compile(r'backbone\.hourglasses\.(\d+)\.skips\.(\d+)'),
    'encoder': re.compile(r'backbone\.hourglasses\.(\d+)\.downs\.(\d+)'),
    'bottleneck': re.compile(r'backbone\.hourglasses\.(\d+)\.bottleneck_residuals'),
    'decoder': re.compile(r'backbone\.hourglasses\.(\d+)\.ups\.([1-9]\d*)'),
    'after': re.compile(r'backbone\.residuals\.(\d+)'),
}


def measure(options: ChannelRedundancyOptions) -> ChannelRedundancy:
    """For every layer the spectrum over channels, and PCK with k of it; InputError for anything the user can mend."""
    cfg, times = config_to_test(options), dict[str, float]()
    shapes = choose_layers(cfg, options.layers)
    ladders = {name: steps(options.ks, c, f'layer {name} has {c} channels') for name, (c, *_) in shapes.items()}
    fitted_on = fit_persons(cfg, options)
    persons = open_persons(cfg, options.split, options.limit)
    network = open_network(cfg, options.checkpoint, persons.dataset, options.split)
    with timed(times, 'channels'):
        components = fit_channels(network, fitted_on, list(shapes))
    conditions = [UNTOUCHED]
    for name, ks in ladders.items():
        mean, vectors = as_tensors(components[name], network.device)
        conditions += [Condition((name, k), {name: project_channels(mean, vectors[:, :k])}, reuse=name) for k in ks]
    with timed(times, 'network'):
        passes = evaluate(network, build_loader(cfg, persons.dataset), conditions)
        scores = {name: found.pck(network) for name, found in predictions(passes).items()}
    bootstrap = Bootstrap(persons.image_ids, options.bootstrap, options.confidence, options.seed)
    layers, plain = [], scores[UNTOUCHED.name]
    for name, (channels, height, width) in shapes.items():
        found = curves(plain, {k: scores[name, k] for k in ladders[name]}, bootstrap, options.tolerance, len(shapes))
        spectrum, place = spectrum_over_channels(components[name], found['ks']), place_of(name)._asdict()
        place |= dict(name=name, channels=channels, height=height, width=width)
        layers.append(LayerChannels(spectrum=spectrum, **place, **found))
    return ChannelRedundancy(
        **head(options, cfg, len(persons), times),
        warnings=_warnings(fitted_on, persons, layers),
        fitted_on=len(fitted_on),
        thr=network.thr,
        normaliser=network.normaliser,
        untouched=untouched_pck(plain, bootstrap, options.split),
        layers=layers,
        options=options,
    )


def choose_layers(cfg: Config, names: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """The layers asked for, else the stages of a StackedHourglass, as they fire, with the shape (C, H, W) of each.

    A skip that is off never fires. InputError: no such layer, no feature map, or none named for another network.
    """
    infos = {info.name: info for info in list_layers(cfg)}
    if not names:
        if (cfg.model.get('backbone') or {}).get('type') != 'StackedHourglass':
            mend = 'name layers with --layers, tools/list_layers.py lists all'
            raise InputError(f'{cfg.filename}: its backbone is no StackedHourglass, whose stages are known; {mend}')
        names = [name for name in infos if place_of(name).part is not None]
    check_layers(names, list(infos))
    chosen = {name: info for name, info in infos.items() if name in names}
    for name, info in chosen.items():
        if not info.per_person or len(info.shape) != 3:
            fault = 'no feature map (channels, height, width) for each person; leave it out of --layers'
            raise InputError(f'layer {name}: puts out {info.shape}, {fault}')
    return {name: info.shape for name, info in chosen.items()}


def fit_persons(cfg: Config, options: ChannelRedundancyOptions) -> Persons:
    """The persons whom the spectrum is of, drawn with the seed, in the order of the fit split."""
    persons = open_persons(cfg, options.fit_split)
    drawn = stream(options.seed, 'fit_persons').permutation(len(persons))
    return persons.subset(np.sort(drawn[: options.fit_persons]))


def fit_channels(network: Network, persons: Persons, layers: Sequence[str]) -> dict[str, Components]:
    """By layer all C principal components over channels of what it puts out first (N, C, H, W), in float64.

    Persons are streamed. InputError where a layer puts out NaN or infinity.
    """
    found, loader = dict[str, Moments](), build_loader(network.cfg, persons.dataset)
    for one in evaluate(network, loader, read=layers, stop=True, desc='channels'):
        for name in layers:
            values = one.outputs[name][0].float()
            if not torch.isfinite(values).all():
                mend = 'leave it out of --layers, or leave --amp out'
                raise InputError(f'layer {name}: puts out NaN or infinity for some persons; {mend}')
            found[name] = channel_moments(values.cpu().numpy(), found.get(name))
    return {name: principal_components(own.mean, own.covariance) for name, own in found.items()}


class Place(NamedTuple):
    """Where a layer stands in a StackedHourglass, see :class:`LayerChannels`; all None where it is no stage of one."""

    stack: int | None = None
    part: Part | None = None
    level: int | None = None


def place_of(layer: str) -> Place:
    """Where a layer of a StackedHourglass stands, by its name."""
    for part, name in STAGES.items():
        if found := name.fullmatch(layer):
            stack, *level = map(int, found.groups())
            return Place(stack, part, level[0] if level else None)
    return Place()


def channel_moments(outputs: NDArray[np.floating[Any]], before: Moments | None = None) -> Moments:
    """Mean and scatter over channels, in float64, of a layer's outputs (N, C, H, W) and of all batches before them."""
    for person in outputs:  # one at a time bounds the memory float64 takes
        samples = person.reshape(len(person), -1).T.astype(np.float64)
        mean = samples.mean(axis=0)
        centred = samples - mean
        own = Moments(len(samples), mean, centred.T @ centred)
        before = own if before is None else joined(before, own)
    assert before is not None, 'a batch has a person'
    return before


def spectrum_over_channels(components: Components, ks: Sequence[int]) -> ChannelSpectrum | None:
    """How C channel components share out the variance; None where nothing varies, so that there is none."""
    values, total = components.eigenvalues, components.eigenvalues.sum()
    if not total > 0:
        return None
    return ChannelSpectrum(
        explained_variance_ratio=components.ratio.tolist(),
        cumulative=[min(float(values[:k].sum() / total), 1.0) for k in ks],
        components_95=components_for(values, 0.95),
        participation_ratio=participation_ratio(values),
    )


def _warnings(fitted: Persons, persons: Persons, layers: Sequence[LayerChannels]) -> list[str]:
    """Sentences for the reader of the results."""
    same, fitted_on = data_sha256(fitted.dataset) == data_sha256(persons.dataset), len(fitted)
    found = [SAME_PERSONS.format(persons.split)] * same
    if len(np.unique(persons.image_ids)) < 2:
        found.append('All persons are of one image: there are no intervals.')
    for layer in layers:
        positions = fitted_on * layer.height * layer.width
        if layer.spectrum is None:
            found.append(f'{layer.name} puts out the same for everybody at every position.')
        elif positions <= layer.channels:
            found.append(
                f'{layer.name}: {positions:,} positions of {fitted_on:,} persons are no more than '
                f'{layer.channels:,} channels; the last components have no variance. Raise --fit-persons.'
            )
    return found

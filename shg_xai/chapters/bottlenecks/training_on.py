"""The network trained on with each kind of bottleneck in it, beside itself trained on without one.

PCK at the splice says what a bottleneck costs a network that has never met it; trained on, the network may make up for
it. What any training on would have brought is told by the network without one (the fair control), which is given as
many epochs. It is one training each, so nothing is known of the next.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config, ConfigDict
from numpy.typing import NDArray
from torch import nn

from shg_xai.chapters.bottlenecks.options import BottlenecksOptions, Kind
from shg_xai.chapters.bottlenecks.results import TrainedOn
from shg_xai.chapters.bottlenecks.splicing import run_spliced
from shg_xai.chapters.bottlenecks.training import Shape, Standardised, configs
from shg_xai.errors import InputError
from shg_xai.interventions.evaluate import UNTOUCHED
from shg_xai.interventions.network import Network
from shg_xai.interventions.persons import Persons
from shg_xai.models import BottleneckNeck, TopKNeck
from shg_xai.runner.building import build_runner, unwrapped
from shg_xai.runner.config import merge_common, merge_training, read_config
from shg_xai.runner.layers import config_path
from shg_xai.runner.options import CommonOptions, TrainOptions
from shg_xai.stats.bootstrap import Bootstrap

AGAIN, WARM_UP = 0.2, 100  # of the rate of learning; steps in which it is reached
Kinds = Mapping[Kind, Sequence[Standardised]]


@torch.no_grad()
def fold(own: Standardised) -> BottleneckNeck:
    """A bottleneck that takes and gives latents as they are, as its place in a network wants it; changed in place.

    The first layer's weights are divided by the scale, and all of the last layer is multiplied; the mean goes into
    their biases. Convolutions see zeros beyond the border, which have another mean, so those have to be trained on
    latents whose mean is not taken off (ValueError). A dictionary's code grows with the latents.
    """
    neck, center, scale = own.neck, own.center.flatten(), own.scale
    if isinstance(neck, TopKNeck):
        neck.pre_bias.mul_(scale).add_(center)
        return neck
    spread = getattr(neck, 'log_variance', None)
    layers = [layer for layer in neck.modules() if isinstance(layer, nn.Conv2d | nn.Linear) and layer is not spread]
    if center.any() and isinstance(layers[0], nn.Conv2d):
        raise ValueError('convolutions cannot take a mean off')
    for layer in [layers[0], *([spread] if spread is not None and isinstance(layers[0], nn.Linear) else [])]:
        layer.weight.div_(scale)
        if center.any():
            layer.bias.sub_(layer.weight @ center)
    for values in layers[-1].parameters():
        values.mul_(scale)
    if center.any():
        layers[-1].bias.add_(center)  # type: ignore[union-attr]
    return neck


def stack_of(layer: str) -> int:
    """Which hourglass the layer ends the bottleneck of, from 0; InputError where it is none of an hourglass's."""
    found = re.fullmatch(r'backbone\.hourglasses\.(\d+)\.bottleneck_residuals', layer)
    if found is None:
        raise InputError(
            f'--train-on: {layer} is no bottleneck_residuals of an hourglass, after which one can be put in'
        )
    return int(found[1])


def training_config(options: BottlenecksOptions, name: str, layer: str, neck: ConfigDict | None) -> Config:
    """The config of a training on of the network, with a bottleneck after a layer or without one.

    The rate of learning starts again at a fifth of the config's, after some steps in which it is reached, and falls
    along a cosine.
    """
    common = {field.name: getattr(options, field.name) for field in fields(CommonOptions)}
    common['work_dir'] = str(Path(options.work_dir or Path('work_dirs') / 'bottlenecks') / name)
    asked = TrainOptions(config=options.config, no_validate=True, **common)
    cfg = read_config(config_path(options.config))
    merge_training(cfg, asked)
    merge_common(cfg, asked, options.config)
    cfg.experiment_name = f'{Path(options.config).stem}_{name}'
    cfg.train_cfg.max_epochs = options.train_on
    cfg.optim_wrapper.optimizer.lr *= AGAIN
    cfg.param_scheduler = [
        dict(type='LinearLR', by_epoch=False, start_factor=0.01, end=WARM_UP),
        dict(type='CosineAnnealingLR', T_max=options.train_on, convert_to_iter_based=True),
    ]
    cfg.randomness = dict(seed=options.seed)
    autoencoders = []
    if neck is not None:
        stacks = [None] * cfg.model.backbone.get('num_stacks', 1)
        stacks[stack_of(layer)] = neck
        cfg.model.backbone.bottleneck = stacks
        autoencoders = [str(Path(cfg.work_dir) / 'neck.pth')]
    cfg.default_hooks.splice = dict(type='SpliceHook', plain=options.checkpoint, autoencoders=autoencoders)
    return cfg


def trained_on(
    necks: Kinds, shape: Shape, layer: str, network: Network, persons: Persons, options: BottlenecksOptions
) -> Iterator[TrainedOn]:
    """Train the network on without a bottleneck, then with the first start of each kind."""
    known = configs(options, shape)
    bootstrap = Bootstrap(persons.image_ids, options.bootstrap, options.confidence, options.seed)

    def pck_after(cfg: Config) -> NDArray[np.float64]:
        runner = build_runner(cfg, None)
        runner.train()
        own = replace(network, model=unwrapped(runner.model))
        return run_spliced(own, persons, layer, {})[UNTOUCHED.name].pck

    alone = pck_after(training_config(options, 'none', layer, None))
    yield TrainedOn(name='none', pck=bootstrap.mean(alone), gain=bootstrap.difference(alone, alone))
    for kind, config in known.items():
        cfg = training_config(options, kind, layer, ConfigDict(config))
        state = {f'neck.{key}': value for key, value in fold(necks[kind][0]).state_dict().items()}
        Path(cfg.work_dir).mkdir(parents=True, exist_ok=True)
        torch.save(dict(state_dict=state), Path(cfg.work_dir) / 'neck.pth')
        found = pck_after(cfg)
        yield TrainedOn(name=kind, pck=bootstrap.mean(found), gain=bootstrap.difference(found, alone))

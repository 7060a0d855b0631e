"""The configs of a study's networks, written as files that inherit from the user's.

``python -m shg_xai.study.configs WORK_DIR`` writes those that need a width, once it is known.
"""

import ast
import json
import math
import os
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from pprint import pformat
from typing import Any

from mmengine.config import Config, ConfigDict

from shg_xai.chapters.networks.results import Kind
from shg_xai.cli import run
from shg_xai.errors import InputError
from shg_xai.runner import config
from shg_xai.study.settings import SPLICED, Settings, read_settings
from shg_xai.study.width import widths_of
from shg_xai.writing import write_aside

STUDY_WIDTH = 50
WARM_UP = 100  # steps
AGAIN = 0.2  # of its peak, where a rate that has fallen to nothing starts again
EPOCHS = dict(MultiStepLR=('milestones',), CosineAnnealingLR=('T_max', 'begin', 'end'))  # what they count in them
FEW = 200  # persons
# From scratch: an autoencoder of Glorot's full size drowns the skips at the start, and stays stuck.
SMALL_START = dict(type='Xavier', layer=['Conv2d', 'Linear'], distribution='normal', gain=0.5)
Overrides = dict[str, Any]


def read_config(path: Path) -> Config:
    """A config, without the modules it would import; InputError where there is none."""
    return config.read_config(str(path), import_custom_modules=False)


def write_config(path: Path, base: Path, about: str, overrides: Overrides) -> None:
    """Write a config that inherits from another; the same overrides give the same bytes."""
    lines = [f'"""{about}"""', '', f'_base_ = [{os.path.relpath(base, path.parent)!r}]', '']
    lines += [f'{name} = {pformat(value, width=96, sort_dicts=False)}' for name, value in overrides.items()]
    write_aside(path, '\n'.join(lines) + '\n')


def inherited(path: Path) -> list[str]:
    """A config file and the files it inherits from, other than MMPose's, as paths; InputError where one is none."""
    try:
        assigned = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.Assign)]
        bases = [ast.literal_eval(node.value) for node in assigned if ast.unparse(node.targets[0]) == '_base_']
    except (OSError, SyntaxError, ValueError) as error:
        raise InputError(f'{path}: not a config ({error})') from error
    names = [name for base in bases for name in ([base] if isinstance(base, str) else base) if '::' not in name]
    return [str(path), *(file for name in names for file in inherited((path.parent / name).resolve()))]


def schedule(cfg: Config, epochs: int) -> Overrides:
    """A run of so many epochs from random weights; milestones move along with the length, and so does a cosine."""
    share, found = epochs / cfg.train_cfg.max_epochs, cfg.get('param_scheduler') or []
    changes = [_stretched(scheduler.to_dict(), share) for scheduler in _listed(found)]
    overrides: Overrides = dict(train_cfg=dict(max_epochs=epochs))
    if any(changes):
        # MMEngine replaces lists, and merges what is one.
        whole = [{**scheduler.to_dict(), **change} for scheduler, change in zip(_listed(found), changes, strict=True)]
        overrides['param_scheduler'] = changes[0] if isinstance(found, ConfigDict) else whole
    return overrides


def _stretched(scheduler: Overrides, share: float) -> Overrides:
    """What changes of a scheduler that counts epochs where there are so many times as many."""
    if not scheduler.get('by_epoch', True):
        return {}
    changed: Overrides = {}
    for key in EPOCHS.get(scheduler['type'], ()):
        if isinstance(value := scheduler.get(key), list):
            changed[key] = [max(1, round(share * one)) for one in value]
        elif value:
            changed[key] = max(1, round(share * value))
    return changed


def _listed(schedulers: ConfigDict | list[ConfigDict]) -> list[ConfigDict]:
    return [schedulers] if isinstance(schedulers, ConfigDict) else schedulers


def schedule_on(cfg: Config, epochs: int) -> Overrides:
    """So many epochs more for a trained network, with an optimizer that starts anew.

    Where the rate falls at milestones it goes on at the last one; where it has fallen along a cosine it starts again at
    a fifth of its peak, and falls once more. It is reached in some steps: the first ones of RMSprop are ten times as
    long as later ones, which undoes an autoencoder that was trained apart.
    """
    overrides: Overrides = dict(train_cfg=dict(max_epochs=epochs))
    kept = [dict(type='LinearLR', by_epoch=False, start_factor=0.01, end=WARM_UP)]
    for scheduler in _listed(cfg.get('param_scheduler') or []):
        if scheduler.type == 'MultiStepLR':
            reached = [one for one in scheduler.milestones if one < cfg.train_cfg.max_epochs]
            rate = cfg.optim_wrapper.optimizer.lr * scheduler.get('gamma', 0.1) ** len(reached)
            overrides['optim_wrapper'] = dict(optimizer=dict(lr=rate))
        elif scheduler.type == 'CosineAnnealingLR' and scheduler.get('by_epoch', True):
            overrides['optim_wrapper'] = dict(optimizer=dict(lr=AGAIN * cfg.optim_wrapper.optimizer.lr))
            whole = {key: value for key, value in scheduler.to_dict().items() if key not in ('begin', 'end')}
            kept.append(dict(whole, T_max=epochs))
        elif scheduler.type != 'LinearLR':  # a warm-up of its own
            kept.append(scheduler.to_dict())
    return overrides | dict(param_scheduler=kept)


def _write_network(
    settings: Settings, network: str, seed: int, about: str, epochs: int, splice: bool = False, **backbone: object
) -> None:
    """The config of a network: what it changes of the plain one's; ``splice`` starts from checkpoints named later."""
    overrides = (schedule_on if splice else schedule)(read_config(settings.config), epochs)
    overrides['randomness'] = dict(seed=seed)
    overrides['model'] = dict(backbone=dict(num_stacks=settings.stacks) | backbone)
    if splice:
        overrides['default_hooks'] = dict(splice=dict(type='SpliceHook', plain=None, autoencoders=[]))
    if not settings.own_test:  # for tools that know no --held-out
        held_out = dict(ann_file=f'annotations/{settings.annotations("test").name}', data_prefix=dict(img='train2017/'))
        overrides['test_dataloader'] = dict(dataset=held_out)
    if not backbone.get('skip_connections', True):
        overrides['find_unused_parameters'] = True  # the branches that are off get no gradient
    write_config(settings.config_of(network, seed), settings.config, about, overrides)


def write_plain_configs(settings: Settings) -> None:
    """Write the configs that need no width: plain, control, longer, noskip."""
    epochs, whole, name = settings.epochs, settings.epochs + settings.more_epochs, 'The plain network'
    for seed in settings.seeds:
        about = f'{name} trained on, seed {seed}: {whole} epochs in all.'
        _write_network(settings, 'plain', seed, f'{name}, seed {seed}.', epochs)
        _write_network(settings, 'control', seed, about, settings.more_epochs, splice=True)
        _write_network(settings, 'longer', seed, f'{name} from scratch for {whole} epochs, seed {seed}.', whole)
        about = f'{name} without skip connections, seed {seed}.'
        _write_network(settings, 'noskip', seed, about, epochs, skip_connections=False)


def necks_of(settings: Settings, key: str) -> list[Overrides]:
    """The autoencoder of each stack: ``suggested`` (linear ends) or ``study`` (ReLUs, width 50)."""
    neck, relu = read_config(settings.autoencoder).model.neck.to_dict(), key == 'study'
    size = neck['in_channels'] * math.prod(neck['in_featuremap_size'])
    widths = [min(STUDY_WIDTH, size)] * settings.stacks if relu else widths_of(settings)
    return [{**neck, 'code_channels': width, 'code_relu': relu, 'output_relu': relu} for width in widths]


def _kinds(settings: Settings) -> list[Kind]:
    """The kinds of autoencoders that some network has."""
    scratch = ['suggested'] * ('scratch' in settings.networks)
    return [key for key in SPLICED if key in settings.spliced or key in scratch]


def that_need_a_width(settings: Settings) -> Iterator[Path]:
    """The configs that :func:`write_all` writes."""
    for key, seed in product(_kinds(settings), settings.seeds):
        for stack in range(settings.stacks):
            yield settings.autoencoder_config(settings.autoencoder_name(key, seed, stack))
        yield settings.config_of(SPLICED[key], seed)
        if key == 'suggested':
            yield settings.config_of('scratch', seed)


def write_all(settings: Settings) -> None:
    """Write the configs that need a width, and a list of the widths when all are there."""
    for key in _kinds(settings):
        necks, more = necks_of(settings, key), settings.more_epochs
        widths = [neck['code_channels'] for neck in necks]
        for seed in settings.seeds:
            for stack, neck in enumerate(necks):
                _write_autoencoder(settings, settings.autoencoder_name(key, seed, stack), stack, seed, neck)
            about = f'Autoencoders of widths {widths} spliced in and trained on, seed {seed}.'
            _write_network(settings, SPLICED[key], seed, about, more, splice=True, bottleneck=necks)
            if key == 'suggested':
                small = [{**neck, 'init_cfg': SMALL_START} for neck in necks]
                about = f'The improved network from scratch, seed {seed}.'
                _write_network(settings, 'scratch', seed, about, settings.epochs + more, bottleneck=small)
    write_aside(settings.work_dir / 'widths' / 'chosen.json', json.dumps(dict(widths=widths_of(settings))) + '\n')
    print(f'widths of the codes: {widths_of(settings)}')


def _write_autoencoder(settings: Settings, name: str, stack: int, seed: int, neck: Overrides) -> None:
    """The config of an autoencoder alone."""
    dataset: Overrides = dict(layer=settings.layers[stack])
    # Of a few persons a tenth would be one, who does not vary.
    if min(settings.limit or FEW, settings.people[0] if settings.people else FEW) < FEW:
        dataset['held_out'] = 0.5
    overrides: Overrides = dict(model=dict(neck=neck), randomness=dict(seed=seed))
    overrides['train_cfg'] = dict(max_epochs=settings.autoencoder_epochs)
    overrides |= {f'{part}_dataloader': dict(dataset=dataset) for part in ('train', 'val', 'test')}
    about = f'Autoencoder of stack {stack} alone, width {neck["code_channels"]}, seed {seed}.'
    write_config(settings.autoencoder_config(name), settings.autoencoder, about, overrides)


if __name__ == '__main__':
    run(lambda: write_all(read_settings(Path(sys.argv[1]))))

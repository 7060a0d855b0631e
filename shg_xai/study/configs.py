"""The configs of a study's networks, written as files that inherit from the user's.

    python -m shg_xai.study.configs WORK_DIR

writes those of the autoencoders and of the networks that hold them, once their width is known.
"""

import ast
import json
import os
import sys
from pathlib import Path
from pprint import pformat
from typing import Any

from mmengine.config import Config, ConfigDict

from shg_xai.chapters.component_projection.results import ComponentProjection
from shg_xai.cli import run
from shg_xai.errors import InputError
from shg_xai.results import read_answer
from shg_xai.study.settings import SPLICED, Settings, read_settings
from shg_xai.writing import aside

STUDY_WIDTH = 50
WARM_UP = 100  # steps
FEW = 200  # persons
# From scratch: an autoencoder of Glorot's full size drowns the skips at the start, and stays stuck.
SMALL_START = dict(type='Xavier', layer=['Conv2d', 'Linear'], distribution='normal', gain=0.5)
Overrides = dict[str, Any]


def read_config(path: Path) -> Config:
    """A config, without the modules it would import.

    Raises:
        InputError: No such file, or it does not hold a config.
    """
    if not path.is_file():
        raise InputError(f'{path}: no such config file')
    try:
        return Config.fromfile(path, import_custom_modules=False)
    except Exception as error:  # a config is Python: anything may come up
        raise InputError(f'{path}: not a config MMEngine can read ({error})') from error


def write_config(path: Path, base: Path, about: str, overrides: Overrides) -> None:
    """Write a config that inherits from another; the same overrides give the same bytes."""
    lines = [f'"""{about}"""', '', f'_base_ = [{os.path.relpath(base, path.parent)!r}]', '']
    lines += [f'{name} = {pformat(value, width=96, sort_dicts=False)}' for name, value in overrides.items()]
    with aside(path) as part:
        part.write_text('\n'.join(lines) + '\n')


def inherited(path: Path) -> list[str]:
    """A config file and the files it inherits from, other than MMPose's, as paths.

    Raises:
        InputError: One is no config.
    """
    try:
        tree = ast.parse(path.read_text())
        bases = [
            ast.literal_eval(node.value)
            for node in tree.body
            if isinstance(node, ast.Assign) and [getattr(target, 'id', '') for target in node.targets] == ['_base_']
        ]
    except (OSError, SyntaxError, ValueError) as error:
        raise InputError(f'{path}: not a config ({error})') from error
    files = [str(path)]
    for base in bases:
        for name in [base] if isinstance(base, str) else base:
            if '::' not in name:
                files += inherited((path.parent / name).resolve())
    return files


def schedule(cfg: Config, epochs: int) -> Overrides:
    """A run of so many epochs from random weights; milestones move along with the length."""
    overrides: Overrides = dict(train_cfg=dict(max_epochs=epochs))
    scheduler = cfg.get('param_scheduler')
    if isinstance(scheduler, ConfigDict) and scheduler.get('type') == 'MultiStepLR':
        share = epochs / cfg.train_cfg.max_epochs
        overrides['param_scheduler'] = dict(
            milestones=[max(1, round(share * milestone)) for milestone in scheduler.milestones]
        )
    return overrides


def schedule_on(cfg: Config, epochs: int) -> Overrides:
    """So many epochs more for a trained network, with an optimizer that starts anew.

    Where the rate falls at milestones it goes on at the last one. It is reached in some steps: the first ones of
    RMSprop are ten times as long as later ones, which undoes an autoencoder that was trained apart.
    """
    overrides: Overrides = dict(train_cfg=dict(max_epochs=epochs))
    schedulers = cfg.get('param_scheduler') or []
    kept = [dict(type='LinearLR', by_epoch=False, start_factor=0.01, end=WARM_UP)]
    for scheduler in [schedulers] if isinstance(schedulers, ConfigDict) else schedulers:
        if scheduler.type == 'MultiStepLR':
            reached = [one for one in scheduler.milestones if one < cfg.train_cfg.max_epochs]
            rate = cfg.optim_wrapper.optimizer.lr * scheduler.get('gamma', 0.1) ** len(reached)
            overrides['optim_wrapper'] = dict(optimizer=dict(lr=rate))
        elif scheduler.type != 'LinearLR':  # a warm-up of its own
            kept.append(scheduler.to_dict())
    return overrides | dict(param_scheduler=kept)


def network_overrides(
    settings: Settings, seed: int, epochs: int, backbone: Overrides | None = None, splice: bool = False
) -> Overrides:
    """What a network's config changes of the plain one's.

    Args:
        settings: Of the study.
        seed: Of the run.
        epochs: Of the run.
        backbone: Changes of the backbone.
        splice: Start from other checkpoints, which the command line names.
    """
    cfg = read_config(settings.config)
    overrides = (schedule_on if splice else schedule)(cfg, epochs)
    overrides['randomness'] = dict(seed=seed)
    changes = dict(num_stacks=settings.stacks) | (backbone or {})
    overrides['model'] = dict(backbone=changes)
    if splice:
        overrides['default_hooks'] = dict(splice=dict(type='SpliceHook', plain=None, autoencoders=[]))
    if not settings.own_test:  # for tools that know no --held-out
        overrides['test_dataloader'] = dict(
            dataset=dict(ann_file=f'annotations/{settings.test_file.name}', data_prefix=dict(img='train2017/'))
        )
    if not changes.get('skip_connections', True):
        overrides['find_unused_parameters'] = True  # the branches that are off get no gradient
    return overrides


def write_plain_configs(settings: Settings) -> None:
    """Write the configs that need no width: plain, control, longer, noskip."""
    epochs, more = settings.epochs, settings.more_epochs
    for seed in settings.seeds:
        noskip = network_overrides(settings, seed, epochs, dict(skip_connections=False))
        for network, about, overrides in (
            ('plain', f', seed {seed}.', network_overrides(settings, seed, epochs)),
            (
                'control',
                f' trained on, seed {seed}: {epochs + more} epochs in all.',
                network_overrides(settings, seed, more, splice=True),
            ),
            (
                'longer',
                f' from scratch for {epochs + more} epochs, seed {seed}.',
                network_overrides(settings, seed, epochs + more),
            ),
            ('noskip', f' without skip connections, seed {seed}.', noskip),
        ):
            path = settings.config_of(network, seed)
            write_config(path, settings.config, f'The plain network{about}', overrides)


def widths_of(settings: Settings) -> list[int]:
    """The suggested width of each stack, at least 1, or the one that was asked for.

    Raises:
        InputError: It has not been found yet, or is larger than the latent.
    """
    widths = []
    for stack in range(settings.stacks):
        mend = f'run the stage "keep components {stack}" again'
        found = read_answer(settings.width_of(stack), ComponentProjection, mend)
        widths.append(settings.width or max(1, found.suggestion.k))
        if widths[-1] > found.dimensions:
            raise InputError(
                f'--width {widths[-1]}: the latent of stack {stack} has {found.dimensions} values; give at most as many'
            )
    return widths


def necks_of(settings: Settings, key: str) -> list[Overrides]:
    """The autoencoder of each stack: ``suggested`` (linear ends) or ``study`` (ReLUs, width 50)."""
    cfg = read_config(settings.autoencoder)
    neck = cfg.model.neck.to_dict()
    if key == 'study':
        size = neck['in_channels'] * neck['in_featuremap_size'][0] * neck['in_featuremap_size'][1]
        widths = [min(STUDY_WIDTH, size)] * settings.stacks
    else:
        widths = widths_of(settings)
    return [
        {**neck, 'code_channels': width, 'code_relu': key == 'study', 'output_relu': key == 'study'} for width in widths
    ]


def write_autoencoder_configs(settings: Settings) -> None:
    """Write the configs that need a width."""
    for key, network in SPLICED.items():
        if network in settings.networks or (key == 'suggested' and 'scratch' in settings.networks):
            necks = necks_of(settings, key)
            for seed in settings.seeds:
                for stack, neck in enumerate(necks):
                    _write_autoencoder(settings, settings.autoencoder_name(key, seed, stack), stack, seed, neck)
                write_config(
                    settings.config_of(network, seed),
                    settings.config,
                    f'Autoencoders of widths {[neck["code_channels"] for neck in necks]} '
                    f'spliced in and trained on, seed {seed}.',
                    network_overrides(settings, seed, settings.more_epochs, dict(bottleneck=necks), True),
                )
                if key == 'suggested':
                    small = dict(bottleneck=[{**neck, 'init_cfg': SMALL_START} for neck in necks])
                    write_config(
                        settings.config_of('scratch', seed),
                        settings.config,
                        f'The improved network from scratch, seed {seed}.',
                        network_overrides(settings, seed, settings.epochs + settings.more_epochs, small),
                    )


def _write_autoencoder(settings: Settings, name: str, stack: int, seed: int, neck: Overrides) -> None:
    """The config of an autoencoder alone."""
    dataset: Overrides = dict(layer=settings.layer(stack))
    # Of a few persons a tenth would be one, who does not vary.
    if min(settings.limit or FEW, settings.people[0] if settings.people else FEW) < FEW:
        dataset['held_out'] = 0.5
    loader = dict(dataset=dataset)
    write_config(
        settings.work_dir / 'configs' / f'{name}.py',
        settings.autoencoder,
        f'Autoencoder of stack {stack} alone, width {neck["code_channels"]}, seed {seed}.',
        dict(
            model=dict(neck=neck),
            randomness=dict(seed=seed),
            train_cfg=dict(max_epochs=settings.autoencoder_epochs),
            train_dataloader=loader,
            val_dataloader=loader,
            test_dataloader=loader,
        ),
    )


def write_all(settings: Settings) -> None:
    """Write the configs of autoencoders, and a list of the widths when all are there."""
    write_autoencoder_configs(settings)
    with aside(settings.work_dir / 'widths' / 'chosen.json') as part:
        part.write_text(json.dumps(dict(widths=widths_of(settings))) + '\n')
    print(f'widths of the codes: {widths_of(settings)}')


if __name__ == '__main__':
    run(lambda: write_all(read_settings(Path(sys.argv[1]))))

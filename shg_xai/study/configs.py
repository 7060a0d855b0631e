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

from mmengine.config import Config

from shg_xai.cli import run
from shg_xai.errors import InputError
from shg_xai.study.settings import Settings
from shg_xai.writing import aside

STUDY_WIDTH = 50
WARM_UP = 100  # steps
FEW = 200  # persons
# From scratch: an autoencoder of Glorot's full size drowns the skips at the start, and stays stuck.
SMALL_START = dict(type='Xavier', layer=['Conv2d', 'Linear'], distribution='normal', gain=0.5)
Overrides = dict[str, Any]


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
    """A run of so many epochs from random weights; milestones move along with the length.

    Args:
        cfg: The config whose schedule it is.
        epochs: How many.
    """
    overrides: Overrides = dict(train_cfg=dict(max_epochs=epochs))
    scheduler = cfg.get('param_scheduler')
    if isinstance(scheduler, dict) and scheduler.get('type') == 'MultiStepLR':
        share = epochs / cfg.train_cfg.max_epochs
        overrides['param_scheduler'] = dict(
            milestones=[max(1, round(share * milestone)) for milestone in scheduler.milestones]
        )
    return overrides


def schedule_on(cfg: Config, epochs: int) -> Overrides:
    """So many epochs more for a trained network, with an optimizer that starts anew.

    Where the rate falls at milestones it goes on at the last one. It is reached in some steps: the first ones of
    RMSprop are ten times as long as later ones, which undoes an autoencoder that was trained apart.

    Args:
        cfg: The config the network was trained with.
        epochs: How many.
    """
    overrides: Overrides = dict(train_cfg=dict(max_epochs=epochs))
    schedulers = cfg.get('param_scheduler') or []
    kept = [dict(type='LinearLR', by_epoch=False, start_factor=0.01, end=WARM_UP)]
    for scheduler in [schedulers] if isinstance(schedulers, dict) else schedulers:
        if scheduler.type == 'MultiStepLR':
            reached = [one for one in scheduler.milestones if one < cfg.train_cfg.max_epochs]
            rate = cfg.optim_wrapper.optimizer.lr * scheduler.get('gamma', 0.1) ** len(reached)
            overrides['optim_wrapper'] = dict(optimizer=dict(lr=rate))
        elif scheduler.type != 'LinearLR':  # a warm-up of its own
            kept.append(scheduler.to_dict())
    return overrides | dict(param_scheduler=kept)


def network_overrides(
    settings: Settings, seed: int, epochs: int, backbone: dict[str, Any] | None = None, splice: bool = False
) -> Overrides:
    """What a network's config changes of the plain one's.

    Args:
        settings: Of the study.
        seed: Of the run.
        epochs: Of the run.
        backbone: Changes of the backbone.
        splice: Start from other checkpoints, which the command line names.
    """
    cfg = Config.fromfile(settings.config, import_custom_modules=False)
    overrides = (schedule_on if splice else schedule)(cfg, epochs)
    overrides['randomness'] = dict(seed=seed)
    changes = dict(num_stacks=settings.num_stacks) | (backbone or {})
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
    both = settings.epochs + settings.more_epochs
    for seed in settings.seeds:
        write_config(
            settings.config_of('plain', seed),
            settings.config,
            f'The plain network, seed {seed}.',
            network_overrides(settings, seed, settings.epochs),
        )
        write_config(
            settings.config_of('control', seed),
            settings.config,
            f'The plain network trained on, seed {seed}: {both} epochs in all.',
            network_overrides(settings, seed, settings.more_epochs, splice=True),
        )
        write_config(
            settings.config_of('longer', seed),
            settings.config,
            f'The plain network from scratch for {both} epochs, seed {seed}.',
            network_overrides(settings, seed, both),
        )
        write_config(
            settings.config_of('noskip', seed),
            settings.config,
            f'The plain network without skip connections, seed {seed}.',
            network_overrides(settings, seed, settings.epochs, dict(skip_connections=False)),
        )


def widths_of(settings: Settings) -> list[int]:
    """The suggested width of each stack, at least 1, or the one that was asked for.

    Raises:
        InputError: It has not been found yet, or is larger than the latent.
    """
    widths = []
    for stack in range(settings.num_stacks):
        path = settings.kept_of(stack)
        try:
            kept = json.loads(path.read_text())
            width = settings.width or max(1, int(kept['suggestion']['k']))
            dimensions = int(kept['dimensions'])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(
                f'{path}: no suggestion in it ({error}); run the stage "keep components {stack}" again'
            ) from error
        if width > dimensions:
            raise InputError(
                f'--width {width}: the latent of stack {stack} has {dimensions} values; give at most as many'
            )
        widths.append(width)
    return widths


def necks_of(settings: Settings, key: str) -> list[dict[str, Any]]:
    """The autoencoder of each stack: ``suggested`` (linear ends) or ``study`` (ReLUs, width 50)."""
    cfg = Config.fromfile(settings.autoencoder, import_custom_modules=False)
    neck = cfg.model.neck.to_dict()
    if key == 'study':
        size = neck['in_channels'] * neck['in_featuremap_size'][0] * neck['in_featuremap_size'][1]
        widths = [min(STUDY_WIDTH, size)] * settings.num_stacks
    else:
        widths = widths_of(settings)
    return [
        {**neck, 'code_channels': width, 'code_relu': key == 'study', 'output_relu': key == 'study'} for width in widths
    ]


def write_autoencoder_configs(settings: Settings) -> None:
    """Write the configs that need a width."""
    keys = [
        key
        for key, network in (('suggested', 'improved'), ('study', 'improved_study'))
        if network in settings.networks or (key == 'suggested' and 'scratch' in settings.networks)
    ]
    # Of a few persons a tenth would be one, who does not vary.
    most = min(settings.limit or FEW, settings.people[0] if settings.people else FEW)
    held_out = dict(held_out=0.5) if most < FEW else {}
    for key in keys:
        necks = necks_of(settings, key)
        network = 'improved' if key == 'suggested' else 'improved_study'
        for seed in settings.seeds:
            for stack, neck in enumerate(necks):
                name = settings.autoencoder_name(key, seed, stack)
                loader = dict(dataset=dict(layer=settings.layer(stack), **held_out))
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
            backbone = dict(bottleneck=necks)
            write_config(
                settings.config_of(network, seed),
                settings.config,
                f'Autoencoders of widths {[neck["code_channels"] for neck in necks]} '
                f'spliced in and trained on, seed {seed}.',
                network_overrides(settings, seed, settings.more_epochs, backbone, True),
            )
            if key == 'suggested':
                small = dict(bottleneck=[{**neck, 'init_cfg': SMALL_START} for neck in necks])
                write_config(
                    settings.config_of('scratch', seed),
                    settings.config,
                    f'The improved network from scratch, seed {seed}.',
                    network_overrides(settings, seed, settings.epochs + settings.more_epochs, small),
                )


def write_all(settings: Settings) -> None:
    """Write the configs of autoencoders, and a list of the widths when all are there."""
    write_autoencoder_configs(settings)
    widths = settings.work_dir / 'widths' / 'chosen.json'
    with aside(widths) as part:
        part.write_text(json.dumps(dict(widths=widths_of(settings))) + '\n')
    print(f'widths of the codes: {widths_of(settings)}')


def main() -> None:
    """For the stage ``choose width``."""
    from shg_xai.study.saved import read_settings

    write_all(read_settings(Path(sys.argv[1])))


if __name__ == '__main__':
    run(main)

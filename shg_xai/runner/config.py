"""From a config file and the command line to the config that runs."""

import importlib.util
import json
import logging
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.logging import print_log

from shg_xai.errors import InputError
from shg_xai.evaluation.pck import NORMALISERS
from shg_xai.runner.options import CommonOptions, TrainOptions


def read_config(path: str, import_custom_modules: bool = True) -> Config:
    """A Python config as MMEngine reads it, bases merged; InputError if there is no such file, or no config in it."""
    if not Path(path).is_file():
        raise InputError(f'{path}: no such config file')
    try:
        cfg = Config.fromfile(path, import_custom_modules=import_custom_modules)
    except Exception as error:  # a config is Python: anything may come up
        raise InputError(f'{path}: not a config MMEngine can read ({error})') from error
    if importlib.util.find_spec('petrel_client') is None and _read_files(cfg._cfg_dict):
        said = 'reads photos from an object store by petrel_client, which is not installed: they are read as files'
        print_log(f'{path}: {said}', 'current', logging.WARNING)
    return cfg


def _read_files(node: Any) -> bool:
    """Have a part of a config read files where it asks for petrel, its authors' own store; whether it did."""
    found = False
    if isinstance(node, dict):
        found = node.get('backend') == 'petrel'
        if found:
            node.clear()
            node['backend'] = 'local'
        node = list(node.values())
    for value in node if isinstance(node, list | tuple) else ():
        found |= _read_files(value)
    return found


def merge_common(cfg: Config, options: CommonOptions, config: str) -> None:
    """Put the options into the config, changed in place; ``--cfg-options`` win. InputError where one does not fit.

    ``config`` is the config's name, for the work folder and for messages.
    """
    os.environ.setdefault('LOCAL_RANK', str(options.local_rank))  # for MMEngine's launchers
    cfg.launcher = options.launcher
    if options.work_dir or not cfg.get('work_dir'):
        cfg.work_dir = options.work_dir or str(Path('work_dirs') / Path(config).stem)
    if options.data_root:
        for name in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
            if cfg.get(name):
                cfg[name].dataset.data_root = options.data_root
    if options.held_out:
        _use_held_out_split(cfg)
    if options.show or options.show_dir:
        _refuse_latents(cfg, '--show, --show-dir', 'leave them out')
        shown = dict(show=options.show, wait_time=options.wait_time, out_dir=options.show_dir)
        cfg.default_hooks.visualization.update(enable=True, interval=options.interval, **shown)
    merge_overrides(cfg, options, config)
    if 'preprocess_cfg' in cfg:  # older MMPose configs keep it at the top
        cfg.model.setdefault('data_preprocessor', cfg.preprocess_cfg)


def merge_overrides(cfg: Config, options: CommonOptions, config: str) -> None:
    """Put ``--cfg-options`` into the config; InputError where one does not fit."""
    try:
        cfg.merge_from_dict(options.overrides())
    except (KeyError, IndexError, TypeError, AssertionError) as error:
        raise InputError(f'--cfg-options: does not fit {config} ({error})') from error


def _refuse_latents(cfg: Config, option: str, mend: str) -> None:
    """Refuse an option that needs images and annotations where a config has none."""
    if 'ann_file' not in cfg.train_dataloader.dataset:
        raise InputError(f'{option}: {cfg.filename} reads no annotated images; {mend}')


def _use_held_out_split(cfg: Config) -> None:
    """Train without the held-out persons and test on them, as the study did; ``tools/split_coco.py`` has drawn them."""
    _refuse_latents(cfg, '--held-out', 'set held_out and seed of its datasets instead')
    root = Path(cfg.train_dataloader.dataset.data_root)
    path = root / 'annotations' / 'split_info.json'
    if not path.is_file():
        raise InputError(f'--held-out: {path} is missing; make the split first: tools/split_coco.py {root}')
    try:
        split = json.loads(path.read_text())
        files, mean = [f'annotations/{split[part]["file"]}' for part in ('train', 'test')], split.get('mean')
        rgb = mean['mean_rgb_0_to_255'] if mean else None
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise InputError(f'{path}: not as tools/split_coco.py writes it ({error!r}); split anew: --force') from error
    train, test = cfg.train_dataloader.dataset, cfg.test_dataloader.dataset
    train.ann_file, test.ann_file = files
    test.data_prefix = train.data_prefix
    if rgb:
        cfg.model.data_preprocessor.mean = rgb


def merge_training(cfg: Config, options: TrainOptions) -> None:
    """Have a config train as the options say."""
    if options.no_validate:
        cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    if options.amp:
        cfg.optim_wrapper.type = 'Bfloat16OptimWrapper'
    if options.resume is not None:
        cfg.resume = True
        cfg.load_from = options.resume[0] if options.resume else None
    if options.auto_scale_lr:
        cfg.auto_scale_lr.enable = True


def merge_testing(cfg: Config, checkpoint: str, amp: bool = False) -> None:
    """Have a config test a checkpoint, a file or a URL; with ``amp`` in bfloat16."""
    cfg.load_from = checkpoint
    cfg.resume = False
    if amp:
        cfg.test_cfg.fp16 = True  # MMEngine's name for autocast; bfloat16 on the CPU


def _visible_pck(cfg: Config, split: str) -> dict[str, Any] | None:
    """The settings of the first VisiblePCK of a split's evaluator (val or test), to be read or changed in place."""
    evaluator = cfg.get(f'{split}_evaluator') or []
    entries: Iterable[Any] = [evaluator] if isinstance(evaluator, Mapping) else evaluator
    return next((entry for entry in entries if entry.get('type') == 'VisiblePCK'), None)


def keep_persons(cfg: Config, file: str) -> None:
    """Have a test write the PCK of each person into a Parquet file; InputError if it has no VisiblePCK."""
    if (metric := _visible_pck(cfg, 'test')) is None:
        raise InputError(f"--persons: test_evaluator of {cfg.filename} has no VisiblePCK; add dict(type='VisiblePCK')")
    metric['persons_file'] = file


def pck_settings(cfg: Config, split: str) -> dict[str, Any]:
    """``thr`` and ``normaliser`` of the config's VisiblePCK; the study's where it has none."""
    names = ('test', 'val') if split == 'test' else ('val', 'test')
    metric = next(filter(None, (_visible_pck(cfg, name) for name in names)), {})
    normaliser = metric.get('normaliser', 'crop')
    if normaliser not in NORMALISERS:
        raise InputError(f'VisiblePCK: normaliser={normaliser!r}; choose one of {", ".join(NORMALISERS)}')
    return dict(thr=metric.get('thr', 0.05), normaliser=normaliser)

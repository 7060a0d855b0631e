"""From a config file and the command line to the config that runs."""

import argparse
import json
from pathlib import Path

from mmengine.config import Config

from shg_xai.errors import InputError


def read_config(path: str) -> Config:
    """Read a config file.

    Args:
        path: A Python config.

    Returns:
        As MMEngine reads it, bases merged.

    Raises:
        InputError: No such file, or it does not hold a config.
    """
    if not Path(path).is_file():
        raise InputError(f'{path}: no such config file')
    try:
        return Config.fromfile(path)
    except Exception as error:  # a config is Python: anything may come up
        raise InputError(f'{path}: not a config MMEngine can read ({error})') from error


def merge_common(cfg: Config, args: argparse.Namespace) -> None:
    """Put the options of :func:`add_common_options` into the config; ``--cfg-options`` win.

    Args:
        cfg: Changed in place.
        args: The options.

    Raises:
        InputError: An option does not fit the config.
    """
    cfg.launcher = args.launcher
    if args.work_dir or not cfg.get('work_dir'):
        cfg.work_dir = args.work_dir or str(Path('work_dirs') / Path(args.config).stem)
    if args.data_root:
        for name in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
            if cfg.get(name):
                cfg[name].dataset.data_root = args.data_root
    if args.held_out:
        use_held_out_split(cfg)
    if args.show or args.show_dir:
        refuse_latents(cfg, '--show, --show-dir', 'leave them out')
        cfg.default_hooks.visualization.update(
            enable=True, show=args.show, wait_time=args.wait_time, out_dir=args.show_dir, interval=args.interval
        )
    try:
        cfg.merge_from_dict(args.cfg_options)
    except (KeyError, IndexError, TypeError, AssertionError) as error:
        raise InputError(f'--cfg-options: does not fit {args.config} ({error})') from error
    if 'preprocess_cfg' in cfg:  # older MMPose configs keep it at the top
        cfg.model.setdefault('data_preprocessor', cfg.preprocess_cfg)


def refuse_latents(cfg: Config, option: str, mend: str) -> None:
    """Refuse an option that needs images and annotations where a config has none.

    Raises:
        InputError: The config's persons come from no annotation file.
    """
    if 'ann_file' not in cfg.train_dataloader.dataset:
        raise InputError(f'{option}: {cfg.filename} reads no annotated images; {mend}')


def use_held_out_split(cfg: Config) -> None:
    """Train without the held-out persons and test on them, as the study did.

    Args:
        cfg: Changed in place; its data_root is where ``tools/split_coco.py`` has run.

    Raises:
        InputError: It has not run there, or the config's persons are not COCO's.
    """
    refuse_latents(cfg, '--held-out', 'set held_out and seed of its datasets instead')
    root = Path(cfg.train_dataloader.dataset.data_root)
    path = root / 'annotations' / 'split_info.json'
    if not path.is_file():
        raise InputError(f'--held-out: {path} is missing; make the split first: tools/split_coco.py {root}')
    split = json.loads(path.read_text())
    cfg.train_dataloader.dataset.ann_file = f'annotations/{split["train"]["file"]}'
    cfg.test_dataloader.dataset.update(
        ann_file=f'annotations/{split["test"]["file"]}', data_prefix=cfg.train_dataloader.dataset.data_prefix
    )
    if split.get('mean'):
        cfg.model.data_preprocessor.mean = split['mean']['mean_rgb_0_to_255']


def merge_training(cfg: Config, args: argparse.Namespace) -> None:
    """Put the options of ``tools/train.py`` into the config.

    Args:
        cfg: Changed in place.
        args: The options.
    """
    if args.no_validate:
        cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    if args.amp:
        cfg.optim_wrapper.type = 'Bfloat16OptimWrapper'
    if args.resume:
        cfg.resume = True
        cfg.load_from = None if args.resume == 'auto' else args.resume
    if args.auto_scale_lr:
        cfg.auto_scale_lr.enable = True


def merge_testing(cfg: Config, args: argparse.Namespace) -> None:
    """Put the options of ``tools/test.py`` into the config.

    Args:
        cfg: Changed in place.
        args: The options.
    """
    cfg.load_from = args.checkpoint
    cfg.resume = False
    if args.amp:
        cfg.test_cfg.fp16 = True  # MMEngine's name for autocast; bfloat16 on the CPU

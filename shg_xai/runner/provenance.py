"""What a latent store was made from, so that it can be told from another."""

import hashlib
import json
import platform
import subprocess
from pathlib import Path
from typing import Any

import mmcv
import mmengine
import mmpose
import numpy as np
import torch
from mmengine.config import Config

import shg_xai
from shg_xai.errors import InputError
from shg_xai.results import Checkpoint


def sha256(path: str) -> str:
    """SHA-256 of a file, read in pieces."""
    with open(path, 'rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest()


def identify(checkpoint: str) -> Checkpoint:
    """The one identity of a checkpoint: the hash of its content, or its address where it is a URL.

    Raises:
        InputError: There is no such file.
    """
    if '://' in checkpoint:
        return Checkpoint(file=checkpoint, url=checkpoint)
    if not Path(checkpoint).is_file():
        raise InputError(f'{checkpoint}: no such checkpoint')
    return Checkpoint(file=checkpoint, sha256=sha256(checkpoint))


def describe_source(
    cfg: Config, dataset_cfg: Any, ann_file: str, checkpoint: str | None, split: str, options: dict[str, Any]
) -> dict[str, Any]:
    """What decides about the rows and their values; a store is only resumed from the same.

    Args:
        cfg: The config that runs.
        dataset_cfg: The dataset the persons come from.
        ann_file: Its annotation file, as a path.
        checkpoint: A checkpoint, or None for weights drawn by the seed. Of a URL nothing but the URL is known.
        split: Name of the part of the data set.
        options: What else was chosen, by name.

    Returns:
        Plain data, as JSON gives it back.
    """
    pipeline = [step for step in dataset_cfg.pipeline if step.type != 'PackPoseInputs']
    if not checkpoint:
        weights = dict(seed=cfg.get('randomness', {}).get('seed'))
    else:
        weights = dict(url=checkpoint) if '://' in checkpoint else dict(sha256=sha256(checkpoint))
    source = dict(
        config_file=Path(cfg.filename).name if cfg.filename else None,
        model=Config(dict(model=cfg.model)).to_dict()['model'],
        pipeline=Config(dict(pipeline=pipeline)).to_dict()['pipeline'],
        checkpoint=weights,
        dataset=dict(type=str(dataset_cfg.type), ann_file=Path(ann_file).name, sha256=sha256(ann_file), split=split),
        options=options,
    )
    return json.loads(json.dumps(source, default=str))


def describe_environment(
    cfg: Config, checkpoint: str | None, ann_file: str, image_dir: str | None = None
) -> dict[str, Any]:
    """What a reader may want to know, and may differ between two runs of one store.

    Args:
        cfg: The config that runs.
        checkpoint: A checkpoint, or None.
        ann_file: The annotation file, as a path.
        image_dir: The folder that file names of the rows start from.

    Returns:
        Plain data.
    """
    return dict(
        versions=dict(
            python=platform.python_version(),
            **{module.__name__: module.__version__ for module in (shg_xai, torch, mmpose, mmcv, mmengine, np)},
        ),
        git_revision=_git_revision(),
        seed=cfg.get('randomness', {}).get('seed'),
        checkpoint_file=checkpoint,
        ann_file=ann_file,
        image_dir=image_dir,
        config_text=cfg.pretty_text,
    )


def _git_revision() -> str | None:
    """Revision of the checkout this package lies in; None for an installed one."""
    done = subprocess.run(['git', 'rev-parse', 'HEAD'], cwd=Path(__file__).parent, capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else None

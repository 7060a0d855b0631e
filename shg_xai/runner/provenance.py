"""What numbers were made from, so that they can be told from others: checkpoints, and the origin of a latent store."""

import hashlib
import json
import math
import os
import platform
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import mmcv
import mmengine
import mmpose
import numpy as np
import torch
from mmengine.config import Config

import shg_xai
from shg_xai.errors import InputError
from shg_xai.latents import Layer, Manifest
from shg_xai.latents.schema import CALLS
from shg_xai.results import Checkpoint


def sha256(path: str | Path) -> str:
    """SHA-256 of a file, read in pieces."""
    digest = hashlib.sha256()
    with open(path, 'rb') as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def identify(checkpoint: str) -> Checkpoint:
    """The one identity of a checkpoint: its content's hash, or its address where it is a URL; InputError if none."""
    if '://' in checkpoint:
        return Checkpoint(file=checkpoint, url=checkpoint)
    if not Path(checkpoint).is_file():
        raise InputError(f'{checkpoint}: no such checkpoint')
    return Checkpoint(file=checkpoint, sha256=sha256(checkpoint))


def image_folder(dataset: Any) -> str | None:
    """The folder of a data set's images, as MMPose joined it, or the one several share; None where there is none."""
    parts = getattr(dataset, 'datasets', [dataset])
    folders: list[str] = [getattr(part, 'data_prefix', {}).get('img') or '' for part in parts]
    return os.path.commonpath(folders) if len(folders) > 1 and all(folders) else folders[0] or None


def data_files(dataset: Any) -> list[str]:
    """The annotation files of a data set of MMPose's, of each where several are combined."""
    parts = getattr(dataset, 'datasets', None)
    return [dataset.ann_file] if parts is None else [file for part in parts for file in data_files(part)]


def data_sha256(dataset: Any) -> str:
    """What tells a data set from others: SHA-256 of its annotations, or of a list of these where it is combined."""
    found = [sha256(file) for file in data_files(dataset)]
    return found[0] if len(found) == 1 else hashlib.sha256(' '.join(found).encode()).hexdigest()


def known_of_joints(meta: Mapping[str, Any]) -> dict[str, Any]:
    """Sigmas and mirror images of a data set's K joints for a manifest, as far as its description has them for all."""
    sigmas, mirrored = ([] if (found := meta.get(key)) is None else list(found) for key in ('sigmas', 'flip_indices'))
    joints = meta['num_keypoints']
    exact = tuple(float(f'{sigma:.7g}') for sigma in sigmas)  # as they are written there; MMPose has 32-bit floats
    return dict(
        sigmas=exact if len(exact) == joints and all(0 < sigma < math.inf for sigma in exact) else (),
        mirrored=tuple(map(int, mirrored)) if sorted(mirrored) == list(range(joints)) else (),
    )


@dataclass(frozen=True)
class Origin:
    """Where the rows of a latent store come from: the config that runs, the persons, the weights."""

    cfg: Config
    dataset: Any
    dataset_cfg: Any  # the same as the config has it
    checkpoint: str | None  # None where the seed draws the weights
    split: str  # name of the part of the data set

    def manifest(
        self, layers: tuple[Layer, ...], options: Mapping[str, object], calls: Mapping[str, int] = MappingProxyType({})
    ) -> Manifest:
        """The manifest of a store of all persons of the data set; ``options`` is what else decides about its rows.

        ``calls`` are the layers that fire more than once a pass, and how often, which its reader is told.
        """
        meta = self.dataset.metainfo
        return Manifest(
            layers=layers,
            rows=len(self.dataset),
            keypoint_names=tuple(meta['keypoint_id2name'][joint] for joint in range(meta['num_keypoints'])),
            skeleton_links=tuple(map(tuple, meta['skeleton_links'])),
            source=self.source(options),
            environment=self.environment() | ({CALLS: dict(calls)} if calls else {}),
            **known_of_joints(meta),
        )

    def source(self, options: Mapping[str, object]) -> dict[str, Any]:
        """What decides about the rows, as JSON gives it back; a store is only resumed from the same."""
        cfg = self.cfg
        pipeline = [step for step in self.dataset_cfg.pipeline if step.type != 'PackPoseInputs']
        weights = dict(seed=cfg.get('randomness', {}).get('seed'))
        if self.checkpoint:
            known = identify(self.checkpoint)
            weights = dict(url=known.url) if known.url else dict(sha256=known.sha256)
        names = ', '.join(Path(file).name for file in data_files(self.dataset))
        dataset: dict[str, object] = dict(ann_file=names, sha256=data_sha256(self.dataset), split=self.split)
        if (left_out := getattr(self.dataset, 'left_out', None)) is not None:
            dataset['left_out'] = left_out  # whom: reason -> annotations
        found = dict(
            config_file=Path(cfg.filename).name if cfg.filename else None,
            **Config(dict(model=cfg.model, pipeline=pipeline)).to_dict(),
            checkpoint=weights,
            dataset=dict(type=str(self.dataset_cfg.type), **dataset),
            options=dict(options),
        )
        plain: dict[str, Any] = json.loads(json.dumps(found, default=str))
        return plain

    def environment(self) -> dict[str, Any]:
        """What a reader may want to know, and may differ between two runs of one store; plain data."""
        # PyTorch's version is a string of its own kind.
        packages = {module.__name__: str(module.__version__) for module in (shg_xai, torch, mmpose, mmcv, mmengine, np)}
        # Of the checkout this package lies in; an installed one has none.
        done = subprocess.run(['git', 'rev-parse', 'HEAD'], cwd=Path(__file__).parent, capture_output=True, text=True)
        return dict(
            versions=dict(python=platform.python_version(), **packages),
            git_revision=done.stdout.strip() if done.returncode == 0 else None,
            seed=self.cfg.get('randomness', {}).get('seed'),
            checkpoint_file=self.checkpoint,
            ann_file=', '.join(data_files(self.dataset)),
            image_dir=image_folder(self.dataset),
            config_text=self.cfg.pretty_text,
        )

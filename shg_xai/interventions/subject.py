"""A network and the persons it is tested on, and what it predicts for them.

Shapes: N persons, K keypoints.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.model import is_model_wrapper
from mmengine.registry import DATASETS, init_default_scope
from mmengine.runner import autocast
from torch import nn
from tqdm import tqdm

from shg_xai.evaluation.person_scores import sample_distances
from shg_xai.interventions.persons import build_loader, evaluation_dataset, person_columns
from shg_xai.runner.building import build_runner


@dataclass(frozen=True)
class Predicted:
    """A network's predictions for N persons.

    Attributes:
        distances: In units of the normaliser, (N, K).
        v: Flags of the joints, (N, K).
        keypoints: In pixels of the image, (N, K, 2).
    """

    distances: np.ndarray
    v: np.ndarray
    keypoints: np.ndarray

    @classmethod
    def joined(cls, parts: Sequence['Predicted']) -> 'Predicted':
        """Predictions for the persons of all parts, in order."""
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))


@dataclass(frozen=True)
class Subject:
    """A network and the persons it is tested on.

    Attributes:
        model: A pose estimator.
        cfg: Its config, for the dataloader, autocast and flip test.
        dataset: The N persons.
        normaliser: What distances are divided by, where there are any.
    """

    model: nn.Module
    cfg: Config
    dataset: Any
    normaliser: str = 'crop'

    @property
    def names(self) -> list[str]:
        """Names of the K keypoints."""
        meta = self.dataset.metainfo
        return [meta['keypoint_id2name'][joint] for joint in range(meta['num_keypoints'])]

    @contextmanager
    def testing(self) -> Iterator[None]:
        """Evaluation without gradients, in the config's precision."""
        self.model.eval()
        with torch.no_grad(), autocast(enabled=self.cfg.test_cfg.get('fp16', False)):
            yield


def open_model(cfg: Config, checkpoint: str) -> nn.Module:
    """A config's network with the weights of a checkpoint.

    Raises:
        InputError: The checkpoint cannot be used.
    """
    runner = build_runner(cfg, checkpoint)
    runner.load_or_resume()
    return runner.model.module if is_model_wrapper(runner.model) else runner.model


def open_persons(cfg: Config, split: str, limit: int | None = None) -> tuple[Any, dict[str, np.ndarray]]:
    """The first N persons of a split as they are tested, and what is known of them.

    Args:
        cfg: A config of MMPose's.
        split: train, val or test.
        limit: At most so many.

    Returns:
        The data set, and columns by name, (N,); see :func:`~shg_xai.interventions.persons.person_columns`.

    Raises:
        InputError: There are none.
    """
    init_default_scope(cfg.get('default_scope', 'mmpose'))
    dataset = DATASETS.build(evaluation_dataset(cfg, split))
    columns = {name: values[:limit] for name, values in person_columns(dataset).items()}
    dataset.get_subset_(list(range(len(columns['image_id']))))
    return dataset, columns


def stop_flipping(cfg: Config) -> bool:
    """Turn a config's flip test off; returns whether it was on."""
    flipped = bool((cfg.model.get('test_cfg') or {}).get('flip_test'))
    if flipped:
        cfg.model.test_cfg.flip_test = False
    return flipped


def predict(subject: Subject, data: Mapping[str, Any]) -> Predicted:
    """Predictions for the persons of a preprocessed batch."""
    found, names = [], subject.names
    for sample in subject.model(**data, mode='predict'):
        plain = sample.to_dict()
        keypoints = np.array(plain['pred_instances']['keypoints'])[0, :, :2]
        found.append((*sample_distances(plain, names, subject.normaliser), keypoints))
    return Predicted(*map(np.stack, zip(*found, strict=True)))


def measure_plain(subject: Subject) -> Predicted:
    """Predictions of the network as it is."""
    found = []
    with subject.testing(), tqdm(total=len(subject.dataset), desc='against', unit='person') as bar:
        for batch in build_loader(subject.cfg, subject.dataset):
            found.append(predict(subject, subject.model.data_preprocessor(batch, False)))
            bar.update(len(batch['inputs']))
    return Predicted.joined(found)

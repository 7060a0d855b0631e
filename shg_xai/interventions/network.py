"""A network as it is evaluated: its model, its config, what it predicts for N persons, and how that is judged."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, fields
from itertools import chain
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.runner import autocast
from numpy.typing import NDArray
from torch import nn

from shg_xai.evaluation.pck import check_normaliser, person_scores, sample_distances
from shg_xai.runner.building import build_runner, unwrapped
from shg_xai.runner.config import pck_settings


@dataclass(frozen=True)
class Network:
    """A top-down pose estimator of MMPose's, with its config for autocast and flip test, and how it is judged."""

    model: nn.Module
    cfg: Config
    names: Sequence[str]  # of the K keypoints
    thr: float = 0.05  # a joint is correct below this distance
    normaliser: str = 'crop'  # what distances are divided by: crop, bbox or torso

    def __post_init__(self) -> None:
        check_normaliser(self.normaliser, self.names)

    @property
    def flips(self) -> bool:
        """Whether each image is also run mirrored, so that every layer fires twice a pass."""
        return bool((self.cfg.model.get('test_cfg') or {}).get('flip_test', False))

    @property
    def device(self) -> torch.device:
        """Where its weights are, and where it has none the mean colour."""
        return next(chain(self.model.parameters(), self.model.buffers())).device

    @contextmanager
    def testing(self) -> Iterator[None]:
        """Evaluation mode; afterwards it is in the mode it was in."""
        training = self.model.training
        self.model.eval()
        try:
            yield
        finally:
            self.model.train(training)

    def prepare(self, batch: Mapping[str, Any]) -> Mapping[str, Any]:
        """A batch of the loader's as the network takes it: on its device, colours normalised."""
        preprocessor: Any = self.model.data_preprocessor
        data: Mapping[str, Any] = preprocessor(batch, False)
        return data

    def predict(self, data: Mapping[str, Any]) -> Sequence[Any]:
        """MMPose's samples with predictions of a prepared batch, without gradients, in the config's precision."""
        with torch.no_grad(), autocast(enabled=(self.cfg.get('test_cfg') or {}).get('fp16', False)):
            samples: Sequence[Any] = self.model(**data, mode='predict')
        return samples


@dataclass(frozen=True)
class Predictions:
    """What a network predicted for N persons."""

    keypoints: NDArray[np.float64]  # in pixels of the image, (N, K, 2)
    scores: NDArray[np.float64]  # height of each joint's heatmap, (N, K)
    distances: NDArray[np.float64]  # to the truth, in units of the normaliser, (N, K); NaN for a person that has none
    v: NDArray[np.int64]  # flags of the joints, see shg_xai.coco, (N, K)
    center: NDArray[np.float64]  # of each crop, in pixels of the image, (N, 2)
    scale: NDArray[np.float64]  # width and height of each crop, in pixels of the image, (N, 2)

    @classmethod
    def of(cls, samples: Sequence[Any], network: Network) -> 'Predictions':
        """Copied from MMPose's samples; InputError where boxes come from a detector: nobody knows who a person is."""
        judged = [sample_distances(sample.to_dict(), list(network.names), network.normaliser) for sample in samples]
        found = [sample.pred_instances for sample in samples]
        return cls(
            np.stack([np.asarray(one.keypoints)[0, :, :2] for one in found]).astype(float),
            np.stack([np.asarray(one.keypoint_scores)[0] for one in found]).astype(float),
            np.stack([distances for distances, _ in judged]),
            np.stack([v for _, v in judged]),
            np.array([sample.input_center for sample in samples], dtype=float),
            np.array([sample.input_scale for sample in samples], dtype=float),
        )

    @classmethod
    def joined(cls, parts: Sequence['Predictions']) -> 'Predictions':
        """Predictions for the persons of all parts, in order."""
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))

    def first(self, count: int) -> 'Predictions':
        """Those of the first so many persons."""
        return Predictions(*(getattr(self, field.name)[:count] for field in fields(self)))

    def pck(self, network: Network) -> dict[str, NDArray[np.float64]]:
        """For each person the share of joints that are correct, by group of joints, (N,); NaN without such a joint."""
        return person_scores(self.distances, self.v, network.names, network.thr)


def open_model(cfg: Config, checkpoint: str | None) -> nn.Module:
    """A config's network with the weights of a checkpoint, random ones without; InputError if it cannot be used.

    The weights are those of ``state_dict``: where the training averaged them (EMAHook), the averaged ones.
    """
    # Custom hooks belong to runs. EMAHook, told of a checkpoint, looks for the copy it makes when a run starts.
    cfg = deepcopy(cfg)
    cfg.custom_hooks, cfg.load_from, cfg.resume = [], checkpoint, False
    runner = build_runner(cfg, checkpoint)
    runner.load_or_resume()
    return unwrapped(runner.model)


def keypoint_names(dataset: Any) -> list[str]:
    """Names of a data set's K keypoints, in their order."""
    return [dataset.metainfo['keypoint_id2name'][joint] for joint in range(dataset.metainfo['num_keypoints'])]


def open_network(cfg: Config, checkpoint: str | None, dataset: Any, split: str) -> Network:
    """A config's network with a checkpoint's weights (None: random ones), judged as the split's VisiblePCK does.

    The data set, of the persons to be tested, names the keypoints. InputError: checkpoint or evaluator cannot be used.
    """
    return Network(open_model(cfg, checkpoint), cfg, keypoint_names(dataset), **pck_settings(cfg, split))


def stop_flipping(cfg: Config) -> bool:
    """Turn a config's flip test off; returns whether it was on."""
    flipped = bool((cfg.model.get('test_cfg') or {}).get('flip_test'))
    if flipped:
        cfg.model.test_cfg.flip_test = False
    return flipped

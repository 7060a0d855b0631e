"""A network as it is evaluated: its model, its config, and how its predictions are judged."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from mmengine.config import Config
from mmengine.runner import autocast
from torch import nn

from shg_xai.runner.building import build_runner, unwrapped
from shg_xai.runner.config import pck_settings
from shg_xai.runner.provenance import identify as identify


@dataclass(frozen=True)
class Network:
    """A network and how it is judged.

    Attributes:
        model: A top-down pose estimator of MMPose's.
        cfg: Its config, for autocast and flip test.
        names: Names of the K keypoints.
        thr: A joint is correct below this distance.
        normaliser: What distances are divided by: crop, bbox or torso.
    """

    model: nn.Module
    cfg: Config
    names: Sequence[str]
    thr: float = 0.05
    normaliser: str = 'crop'

    @property
    def flips(self) -> bool:
        """Whether each image is also run mirrored, so that every layer fires twice a pass."""
        return bool((self.cfg.model.get('test_cfg') or {}).get('flip_test', False))

    @property
    def device(self) -> torch.device:
        """Where its weights are."""
        return next(self.model.parameters()).device

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


def open_model(cfg: Config, checkpoint: str | None) -> nn.Module:
    """A config's network with the weights of a checkpoint, random ones without.

    Raises:
        InputError: The checkpoint cannot be used.
    """
    import shg_xai.plugin  # noqa: F401  # here: the plugin's hooks want this module

    runner = build_runner(cfg, checkpoint)
    runner.load_or_resume()
    return unwrapped(runner.model)


def keypoint_names(dataset: Any) -> list[str]:
    """Names of a data set's K keypoints, in their order."""
    meta = dataset.metainfo
    return [meta['keypoint_id2name'][joint] for joint in range(meta['num_keypoints'])]


def open_network(cfg: Config, checkpoint: str | None, dataset: Any, split: str) -> Network:
    """A config's network with the weights of a checkpoint (None: random ones), judged as its config's VisiblePCK does.

    Args:
        dataset: The persons it is going to be tested on, for the names of the keypoints.
        split: Which of the config's evaluators says how: train, val or test.

    Raises:
        InputError: The checkpoint cannot be used, or the evaluator.
    """
    return Network(open_model(cfg, checkpoint), cfg, keypoint_names(dataset), **pck_settings(cfg, split))


def stop_flipping(cfg: Config) -> bool:
    """Turn a config's flip test off; returns whether it was on."""
    flipped = bool((cfg.model.get('test_cfg') or {}).get('flip_test'))
    if flipped:
        cfg.model.test_cfg.flip_test = False
    return flipped

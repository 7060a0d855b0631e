"""A network as it is evaluated: its model, its config, what it predicts for N persons, and how that is judged."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from copy import deepcopy
from dataclasses import dataclass, fields
from itertools import chain, count
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.runner import autocast
from numpy.typing import NDArray
from torch import nn

from shg_xai.evaluation.pck import (
    check_joints,
    check_normaliser,
    normalised_distances,
    person_scores,
    person_size,
    sample_truths,
)
from shg_xai.evaluation.place_likelihood import cells_of, log_likelihood
from shg_xai.runner.building import build_runner, unwrapped
from shg_xai.runner.config import pck_settings
from shg_xai.tracing.lending import lent


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
        return bool(((self.cfg.get('model') or {}).get('test_cfg') or {}).get('flip_test', False))

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

    def predict(self, data: Mapping[str, Any], meanwhile: Callable[[], None] | None = None) -> Sequence[Any]:
        """MMPose's samples with predictions of a prepared batch, without gradients, in the config's precision.

        ``meanwhile`` is called when a GPU has been told what to compute and has not done it yet.
        """
        half = (self.cfg.get('test_cfg') or {}).get('fp16', False)
        beside = nullcontext() if meanwhile is None else _after_last_forward(self.model, 1 + self.flips, meanwhile)
        with torch.no_grad(), autocast(enabled=half), beside:
            samples: Sequence[Any] = self.model(**data, mode='predict')
        return samples


@contextmanager
def _after_last_forward(model: nn.Module, calls: int, work: Callable[[], None]) -> Iterator[None]:
    """While it is open, have work done after so many forward passes of a head: all has been launched, nothing awaited.

    What follows, mirroring back and decoding, waits for the GPU. Threads would not do: each kernel that is launched
    lets another thread have Python, and does not get it back soon. MMPose calls a head's ``forward``, past all hooks.
    """
    head = getattr(model, 'head', None)
    if not isinstance(head, nn.Module):
        yield
        return
    forward, numbers = head.forward, count(1)

    def followed_by_work(*args: Any, **kwargs: Any) -> Any:
        predicted = forward(*args, **kwargs)
        if next(numbers) == calls:
            work()
        return predicted

    with lent(head, forward=followed_by_work):
        yield


@dataclass(frozen=True)
class Truth:
    """What is known of N persons whatever is predicted for them: the same for all passes of a batch."""

    keypoints: NDArray[np.floating[Any]]  # in pixels of the image, (N, K, 2)
    v: NDArray[np.int64]  # flags of the joints, see shg_xai.coco, (N, K)
    sizes: NDArray[np.float64]  # what distances are divided by, in pixels of the image, (N,); NaN: a person has none
    center: NDArray[np.float64]  # of each crop, in pixels of the image, (N, 2)
    scale: NDArray[np.float64]  # width and height of each crop, in pixels of the image, (N, 2)

    @classmethod
    def of(cls, samples: Sequence[Any], network: Network) -> 'Truth':
        """Of MMPose's samples with predictions; InputError where boxes come from a detector, so that nobody knows who a
        person is, or where other joints are predicted or named than persons have.
        """
        known, names = [sample.to_dict() for sample in samples], list(network.names)
        annotations = [sample.get('raw_ann_info') for sample in samples]
        keypoints, v = sample_truths([sample.gt_instances for sample in samples], annotations)
        check_joints(np.shape(samples[0].pred_instances.keypoints)[1], keypoints.shape[1], names)
        pairs = zip(known, v, strict=True)
        return cls(
            keypoints,
            v,
            np.array([person_size(one, flags, names, network.normaliser) for one, flags in pairs]),
            np.array([sample.input_center for sample in samples], dtype=float),
            np.array([sample.input_scale for sample in samples], dtype=float),
        )


@dataclass(frozen=True)
class Predictions:
    """What a network predicted for N persons."""

    keypoints: NDArray[np.float64]  # in pixels of the image, (N, K, 2)
    scores: NDArray[np.float64]  # height of each joint's heatmap, (N, K)
    distances: NDArray[np.float64]  # to the truth, in units of the normaliser, (N, K); NaN for a person that has none
    v: NDArray[np.int64]  # flags of the joints, see shg_xai.coco, (N, K)
    center: NDArray[np.float64]  # of each crop, in pixels of the image, (N, 2)
    scale: NDArray[np.float64]  # width and height of each crop, in pixels of the image, (N, 2)
    likelihood: NDArray[np.float64]  # log-likelihood of each true place, see true_likelihood, (N, K)

    @classmethod
    def of(cls, samples: Sequence[Any], truth: Truth, network: Network) -> 'Predictions':
        """Copied from MMPose's samples; InputError where other joints are predicted than persons have."""
        found = [sample.pred_instances for sample in samples]
        keypoints = np.stack([np.asarray(one.keypoints)[0, :, :2] for one in found])
        check_joints(keypoints.shape[1], truth.keypoints.shape[1], network.names)
        return cls(
            keypoints.astype(float),
            np.stack([np.asarray(one.keypoint_scores)[0] for one in found]).astype(float),
            normalised_distances(keypoints, truth.keypoints, truth.sizes),
            truth.v,
            truth.center,
            truth.scale,
            np.where(truth.v > 0, true_likelihood(samples, truth.keypoints.astype(float), network), np.nan),
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


def true_likelihood(samples: Sequence[Any], truth: NDArray[np.float64], network: Network) -> NDArray[np.float64]:
    """Log-likelihood in nats (N, K) of where joints truly are, (N, K, 2) in pixels of the image, under the heatmaps
    predicted for N persons; see :mod:`shg_xai.evaluation.place_likelihood`.

    NaN for a joint outside the crop, and for all where the model hands out no heatmap a joint
    (``model.test_cfg.output_heatmaps``).
    """
    fields = [sample.get('pred_fields') for sample in samples]
    if not all(field is not None and len(field.get('heatmaps', ())) == truth.shape[1] for field in fields):
        return np.full(truth.shape[:2], np.nan)
    heatmaps = torch.stack([field.heatmaps for field in fields])
    center, scale, size = (
        np.array([sample.get(name) for sample in samples], dtype=float)[:, None]
        for name in ('input_center', 'input_scale', 'input_size')
    )
    # As MMPose brings what it predicts back into the image.
    places = (truth - center + scale / 2) / scale * size
    decoder = getattr(getattr(network.model, 'head', None), 'decoder', None)
    height, width = heatmaps.shape[2:]
    cells, inside = cells_of(places, size, (height, width), getattr(decoder, 'scale_factor', None))
    return np.where(inside, log_likelihood(heatmaps, cells), np.nan)


def open_model(cfg: Config, checkpoint: str | None) -> nn.Module:
    """A config's network with the weights of a checkpoint, random ones without; InputError if it cannot be used.

    The weights are those of ``state_dict``: where the training averaged them (EMAHook), the averaged ones.
    """
    # Custom hooks belong to runs. EMAHook, told of a checkpoint, looks for the copy it makes when a run starts.
    cfg = deepcopy(cfg)
    cfg.custom_hooks, cfg.load_from, cfg.resume = [], checkpoint, False
    asked = (cfg.get('env_cfg') or {}).get('cudnn_benchmark', False)
    runner = build_runner(cfg, checkpoint)
    # Chosen for a training. Here it is tried anew for the last, smaller batch, and two runs may find two algorithms.
    torch.backends.cudnn.benchmark = asked
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

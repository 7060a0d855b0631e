"""A network on one photo: as it is, and with something taken away.

Shapes: K joints, D values of the stored layer's output.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.registry import MODELS
from torch import nn

import shg_xai.plugin  # noqa: F401  (the config's models are MMPose's and ours)
from shg_xai.errors import InputError
from shg_xai.interventions.doubts import doubted, told_of
from shg_xai.interventions.edits import Edit, constant, zero
from shg_xai.interventions.evaluate import UNTOUCHED, Condition, Pass, evaluate
from shg_xai.interventions.network import Network, stop_flipping
from shg_xai.interventions.persons import build_loader
from shg_xai.interventions.rows import first_arrays
from shg_xai.latents.schema import CALLS
from shg_xai.latents.selection import Selection
from shg_xai.models.stacked_hourglass import StackedHourglass, present_levels, skip_layer
from shg_xai.photo.results import Change, ChangedPose, Point
from shg_xai.photo.sample import OnePhoto
from shg_xai.runner.checkpoints import check_fits, read_weights
from shg_xai.runner.device import SETTING
from shg_xai.stats.arrays import Bools, Float, Floats

Asked = tuple[Change, int | None]  # what is taken away, and of which level


@dataclass(frozen=True)
class PhotoPose:
    """K joints found in a photo, in its pixels, with the heights of their heatmaps, the crop that was looked at, and by
    column of a store what else heatmaps say, see :mod:`shg_xai.interventions.doubts`.
    """

    places: Float[Floats, 'K 2']
    heights: Float[Floats, ' K']
    center: Float[Floats, ' 2']
    scale: Float[Floats, ' 2']
    doubts: Mapping[str, Float[Floats, ' K']] = field(default_factory=dict)

    @classmethod
    def of(cls, one: Pass) -> 'PhotoPose':
        """Copied from a pass over one person."""
        sample = one.samples[0]
        places, heights = np.asarray(sample.pred_instances.keypoints), np.asarray(sample.pred_instances.keypoint_scores)
        center, scale = (np.array(value, float) for value in (sample.input_center, sample.input_scale))
        doubts = {name: own.astype(float) for name, own in told_of(sample.pred_instances).items() if own is not None}
        return cls(places[0, :, :2].astype(float), heights[0].astype(float), center, scale, doubts)

    @property
    def found(self) -> Bools:
        """Which joints are somewhere: MMPose puts those whose heatmap is nowhere above 0 outside of it."""
        return np.isfinite(self.heights) & (self.heights > 0)

    @property
    def points(self) -> list[Point | None]:
        """Places of those that are found."""
        return [(float(x), float(y)) if on else None for (x, y), on in zip(self.places, self.found, strict=True)]

    def moved(self, other: 'PhotoPose') -> Float[Floats, ' K']:
        """How far each joint is from where it is in another pose, in sides of the crop; NaN where not found in both."""
        far = np.linalg.norm(self.places - other.places, axis=1) / self.scale.max()
        return np.where(self.found & other.found, far, np.nan)


def open_photo_network(cfg: Config, checkpoint: str, stored: Selection) -> Network:
    """A config's network with a checkpoint's weights, without a Runner, so that nothing is written; one photo a batch.

    InputError where the weights are not the network's.
    """
    cfg = deepcopy(cfg)
    cfg[SETTING] = False
    loader = cfg.get('val_dataloader') or cfg.test_dataloader
    loader.update(batch_size=1, num_workers=0, persistent_workers=False)
    loader.pop('prefetch_factor', None)
    init_default_scope(cfg.get('default_scope') or 'mmpose')
    model = MODELS.build(cfg.model)
    weights = read_weights(checkpoint)
    check_fits(weights, model, checkpoint)
    model.load_state_dict({name.removeprefix('module.'): value for name, value in weights.items()})
    model.to('cuda' if torch.cuda.is_available() else 'cpu')
    return Network(model, cfg, stored.store.manifest.keypoint_names)


def seen(network: Network, photo: OnePhoto, stored: Selection) -> tuple[PhotoPose, Float[Floats, ' D']]:
    """The pose in the photo, and its latent as the store would keep it; InputError where that is not finite."""
    passes = evaluate(network, build_loader(network.cfg, photo), read=[stored.layer], desc='photo')
    with doubted(network.model):
        [(pose, latents)] = [(PhotoPose.of(one), first_arrays(one.outputs, 1)[stored.layer]) for one in passes]
    with np.errstate(over='ignore'):  # looked at below
        latent = latents.ravel().astype(stored.array.dtype).astype(np.float64)
    if not np.isfinite(latent).all():
        raise InputError(
            f'{photo.person["img_path"]}: its latent in {stored.layer} is not finite as the store keeps it'
        )
    return pose, latent


def without_flips(network: Network) -> Network:
    """The same network, whose flip test is off from here on."""
    cfg = deepcopy(network.cfg)
    if stop_flipping(cfg):
        model: Any = network.model
        model.test_cfg = {**model.test_cfg, 'flip_test': False}
    return replace(network, cfg=cfg)


def changes(model: nn.Module, stored: Selection, mean: Float[Floats, ' D'], config: str) -> list[Condition]:
    """What can be taken away, each named by :data:`Asked`: skips, where there are some, all and level by level, and the
    latent, for which the mean of the store's is put.
    """
    asked: dict[Asked, Mapping[str, Edit]] = {}
    if isinstance(getattr(model, 'backbone', None), StackedHourglass):
        present = present_levels(model, config)
        skips = [(level, skip_layer(stack, level)) for stack, levels in enumerate(present) for level in levels]
        if skips:
            asked['all skips', None] = {layer: zero for _, layer in skips}
        for level in sorted({level for level, _ in skips}):
            asked['level', level] = {layer: zero for own, layer in skips if own == level}
    calls = (stored.store.manifest.environment.get(CALLS) or {}).get(stored.layer, 1)
    value = torch.from_numpy(mean).float().reshape(1, *stored.array.shape[1:])
    asked['latent', None] = {stored.layer: constant([value] * calls)}
    return [Condition(name, edits) for name, edits in asked.items()]


def changed_poses(network: Network, photo: OnePhoto, asked: Sequence[Condition]) -> tuple[PhotoPose, list[ChangedPose]]:
    """The pose of the network as it is, and under each of these conditions."""
    passes = evaluate(network, build_loader(network.cfg, photo), [UNTOUCHED, *asked], desc='changes')
    poses = {one.condition.name: PhotoPose.of(one) for one in passes}
    plain = poses[UNTOUCHED.name]
    return plain, [_changed(one.name, poses[one.name], plain) for one in asked]


def _changed(name: Any, pose: PhotoPose, plain: PhotoPose) -> ChangedPose:
    """A pose under a condition of this name, beside that with nothing taken away."""
    (change, level), moved = name, pose.moved(plain)
    known = moved[np.isfinite(moved)]
    return ChangedPose(
        change=change,
        level=level,
        places=pose.points,
        heights=pose.heights.tolist(),
        moved=[float(one) if np.isfinite(one) else None for one in moved],
        mean_moved=float(known.mean()) if len(known) else None,
    )

"""Predictions for a few persons of a test set, for pictures."""

from typing import NamedTuple

import numpy as np
import torch
from mmengine.registry import init_default_scope
from mmpose.registry import MODELS
from numpy.typing import NDArray

import shg_xai.plugin  # noqa: F401  (the config's models are MMPose's and ours)
from shg_xai.drawing.skeletons import Pose
from shg_xai.interventions.evaluate import evaluate
from shg_xai.interventions.network import Network, keypoint_names
from shg_xai.interventions.persons import build_loader, open_persons
from shg_xai.runner.building import config_errors
from shg_xai.runner.checkpoints import check_fits, read_weights
from shg_xai.runner.config import pck_settings, read_config
from shg_xai.runner.supported import check_supported


class Sheet(NamedTuple):
    """What a sheet is drawn from: each person's RGB crop (H, W, 3), annotated pose, and predicted pose with its PCK.

    Links are L pairs of joints, their colours RGB, (L, 3).
    """

    crops: list[NDArray[np.uint8]]
    truth: list[Pose]
    poses: list[Pose]
    links: list[tuple[int, int]]
    colours: NDArray[np.int64]


def predict_persons(config: str, checkpoint: str, data_root: str | None, count: int) -> Sheet:
    """Run a network on at most ``count`` persons, spread evenly over its config's test set, in its order.

    InputError: config, checkpoint or data set cannot be used.
    """
    cfg = read_config(config)
    check_supported(cfg)
    init_default_scope(cfg.get('default_scope') or 'mmpose')
    if data_root and cfg.get('test_dataloader'):
        cfg.test_dataloader.dataset.data_root = data_root
    with config_errors(config):
        model = MODELS.build(cfg.model)
        persons = open_persons(cfg, 'test')
    weights = read_weights(checkpoint)
    check_fits(weights, model, checkpoint)
    model.load_state_dict(weights)
    model.to('cuda' if torch.cuda.is_available() else 'cpu')
    persons = persons.subset(persons.spread(count))
    meta = persons.dataset.metainfo
    network = Network(model, cfg, keypoint_names(persons.dataset), **pck_settings(cfg, 'test'))
    sheet = Sheet([], [], [], meta['skeleton_links'], np.asarray(meta['skeleton_link_colors']))
    for one in evaluate(network, build_loader(cfg, persons.dataset)):
        sheet.crops.extend(image.permute(1, 2, 0).numpy()[..., ::-1] for image in one.batch['inputs'])
        found = one.predictions()
        for row, (sample, score) in enumerate(zip(one.samples, found.pck(network)['labelled'], strict=True)):
            joints = np.stack([sample.gt_instances.keypoints[0], found.keypoints[row]])
            start, labelled = found.center[row] - found.scale[row] / 2, found.v[row] > 0
            true, own = (joints - start) / found.scale[row] * np.asarray(sample.input_size)  # in pixels of the crop
            sheet.truth.append(Pose(true, labelled))
            sheet.poses.append(Pose(own, np.ones_like(labelled), float(score)))
    return sheet

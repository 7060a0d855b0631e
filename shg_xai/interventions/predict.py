"""Predictions for a few persons of a test set, for pictures."""

from typing import NamedTuple

import numpy as np
import torch
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from mmpose.registry import DATASETS, MODELS

from shg_xai.drawing.pose_sheet import Pose
from shg_xai.evaluation import pck
from shg_xai.runner.building import config_errors
from shg_xai.runner.checkpoints import check_fits, read_weights
from shg_xai.runner.config import read_config
from shg_xai.visibility import raw_visibility


class Predictions(NamedTuple):
    """What a sheet is drawn from; N persons, K keypoints, L links.

    Attributes:
        crops: N RGB crops (H, W, 3).
        truth: N annotated poses.
        poses: N predicted poses, with PCK.
        links: L pairs of joints.
        colours: RGB of the links, shape (L, 3).
    """

    crops: list[np.ndarray]
    truth: list[Pose]
    poses: list[Pose]
    links: list[tuple[int, int]]
    colours: np.ndarray


def predict_persons(config: str, checkpoint: str, data_root: str | None, count: int, thr: float = 0.05) -> Predictions:
    """Run a network on persons spread evenly over its config's test set.

    Args:
        config: A config file.
        checkpoint: A checkpoint of it.
        data_root: Overrides the config's.
        count: How many persons, at most.
        thr: Threshold of the PCK, as a share of the crop's side. Defaults to 0.05.

    Returns:
        In the order of the test set.

    Raises:
        InputError: Config, checkpoint or data set cannot be used.
    """
    cfg = read_config(config)
    init_default_scope(cfg.get('default_scope', 'mmpose'))
    dataset_cfg = cfg.test_dataloader.dataset
    if data_root:
        dataset_cfg.data_root = data_root
    with config_errors(config):
        model = MODELS.build(cfg.model)
        dataset = DATASETS.build(dataset_cfg)
    weights = read_weights(checkpoint)
    check_fits(weights, model, checkpoint)
    model.load_state_dict(weights)
    model.to('cuda' if torch.cuda.is_available() else 'cpu').eval()

    chosen = np.unique(np.linspace(0, len(dataset) - 1, count).round().astype(int))
    batch = pseudo_collate([dataset[int(index)] for index in chosen])
    with torch.no_grad():
        samples = model.test_step(batch)
    meta = dataset.metainfo
    pairs = [_poses(sample, thr) for sample in samples]
    return Predictions(
        crops=[image.permute(1, 2, 0).numpy()[..., ::-1] for image in batch['inputs']],
        truth=[truth for truth, _ in pairs],
        poses=[pose for _, pose in pairs],
        links=meta['skeleton_links'],
        colours=np.asarray(meta['skeleton_link_colors']),
    )


def _poses(sample: object, thr: float) -> tuple[Pose, Pose]:
    """Truth and prediction of one sample, in pixels of its crop."""
    size, scale = np.asarray(sample.input_size), np.asarray(sample.input_scale)
    start = np.asarray(sample.input_center) - scale / 2
    labelled = raw_visibility(sample.raw_ann_info)[0] > 0
    truth, predicted = sample.gt_instances.keypoints, sample.pred_instances.keypoints
    distances = pck.normalised_distances(predicted, truth, np.array([scale.max()]))
    score = float(pck.person_pck(distances < thr, labelled[None])[0])
    everything = np.ones_like(labelled)
    return (
        Pose((truth[0] - start) / scale * size, labelled),
        Pose((predicted[0] - start) / scale * size, everything, score),
    )

"""PCK by visibility, as an MMPose metric."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log
from mmpose.registry import METRICS

from shg_xai.errors import InputError
from shg_xai.evaluation import pck
from shg_xai.visibility import raw_visibility

TORSO = (('left_shoulder', 'right_hip'), ('right_shoulder', 'left_hip'))


def crop_side(sample: dict, v: np.ndarray, names: list[str]) -> float:
    """Longer side of the crop the network saw, in pixels of the image."""
    return float(np.max(sample['input_scale']))


def bbox_side(sample: dict, v: np.ndarray, names: list[str]) -> float:
    """Longer side of the person's box, in pixels; what MMPose's PCKAccuracy calls 'bbox'."""
    x1, y1, x2, y2 = sample['gt_instances']['bboxes'][0]
    return float(max(x2 - x1, y2 - y1))


def torso_length(sample: dict, v: np.ndarray, names: list[str]) -> float:
    """From a shoulder to the opposite hip, in pixels; NaN where no such pair is labelled.

    Sapp and Taskar, "MODEC", 2013, section 6.
    """
    keypoints = sample['gt_instances']['keypoints'][0]
    for shoulder, hip in TORSO:
        i, j = names.index(shoulder), names.index(hip)
        if v[i] and v[j]:
            return float(np.linalg.norm(keypoints[i] - keypoints[j]))
    return math.nan


NORMALISERS = dict(crop=crop_side, bbox=bbox_side, torso=torso_length)


@METRICS.register_module()
class VisiblePCK(BaseMetric):
    """PCK of labelled, visible, occluded and limb joints, and of each joint, in one pass.

    Returns, each only where a joint counts at all:

        - ``pck/labelled``, ``pck/visible``, ``pck/occluded``, ``pck/limbs``: mean over persons of
          the person's share of correct joints, as in the study
        - ``pck/pooled/labelled`` and so on: share of all joints of all persons
        - ``pck/joint/nose`` and so on: share of the persons with that joint labelled
        - ``pck/joint_mean``: mean over joints of the former, which is what MMPose's PCKAccuracy
          reports (it normalises by the box)

    Works with any MMPose config on COCO annotations with ground-truth boxes; the flags are read
    from the annotation, so the pipeline needs no LoadVisibility for it.

    Args:
        thr (float): A joint is correct below this distance. Defaults to the study's 0.05.
        normaliser (str): What distances are divided by: ``'crop'``, the longer side of the crop
            (the study), ``'bbox'``, the longer side of the box, or ``'torso'``, from a shoulder
            to the opposite hip; persons without it are left out. Defaults to ``'crop'``.
        collect_device (str): See MMEngine's BaseMetric.
        prefix (str, optional): Put before every name, with a slash. Defaults to ``'pck'``.

    Raises:
        InputError: An unknown normaliser, or boxes from a detector.
    """

    default_prefix = 'pck'

    def __init__(self,
                 thr: float = 0.05,
                 normaliser: str = 'crop',
                 collect_device: str = 'cpu',
                 prefix: str | None = None) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        if normaliser not in NORMALISERS:
            raise InputError(f'VisiblePCK: normaliser={normaliser!r}; choose one of '
                             f'{", ".join(NORMALISERS)}')
        self.thr = thr
        self.normaliser = normaliser

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keep of each person the normalised distances (K,) and the flags v (K,)."""
        names = self._keypoint_names()
        for sample in data_samples:
            if sample.get('raw_ann_info') is None:
                raise InputError(
                    'VisiblePCK needs ground-truth boxes, but these come from a detector: set '
                    "bbox_file='' in val_dataloader.dataset and test_dataloader.dataset")
            v = raw_visibility(sample['raw_ann_info'])[0]
            normaliser = NORMALISERS[self.normaliser](sample, v, names)
            distances = pck.normalised_distances(
                np.asarray(sample['pred_instances']['keypoints'])[..., :2],
                np.asarray(sample['gt_instances']['keypoints']), np.array([normaliser]))
            self.results.append((distances[0], v))

    def compute_metrics(self, results: list[tuple[np.ndarray, np.ndarray]]) -> dict[str, float]:
        """Reduce distances and flags of all persons to the metrics.

        Args:
            results (list): Distances (K,) and flags (K,) of each person.

        Returns:
            dict[str, float]: See the class.
        """
        names = self._keypoint_names()
        distances, v = (np.stack(column) for column in zip(*results, strict=True))
        # A person without a normaliser cannot be judged, so none of its joints counts.
        v = np.where(np.isnan(distances).all(axis=1, keepdims=True), 0, v)
        correct = distances < self.thr

        groups = pck.counting_joints(v, names)
        metrics = {group: pck.mean_pck(correct, counts) for group, counts in groups.items()}
        metrics |= {f'pooled/{group}': pck.pooled_pck(correct, counts)
                    for group, counts in groups.items()}
        metrics |= {f'joint/{name}': pck.pooled_pck(correct[:, joint], v[:, joint] > 0)
                    for joint, name in enumerate(names)}

        by_joint = [value for name, value in metrics.items()
                    if name.startswith('joint/') and not math.isnan(value)]
        metrics['joint_mean'] = float(np.mean(by_joint)) if by_joint else math.nan

        absent = sorted(name for name, value in metrics.items() if math.isnan(value))
        if absent:
            print_log(f'VisiblePCK: no joint counts for {", ".join(absent)}; left out', 'current')
        return {name: value for name, value in metrics.items() if not math.isnan(value)}

    def _keypoint_names(self) -> list[str]:
        return [self.dataset_meta['keypoint_id2name'][joint]
                for joint in range(self.dataset_meta['num_keypoints'])]

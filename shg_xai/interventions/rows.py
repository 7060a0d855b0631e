"""From a sample MMPose has tested, and what layers put out for it, to what a latent store keeps."""

import os
import os.path as osp
from collections.abc import Iterator, Sequence
from math import inf, isnan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shg_xai.coco import Raw
from shg_xai.errors import InputError
from shg_xai.evaluation import pck
from shg_xai.interventions.doubts import told_of
from shg_xai.latents.schema import FLIPS, SPREADS
from shg_xai.tracing.tap import Outputs

PCK_THRESHOLD = 0.05  # of the crop's side, as in the study


def first_arrays(outputs: Outputs, persons: int) -> dict[str, NDArray[np.float32]]:
    """The first output of each layer as float32 arrays (N, ...) for a batch of N persons.

    The second pass of a flip test, on mirrored images, is left out. InputError: a layer put nothing out, or not one
    entry a person.
    """
    for name, tensors in outputs.items():
        if not tensors:
            raise InputError(f'layer {name!r} does not fire in this network; tools/list_layers.py lists those that do')
        shape = tuple(tensors[0].shape)
        if shape[:1] != (persons,):
            raise InputError(f'layer {name!r}: its output {shape} has not one entry for each of {persons} persons')
    return {name: tensors[0].float().cpu().numpy() for name, tensors in outputs.items()}


def relative_name(path: str, folder: str | None) -> str:
    """An image's path from its folder on, with slashes; only its name if it lies elsewhere."""
    inside, start = osp.abspath(path), osp.join(osp.abspath(folder), '') if folder else None
    return inside[len(start) :].replace(os.sep, '/') if start and inside.startswith(start) else osp.basename(inside)


def annotated_area(annotation: Raw) -> float | None:
    """A person's area in square pixels as annotated, COCO's of the segment; None where there is none above 0."""
    area = annotation.get('area')
    return area if isinstance(area, int | float) and 0 < area < inf else None


def sample_rows(samples: Sequence[Any], split: str, image_dir: str | None = None) -> list[dict[str, object]]:
    """What a latent store's rows say of N persons, all tested or none; None if not known. File names start in
    ``image_dir``.

    All are looked at at once where that is faster, as a GPU may be waiting. InputError: the boxes come from a detector,
    so that nobody knows who the persons are.
    """
    if not samples:
        return []
    annotations = [sample.get('raw_ann_info') for sample in samples]
    keypoints, v = pck.sample_truths([sample.gt_instances for sample in samples], annotations)
    flags, joints = v.astype(np.int8), keypoints.astype(np.float32).reshape(len(v), -1)
    labelled = np.count_nonzero(v > 0, axis=1).tolist()
    rows = [
        _known(sample, annotation or {}, split, image_dir)
        | dict(keypoints=own, visibility=visible, num_labelled=count)
        | dict.fromkeys(('predicted_keypoints', 'keypoint_scores', 'pck', SPREADS, FLIPS))
        for sample, annotation, own, visible, count in zip(samples, annotations, joints, flags, labelled, strict=True)
    ]
    if 'pred_instances' in samples[0]:
        for row, predicted in zip(rows, _predicted(samples, keypoints, v), strict=True):
            row |= predicted
    return rows


def _known(sample: Any, annotation: Raw, split: str, image_dir: str | None) -> dict[str, object]:
    """What is known of a person before anything is predicted, but for its joints."""
    box = annotation.get('bbox')
    if not box:
        x1, y1, x2, y2 = np.asarray(sample.gt_instances.bboxes, dtype=np.float32)[0]
        box = (x1, y1, x2 - x1, y2 - y1)
    height, width = (sample.get('ori_shape') or (None, None))[:2]
    row = dict(
        annotation_id=int(sample.id),
        image_id=int(sample.img_id),
        file_name=relative_name(sample.img_path, image_dir),
        dataset=sample.get('dataset_name', ''),
        split=split,
        bbox=box,  # as annotated; MMPose has cut what is outside the image
        crop_center=sample.input_center,
        crop_scale=sample.input_scale,
        image_width=width,
        image_height=height,
        area=annotated_area(annotation),
    )
    return row | {f'factors.{name}': value for name, value in annotation.get('factors', {}).items()}


def _predicted(samples: Sequence[Any], keypoints: NDArray[Any], v: NDArray[Any]) -> Iterator[dict[str, object]]:
    """What was predicted for each person, and how good it is; by keypoints (N, K, 2) and flags (N, K)."""
    found = [sample.pred_instances for sample in samples]
    predicted = np.stack([np.asarray(one.keypoints)[0, :, :2] for one in found])
    sides = np.array([sample.input_scale for sample in samples]).max(axis=1)
    scores = pck.person_pck(pck.normalised_distances(predicted, keypoints, sides) < PCK_THRESHOLD, v > 0)
    joints = predicted.astype(np.float32).reshape(len(predicted), -1)
    for one, own, score in zip(found, joints, scores.tolist(), strict=True):
        known = dict(predicted_keypoints=own, keypoint_scores=np.asarray(one.keypoint_scores)[0])
        yield known | dict(pck=None if isnan(score) else score) | told_of(one)

"""From a sample MMPose has tested, and what layers put out for it, to what a latent store keeps."""

import os
import os.path as osp
from collections.abc import Mapping
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

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


def annotated_area(annotation: Mapping[str, Any]) -> float | None:
    """A person's area in square pixels as annotated, COCO's of the segment; None where there is none above 0."""
    area = annotation.get('area')
    return area if isinstance(area, int | float) and 0 < area < inf else None


def sample_row(sample: Any, split: str, image_dir: str | None = None) -> dict[str, Any]:
    """What a latent store's row says of a person, tested or not, None if not known; file names start in ``image_dir``.

    InputError: the boxes come from a detector, so that nobody knows who the person is.
    """
    # Not its to_dict(), which copies the predictions too.
    annotation = sample.get('raw_ann_info')
    keypoints, v = pck.sample_truth(dict(gt_instances=sample.gt_instances, raw_ann_info=annotation))
    annotation = annotation or {}
    x1, y1, x2, y2 = np.asarray(sample.gt_instances.bboxes, dtype=np.float32)[0]
    height, width = (sample.get('ori_shape') or (None, None))[:2]
    row = dict(
        annotation_id=int(sample.id),
        image_id=int(sample.img_id),
        file_name=relative_name(sample.img_path, image_dir),
        dataset=sample.get('dataset_name', ''),
        split=split,
        # As annotated; MMPose has cut what is outside the image.
        bbox=np.asarray(annotation.get('bbox') or (x1, y1, x2 - x1, y2 - y1), dtype=np.float32),
        crop_center=np.asarray(sample.input_center, dtype=np.float32),
        crop_scale=np.asarray(sample.input_scale, dtype=np.float32),
        keypoints=keypoints.astype(np.float32).ravel(),
        visibility=v.astype(np.int8),
        num_labelled=int((v > 0).sum()),
        image_width=width,
        image_height=height,
        area=annotated_area(annotation),
        **dict.fromkeys(('predicted_keypoints', 'keypoint_scores', 'pck', SPREADS, FLIPS)),
    )
    row |= {f'factors.{name}': value for name, value in annotation.get('factors', {}).items()}
    if 'pred_instances' in sample:
        predicted = np.asarray(sample.pred_instances.keypoints)[0, :, :2]
        distances = pck.normalised_distances(predicted[None], keypoints[None], np.array([np.max(sample.input_scale)]))
        score = pck.person_pck(distances < PCK_THRESHOLD, v[None] > 0)[0]
        row |= dict(
            predicted_keypoints=predicted.astype(np.float32).ravel(),
            keypoint_scores=np.asarray(sample.pred_instances.keypoint_scores)[0].astype(np.float32),
            pck=None if np.isnan(score) else float(score),
            **told_of(sample.pred_instances),
        )
    return row

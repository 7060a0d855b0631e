"""COCO persons, checked while they are read, and their raw visibility flags, for codec and metric."""

import os.path as osp
from functools import partial
from typing import Any

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmpose.datasets import CocoDataset
from mmpose.registry import DATASETS, TRANSFORMS
from mmpose.structures.keypoint import flip_keypoints

from shg_xai.coco import Annotation, visibility
from shg_xai.errors import InputError


def check_annotation(annotation: Annotation, num_keypoints: int, ann_file: str) -> None:
    """Raise InputError for an annotation of K keypoints that MMPose would drop or train on in silence.

    Its keypoints are not K times x, y, v, a number is not finite, or a labelled person's box has no area.
    """
    where = f'{ann_file}: annotation {annotation.get("id")}'
    keypoints = np.asarray(annotation.get('keypoints', ()), dtype=float)
    if keypoints.shape != (3 * num_keypoints,):
        wanted = f'{3 * num_keypoints} (x, y, v of {num_keypoints} joints)'
        raise InputError(f'{where}: "keypoints" holds {keypoints.size} numbers, not {wanted}')
    bbox = np.asarray(annotation.get('bbox', ()), dtype=float)
    if bbox.shape != (4,):
        raise InputError(f'{where}: "bbox" must be x, y, width, height')
    for key, values in (('keypoints', keypoints), ('bbox', bbox)):
        if not np.isfinite(values).all():
            raise InputError(f'{where}: "{key}" holds NaN or infinity; mend or remove it')
    if (keypoints[2::3] > 0).any() and not annotation.get('iscrowd') and min(bbox[2:]) <= 0:
        raise InputError(f'{where}: "bbox" {bbox.tolist()} has no area; mend or remove it')


@DATASETS.register_module()
class CheckedCocoDataset(CocoDataset):
    """MMPose's CocoDataset, with its arguments, that says what is wrong with its files.

    Where that drops a person, trains on NaN or fails with a traceback, this raises InputError with file and mend.
    """

    def load_data_list(self) -> list[dict]:
        """Read and check the file, one entry a person; InputError where it is missing, not COCO's or holds none."""
        if not osp.isfile(self.ann_file):
            where = 'data_root and ann_file of the dataset (--data-root in the tools)'
            raise InputError(f'{self.ann_file}: no such annotation file; set {where}')
        if self.bbox_file and not osp.isfile(self.bbox_file):
            raise InputError(f"{self.bbox_file}: no such file of boxes; bbox_file='' takes the annotated ones")
        try:
            persons = super().load_data_list()
        except InputError:
            raise
        except (AssertionError, KeyError, TypeError, UnicodeDecodeError) as error:
            raise InputError(f'{self.ann_file}: not a COCO annotation file ({error!r})') from error
        except ValueError as error:  # json's own error is one
            raise InputError(f'{self.ann_file}: not valid JSON ({error})') from error
        if not persons:
            raise InputError(f'{self.ann_file}: no person with keypoints in it')
        return persons

    def parse_data_info(self, raw_data_info: dict) -> dict | None:
        """Check one annotation, then parse it as CocoDataset does."""
        annotation = raw_data_info['raw_ann_info']
        check_annotation(annotation, self.metainfo['num_keypoints'], self.ann_file)
        person = super().parse_data_info(raw_data_info)
        x1, y1, x2, y2 = person['bbox'][0]
        if (x2 <= x1 or y2 <= y1) and person['num_keypoints'] and not person['iscrowd']:
            where = f'{self.ann_file}: annotation {annotation["id"]}'
            raise InputError(f'{where}: "bbox" {annotation["bbox"]} lies outside the image; mend or remove it')
        return person

    def prepare_data(self, idx: int) -> Any:
        """Run the pipeline on one person; InputError where its image is missing or cannot be decoded."""
        try:
            return super().prepare_data(idx)
        except Exception as error:
            path = self.get_data_info(idx)['img_path']
            if not osp.isfile(path):
                raise InputError(f'{path}: no such image; set data_root and data_prefix of the dataset') from error
            if cv2.imread(path) is None:
                raise InputError(f'{path}: not a readable image; restore or remove it') from error
            raise


@TRANSFORMS.register_module()
class LoadVisibility(BaseTransform):
    """Replace ``keypoints_visible`` by visibility flags: 0, 1 (occluded), 2 (visible), or 3 where nobody knows.

    3 is a labelled joint of a data set that does not say more (MPII), or one that KeypointConverter made of two others.
    Joints are matched to the raw annotation by their place in the image, so this may stand before or after RandomFlip,
    and behind KeypointConverter, but not behind what moves ``keypoints`` otherwise. Put it after transforms that count
    visible joints (RandomHalfBody), which take every flag for 0 or 1. A joint that an earlier transform has switched
    off stays off. A sample without keypoints, as of a new photo, passes.

    Required Keys: ``keypoints``, ``keypoints_visible``, both (1, K, ...); optional ``raw_ann_info``, ``flip``,
    ``flip_direction``, ``flip_indices``, ``img_shape``.
    """

    def transform(self, results: dict) -> dict:
        """Set the flags of one person; InputError where its box comes from a detector."""
        if results.get('keypoints') is None:
            return results
        keypoints, visible = results['keypoints'], results['keypoints_visible']
        flipped = results.get('flip_direction') if results.get('flip') else None
        if flipped:  # a second flip undoes the first
            height, width = results['img_shape'][:2]
            flip = partial(flip_keypoints, image_size=(width, height), flip_indices=results['flip_indices'])
            keypoints, visible = flip(keypoints, visible, direction=flipped)
        flags = visibility(keypoints[0], visible[0], results.get('raw_ann_info'))
        if flipped in ('horizontal', 'vertical'):  # diagonal is a turn by 180 degrees: left stays left
            flags = flags[results['flip_indices']]
        if visible.ndim == 2:
            results['keypoints_visible'] = flags[None]
        else:  # behind KeypointConverter each joint has a weight, too
            weights = results['keypoints_visible'][..., 1:]
            results['keypoints_visible'] = np.concatenate([flags[None, :, None], weights], axis=-1)
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}()'

"""COCO persons, checked while they are read, and their raw visibility flags, for codec and metric."""

import os.path as osp
from collections import defaultdict
from copy import copy
from functools import partial
from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform
from mmengine.dataset import BaseDataset
from mmengine.logging import print_log
from mmpose.datasets import CocoDataset
from mmpose.registry import DATASETS, TRANSFORMS
from mmpose.structures.keypoint import flip_keypoints

from shg_xai.coco import Annotation, visibility
from shg_xai.datasets.keypoint_file import KeypointFile, check_boxes, photo_size, read_keypoint_file
from shg_xai.errors import InputError
from shg_xai.photos import TURNED, orientation, read_photo

# What MMPose's data sets add to every person, of what is known of all.
SHARED = (
    'dataset_name',
    'upper_body_ids',
    'lower_body_ids',
    'flip_pairs',
    'dataset_keypoint_weights',
    'flip_indices',
    'skeleton_links',
)


class RawAnnotation(dict[str, object]):
    """An annotation as it stands in the file. It is never changed, so a deep copy is itself: MMPose makes one when it
    reads the file and MMEngine for every sample, and the hundreds of numbers of an outline would take longer than the
    pixels.
    """

    def __deepcopy__(self, memo: dict[int, Any]) -> 'RawAnnotation':
        return self


@DATASETS.register_module()
class CheckedCocoDataset(CocoDataset):
    """MMPose's CocoDataset, with its arguments, that says what is wrong with its files, and whom it leaves out.

    Where that drops a person, trains on NaN or on another photo's pixels, or fails with a traceback, this raises
    InputError with file and mend. ``left_out`` says why annotations are no persons of it, and how many.

    Args:
        category: Name of the category whose persons are read; needed where several have keypoints.
    """

    def __init__(self, *args: Any, category: str | None = None, **options: Any) -> None:
        self.category, self.left_out = category, dict[str, int]()
        super().__init__(*args, **options)

    def load_data_list(self) -> list[dict]:
        """Read and check the file, one entry a person; InputError where it is missing, not COCO's or holds none."""
        if not self.bbox_file:
            persons = super().load_data_list()
        elif not osp.isfile(self.bbox_file):
            raise InputError(f"{self.bbox_file}: no such file of boxes; bbox_file='' takes the annotated ones")
        else:
            try:
                persons = super().load_data_list()
            except (AssertionError, LookupError, TypeError, ValueError) as error:
                fault = f'no COCO detections on images that {self.ann_file} lists ({error!r})'
                raise InputError(f"{self.bbox_file}: {fault}; bbox_file='' takes the annotated boxes") from error
        if not persons:
            raise InputError(f'{self.ann_file}: no person with keypoints in it')
        return persons

    def _load_annotations(self) -> tuple[list[dict], list[dict]]:
        """Persons and images in MMPose's order; the file is read once, by :func:`read_keypoint_file`."""
        file = read_keypoint_file(self.ann_file, self.category, self.metainfo['num_keypoints'])
        check_boxes(file)
        self._check_names(file)
        for line in file.report():
            print_log(line, 'current')
        self.left_out, self._metainfo['CLASSES'] = file.left_out, file.coco['categories']
        annotations: dict[int, list[Annotation]] = defaultdict(list)
        # Bottom-up, the regions of the others are not to be learned from.
        for entry in file.persons if self.data_mode == 'topdown' else file.coco['annotations']:
            if entry['category_id'] == file.category['id']:
                annotations[entry['image_id']].append(entry)
        persons, images = [], []
        for image in file.coco['images']:
            number, path = image['id'], osp.join(self.data_prefix['img'], image['file_name'])
            if number % self.sample_interval == 0:
                images.append({**image, 'img_id': number, 'img_path': path})
                found = (dict(raw_ann_info=entry, raw_img_info=images[-1]) for entry in annotations[number])
                persons += [person for entry in found if (person := self.parse_data_info(entry))]
        return persons, images

    def parse_data_info(self, raw_data_info: dict) -> dict | None:
        """Parse one annotation as CocoDataset does; InputError for a person it would leave out without a word."""
        raw = RawAnnotation(raw_data_info['raw_ann_info'])
        person = super().parse_data_info({**raw_data_info, 'raw_ann_info': raw})
        if person is not None:
            person['photo_size'] = photo_size(raw_data_info['raw_img_info'], self.ann_file)
            if self.data_mode == 'topdown' and not self._is_valid_instance(person):
                entry = raw_data_info['raw_ann_info']
                fault = f'"bbox" {entry["bbox"]} or all labelled keypoints lie outside the image'
                raise InputError(f'{self.ann_file}: annotation {entry["id"]}: {fault}; mend or remove it')
        return person

    def get_data_info(self, idx: int) -> dict:
        """What is known of one person, and of all; MMPose copies the latter deeply for each, which takes longer than to
        read the photo.
        """
        person: dict = BaseDataset.get_data_info(self, idx)
        return person | {key: copy(self._metainfo[key]) for key in SHARED}

    def prepare_data(self, idx: int) -> Any:
        """Run the pipeline on one person; InputError where its photo cannot be read, or has another size."""
        person = self.get_data_info(idx) | dict(dataset=self)
        listed, path = person.get('photo_size'), person['img_path']
        try:
            sample = self.pipeline(person)
        except Exception:
            read_photo(path)  # raises where the photo is to blame
            _check_size(person, listed, self.ann_file)
            raise
        _check_size(person, listed, self.ann_file)
        return sample

    def _check_names(self, file: KeypointFile) -> None:
        """Raise InputError where the file has the joints of the metainfo in another order."""
        own = [self.metainfo['keypoint_id2name'][joint] for joint in range(self.metainfo['num_keypoints'])]
        names = list(file.category.get('keypoints') or own)
        if names != own and sorted(names) == sorted(own):
            first = next(joint for joint, name in enumerate(own) if name != names[joint])
            fault = f'its joint {first} is {names[first]}, that of the dataset {own[first]}'
            raise InputError(f"{self.ann_file}: {fault}; set metainfo of the dataset to the file's order")


def _check_size(person: dict, listed: tuple[int, int] | None, ann_file: str) -> None:
    """Raise InputError where a photo, once it is read, has not the width and height that its file lists."""
    # Nothing to compare: boxes of a detector, or a pipeline that reads no photo.
    if not listed or 'ori_shape' not in person or tuple(listed[:2]) == person['ori_shape'][1::-1]:
        return
    (height, width), path = person['ori_shape'][:2], person['img_path']
    fault = (
        f'the photo of image {person["img_id"]} is {width} x {height} pixels, {ann_file} says {listed[0]} x {listed[1]}'
    )
    turn = orientation(path)
    mend = 'mend width and height and see whether the keypoints fit, or put the right photo there'
    if turn in TURNED and tuple(listed[:2]) == (height, width):
        mend = f'its EXIF orientation {turn} turns it: annotate the turned photo, or remove the tag'
    raise InputError(f'{path}: {fault}; {mend}')


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

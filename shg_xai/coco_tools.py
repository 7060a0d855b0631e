"""xtcocotools, as far as MMPose uses it, on pycocotools.

MMPose reads annotations and computes AP with xtcocotools: COCO's tools, extended to parts of a body and to crowds. Its
only wheel is for Python 3.11 on x86-64 Linux and NumPy 1; pycocotools, which it was made from, has one for every
machine. What is evaluated (a hand, the whole body) is put where pycocotools expects the keypoints of a person; matching
and precision are its own. AP and AR are xtcocotools' to the last digit.
"""

import contextlib
import importlib.util
import io
import sys
from collections import defaultdict
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import numpy as np
from jaxtyping import Float
from pycocotools import coco, cocoeval, mask

# Keys of an annotation that hold the keypoints of what is evaluated, in the order of its sigmas.
PARTS = dict(
    keypoints=['keypoints'],
    keypoints_crowd=['keypoints'],
    keypoints_body=['keypoints'],
    keypoints_foot=['foot_kpts'],
    keypoints_face=['face_kpts'],
    keypoints_lefthand=['lefthand_kpts'],
    keypoints_righthand=['righthand_kpts'],
    keypoints_wholebody=['keypoints', 'foot_kpts', 'face_kpts', 'lefthand_kpts', 'righthand_kpts'],
)
# Of these a detection may have a score of its own.
SCORED = ('foot', 'face', 'lefthand', 'righthand', 'wholebody')
# Area of a person in its box, where the annotation has none of its own (CrowdPose, AIC).
SHARE_OF_BOX = 0.53
# CrowdPose calls an image easy, medium or hard by its crowdIndex.
CROWDING = dict(easy=(-np.inf, 0.2), medium=(0.2, 0.8), hard=(0.8, np.inf))


class COCO(coco.COCO):
    """COCO's annotations, where ``iscrowd`` may be missing and results may be none."""

    def __init__(self, annotation_file: str | None = None) -> None:
        super().__init__(annotation_file)
        for annotation in self.dataset.get('annotations', ()):
            annotation.setdefault('iscrowd', False)

    def loadRes(self, resFile: Any) -> coco.COCO:
        """Results of a network, as annotations of the same images."""
        if isinstance(resFile, list) and not resFile:
            none = COCO()
            none.dataset = dict(self.dataset, annotations=[])
            none.createIndex()
            return none
        return super().loadRes(resFile)


class COCOeval(cocoeval.COCOeval):
    """AP and AR of keypoints, of a part of the body, or in crowds; NotImplementedError for another ``iouType``.

    ``evalImgs`` counts the annotations of a person from 1: pycocotools takes id 0 for no match.

    Attributes:
        stats: AP, AP at 0.5 and 0.75, AP of medium and large persons, then AR likewise; with ``keypoints_crowd`` AP, AP
            at 0.5 and 0.75, AR likewise, AP of easy, medium and hard images.
    """

    stats: Any
    evalImgs: Any
    eval: Any

    def __init__(
        self,
        cocoGt: coco.COCO | None = None,
        cocoDt: coco.COCO | None = None,
        iouType: str = 'keypoints',
        sigmas: Float[np.ndarray, ' K'] | None = None,
        use_area: bool = True,
    ) -> None:
        if iouType not in PARTS:
            raise NotImplementedError(
                f'iouType {iouType!r}, which is not one of {", ".join(PARTS)}: install xtcocotools'
            )
        super().__init__(cocoGt, cocoDt, 'keypoints')
        self.part = iouType
        self.use_area = use_area
        if sigmas is not None:
            self.params.kpt_oks_sigmas = np.asarray(sigmas)

    def _prepare(self) -> None:
        """Lay truth and detections out by image and category, as persons whose keypoints are the part's."""
        print(f'Of each person: *{self.part}*')
        asked = dict(imgIds=self.params.imgIds, catIds=self.params.catIds if self.params.useCats else [])
        truth = self.cocoGt.loadAnns(self.cocoGt.getAnnIds(**asked))
        found = self.cocoDt.loadAnns(self.cocoDt.getAnnIds(**asked))
        self._gts, self._dts = defaultdict(list), defaultdict(list)
        for number, annotation in enumerate(truth, 1):
            person = self._as_truth(annotation) | dict(id=number)
            self._gts[person['image_id'], person['category_id']].append(person)
        for detection in map(self._as_detection, found):
            if np.any(np.array(detection['keypoints'])[2::3] > 0):
                self._dts[detection['image_id'], detection['category_id']].append(detection)
        self.evalImgs, self.eval = defaultdict(list), {}

    def _keypoints(self, annotation: dict[str, Any]) -> list[float]:
        return [value for key in PARTS[self.part] for value in annotation[key]]

    def _as_truth(self, annotation: dict[str, Any]) -> dict[str, Any]:
        keypoints = self._keypoints(annotation)
        labelled = np.count_nonzero(np.array(keypoints)[2::3] > 0)
        # CrowdPose counts the visible ones only.
        labelled = annotation['num_keypoints'] if self.part == 'keypoints_crowd' else labelled
        person = annotation | dict(keypoints=keypoints, ignore=labelled == 0 or annotation.get('iscrowd', 0))
        if not self.use_area:
            person['area'] = annotation['bbox'][2] * annotation['bbox'][3] * SHARE_OF_BOX
        return person

    def _as_detection(self, detection: dict[str, Any]) -> dict[str, Any]:
        part = self.part.removeprefix('keypoints_')
        score = detection.get(f'{part}_score', detection['score']) if part in SCORED else detection['score']
        return detection | dict(keypoints=self._keypoints(detection), score=score)

    def summarize(self) -> None:
        """Print AP and AR, and put them into ``stats``."""
        super().summarize()
        if self.part == 'keypoints_crowd':
            overall = np.asarray(self.stats)[[0, 1, 2, 5, 6, 7]]
            self.stats = np.array([*overall, *self._by_crowding()])

    def _by_crowding(self) -> Iterator[float]:
        """AP of easy, medium and hard images, to four digits; -1 where there are none, as xtcocotools."""
        for name, (low, high) in CROWDING.items():
            part = COCOeval(self.cocoGt, self.cocoDt, self.part, self.params.kpt_oks_sigmas, self.use_area)
            images = self.cocoGt.dataset['images']
            part.params.imgIds = [image['id'] for image in images if low <= image['crowdIndex'] < high]
            with contextlib.redirect_stdout(io.StringIO()):
                part.evaluate()
                part.accumulate()
            precision = round(float(np.mean(part.eval['precision'][:, :, :, 0, :])), 4)
            print(f' Average Precision  (AP) @[ IoU=0.50:0.95 | type={name:>6s} | maxDets= 20 ] = {precision:0.3f}')
            yield precision


def add_stand_in() -> bool:
    """Put this in place of xtcocotools where that is missing; whether it was put there."""
    if importlib.util.find_spec('xtcocotools') is not None:
        return False
    package = ModuleType('xtcocotools')
    package.__path__ = []
    parts: dict[str, Any] = dict(coco=ModuleType('coco'), cocoeval=ModuleType('cocoeval'), mask=mask)
    parts['coco'].COCO, parts['cocoeval'].COCOeval = COCO, COCOeval
    for name, part in parts.items():
        setattr(package, name, part)
        sys.modules[f'xtcocotools.{name}'] = part
    package.__spec__ = ModuleSpec('xtcocotools', loader=None, is_package=True)
    sys.modules['xtcocotools'] = package
    return True

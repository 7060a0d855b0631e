"""PCK by visibility, as an MMPose metric."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log
from mmpose.registry import METRICS

from shg_xai.evaluation import pck
from shg_xai.evaluation.pck import check_normaliser, judged_flags, person_scores, sample_distances
from shg_xai.joints import EXAMPLES, members
from shg_xai.writing import aside

Person = tuple[str, int | None, int | None]  # name of the data set, image id, annotation id
Result = tuple[np.ndarray, np.ndarray, Person]


def write_persons(file: Path, persons: Sequence[Person], scores: dict[str, np.ndarray]) -> None:
    """Write the PCK of N persons (by group, shape (N,)) as Parquet, whole or not at all; NaN becomes null."""
    names, image_ids, annotation_ids = zip(*persons, strict=True)
    columns = dict(annotation_id=pa.array(annotation_ids, pa.int64()), image_id=pa.array(image_ids, pa.int64()))
    columns['dataset'] = pa.array(names, pa.string())
    for group, values in scores.items():
        columns[f'pck_{group}'] = pa.array(values, pa.float64(), from_pandas=True)
    with aside(file) as part:
        pq.write_table(pa.table(columns), part, compression='zstd')


@METRICS.register_module()
class VisiblePCK(BaseMetric):
    """PCK of labelled, visible and occluded joints, of those of limbs, torso and face, and of each joint, in one pass.

    Returns, each only where a joint counts at all:

        - ``pck/labelled``, ``pck/visible``, ``pck/occluded``, ``pck/limbs``, ``pck/torso``, ``pck/face``: mean over
          persons of the person's share of correct joints, as in the study; what is a limb tells its name
          (``shg_xai.joints``), labelled joints count
        - ``pck/pooled/labelled`` and so on: share of all joints of all persons
        - ``pck/joint/nose`` and so on: share of the persons with that joint labelled
        - ``pck/joint_mean``: their mean over joints, as MMPose's PCKAccuracy reports (it normalises by the box)

    Works with any top-down config on any of MMPose's data sets with ground-truth boxes, through KeypointConverter and
    CombinedDataset; flags are read from the annotation, so the pipeline needs no LoadVisibility for it. Where a data
    set does not say which joints are occluded (MPII), none counts for ``visible`` and ``occluded``.

    Args:
        thr: A joint is correct below this distance.
        normaliser: What distances are divided by: the longer side of the ``'crop'`` (the study) or of the ``'bbox'``,
            or the ``'torso'``, from a shoulder to the opposite hip; persons without it are left out, and a skeleton
            without them is refused before anything runs.
        persons_file: A Parquet file to write after each test or validation, one row a person in the order of the data
            set: ``annotation_id``, ``image_id``, ``dataset``, ``pck_labelled``, ``pck_visible``, ``pck_occluded``,
            ``pck_limbs``; null where a person has no such joint.
        base: ``collect_device`` and ``prefix`` (``'pck'`` unless given) of MMEngine's BaseMetric.

    Raises:
        InputError: An unknown normaliser, boxes from a detector, or a file that cannot be written.
    """

    default_prefix = 'pck'

    def __init__(
        self, thr: float = 0.05, normaliser: str = 'crop', persons_file: str | None = None, **base: Any
    ) -> None:
        super().__init__(**base)
        if normaliser != 'torso':  # which the skeleton decides
            check_normaliser(normaliser, ())
        self.thr, self.normaliser, self.persons_file = thr, normaliser, persons_file

    @property
    def dataset_meta(self) -> dict[str, Any] | None:
        """What is known of the data set; MMEngine sets it as soon as the data set is read."""
        return super().dataset_meta

    @dataset_meta.setter
    def dataset_meta(self, meta: dict[str, Any]) -> None:
        self._dataset_meta = meta
        check_normaliser(self.normaliser, self._keypoint_names())

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keep of each person the normalised distances (K,), the flags v (K,), and who it is."""
        names = self._keypoint_names()
        for sample in data_samples:
            distances, v = sample_distances(sample, names, self.normaliser)
            person = sample.get('dataset_name', ''), sample.get('img_id'), sample.get('id')
            self.results.append((distances, v, person))

    def compute_metrics(self, results: list[Result]) -> dict[str, float]:
        """Reduce distances and flags of all persons to the metrics of the class."""
        names = self._keypoint_names()
        rows, flags, persons = zip(*results, strict=True)
        distances, v = np.stack(rows), np.stack(flags)
        if self.persons_file:
            scores = person_scores(distances, v, names, self.thr)
            write_persons(Path(self.persons_file), persons, scores)
        v, correct = judged_flags(distances, v), distances < self.thr
        groups = pck.counting_joints(v, names)
        groups |= {group: (v > 0) & np.array(members(names, group)) for group in EXAMPLES}
        metrics = {group: pck.mean_pck(correct, counts) for group, counts in groups.items()}
        metrics |= {f'pooled/{group}': pck.pooled_pck(correct, counts) for group, counts in groups.items()}
        by_joint = [pck.pooled_pck(correct[:, joint], v[:, joint] > 0) for joint in range(len(names))]
        metrics |= {f'joint/{name}': value for name, value in zip(names, by_joint, strict=True)}
        known = [value for value in by_joint if not math.isnan(value)]
        metrics['joint_mean'] = float(np.mean(known)) if known else math.nan
        absent = sorted(name for name, value in metrics.items() if math.isnan(value))
        for group in [group for group in EXAMPLES if not any(members(names, group))]:
            named = f'no joint of this skeleton has a name like {EXAMPLES[group]}'
            print_log(f'VisiblePCK: no {group}: {named}; left out', 'current')
        if absent:
            print_log(f'VisiblePCK: no joint counts for {", ".join(absent)}; left out', 'current')
        return {name: value for name, value in metrics.items() if not math.isnan(value)}

    def _keypoint_names(self) -> list[str]:
        meta = self._dataset_meta
        return [meta['keypoint_id2name'][joint] for joint in range(meta['num_keypoints'])]

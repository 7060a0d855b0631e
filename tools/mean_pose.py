#!/usr/bin/env python
"""PCK of always predicting the mean pose: tools/mean_pose.py TRAIN.json TEST.json"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from shg_xai.cli import run
from shg_xai.errors import InputError
from shg_xai.options import parse
from shg_xai.writing import write_aside

DESCRIPTION = """The baseline every network has to beat: the PCK of a predictor that never looks and always answers the
mean pose of the training persons, in the study's crop.

  tools/mean_pose.py data/coco/annotations/person_keypoints_train2017.json \\
      data/coco/annotations/person_keypoints_val2017.json"""


@dataclass(frozen=True, kw_only=True)
class MeanPoseOptions:
    """Whose mean pose is judged on whom."""

    train: Annotated[Positional[Path], arg(metavar='TRAIN')]  # annotation file the mean is taken from
    test: Annotated[Positional[Path], arg(metavar='TEST')]  # annotation file it is judged on
    thr: Annotated[float, arg(metavar='SHARE')] = 0.05  # threshold, as a share of the crop's side
    category: Annotated[str | None, arg(metavar='NAME')] = None  # whose persons, where several have keypoints
    out: Annotated[Path | None, arg(metavar='FILE.json')] = None  # also write the numbers here


def main() -> None:
    options = parse(MeanPoseOptions, DESCRIPTION)
    # Everything below imports torch and MMPose, which --help does without.
    from shg_xai import compat

    compat.prepare()
    from shg_xai.datasets.crops import read_cropped_keypoints
    from shg_xai.evaluation.pck import mean_pose, mean_pose_pck

    files = (options.train, options.test)
    train, test = (read_cropped_keypoints(str(path), category=options.category) for path in files)
    for line in dict.fromkeys([*train.notes, *test.notes]):
        print(f'note: {line}')
    if train.names != test.names:
        raise InputError(f'{options.test}: has other keypoints than {options.train}; give two files of one skeleton')
    scores = mean_pose_pck(mean_pose(train.keypoints, train.v), test.keypoints, test.v, test.names, options.thr)
    metrics = {f'pck/{group}': score for group, score in scores.items() if score == score}
    for name, score in metrics.items():
        print(f'{name:16s} {score:.4f}')
    if options.out:
        write_aside(options.out, json.dumps(dict(metrics=metrics), indent=2) + '\n')


if __name__ == '__main__':
    run(main)

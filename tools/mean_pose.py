#!/usr/bin/env python
"""PCK of always predicting the mean pose: tools/mean_pose.py TRAIN.json TEST.json"""

import argparse
import json
from pathlib import Path

from shg_xai.cli import run
from shg_xai.errors import InputError

DESCRIPTION = """The baseline every network has to beat: the PCK of a predictor that never looks
and always answers the mean pose of the training persons, in the study's crop.

  tools/mean_pose.py data/coco/annotations/person_keypoints_train2017.json \\
      data/coco/annotations/person_keypoints_val2017.json"""


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('train', help='annotation file the mean is taken from')
    parser.add_argument('test', help='annotation file it is judged on')
    parser.add_argument(
        '--thr', type=float, default=0.05, help="threshold, as a share of the crop's side; default: %(default)s"
    )
    parser.add_argument('--out', metavar='FILE.json', help='also write the numbers here')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    for path in (args.train, args.test):
        if not Path(path).is_file():
            raise InputError(f'{path}: no such annotation file')
    # Everything below imports torch and MMPose, which --help does without.
    from shg_xai import compat

    compat.prepare()
    from shg_xai.datasets.crops import read_cropped_keypoints
    from shg_xai.evaluation.mean_pose import mean_pose, mean_pose_pck

    train, test = read_cropped_keypoints(args.train), read_cropped_keypoints(args.test)
    scores = mean_pose_pck(mean_pose(train.keypoints, train.v), test.keypoints, test.v, test.names, args.thr)
    metrics = {f'pck/{group}': score for group, score in scores.items() if score == score}
    for name, score in metrics.items():
        print(f'{name:16s} {score:.4f}')
    if args.out:
        Path(args.out).write_text(json.dumps(dict(metrics=metrics), indent=2) + '\n')


if __name__ == '__main__':
    run(main)

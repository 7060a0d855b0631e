#!/usr/bin/env python
"""A sheet of predictions beside the truth: tools/draw_predictions.py --out FILE CONFIG CKPT ..."""

import argparse
from pathlib import Path

from shg_xai.cli import run
from shg_xai.errors import InputError

DESCRIPTION = """Draw persons of the test set in their crops: the truth in the first row, then one
row for each network, with each person's PCK (labelled joints).

  tools/draw_predictions.py --out sheet.png --data-root data/coco \\
      configs/shg_coco.py work_dirs/shg_coco/best_pck_labelled_epoch_47.pth \\
      configs/shg_ae_coco.py work_dirs/shg_ae_coco/best_pck_labelled_epoch_47.pth"""


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        'networks',
        nargs='+',
        metavar='CONFIG CHECKPOINT',
        help='one or more pairs; all must share input size and test set',
    )
    parser.add_argument('--out', required=True, metavar='FILE', help='PNG or SVG to write')
    parser.add_argument('--data-root', metavar='DIR', help='folder of the data set')
    parser.add_argument(
        '--persons',
        type=int,
        default=10,
        metavar='N',
        help='how many, spread evenly over the test set; default: %(default)s',
    )
    args = parser.parse_args()
    if len(args.networks) % 2:
        raise InputError('give networks in pairs: CONFIG CHECKPOINT CONFIG CHECKPOINT ...')
    return args


def main() -> None:
    args = parse_args()
    # Everything below imports torch and MMPose, which --help does without.
    from shg_xai.drawing.pose_sheet import draw_pose_sheet
    from shg_xai.interventions.predict import predict_persons

    rows = {}
    for config, checkpoint in zip(args.networks[::2], args.networks[1::2], strict=True):
        crops, truth, poses, links, colours = predict_persons(config, checkpoint, args.data_root, args.persons)
        rows |= {'truth': truth, Path(config).stem: poses}
    draw_pose_sheet(crops, rows, links, colours).savefig(args.out, dpi=130)
    print(f'wrote {args.out}')


if __name__ == '__main__':
    run(main)

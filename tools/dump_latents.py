#!/usr/bin/env python
"""Latents of any MMPose model: tools/dump_latents.py CONFIG CHECKPOINT --layers NAME --out DIR"""

import argparse
from pathlib import Path

from shg_xai.cli import run
from shg_xai.runner.options import add_common_options, parse

DESCRIPTION = """Test a network on a split of its data set and store what layers put out, for every
person, with who the person is and what was predicted. Works with any MMPose config; boxes are the
annotated ones, nothing is augmented, the order is the data set's.

  tools/list_layers.py configs/shg_coco.py
  tools/dump_latents.py configs/shg_coco.py work_dirs/shg_coco/best_pck_labelled_epoch_47.pth \\
      --layers backbone.hourglasses.0.bottleneck_residuals --split train --out latents/shg_coco
  python -m shg_xai.latents latents/shg_coco

Run the same command again after it was cut off, and it goes on. --only takes a condition on
annotation_id, image_id, num_labelled, num_visible, num_occluded, area, bbox_width, bbox_height and
factors.<name> (made people), e.g. --only 'num_labelled >= 10 and bbox_height > 100'."""


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help="config file, ours or MMPose's (mmpose::...)")
    parser.add_argument('checkpoint', help="checkpoint file, or 'none' for random weights")
    parser.add_argument(
        '--layers',
        nargs='+',
        required=True,
        metavar='NAME',
        help='layers to store, in one pass; tools/list_layers.py lists them',
    )
    parser.add_argument('--out', required=True, type=Path, metavar='DIR', help='the store')
    parser.add_argument(
        '--split', choices=('train', 'val', 'test'), default='val', help='whose persons; default: %(default)s'
    )
    parser.add_argument('--only', metavar='EXPR', help="persons that meet a condition; 'labelled': all joints labelled")
    parser.add_argument('--limit', type=int, metavar='N', help='the first N of them')
    parser.add_argument(
        '--dtype', choices=('float16', 'float32'), default='float16', help='of the stored numbers; default: %(default)s'
    )
    parser.add_argument(
        '--rows-per-shard',
        type=int,
        default=1024,
        metavar='N',
        help='persons a file, and as many at most are lost when it is killed; default: %(default)s',
    )
    parser.add_argument(
        '--no-predictions',
        dest='predictions',
        action='store_false',
        help='end each forward pass at the last of the layers; no PCK is stored',
    )
    add_common_options(parser)
    return parse(parser)


def main() -> None:
    args = parse_args()
    # Everything below imports torch and MMPose, which --help does without.
    from shg_xai.interventions.capture import DumpOptions, dump_latents
    from shg_xai.runner.building import config_errors
    from shg_xai.runner.config import merge_common, merge_testing, read_config
    from shg_xai.runner.layers import config_path

    cfg = read_config(config_path(args.config))
    args.checkpoint = None if args.checkpoint == 'none' else args.checkpoint
    if args.checkpoint is None:
        cfg.setdefault('randomness', dict(seed=0))
    merge_testing(cfg, args)
    merge_common(cfg, args)
    options = DumpOptions(
        tuple(args.layers),
        args.out,
        args.split,
        args.only,
        args.limit,
        args.dtype,
        args.predictions,
        args.rows_per_shard,
    )
    with config_errors(args.config):
        dump_latents(cfg, args.checkpoint, options)


if __name__ == '__main__':
    run(main)

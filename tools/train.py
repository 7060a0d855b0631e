#!/usr/bin/env python
"""Train a network: tools/train.py CONFIG [--data-root DIR] [--resume] [--amp] ..."""

import argparse

from shg_xai.cli import run
from shg_xai.runner.options import add_common_options, parse

DESCRIPTION = """Train a network with MMPose.

  tools/train.py configs/shg_ae_coco.py --data-root data/coco
  tools/train.py configs/shg_ae_coco.py --data-root data/coco --resume
  torchrun --nproc_per_node=4 tools/train.py configs/shg_ae_coco.py --launcher pytorch

The work folder receives the log, the config as run, the last checkpoint and the best one by
validation PCK. MMPose's own tools/train.py takes the same configs."""


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config file, e.g. configs/shg_ae_coco.py')
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        metavar='CHECKPOINT',
        help='go on from this checkpoint, or from the latest in the work folder',
    )
    parser.add_argument('--no-validate', action='store_true', help='do not evaluate during training')
    parser.add_argument(
        '--auto-scale-lr', action='store_true', help='scale the learning rate to the batch size actually used'
    )
    add_common_options(parser)
    return parse(parser)


def main() -> None:
    args = parse_args()
    # Everything below imports torch and MMPose, which --help does without.
    from shg_xai.runner.building import build_runner, config_errors, resume_checkpoint
    from shg_xai.runner.config import merge_common, merge_training, read_config

    cfg = read_config(args.config)
    merge_training(cfg, args)
    merge_common(cfg, args)
    with config_errors(args.config):
        runner = build_runner(cfg, checkpoint=resume_checkpoint(cfg))
        runner.train()


if __name__ == '__main__':
    run(main)

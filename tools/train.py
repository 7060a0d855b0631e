#!/usr/bin/env python
"""Train a network: tools/train.py CONFIG [--data-root DIR] [--resume] [--amp] ..."""

from shg_xai.cli import run
from shg_xai.options import parse
from shg_xai.runner.options import TrainOptions

DESCRIPTION = """Train a network with MMPose.

  tools/train.py configs/shg_ae_coco.py --data-root data/coco
  tools/train.py configs/shg_ae_coco.py --data-root data/coco --resume
  torchrun --nproc_per_node=4 tools/train.py configs/shg_ae_coco.py --launcher pytorch

The work folder receives the log, the config as run, the last checkpoint and the best one by validation PCK. MMPose's
own tools/train.py takes the same configs."""


def main() -> None:
    options = parse(TrainOptions, DESCRIPTION)
    # Everything below imports torch and MMPose, which --help does without.
    from shg_xai.runner.building import build_runner, config_errors, resume_checkpoint
    from shg_xai.runner.config import merge_common, merge_training, read_config

    cfg = read_config(options.config)
    merge_training(cfg, options)
    merge_common(cfg, options, options.config)
    with config_errors(options.config):
        build_runner(cfg, checkpoint=resume_checkpoint(cfg)).train()


if __name__ == '__main__':
    run(main, interrupted='the same command with --resume goes on after the last whole epoch')

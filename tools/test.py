#!/usr/bin/env python
"""Test a network: tools/test.py CONFIG CHECKPOINT [--data-root DIR] ..."""

from shg_xai.cli import run
from shg_xai.options import parse
from shg_xai.runner.options import TestOptions

DESCRIPTION = """Test a network with MMPose and print its PCKs.

  tools/test.py configs/shg_ae_coco.py work_dirs/shg_ae_coco/best_pck_labelled_epoch_47.pth \\
      --data-root data/coco

Prints pck/labelled, pck/visible, pck/occluded, and pck/limbs, pck/torso, pck/face of what the skeleton has (mean over
persons), pck/pooled/... (over all joints) and pck/joint/... for each joint, and writes them to the work folder. A
checkpoint that does not fit is refused."""


def main() -> None:
    options = parse(TestOptions, DESCRIPTION)
    # Everything below imports torch and MMPose, which --help does without.
    from shg_xai.runner.building import build_runner, config_errors, write_results
    from shg_xai.runner.config import keep_persons
    from shg_xai.runner.measurement import config_to_test

    cfg = config_to_test(options)
    if options.persons:
        keep_persons(cfg, str(options.persons))
    with config_errors(options.config):
        runner = build_runner(cfg, checkpoint=cfg.load_from)
        metrics = runner.test()
    if options.out:
        write_results(options.out, cfg, runner, metrics)


if __name__ == '__main__':
    run(main)

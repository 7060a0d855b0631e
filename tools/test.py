#!/usr/bin/env python
"""Test a network: tools/test.py CONFIG CHECKPOINT [--data-root DIR] ..."""

import argparse

from shg_xai.cli import run
from shg_xai.runner.options import add_common_options, parse

DESCRIPTION = """Test a network with MMPose and print its PCKs.

  tools/test.py configs/shg_ae_coco.py work_dirs/shg_ae_coco/best_pck_labelled_epoch_47.pth \\
      --data-root data/coco

Prints pck/labelled, pck/visible, pck/occluded, pck/limbs (mean over persons), pck/pooled/...
(over all joints) and pck/joint/... for each joint, and writes them to the work folder. A
checkpoint that does not fit the config is refused."""


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config file, e.g. configs/shg_ae_coco.py')
    parser.add_argument('checkpoint', help='checkpoint file, e.g. the best of a work folder')
    parser.add_argument(
        '--out', metavar='FILE.json', help='also write the metrics, with config, checkpoint and seed, here'
    )
    parser.add_argument(
        '--persons',
        metavar='FILE.parquet',
        help='also write who was met how well: annotation_id, image_id and '
        'pck_labelled, pck_visible, pck_occluded, pck_limbs of each person',
    )
    add_common_options(parser)
    return parse(parser)


def main() -> None:
    args = parse_args()
    # Everything below imports torch and MMPose, which --help does without.
    from shg_xai.runner.building import build_runner, config_errors, write_results
    from shg_xai.runner.config import merge_common, merge_testing, read_config
    from shg_xai.runner.evaluators import keep_persons

    cfg = read_config(args.config)
    merge_testing(cfg, args)
    merge_common(cfg, args)
    if args.persons:
        keep_persons(cfg, args.persons)
    with config_errors(args.config):
        runner = build_runner(cfg, checkpoint=cfg.load_from)
        metrics = runner.test()
    if args.out:
        write_results(args.out, cfg, runner, metrics)


if __name__ == '__main__':
    run(main)

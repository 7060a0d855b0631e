#!/usr/bin/env python
"""One photo, explained: tools/explain_image.py PHOTO --config CONFIG --checkpoint CHECKPOINT --store STORE ..."""

import sys

from shg_xai.cli import run
from shg_xai.options import parse
from shg_xai.photo.options import PhotoOptions

DESCRIPTION = """Explain what a network predicts in one photo that nobody has annotated: the pose and the heights of its
heatmaps; with --analysis, the risk that each joint is wrong; how far out the photo's latent is among those of a store,
and the stored persons nearest to it; and what the pose becomes without skips (of the project's hourglass) and with the
mean latent. One HTML page with its pictures inside, and one JSON file of all numbers.

  tools/dump_latents.py configs/shg_coco.py CHECKPOINT --split train \\
      --layers backbone.hourglasses.0.bottleneck_residuals --out latents/shg_coco
  tools/analyze_latent.py latents/shg_coco --out reports/shg_coco
  tools/explain_image.py photo.jpg --config configs/shg_coco.py --checkpoint CHECKPOINT \\
      --store latents/shg_coco --analysis reports/shg_coco --out explained

What a photo is set beside is kept in the store's folder (explain_image-*.npz), so that the next one takes no look at
all stored latents again. Any top-down network of MMPose's will do, with heatmaps or SimCC."""


def main() -> None:
    asked = parse(PhotoOptions, DESCRIPTION)
    from shg_xai.photo.measure import explain
    from shg_xai.photo.page import findings, render
    from shg_xai.results_file import encode
    from shg_xai.runner.building import config_errors
    from shg_xai.writing import write_aside

    with config_errors(asked.config):
        found, near = explain(asked)
    numbers, page = encode(found), render(found, near, asked.images)
    write_aside(asked.out / 'explanation.json', numbers)
    write_aside(asked.out / 'explanation.html', page)
    for warning in found.warnings:
        print(f'warning: {warning}', file=sys.stderr)
    print('\n'.join([*findings(found), f'page: {asked.out / "explanation.html"}']))


if __name__ == '__main__':
    run(main)

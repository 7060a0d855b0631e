#!/usr/bin/env python
"""Labels that look wrong, for a person to check: tools/find_label_errors.py STORE --out DIR"""

import sys

from shg_xai.cli import run
from shg_xai.label_check.options import LabelCheckOptions
from shg_xai.options import parse

DESCRIPTION = """Rank annotations by how wrong they look beside what a network predicts: left and right exchanged in the
whole person or one limb, a joint put elsewhere, a flag that does not fit, a box that cuts the person off. One HTML page
of crops, label beside prediction, the most suspicious first, and one JSON file of the numbers; with them, tasks for
Label Studio (label_studio.json, and label_studio.xml, its interface) and those annotations alone in COCO's format,
which CVAT imports as COCO Keypoints 1.0.

  tools/dump_latents.py configs/shg_coco.py CHECKPOINT --split val \\
      --layers backbone.hourglasses.0.bottleneck_residuals --out latents/shg_coco_val
  tools/find_label_errors.py latents/shg_coco_val --out labels/shg_coco_val

Store persons on whom the network was not trained: of its training set it has learned the labels, wrong ones, too, and
they are found less often. To check a training set, train a network on half of its photos and store the other half,
then the other way round; that is yours to do. Nothing is decided here: a network errs, and some of its errors are among
the first, so look before you correct."""


def main() -> None:
    options = parse(LabelCheckOptions, DESCRIPTION)
    # Trees and pictures take a second to import, which --help does without.
    from shg_xai.chapters.label_errors.findings import findings_of
    from shg_xai.label_check.finding import PAGE, find

    found = find(options)
    for warning in found.warnings:
        print(f'warning: {warning}', file=sys.stderr)
    print('\n'.join([*findings_of(found), f'page: {options.out / PAGE}']))


if __name__ == '__main__':
    run(main)

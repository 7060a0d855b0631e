#!/usr/bin/env python
"""Latents of any MMPose model: tools/dump_latents.py CONFIG CHECKPOINT --layers NAME --out DIR"""

from shg_xai.cli import GOES_ON, run
from shg_xai.interventions.capture_options import CaptureOptions
from shg_xai.options import parse

DESCRIPTION = """Test a network on a split of its data set and store what layers put out, for every person, with who the
person is and what was predicted. Works with any MMPose config; boxes are the annotated ones, nothing is augmented, the
order is the data set's.

  tools/list_layers.py configs/shg_coco.py
  tools/dump_latents.py configs/shg_coco.py work_dirs/shg_coco/best_pck_labelled_epoch_47.pth \\
      --layers backbone.hourglasses.0.bottleneck_residuals --split train --out latents/shg_coco
  python -m shg_xai.latents latents/shg_coco

Run the same command again after it was cut off, and it goes on. --only takes a condition on annotation_id, image_id,
num_labelled, num_visible, num_occluded, area, bbox_width, bbox_height and factors.<name> (made
people), e.g. --only 'num_labelled >= 10 and bbox_height > 100'."""


def main() -> None:
    options = parse(CaptureOptions, DESCRIPTION)
    # It imports torch and MMPose, which --help does without.
    from shg_xai.interventions.capture import capture

    capture(options)


if __name__ == '__main__':
    run(main, interrupted=GOES_ON)

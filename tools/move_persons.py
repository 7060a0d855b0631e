#!/usr/bin/env python
"""Move misclassified persons to the other cluster, and predict again: tools/move_persons.py CONFIG CHECKPOINT ..."""

from shg_xai.chapters.cluster_shift.findings import sentences
from shg_xai.chapters.cluster_shift.options import ClusterShiftOptions
from shg_xai.chapters.cluster_shift.results import ClusterShift
from shg_xai.cli import run
from shg_xai.runner.measurement import measure_to_file

DESCRIPTION = """Latents fall into clusters, and a concept of the annotations goes with them more or less. Each cluster
gets the side of the concept (0 or 1 of a flag, up to the median or above it of a number) that most of its persons are
on; who is on the other side is misclassified. Is PCK of these persons worse than that of others who are as much cut
off and labelled, and what would PCK gain if each latent were moved by the difference of the clusters' means before it
is decoded (steering), beside random moves as long? As many others are moved, too. Of persons the network was trained on
nothing is concluded: take test persons.

  tools/dump_latents.py configs/shg_coco.py CHECKPOINT --split test \\
      --layers backbone.hourglasses.0.bottleneck_residuals --out latents/shg_coco_test
  tools/analyze_latent.py latents/shg_coco_test --out reports/shg_coco_test
  tools/move_persons.py configs/shg_coco.py CHECKPOINT --store latents/shg_coco_test \\
      --analysis reports/shg_coco_test --concept auto --out work_dirs/shg_coco/moved.json

Every person keeps their own skips. The flip test of a config is off."""


def main() -> None:
    def said(found: ClusterShift) -> str:
        return '\n'.join(sentences(found))

    measure_to_file(ClusterShiftOptions, DESCRIPTION, said)


if __name__ == '__main__':
    run(main)

#!/usr/bin/env python
"""Bottlenecks of one width side by side: tools/compare_bottlenecks.py CONFIG CHECKPOINT --store STORE ..."""

from shg_xai.chapters.bottlenecks.findings import sentences, table_of
from shg_xai.chapters.bottlenecks.options import BottlenecksOptions
from shg_xai.chapters.bottlenecks.results import Bottlenecks
from shg_xai.cli import run
from shg_xai.drawing.text import markdown_table
from shg_xai.runner.measurement import measure_to_file

DESCRIPTION = """Train bottlenecks of one width on stored latents (linear, plain, a sparse dictionary, variational),
each several times, and set them beside as many principal components: what they explain, what PCK is left with them in
the network, and whether their single units can be read. Takes minutes on two cores.

  tools/dump_latents.py configs/shg_coco.py CHECKPOINT --split train \\
      --layers backbone.hourglasses.0.bottleneck_residuals --out latents/shg_coco
  tools/dump_latents.py configs/shg_coco.py none --split train \\
      --layers backbone.hourglasses.0.bottleneck_residuals --out latents/untrained
  tools/compare_bottlenecks.py configs/shg_coco.py CHECKPOINT --store latents/shg_coco \\
      --untrained latents/untrained --out work_dirs/shg_coco/bottlenecks.json

A dictionary of more units than the latent has values: --kinds topk --width 2048 --active 32."""


def main() -> None:
    measure_to_file(BottlenecksOptions, DESCRIPTION, markdown)


def markdown(answer: Bottlenecks) -> str:
    """A row for each kind, then what was found."""
    table = table_of(answer)
    return '\n\n'.join([markdown_table(table.head, table.rows), *sentences(answer)])


if __name__ == '__main__':
    run(main)

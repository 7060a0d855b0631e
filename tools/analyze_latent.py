#!/usr/bin/env python
"""What is in the latents of a network: tools/analyze_latent.py STORE [STORE ...] --out DIR"""

from shg_xai.cli import command_line, run
from shg_xai.explain.options import AnalyzeOptions
from shg_xai.options import parse

DESCRIPTION = """Explain the latents of one store, or compare those of several, with numbers: how many dimensions carry
them, who is met along the principal components, which groups there are, and which concepts of the annotations go with
what. Every person counts, nothing is subsampled.

  tools/dump_latents.py configs/shg_coco.py CHECKPOINT --split train \\
      --layers backbone.hourglasses.0.bottleneck_residuals --out latents/shg_coco
  tools/analyze_latent.py latents/shg_coco --out reports/shg_coco
  tools/analyze_latent.py latents/shg_coco latents/shg_ae_coco --rows labelled --out reports/both
  tools/analyze_latent.py latents/seed_0 --trainings latents/seed_1 latents/seed_2 --out reports/seeds

DIR gets report.html (open it in a browser; it needs nothing else), results.json (every number), figures/ (PNG and SVG),
persons/ (Parquet: scores, clusters, concepts of all persons) and atlas/ (Parquet with pictures, for
embedding-atlas). `python -m shg_xai.report DIR` draws the report again from results.json. 150,000 persons of 4,096
values take about nine minutes on two cores and 1.2 GB of memory, and 2.5 GB of disk beside DIR while it runs."""


def main() -> None:
    options = parse(AnalyzeOptions, DESCRIPTION)
    # Everything below takes its time to import, which --help does without.
    from shg_xai.explain.stores import explain

    explain(options, command_line())
    report, numbers = options.out / 'report.html', options.out / 'results.json'
    print(f'report: {report}' if options.report else f'numbers: {numbers}')


if __name__ == '__main__':
    run(main)

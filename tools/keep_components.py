#!/usr/bin/env python
"""PCK against kept components: tools/keep_components.py CONFIG CHECKPOINT --store STORE ..."""

import argparse
from typing import Any

from shg_xai.cli import run
from shg_xai.drawing.text import in_percent, markdown_table, with_interval
from shg_xai.runner.measurement import (
    add_measurement_options,
    add_network_arguments,
    add_store_options,
    run_measurement,
)
from shg_xai.runner.options import parse

DESCRIPTION = """Test a network whose latent is projected on its first k principal components, for
a ladder of k, and suggest a width: the smallest k from which on labelled PCK drops by no more than
--tolerance. The components are those of stored latents of the same network; take training persons.

  tools/dump_latents.py configs/shg_coco.py CHECKPOINT --split train \\
      --layers backbone.hourglasses.0.bottleneck_residuals --out latents/shg_coco
  tools/keep_components.py configs/shg_coco.py CHECKPOINT --store latents/shg_coco \\
      --out work_dirs/shg_coco/kept.json

k = 0 decodes the mean latent, all components are the network itself. What comes before the layer
is computed once for all k."""


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_network_arguments(parser)
    add_store_options(parser, 'project')
    parser.add_argument(
        '--split', choices=('train', 'val', 'test'), default='val', help='whose PCK; default: %(default)s'
    )
    parser.add_argument(
        '--k',
        nargs='+',
        type=int,
        metavar='K',
        help='numbers of components; all of them are always measured too; default: 0, powers of two, 50, all',
    )
    parser.add_argument(
        '--tolerance',
        type=float,
        default=0.005,
        metavar='P',
        help='drop of labelled PCK (0 to 1) that counts as none; default: %(default)s',
    )
    parser.add_argument('--limit', type=int, metavar='N', help='the first N persons')
    add_measurement_options(parser)
    return parse(parser)


def main() -> None:
    args = parse_args()
    # Everything below imports torch and MMPose, which --help does without.
    from shg_xai.chapters.component_projection.measure import KeptOptions, keep_components

    options = KeptOptions(
        args.store,
        args.layer,
        args.split,
        None if args.k is None else tuple(args.k),
        args.tolerance,
        args.limit,
        args.bootstrap,
        args.confidence,
        args.seed,
    )
    found = run_measurement(args, 'keep_components', lambda cfg: keep_components(cfg, args.checkpoint, options))
    print(markdown(found))


def markdown(found: dict[str, Any]) -> str:
    """The curve as a table, PCK in percent, and the suggestion as a sentence."""
    groups = list(found['untouched'])
    rows = [('untouched', '', *(in_percent(found['untouched'][group]) for group in groups), '')]
    rows += [
        (
            str(entry['k']),
            f'{100 * entry["explained_variance_ratio"]:.1f} %',
            *(in_percent(entry['pck'][group]) for group in groups),
            with_interval(entry['drop']['labelled'], 100),
        )
        for entry in found['curve']
    ]
    table = markdown_table(('k', 'variance', *(f'PCK {group}' for group in groups), 'drop of labelled'), rows, texts=0)
    suggested = found['suggestion']
    return (
        f'{table}\n\nSuggested width: {suggested["k"]} of {found["dimensions"]} components, '
        f'from which on labelled PCK drops by at most {100 * suggested["tolerance"]:g} '
        f'points; at this k by {with_interval(suggested["drop"], 100)} '
        f'({found["persons"]} persons of {found["split"]}).'
    )


if __name__ == '__main__':
    run(main)

#!/usr/bin/env python
"""What is in the latents of a network: tools/analyze_latent.py STORE [STORE ...] --out DIR"""

import argparse
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from shg_xai.cli import run

if TYPE_CHECKING:
    from shg_xai.latents.selection import Selection

DESCRIPTION = """Explain the latents of one store, or compare those of several, with numbers: how
many dimensions carry them, who is met along the principal components, which groups there are, and
which concepts of the annotations go with what. Every person counts, nothing is subsampled.

  tools/dump_latents.py configs/shg_coco.py CHECKPOINT --split train \\
      --layers backbone.hourglasses.0.bottleneck_residuals --out latents/shg_coco
  tools/analyze_latent.py latents/shg_coco --out reports/shg_coco
  tools/analyze_latent.py latents/shg_coco latents/shg_ae_coco --rows labelled --out reports/both

DIR gets report.html (open it in a browser; it needs nothing else), results.json (every number),
figures/ (PNG and SVG), persons/ (Parquet: scores, clusters, concepts of all persons) and atlas/
(Parquet with pictures, for embedding-atlas). `python -m shg_xai.report DIR` draws the report again
from results.json. 150,000 persons of 4,096 values take about ten minutes on two cores and 1 GB of
memory, and 2.5 GB of disk beside DIR while it runs."""


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        'stores',
        nargs='+',
        type=Path,
        metavar='STORE',
        help='latent stores; several are compared on the persons all of them have',
    )
    parser.add_argument(
        '--out',
        required=True,
        type=Path,
        metavar='DIR',
        help='a new folder, or one of an earlier analysis, which is replaced',
    )
    parser.add_argument(
        '--layers',
        nargs='+',
        metavar='NAME',
        help='one layer for all stores or one for each; needed where a store has '
        'several; name a store twice to compare two of its layers',
    )
    parser.add_argument(
        '--rows',
        default='all',
        metavar='all|labelled|EXPR',
        help='which persons: all, labelled (all joints are), or a condition as in '
        "'num_labelled >= 10 and pck > 0.5'; default: %(default)s",
    )
    parser.add_argument(
        '--k',
        nargs='+',
        type=int,
        default=list(range(2, 11)),
        metavar='K',
        help='numbers of clusters; default: 2 to 10',
    )
    parser.add_argument(
        '--restarts', type=int, default=10, metavar='N', help='of K-Means for each K; default: %(default)s'
    )
    parser.add_argument(
        '--bootstrap',
        type=int,
        default=1000,
        metavar='N',
        help='resamples of images behind each interval; default: %(default)s',
    )
    parser.add_argument(
        '--confidence', type=float, default=0.95, metavar='P', help='of the intervals; default: %(default)s'
    )
    parser.add_argument(
        '--tolerance',
        type=float,
        default=1e-3,
        metavar='E',
        help='by how much a mean silhouette may be wrong at most; 0 keeps all '
        'dimensions, larger is faster; default: %(default)s',
    )
    parser.add_argument('--seed', type=int, default=0, help='default: %(default)s')
    parser.add_argument(
        '--map',
        type=int,
        default=2000,
        metavar='N',
        help='persons in the interactive map and the atlas; default: %(default)s',
    )
    parser.add_argument(
        '--images', type=Path, metavar='DIR', help='folder of the photos; default: where the dump found them'
    )
    parser.add_argument(
        '--no-report',
        dest='report',
        action='store_false',
        help='numbers only; python -m shg_xai.report DIR draws them later',
    )
    parser.add_argument('--threads', type=int, metavar='N', help='default: all cores')
    parser.add_argument(
        '--dask',
        metavar='ADDRESS',
        help='compute on the workers of a Dask cluster instead, which must see '
        'the store and DIR under the same paths, e.g. tcp://10.0.0.1:8786',
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    # Everything below takes its time to import, which --help does without.
    from shg_xai.explain.options import Options
    from shg_xai.explain.stores import check_output, explain, replace_folder
    from shg_xai.report.page import write_report
    from shg_xai.stats.executors import executor

    options = Options(
        seed=args.seed,
        rows=args.rows,
        ks=tuple(sorted(set(args.k))),
        restarts=args.restarts,
        bootstrap=args.bootstrap,
        confidence=args.confidence,
        tolerance=args.tolerance,
        map=args.map,
    )
    selections = chosen(args)
    check_output(args.out)
    command = shlex.join(['tools/analyze_latent.py', *sys.argv[1:]])
    with replace_folder(args.out) as part:
        with executor(args.threads, args.dask) as pool:
            explain(selections, options, part, pool, command, args.images)
        if args.report:
            write_report(part)
    print(f'report: {args.out / "report.html"}' if args.report else f'numbers: {args.out / "results.json"}')


def chosen(args: argparse.Namespace) -> 'list[Selection]':
    """The persons of each store, refused where one cannot be analysed."""
    from shg_xai.errors import InputError
    from shg_xai.latents import LatentStore
    from shg_xai.latents.selection import select

    layers = args.layers or [None]
    if len(layers) == 1:
        layers = layers * len(args.stores)
    if len(layers) != len(args.stores):
        raise InputError(
            f'--layers: {len(layers)} layers for {len(args.stores)} stores; give one for all or one for each'
        )
    return [select(LatentStore.open(store), layer, args.rows) for store, layer in zip(args.stores, layers, strict=True)]


if __name__ == '__main__':
    run(main)

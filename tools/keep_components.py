#!/usr/bin/env python
"""PCK against kept components: tools/keep_components.py CONFIG CHECKPOINT --store STORE ..."""

import argparse
import json
import shlex
import sys
from pathlib import Path
from typing import Any

from shg_xai.cli import run
from shg_xai.engine.options import add_common_options, parse

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
    parser = argparse.ArgumentParser(
        description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help="config file, ours or MMPose's (mmpose::...)")
    parser.add_argument('checkpoint', help='checkpoint file, the one the store was made by')
    parser.add_argument('--store', required=True, type=Path, metavar='STORE',
                        help='its latents, see tools/dump_latents.py')
    parser.add_argument('--layer', metavar='NAME',
                        help='the layer to project; needed where the store has several')
    parser.add_argument('--out', required=True, type=Path, metavar='FILE.json',
                        help='results, with everything they depend on')
    parser.add_argument('--split', choices=('train', 'val', 'test'), default='val',
                        help='whose PCK; default: %(default)s')
    parser.add_argument('--k', nargs='+', type=int, metavar='K',
                        help='numbers of components; all of them are always measured too; '
                             'default: 0, powers of two, 50, all')
    parser.add_argument('--tolerance', type=float, default=0.005, metavar='P',
                        help='drop of labelled PCK (0 to 1) that counts as none; '
                             'default: %(default)s')
    parser.add_argument('--limit', type=int, metavar='N', help='the first N persons')
    parser.add_argument('--bootstrap', type=int, default=1000, metavar='N',
                        help='resamples of images behind each interval; default: %(default)s')
    parser.add_argument('--confidence', type=float, default=0.95, metavar='P',
                        help='of the intervals; default: %(default)s')
    parser.add_argument('--seed', type=int, default=0, help='default: %(default)s')
    add_common_options(parser)
    return parse(parser)


def main() -> None:
    args = parse_args()
    # Everything below imports torch and MMPose, which --help does without.
    from shg_xai.engine.config import merge_common, merge_testing, read_config
    from shg_xai.engine.kept import KeptOptions, keep_components
    from shg_xai.engine.layers import config_path
    from shg_xai.engine.run import config_errors
    from shg_xai.errors import InputError
    from shg_xai.report.writing import aside

    if args.launcher != 'none':
        raise InputError(f'--launcher {args.launcher}: runs in one process; leave it out')
    if args.out.is_dir():
        raise InputError(f'--out {args.out}: is a folder; name a file')
    options = KeptOptions(args.store, args.layer, args.split,
                          None if args.k is None else tuple(args.k), args.tolerance, args.limit,
                          args.bootstrap, args.confidence, args.seed)
    cfg = read_config(config_path(args.config))
    merge_testing(cfg, args)
    merge_common(cfg, args)
    with config_errors(args.config):
        found = keep_components(cfg, args.checkpoint, options)
    command = shlex.join(['tools/keep_components.py', *sys.argv[1:]])
    head = dict(schema_version=found.pop('schema_version'), kind=found.pop('kind'))
    with aside(args.out) as part:
        part.write_text(json.dumps(dict(**head, command=command, **found), indent=1,
                                   allow_nan=False) + '\n')
    for warning in found['warnings']:
        print(f'warning: {warning}', file=sys.stderr)
    print(markdown(found))


def markdown(found: dict[str, Any]) -> str:
    """The curve as a table, PCK in percent, and the suggestion as a sentence."""
    groups = list(found['untouched'])
    rows = [('untouched', '', *(_percent(found['untouched'][group]) for group in groups), '')]
    rows += [(str(entry['k']), f'{100 * entry["explained_variance_ratio"]:.1f} %',
              *(_percent(entry['pck'][group]) for group in groups),
              _interval(entry['drop']['labelled'])) for entry in found['curve']]
    head = ('k', 'variance', *(f'PCK {group}' for group in groups), 'drop of labelled')
    lines = [head, ('---:', ) * len(head), *rows]
    table = '\n'.join(f'| {" | ".join(cells)} |' for cells in lines)
    suggested = found['suggestion']
    return (f'{table}\n\nSuggested width: {suggested["k"]} of {found["dimensions"]} components, '
            f'from which on labelled PCK drops by at most {100 * suggested["tolerance"]:g} '
            f'points; at this k by {_interval(suggested["drop"])} '
            f'({found["persons"]} persons of {found["split"]}).')


def _percent(estimate: dict[str, float | None]) -> str:
    return '' if estimate['value'] is None else f'{100 * estimate["value"]:.2f} %'


def _interval(estimate: dict[str, float | None]) -> str:
    """``0.31 [0.20, 0.42]``, in points of percent; the interval only where there is one."""
    if estimate['low'] is None:
        return f'{100 * estimate["value"]:.2f}'
    value, low, high = (100 * estimate[key] for key in ('value', 'low', 'high'))
    return f'{value:.2f} [{low:.2f}, {high:.2f}]'


if __name__ == '__main__':
    run(main)

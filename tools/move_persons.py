#!/usr/bin/env python
"""What of the misclassified persons: tools/move_persons.py CONFIG CHECKPOINT --store STORE ..."""

import argparse
import json
import shlex
import sys
from pathlib import Path
from typing import Any

from shg_xai.cli import run
from shg_xai.engine.options import add_common_options, parse

DESCRIPTION = """Latents fall into clusters, and a concept of the annotations goes with them more or
less. Each cluster gets the side of the concept (0 or 1 of a flag, up to the median or above it of a
number) that most of its persons are on; who is on the other side is misclassified. Is PCK of these
persons worse, and what would PCK gain if each latent were moved by the difference of the clusters'
means before it is decoded? As many of the others are moved for comparison.

  tools/dump_latents.py configs/shg_coco.py CHECKPOINT --split train \\
      --layers backbone.hourglasses.0.bottleneck_residuals --out latents/shg_coco
  tools/analyze_latent.py latents/shg_coco --out reports/shg_coco
  tools/move_persons.py configs/shg_coco.py CHECKPOINT --store latents/shg_coco \\
      --analysis reports/shg_coco --concept auto --out work_dirs/shg_coco/moved.json

Every person keeps their own skips. The flip test of a config is off."""


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help="config file, ours or MMPose's (mmpose::...)")
    parser.add_argument('checkpoint', help='checkpoint file, the one the store was made by')
    parser.add_argument('--store', required=True, type=Path, metavar='STORE',
                        help='its latents with predictions, see tools/dump_latents.py')
    parser.add_argument('--layer', metavar='NAME',
                        help='the layer to move in; needed where the store has several')
    parser.add_argument('--analysis', type=Path, metavar='DIR',
                        help='read clusters and concepts from this folder of '
                             'tools/analyze_latent.py; default: find them anew in the store')
    parser.add_argument('--name', help='which analysis of DIR; default: the one of this network')
    parser.add_argument('--k-clusters', type=int, default=2, metavar='K',
                        help='number of clusters; default: %(default)s')
    parser.add_argument('--concept', default='auto', metavar='NAME|auto',
                        help='the concept to judge clusters by; auto: the one that goes best with '
                             "them (Cramer's V); default: %(default)s")
    parser.add_argument('--out', required=True, type=Path, metavar='FILE.json',
                        help='results, with everything they depend on')
    parser.add_argument('--split', choices=('train', 'val', 'test'),
                        help="whose data set has the store's persons; default: the store's own")
    parser.add_argument('--limit', type=int, default=500, metavar='N',
                        help='move at most N misclassified persons, the first of the store; '
                             'default: %(default)s')
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
    from shg_xai.engine.layers import config_path
    from shg_xai.engine.moved import move_persons
    from shg_xai.engine.moved_options import MoveOptions
    from shg_xai.engine.run import config_errors
    from shg_xai.errors import InputError
    from shg_xai.report.writing import aside

    if args.launcher != 'none':
        raise InputError(f'--launcher {args.launcher}: runs in one process; leave it out')
    if args.out.is_dir():
        raise InputError(f'--out {args.out}: is a folder; name a file')
    options = MoveOptions(args.store, args.concept, args.k_clusters, args.layer, args.analysis,
                          args.name, args.split, args.limit, args.bootstrap, args.confidence,
                          args.seed)
    cfg = read_config(config_path(args.config))
    merge_testing(cfg, args)
    merge_common(cfg, args)
    with config_errors(args.config):
        found = move_persons(cfg, args.checkpoint, options)
    command = shlex.join(['tools/move_persons.py', *sys.argv[1:]])
    head = dict(schema_version=found.pop('schema_version'), kind=found.pop('kind'))
    with aside(args.out) as part:
        part.write_text(json.dumps(dict(**head, command=command, **found), indent=1,
                                   allow_nan=False) + '\n')
    for warning in found['warnings']:
        print(f'warning: {warning}', file=sys.stderr)
    print('\n'.join(sentences(found)))


def sentences(found: dict[str, Any]) -> list[str]:
    """The results in words, PCK in percent and differences in points of it."""
    split, counts, pck = found['concept_split'], found['counts'], found['pck']
    cut = 'a flag' if split['kind'] == 'flag' else f'cut at {split["at"]:.3g}'
    said = [f'{found["clusters"]} clusters against {found["concept"]} ({cut}; Cramer\'s V '
            f'{split["association"]:.2f}): {counts["agree"]:,} persons agree with their cluster, '
            f'{counts["disagree"]:,} are misclassified, of {counts["unknown"]:,} the concept is '
            'not known.']
    if not counts['disagree']:
        return [*said, 'Nobody is misclassified, so there is nobody to compare or to move.']
    if pck['difference']['value'] is None:
        said.append('How their PCK differs is not known: a group has no PCK in the store.')
    else:
        said.append(f'Their mean PCK is {_percent(pck["disagree"])}, that of the others '
                    f'{_percent(pck["agree"])}: a difference of {_points(pck["difference"])} '
                    f'points, {_verdict(pck["difference"], "higher", "lower")}.')
    for key, who in (('disagree', 'misclassified persons'), ('agree', 'of the others')):
        moved = found['moved'][key]
        if moved is None:
            said.append(f'None {who} were moved.')
        elif moved['gain']['value'] is None:
            said.append(f'What moving {moved["persons"]} {who} does is not known: none has a '
                        'labelled joint.')
        else:
            said.append(f'Moved to the other cluster, {moved["persons"]} {who} go from '
                        f'{_percent(moved["before"])} to {_percent(moved["after"])} of PCK: a '
                        f'gain of {_points(moved["gain"])} points, '
                        f'{_verdict(moved["gain"], "better", "worse")}.')
    return said


def _verdict(estimate: dict[str, float | None], above: str, below: str) -> str:
    """What an interval says about the sign."""
    if estimate['low'] is None:
        return 'with no interval'
    if estimate['low'] > 0:
        return f'so {above}'
    return f'so {below}' if estimate['high'] < 0 else 'so it may be none'


def _percent(estimate: dict[str, float | None]) -> str:
    return 'not known' if estimate['value'] is None else f'{100 * estimate["value"]:.2f} %'


def _points(estimate: dict[str, float | None]) -> str:
    """``0.31 [0.20, 0.42]``, in points of percent; the interval only where there is one."""
    if estimate['low'] is None:
        return f'{100 * estimate["value"]:.2f}'
    value, low, high = (100 * estimate[key] for key in ('value', 'low', 'high'))
    return f'{value:.2f} [{low:.2f}, {high:.2f}]'


if __name__ == '__main__':
    run(main)

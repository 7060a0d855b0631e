#!/usr/bin/env python
"""What of the misclassified persons: tools/move_persons.py CONFIG CHECKPOINT --store STORE ..."""

import argparse
from pathlib import Path
from typing import Any

from shg_xai.cli import run
from shg_xai.drawing.text import UNKNOWN, in_percent, with_interval
from shg_xai.runner.measurement import (
    add_measurement_options,
    add_network_arguments,
    add_store_options,
    run_measurement,
)
from shg_xai.runner.options import parse

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
    parser = argparse.ArgumentParser(description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_network_arguments(parser)
    add_store_options(parser, 'move in')
    parser.add_argument(
        '--analysis',
        type=Path,
        metavar='DIR',
        help='read clusters and concepts from this folder of '
        'tools/analyze_latent.py; default: find them anew in the store',
    )
    parser.add_argument('--name', help='which analysis of DIR; default: the one of this network')
    parser.add_argument(
        '--k-clusters', type=int, default=2, metavar='K', help='number of clusters; default: %(default)s'
    )
    parser.add_argument(
        '--concept',
        default='auto',
        metavar='NAME|auto',
        help='the concept to judge clusters by; auto: the one that goes best with '
        "them (Cramer's V); default: %(default)s",
    )
    parser.add_argument(
        '--split',
        choices=('train', 'val', 'test'),
        help="whose data set has the store's persons; default: the store's own",
    )
    parser.add_argument(
        '--limit',
        type=int,
        default=500,
        metavar='N',
        help='move at most N misclassified persons, the first of the store; default: %(default)s',
    )
    add_measurement_options(parser)
    return parse(parser)


def main() -> None:
    args = parse_args()
    # Everything below imports torch and MMPose, which --help does without.
    from shg_xai.chapters.cluster_shift.measure import move_persons
    from shg_xai.chapters.cluster_shift.options import MoveOptions

    options = MoveOptions(
        args.store,
        args.concept,
        args.k_clusters,
        args.layer,
        args.analysis,
        args.name,
        args.split,
        args.limit,
        args.bootstrap,
        args.confidence,
        args.seed,
    )
    found = run_measurement(args, 'move_persons', lambda cfg: move_persons(cfg, args.checkpoint, options))
    print('\n'.join(sentences(found)))


def sentences(found: dict[str, Any]) -> list[str]:
    """The results in words, PCK in percent and differences in points of it."""
    split, counts, pck = found['concept_split'], found['counts'], found['pck']
    cut = 'a flag' if split['kind'] == 'flag' else f'cut at {split["at"]:.3g}'
    said = [
        f"{found['clusters']} clusters against {found['concept']} ({cut}; Cramer's V "
        f'{split["association"]:.2f}): {counts["agree"]:,} persons agree with their cluster, '
        f'{counts["disagree"]:,} are misclassified, of {counts["unknown"]:,} the concept is '
        'not known.'
    ]
    if not counts['disagree']:
        return [*said, 'Nobody is misclassified, so there is nobody to compare or to move.']
    if pck['difference']['value'] is None:
        said.append('How their PCK differs is not known: a group has no PCK in the store.')
    else:
        said.append(
            f'Their mean PCK is {in_percent(pck["disagree"], UNKNOWN)}, that of the '
            f'others {in_percent(pck["agree"], UNKNOWN)}: a difference of '
            f'{with_interval(pck["difference"], 100)} points, '
            f'{_verdict(pck["difference"], "higher", "lower")}.'
        )
    for key, who in (('disagree', 'misclassified persons'), ('agree', 'of the others')):
        moved = found['moved'][key]
        if moved is None:
            said.append(f'None {who} were moved.')
        elif moved['gain']['value'] is None:
            said.append(f'What moving {moved["persons"]} {who} does is not known: none has a labelled joint.')
        else:
            said.append(
                f'Moved to the other cluster, {moved["persons"]} {who} go from '
                f'{in_percent(moved["before"], UNKNOWN)} to '
                f'{in_percent(moved["after"], UNKNOWN)} of PCK: a gain of '
                f'{with_interval(moved["gain"], 100)} points, '
                f'{_verdict(moved["gain"], "better", "worse")}.'
            )
    return said


def _verdict(estimate: dict[str, float | None], above: str, below: str) -> str:
    """What an interval says about the sign."""
    if estimate['low'] is None:
        return 'with no interval'
    if estimate['low'] > 0:
        return f'so {above}'
    return f'so {below}' if estimate['high'] < 0 else 'so it may be none'


if __name__ == '__main__':
    run(main)

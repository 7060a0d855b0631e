#!/usr/bin/env python
"""Decoded walks through the latent: tools/walk_latent.py CONFIG CHECKPOINT --store STORE ..."""

import argparse
from typing import Any

from shg_xai.cli import run
from shg_xai.drawing.text import markdown_table, with_interval
from shg_xai.runner.measurement import (
    add_measurement_options,
    add_network_arguments,
    add_store_options,
    run_measurement,
)
from shg_xai.runner.options import parse

DESCRIPTION = """Walk through the latent along principal components and concepts, have the rest of
the network decode every point, and measure how the pose changes, beside random directions of the
same length. Directions come from stored latents of the same network; take training persons.

  tools/dump_latents.py configs/shg_coco.py CHECKPOINT --split train \\
      --layers backbone.hourglasses.0.bottleneck_residuals --out latents/shg_coco
  tools/walk_latent.py configs/shg_coco.py CHECKPOINT --store latents/shg_coco \\
      --concepts facing_camera --out work_dirs/shg_coco/walk.json

A point is START + c * sigma * direction. Any top-down network of MMPose's will do; skips other than
a person's own need StackedHourglass. What comes before the layer is computed once for all points.
The flip test of a config is off."""


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_network_arguments(parser)
    add_store_options(parser, 'walk in')
    parser.add_argument(
        '--components',
        nargs='*',
        type=int,
        metavar='K',
        help='principal components, from 1; default: those of 1 2 3 10 30 50 that vary',
    )
    parser.add_argument(
        '--concepts',
        nargs='*',
        default=[],
        metavar='NAME',
        help="concepts of the store's persons, as tools/analyze_latent.py names "
        'them: from the mean latent of the lower third to that of the upper '
        'third (from 0 to 1 for a flag)',
    )
    parser.add_argument(
        '--random', type=int, default=20, metavar='R', help='random directions beside each; default: %(default)s'
    )
    parser.add_argument(
        '--steps',
        nargs='+',
        type=float,
        metavar='C',
        default=[-3, -2, -1, 0, 1, 2, 3],
        help='c, in standard deviations along the direction; 0 is always there; default: -3 to 3',
    )
    parser.add_argument(
        '--start',
        choices=('mean', 'person'),
        default='mean',
        help="the mean latent or the person's own; default: %(default)s",
    )
    parser.add_argument(
        '--skips',
        choices=('own', 'none', 'mean', 'donor'),
        default='own',
        help="the person's skips, zeros, the mean over the split (at most 1000 "
        "persons), or a random person's of another image; default: "
        '%(default)s',
    )
    parser.add_argument(
        '--persons',
        type=int,
        default=50,
        metavar='N',
        help='so many persons, spread evenly over the split; default: %(default)s',
    )
    parser.add_argument(
        '--split', choices=('train', 'val', 'test'), default='val', help='whose persons; default: %(default)s'
    )
    parser.add_argument(
        '--peak',
        type=float,
        metavar='P',
        help='from which peak of its heatmap on a joint counts as labelled; '
        'default: half of the median peak of the untouched network',
    )
    add_measurement_options(parser)
    return parse(parser)


def main() -> None:
    args = parse_args()
    # Everything below imports torch and MMPose, which --help does without.
    from shg_xai.chapters.decoded_walk.measure import WalkOptions, walk_latent

    options = WalkOptions(
        args.store,
        args.layer,
        None if args.components is None else tuple(args.components),
        tuple(args.concepts),
        args.random,
        tuple(args.steps),
        args.skips,
        args.persons,
        args.split,
        args.start,
        args.peak,
        args.bootstrap,
        args.confidence,
        args.seed,
    )
    found = run_measurement(args, 'walk_latent', lambda cfg: walk_latent(cfg, args.checkpoint, options))
    print(markdown(found))


def markdown(found: dict[str, Any]) -> str:
    """A row for each component and concept; shifts in percent of the crop's side per sigma."""
    head = ('direction', 'variance', 'shift per sigma', "random's 97.5 %", 'moved most', 'monotonic from c = -2 to 2')
    rows = []
    compared = [entry for entry in found['directions'] if entry['kind'] != 'random']
    for entry in compared:
        shift, random = entry['shift_per_sigma'], entry['random_mean_shift_97_5']
        monotonic = [
            _change(entry, name, found['settings']['random'])
            for name, is_monotonic in entry['monotonic'].items()
            if is_monotonic
        ]
        rows.append(
            (
                entry['name'],
                f'{100 * entry["variance_share"]:.1f} %',
                f'{with_interval(shift, 100)} %',
                f'{100 * random:.2f} %',
                ', '.join(entry['most_moved']),
                '; '.join(monotonic),
            )
        )
    table = markdown_table(head, rows, texts=len(head))
    said = '\n'.join(
        [
            *(f'{entry["name"]}: {entry["verdict"]}.' for entry in compared if entry['verdict']),
            *(
                _own_concept(entry, found['settings']['random'])
                for entry in compared
                if entry['name'] in entry['monotonic']
            ),
        ]
    )
    return (
        f'{table}\n\n{said}\n\n{found["persons"]} persons of {found["split"]}; start: '
        f'{found["start"]}; skips: {found["skips"]}.'
    )


def _own_concept(entry: dict[str, Any], count: int) -> str:
    """Whether walking along a concept changes it in the decoded pose."""
    hows = {True: 'monotonically', False: 'not monotonically', None: 'nobody can say how'}
    sizes = {
        True: 'more than along random directions',
        False: 'no more than along random directions',
        None: 'compared with nothing',
    }
    name = entry['name']
    how = hows[entry['monotonic'][name]]
    size = sizes[entry['concept_more_than_random'][name]]
    return f'{name}: the decoded pose changes from c = -2 to 2, {how} and {size}: {_change(entry, name, count)}.'


def _change(entry: dict[str, Any], name: str, count: int) -> str:
    """A concept's change along a direction, and what random directions change it by."""
    random = entry['random_concept_change_97_5'][name]
    beside = '' if random is None else f'random up to {random:.2f}, '
    return (
        f'{name} {with_interval(entry["concept_change"][name])} '
        f'({beside}{entry["random_monotonic"][name]} of {count} monotonic)'
    )


if __name__ == '__main__':
    run(main)

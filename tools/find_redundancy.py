#!/usr/bin/env python
"""Where channels are redundant: tools/find_redundancy.py CONFIG CHECKPOINT --out FILE.json"""

import argparse
from typing import Any

from shg_xai.cli import run
from shg_xai.drawing.text import markdown_table, with_interval
from shg_xai.runner.measurement import add_measurement_options, add_network_arguments, run_measurement
from shg_xai.runner.options import parse

DESCRIPTION = """For every stage of a network, how many channels it needs. Each position of each
person is one sample of as many values as there are channels; their principal components are those
of --fit-persons persons. Then PCK of the persons of --split is measured with this stage's output
projected, position by position, on its first k components, for a ladder of k. Suggested is the
smallest k from which on labelled PCK drops by no more than --tolerance.

  tools/find_redundancy.py configs/shg_coco.py CHECKPOINT --out work_dirs/shg_coco/redundancy.json

The stages of a StackedHourglass are encoder, skips, bottleneck and decoder of each stack, and the
residual after it. Of any other network name layers (tools/list_layers.py lists them). k = 0 puts
the mean of each channel everywhere, all components are the network itself. What comes before a
layer is computed once for all k. No store of latents is needed. One stage is projected at a time:
what several allow together is not known from what each allows alone."""


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_network_arguments(parser)
    parser.add_argument(
        '--layers',
        nargs='+',
        metavar='NAME',
        help='layers whose output is a feature map; default: all stages of a StackedHourglass',
    )
    parser.add_argument(
        '--split', choices=('train', 'val', 'test'), default='val', help='whose PCK; default: %(default)s'
    )
    parser.add_argument(
        '--fit-split',
        choices=('train', 'val', 'test'),
        default='train',
        help='whose outputs the components are of; default: %(default)s',
    )
    parser.add_argument(
        '--fit-persons',
        type=int,
        default=500,
        metavar='N',
        help='so many of them, drawn with the seed; default: %(default)s',
    )
    parser.add_argument(
        '--k',
        nargs='+',
        type=int,
        metavar='K',
        help='numbers of components; all of them are always measured too; default: 0, powers of two, all',
    )
    parser.add_argument(
        '--tolerance',
        type=float,
        default=0.005,
        metavar='P',
        help='drop of labelled PCK (0 to 1) that counts as none; default: %(default)s',
    )
    parser.add_argument('--limit', type=int, metavar='N', help='PCK of the first N persons')
    add_measurement_options(parser)
    return parse(parser)


def main() -> None:
    args = parse_args()
    # Everything below imports torch and MMPose, which --help does without.
    from shg_xai.chapters.channel_redundancy.measure import find_redundancy
    from shg_xai.chapters.channel_redundancy.options import RedundancyOptions

    options = RedundancyOptions(
        None if args.layers is None else tuple(args.layers),
        args.split,
        args.fit_split,
        args.fit_persons,
        None if args.k is None else tuple(args.k),
        args.tolerance,
        args.limit,
        args.bootstrap,
        args.confidence,
        args.seed,
    )
    found = run_measurement(args, 'find_redundancy', lambda cfg: find_redundancy(cfg, args.checkpoint, options))
    print(markdown(found))


def markdown(found: dict[str, Any]) -> str:
    """A row a layer, drops in points of percent, and the most redundant stage as a sentence."""
    from shg_xai.chapters.channel_redundancy.channels import most_redundant

    head = ('layer', 'channels', 'components for 95 %', 'suggested k', 'drop of labelled')
    rows = [
        (
            layer['name'],
            str(layer['channels']),
            _or_none(layer['components_95']),
            str(layer['suggestion']['k']),
            with_interval(layer['suggestion']['drop'], 100),
        )
        for layer in found['layers']
    ]
    table = markdown_table(head, rows)
    names = most_redundant(found['layers'])
    by_name = {layer['name']: layer for layer in found['layers']}
    layer = by_name[names[0]]
    k, channels = layer['suggestion']['k'], layer['channels']
    cost = (
        f'{100 * layer["suggestion"]["tolerance"]:g} points of labelled PCK '
        f'({found["persons"]} persons of {found["split"]}, one stage at a time).'
    )
    if k == channels:
        said = f'No stage is redundant: none can lose a step of the ladder within {cost}'
    elif len(names) > 1:
        said = (
            f'Most redundant, alike: {", ".join(names)}; each needs {k} of {channels} channel '
            f'components to stay within {cost}'
        )
    else:
        said = f'Most redundant: {names[0]}, which needs {k} of {channels} channel components to stay within {cost}'
    return f'{table}\n\n{said}'


def _or_none(value: int | None) -> str:
    return 'none vary' if value is None else str(value)


if __name__ == '__main__':
    run(main)

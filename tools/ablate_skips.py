#!/usr/bin/env python
"""What skip connections carry: tools/ablate_skips.py CONFIG CHECKPOINT ..."""

import argparse
from pathlib import Path
from typing import Any

from shg_xai.cli import run
from shg_xai.drawing.text import in_percent, markdown_table
from shg_xai.runner.measurement import add_measurement_options, config_to_test, run_measurement
from shg_xai.runner.options import parse

DESCRIPTION = """Test a stacked hourglass whose skip connections are taken away: all of them, each
level, all but each level, in each stack and in all together. What a skip adds is replaced by
nothing (zero), by its mean over the persons tested, and by another person's (a donor's): zero takes
the network far from what it has seen, the mean and the donor tell what is information from what is
shock. Then the reverse: all skips kept, the latent replaced. Level 0 is the finest.

  tools/ablate_skips.py configs/shg_coco.py CHECKPOINT --against configs/shg_noskip_coco.py \\
      CHECKPOINT --out work_dirs/shg_coco/ablation.json

--against tests a network trained without skips on the same persons. --store adds latents projected
on their first k components; make it with tools/dump_latents.py --split train."""


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config file of a StackedHourglass with skips')
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument(
        '--split', choices=('train', 'val', 'test'), default='val', help='whose PCK; default: %(default)s'
    )
    parser.add_argument('--limit', type=int, metavar='N', help='the first N persons')
    parser.add_argument(
        '--against',
        nargs=2,
        metavar=('CONFIG', 'CHECKPOINT'),
        help='control, tested untouched on the same persons; --data-root, --cfg-options and the like are for both',
    )
    parser.add_argument(
        '--levels', nargs='+', type=int, metavar='L', help='levels to switch one by one; default: all there are'
    )
    parser.add_argument(
        '--replacements',
        nargs='+',
        choices=('zero', 'mean', 'donor'),
        default=['zero', 'mean', 'donor'],
        help='default: all three',
    )
    parser.add_argument(
        '--donor-seed', type=int, default=0, metavar='S', help='draws who gets whose skips; default: %(default)s'
    )
    parser.add_argument('--store', type=Path, metavar='STORE', help="the checkpoint's latents of training persons")
    parser.add_argument('--ks', nargs='+', type=int, metavar='K', help='numbers of components; default: 0 8 50')
    add_measurement_options(parser)
    return parse(parser)


def main() -> None:
    args = parse_args()
    # Everything below imports torch and MMPose, which --help does without.
    from shg_xai.chapters.skip_ablation.measure import ablate_skips
    from shg_xai.chapters.skip_ablation.options import AblationOptions

    options = AblationOptions(
        args.split,
        None if args.levels is None else tuple(args.levels),
        tuple(dict.fromkeys(args.replacements)),
        args.store,
        None if args.ks is None else tuple(args.ks),
        args.limit,
        args.donor_seed,
        args.bootstrap,
        args.confidence,
        args.seed,
    )
    against = None
    if args.against:
        against = (config_to_test(args, *args.against), args.against[1])
    found = run_measurement(args, 'ablate_skips', lambda cfg: ablate_skips(cfg, args.checkpoint, options, against))
    print(markdown(found))


def markdown(found: dict[str, Any]) -> str:
    """Conditions and replacements as a table, PCK of labelled joints in percent."""
    parts = list(found['untouched']['parts'])
    rows = [('untouched', '', *_numbers(found['untouched']))]
    rows += [
        (condition_name(entry, found['stacks']), entry['replacement'] or '', *_numbers(entry))
        for entry in found['conditions']
    ]
    if found['against']:
        rows.append((f'against {Path(found["against"]["config"]).stem}', '', *_numbers(found['against'])))
    head = ('condition', 'replacement', 'labelled', *parts)
    table = markdown_table(head, rows, texts=2)
    return f'{table}\n\nPCK of labelled joints, {found["persons"]} persons of {found["split"]}.'


def condition_name(entry: dict[str, Any], stacks: int) -> str:
    """A condition in words, as ``stack 1: only level 2 on``; a single stack is not named."""
    if entry['k'] is not None:
        what = f'latent on {entry["k"]} components'
    elif entry['latent']:
        what = 'latent replaced'
    else:
        what = {
            'all off': 'all skips off',
            'level off': f'level {entry["level"]} off',
            'level on alone': f'only level {entry["level"]} on',
        }[entry['skips']]
    where = 'all stacks' if entry['stack'] is None else f'stack {entry["stack"]}'
    return what if stacks == 1 else f'{where}: {what}'


def _numbers(entry: dict[str, Any]) -> list[str]:
    """``81.25 %`` of all labelled joints and of each part; empty where nobody has one."""
    own = [entry['pck']['labelled'], *(part['labelled'] for part in entry['parts'].values())]
    return [in_percent(one) for one in own]


if __name__ == '__main__':
    run(main)

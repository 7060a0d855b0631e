#!/usr/bin/env python
"""Make a data set of procedural people in COCO's format, with known factors for every person.

Each picture shows one person with 17 keypoints, drawn from a 3-D skeleton, and up to two smaller people at the back
without keypoints. Posture, activity, view and the other factors below are written into the annotation under "factors",
so that an explanation can be checked against them.

  OUT/annotations/person_keypoints_{train,val,test}2017.json
  OUT/{train,val,test}2017/000000000001.jpg, ...

The same seed gives the same bytes, with any number of workers. Restricting one factor leaves the draws of all others as
they were: two sets of one seed are matched pairs, person by person.
"""

import argparse
from pathlib import Path

from shg_xai.cli import run
from shg_xai.datasets.people.factors import describe, parse_restrictions
from shg_xai.datasets.people.sheet import write_contact_sheet
from shg_xai.datasets.people.write import SPLITS, PeopleConfig, write_people
from shg_xai.errors import InputError

EPILOG = f"""factors (name, range, unit, meaning):
{describe()}

examples:
  python tools/make_people.py data/people
  python tools/make_people.py data/people --contact-sheet sheet.png   # of the set made before

a controlled set, in which people differ by sitting or standing and by little else:
  python tools/make_people.py data/control --train 0 --val 0 --test 1000 --two posture=0,1 \\
      --fix activity=0.2 --range yaw_deg=-30:30 --fix truncation=0 --fix occluder=0
"""


def parse_arguments() -> argparse.Namespace:
    """Read the command line; argparse itself ends the program with code 2 on unknown options."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('out', type=Path, metavar='OUT', help='folder to make')
    for split, count in zip(SPLITS, (4000, 500, 500), strict=True):
        parser.add_argument(f'--{split}', type=int, default=count, metavar='N', help=f'images (default: {count})')
    parser.add_argument('--size', type=int, default=256, help='image side in px (default: 256)')
    parser.add_argument('--seed', type=int, default=0, help='of all that is drawn (default: 0)')
    for option, form, text in (
        ('--fix', 'NAME=V', 'hold a factor at one value; may be repeated'),
        ('--range', 'NAME=A:B', 'draw a factor uniformly between two values; may be repeated'),
        ('--two', 'NAME=A,B', 'give a factor either of two values; may be repeated'),
    ):
        parser.add_argument(option, action='append', default=[], metavar=form, help=text)
    parser.add_argument('--workers', type=int, help='processes (default: all cores)')
    parser.add_argument('--force', action='store_true', help='replace a set made before')
    parser.add_argument(
        '--contact-sheet',
        type=Path,
        metavar='FILE.png',
        help='write 4 x 8 persons, half of them with skeletons (their left orange, right blue, '
        'hidden joints hollow); if OUT exists and --force is not given, of OUT as it is',
    )
    return parser.parse_args()


def main() -> None:
    """Make the data set, then the contact sheet."""
    args = parse_arguments()
    sheet: Path | None = args.contact_sheet
    if sheet is not None and sheet.suffix.lower() not in ('.png', '.jpg', '.jpeg'):
        raise InputError(f'--contact-sheet {sheet} is no picture: give a name ending in .png')
    config = PeopleConfig(
        counts={split: getattr(args, split) for split in SPLITS},
        size=args.size,
        seed=args.seed,
        restrictions=parse_restrictions(args.fix, args.range, args.two),
    )
    if sheet is None or args.force or not args.out.exists():
        seconds = write_people(args.out, config, args.workers, args.force)
        count = sum(config.counts.values())
        print(f'{count} images in {seconds:.1f} s, {count / seconds:.0f} images/s, in {args.out}')
    if sheet is not None:
        write_contact_sheet(args.out, sheet)
        print(f'contact sheet in {sheet}')


if __name__ == '__main__':
    run(main)

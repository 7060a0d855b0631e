#!/usr/bin/env python
"""Make a data set of procedural people in COCO's format, with known factors for every person."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, UseAppendAction, arg

from shg_xai.cli import run
from shg_xai.datasets.people.factors import describe, parse_restrictions
from shg_xai.datasets.people.sheet import write_contact_sheet
from shg_xai.datasets.people.write import PeopleConfig, write_people
from shg_xai.errors import InputError
from shg_xai.options import parse

DESCRIPTION = f"""Make a data set of procedural people in COCO's format, with known factors for every person.

Each picture shows one person with 17 keypoints, drawn from a 3-D skeleton, and up to two smaller people at the back
without keypoints. Posture, activity, view and the other factors below are written into the annotation under "factors",
so that an explanation can be checked against them.

  OUT/annotations/person_keypoints_{{train,val,test}}2017.json
  OUT/{{train,val,test}}2017/000000000001.jpg, ...

The same seed gives the same bytes, with any number of workers. Restricting one factor leaves the draws of all others as
they were: two sets of one seed are matched pairs, person by person.

factors (name, range, unit, meaning):
{describe()}

examples:
  tools/make_people.py data/people
  tools/make_people.py data/people --contact-sheet sheet.png   # of the set made before

a controlled set, in which people differ by sitting or standing and by little else:
  tools/make_people.py data/control --train 0 --val 0 --test 1000 --two posture=0,1 \\
      --fix activity=0.2 --range yaw_deg=-30:30 --fix truncation=0 --fix occluder=0"""


@dataclass(frozen=True, kw_only=True)
class MakePeopleOptions:
    """Which people to make."""

    out: Annotated[Positional[Path], arg(metavar='OUT')]  # folder to make
    train: Annotated[int, arg(metavar='N')] = 4000  # images to train on
    val: Annotated[int, arg(metavar='N')] = 500  # images to validate on
    test: Annotated[int, arg(metavar='N')] = 500  # images to test on
    size: Annotated[int, arg(metavar='PX')] = 256  # image side in px
    seed: int = 0  # of all that is drawn
    fix: UseAppendAction[Annotated[tuple[str, ...], arg(metavar='NAME=V')]] = ()  # hold a factor at one value
    range: UseAppendAction[Annotated[tuple[str, ...], arg(metavar='NAME=A:B')]] = ()
    """draw a factor uniformly between two values"""
    two: UseAppendAction[Annotated[tuple[str, ...], arg(metavar='NAME=A,B')]] = ()  # give a factor either of two values
    workers: Annotated[int | None, arg(metavar='N')] = None  # processes; all cores unless told
    force: bool = False  # replace a set made before
    contact_sheet: Annotated[Path | None, arg(metavar='FILE.png')] = None
    """write 4 x 8 persons, half of them with skeletons (their left orange, right blue, hidden joints hollow); if OUT
    exists and --force is not given, of OUT as it is"""

    def __post_init__(self) -> None:
        sheet = self.contact_sheet
        if sheet is not None and sheet.suffix.lower() not in ('.png', '.jpg', '.jpeg'):
            raise InputError(f'--contact-sheet {sheet} is no picture: give a name ending in .png')


def main() -> None:
    """Make the data set, then the contact sheet."""
    options = parse(MakePeopleOptions, DESCRIPTION)
    out, sheet = options.out, options.contact_sheet
    counts = dict(train=options.train, val=options.val, test=options.test)
    restrictions = parse_restrictions(options.fix, options.range, options.two)
    config = PeopleConfig(counts=counts, size=options.size, seed=options.seed, restrictions=restrictions)
    if sheet is None or options.force or not out.exists():
        seconds = write_people(out, config, options.workers, options.force)
        count = sum(config.counts.values())
        print(f'{count} images in {seconds:.1f} s, {count / seconds:.0f} images/s, in {out}')
    if sheet is not None:
        write_contact_sheet(out, sheet)
        print(f'contact sheet in {sheet}')


if __name__ == '__main__':
    run(main)

#!/usr/bin/env python
"""A sheet of predictions beside the truth: tools/draw_predictions.py --out FILE CONFIG CKPT ..."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from shg_xai.cli import run
from shg_xai.errors import InputError
from shg_xai.options import at_least, parse

DESCRIPTION = """Draw persons of the test set in their crops: the truth in the first row, then one row for each network,
with each person's PCK (labelled joints).

  tools/draw_predictions.py --out sheet.png --data-root data/coco \\
      configs/shg_coco.py work_dirs/shg_coco/best_pck_labelled_epoch_47.pth \\
      configs/shg_ae_coco.py work_dirs/shg_ae_coco/best_pck_labelled_epoch_47.pth"""


@dataclass(frozen=True, kw_only=True)
class SheetOptions:
    """Whom to draw, and by which networks."""

    networks: Annotated[Positional[tuple[str, ...]], arg(metavar='CONFIG CHECKPOINT [CONFIG CHECKPOINT ...]')]
    """one or more pairs; all must share input size and test set"""
    out: Annotated[Path, arg(metavar='FILE')]  # PNG or SVG to write
    data_root: Annotated[str | None, arg(metavar='DIR')] = None  # folder of the data set
    persons: Annotated[int, arg(metavar='N')] = 10  # how many, spread evenly over the test set

    def __post_init__(self) -> None:
        at_least(self, dict(persons=1))
        if not self.networks or len(self.networks) % 2:
            raise InputError('give networks in pairs: CONFIG CHECKPOINT CONFIG CHECKPOINT ...')


def main() -> None:
    options = parse(SheetOptions, DESCRIPTION)
    # Everything below imports torch and MMPose, which --help does without.
    from shg_xai.drawing.skeletons import Pose, draw_pose_sheet
    from shg_xai.interventions.predict import predict_persons

    rows: dict[str, list[Pose]] = {}
    for config, checkpoint in zip(options.networks[::2], options.networks[1::2], strict=True):
        sheet = predict_persons(config, checkpoint, options.data_root, options.persons)
        rows |= {'truth': sheet.truth, Path(config).stem: sheet.poses}
    draw_pose_sheet(sheet.crops, rows, sheet.links, sheet.colours).savefig(options.out, dpi=130)
    print(f'wrote {options.out}')


if __name__ == '__main__':
    run(main)

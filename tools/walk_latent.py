#!/usr/bin/env python
"""Decoded walks through the latent: tools/walk_latent.py CONFIG CHECKPOINT --store STORE ..."""

from shg_xai.chapters.decoded_walk.findings import verdict
from shg_xai.chapters.decoded_walk.options import DecodedWalkOptions
from shg_xai.chapters.decoded_walk.results import DecodedWalk, Direction
from shg_xai.cli import run
from shg_xai.drawing.text import markdown_table, with_interval
from shg_xai.runner.measurement import measure_to_file

DESCRIPTION = """Walk through the latent along principal components and concepts (steering), have the rest of the
network decode every point, and measure how the pose changes, beside random directions of the same length. Directions
come from stored latents of the same network; take training persons.

  tools/dump_latents.py configs/shg_coco.py CHECKPOINT --split train \\
      --layers backbone.hourglasses.0.bottleneck_residuals --out latents/shg_coco
  tools/walk_latent.py configs/shg_coco.py CHECKPOINT --store latents/shg_coco \\
      --concepts facing_camera --out work_dirs/shg_coco/walk.json

A point is START + c * sigma * direction. Any top-down network of MMPose's will do; skips other than a person's own need
StackedHourglass. What comes before the layer is computed once for all points. The flip test of a config is off."""
HEAD = ('direction', 'variance', 'shift per sigma', "random's 97.5 %", 'moved most', 'monotonic from c = -2 to 2')
HOWS = {True: 'monotonically', False: 'not monotonically', None: 'nobody can say how'}
RANDOM = 'more than along random directions'
SIZES = {True: RANDOM, False: f'no {RANDOM}', None: 'compared with nothing'}


def main() -> None:
    measure_to_file(DecodedWalkOptions, DESCRIPTION, markdown)


def markdown(answer: DecodedWalk) -> str:
    """A row for each component and concept; shifts in percent of the crop's side per sigma."""
    count = answer.options.random
    rows = [
        (
            direction.name,
            f'{100 * direction.variance_share:.1f} %',
            f'{with_interval(direction.walk.shift_per_sigma, 100)} %',
            f'{100 * direction.random.shift_per_sigma_97_5:.2f} %',
            ', '.join(direction.walk.most_moved),
            '; '.join(_change(direction, name, count) for name, flag in direction.walk.monotonic.items() if flag),
        )
        for direction in answer.directions
    ]
    said = [f'{direction.name}: {verdict(direction)}.' for direction in answer.directions if verdict(direction)]
    said += [
        f'{name}: the decoded pose changes from c = -2 to 2, {HOWS[direction.walk.monotonic[name]]} and '
        f'{SIZES[direction.concept_more_than_random[name]]}: {_change(direction, name, count)}.'
        for direction in answer.directions
        if (name := direction.name) in direction.walk.monotonic
    ]
    whom = f'{answer.persons} persons of {answer.split}; start: {answer.options.start}; skips: {answer.options.skips}.'
    return '\n\n'.join([markdown_table(HEAD, rows, texts=len(HEAD)), '\n'.join(said), whom])


def _change(direction: Direction, name: str, count: int) -> str:
    """A concept's change along a direction, and what random directions change it by."""
    random = direction.random.concept_change_97_5[name]
    beside = '' if random is None else f'random up to {random:.2f}, '
    beside += f'{direction.random.monotonic[name]} of {count} monotonic'
    return f'{name} {with_interval(direction.walk.concept_change[name])} ({beside})'


if __name__ == '__main__':
    run(main)

#!/usr/bin/env python
"""Decoded walks through the latent: tools/walk_latent.py CONFIG CHECKPOINT --store STORE ..."""

from shg_xai.chapters.decoded_walk.findings import span, verdict
from shg_xai.chapters.decoded_walk.options import DecodedWalkOptions
from shg_xai.chapters.decoded_walk.results import DecodedWalk, Direction
from shg_xai.cli import run
from shg_xai.drawing.text import UNKNOWN, markdown_table, number, with_interval
from shg_xai.runner.measurement import measure_to_file
from shg_xai.stats.draws import Beside

DESCRIPTION = """Walk through the latent along principal components and concepts (steering), have the rest of the
network decode every point, and measure how the pose changes, beside random directions of the same length, drawn from
the covariance of the latents. Directions come from stored latents of the same network; take training persons.

  tools/dump_latents.py configs/shg_coco.py CHECKPOINT --split train \\
      --layers backbone.hourglasses.0.bottleneck_residuals --out latents/shg_coco
  tools/walk_latent.py configs/shg_coco.py CHECKPOINT --store latents/shg_coco \\
      --concepts facing_camera --out work_dirs/shg_coco/walk.json

A point is START + c * sigma * direction. Any top-down network of MMPose's will do; skips other than a person's own need
StackedHourglass. What comes before the layer is computed once for all points. The flip test of a config is off."""
HEAD = ('direction', 'variance', 'shift per sigma', 'beside random', "random's 95 %", 'corrected p', 'moved most')


def main() -> None:
    measure_to_file(DecodedWalkOptions, DESCRIPTION, markdown)


def markdown(answer: DecodedWalk) -> str:
    """A row for each component and concept, shifts in percent of the crop's side per sigma; then what was found."""
    rows = [
        (
            direction.name,
            f'{100 * direction.variance_share:.1f} %',
            f'{with_interval(direction.walk.shift_per_sigma, 100)} %',
            *_beside(direction.random.shift_per_sigma, 100, ' %'),
            ', '.join(direction.walk.most_moved),
        )
        for direction in answer.directions
    ]
    said = [f'{direction.name}: {told}.' for direction in answer.directions if (told := verdict(direction))]
    said += [
        f'{direction.name}: the decoded pose changes from {span(answer)}: {_change(direction, name)}.'
        for direction in answer.directions
        for name, beside in direction.random.concept_change.items()
        if beside.found or name == direction.name
    ]
    whom = f'{answer.persons} persons of {answer.split}; start: {answer.options.start}; skips: {answer.options.skips}.'
    return '\n\n'.join([markdown_table(HEAD, rows, texts=len(HEAD)), '\n'.join(said), whom])


def _beside(beside: Beside, factor: float = 1, unit: str = '') -> tuple[str, str, str]:
    """A number, the middle of the random ones, and its corrected p."""
    texts = [
        f'{factor * one:.2f}{unit}' if one is not None else UNKNOWN for one in (beside.value, beside.low, beside.high)
    ]
    return texts[0], f'{texts[1]} to {texts[2]}', number(beside.p_corrected, 3)


def _change(direction: Direction, name: str) -> str:
    """A concept's change along a direction, and beside random directions."""
    value, random, p = _beside(beside := direction.random.concept_change[name])
    more = ', more than along random directions' if beside.found else ''
    told = f'{name} {with_interval(direction.walk.concept_change[name])}'
    return f'{told}{more} ({value} beside random ones, {random}; corrected p = {p})'


if __name__ == '__main__':
    run(main)

#!/usr/bin/env python
"""What skip connections carry: tools/ablate_skips.py CONFIG CHECKPOINT ..."""

from pathlib import Path

from shg_xai.chapters.skip_ablation.conditions import what_is_off
from shg_xai.chapters.skip_ablation.options import SkipAblationOptions
from shg_xai.chapters.skip_ablation.results import Ablation, Scores, SkipAblation
from shg_xai.cli import run
from shg_xai.drawing.text import in_percent, markdown_table, number
from shg_xai.runner.measurement import measure_to_file

DESCRIPTION = """Test a stacked hourglass whose skip connections are taken away: all of them, each level, all but each
level, in each stack and in all together. What a skip adds is replaced by nothing (zero), by its mean over the persons
tested (a stored latent by that of its store), and by another person's (a donor's, of another photo): zero takes the
network far from what it has seen, the mean and the donor tell what is information from what is shock. Then all skips
are kept and the latent is replaced. Level 0 is the finest. Beside PCK stands the log-likelihood of the true places
under the heatmaps, in nats a joint, which PCK's threshold does not hide.

  tools/ablate_skips.py configs/shg_coco.py CHECKPOINT --against configs/shg_noskip_coco.py \\
      CHECKPOINT --out work_dirs/shg_coco/ablation.json

--against tests a network trained without skips on the same persons. --store adds latents projected on their first k
components; make it with tools/dump_latents.py --split train."""


def main() -> None:
    measure_to_file(SkipAblationOptions, DESCRIPTION, markdown)


def markdown(answer: SkipAblation) -> str:
    """Conditions and replacements as a table, PCK of labelled joints in percent."""
    told: list[tuple[str, str, Scores]] = [('untouched', '', answer.untouched)]
    for one in answer.conditions:
        told.append((condition_name(one.condition, answer.stacks), one.condition.replacement or '', one))
    if answer.against:
        told.append((f'against {Path(answer.against.config).stem}', '', answer.against))
    parts = ('', *answer.untouched.parts)  # the first is all of the body
    rows = [
        (name, by, *(in_percent(scores.of_part(part)) for part in parts), number(scores.likelihood['labelled'].value))
        for name, by, scores in told
    ]
    head = ('condition', 'replacement', 'labelled', *answer.untouched.parts, 'nats a joint')
    whom = f'{answer.persons} persons of {answer.split}'
    return f'{markdown_table(head, rows, texts=2)}\n\nPCK of labelled joints and their log-likelihood, {whom}.'


def condition_name(condition: Ablation, stacks: int) -> str:
    """A condition in words, as ``stack 1: only level 2 on``; a single stack is not named."""
    where = 'all stacks' if condition.stack is None else f'stack {condition.stack}'
    return what_is_off(condition) if stacks == 1 else f'{where}: {what_is_off(condition)}'


if __name__ == '__main__':
    run(main)

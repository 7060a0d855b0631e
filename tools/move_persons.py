#!/usr/bin/env python
"""What of the misclassified persons: tools/move_persons.py CONFIG CHECKPOINT --store STORE ..."""

from shg_xai.chapters.cluster_shift.options import ClusterShiftOptions
from shg_xai.chapters.cluster_shift.results import ClusterShift
from shg_xai.cli import run
from shg_xai.drawing.text import UNKNOWN, in_percent, with_interval
from shg_xai.results import Estimate
from shg_xai.runner.measurement import measure_to_file

DESCRIPTION = """Latents fall into clusters, and a concept of the annotations goes with them more or less. Each cluster
gets the side of the concept (0 or 1 of a flag, up to the median or above it of a number) that most of its persons are
on; who is on the other side is misclassified. Is PCK of these persons worse, and what would PCK gain if each latent
were moved by the difference of the clusters' means before it is decoded (steering)? As many others are moved, too.

  tools/dump_latents.py configs/shg_coco.py CHECKPOINT --split train \\
      --layers backbone.hourglasses.0.bottleneck_residuals --out latents/shg_coco
  tools/analyze_latent.py latents/shg_coco --out reports/shg_coco
  tools/move_persons.py configs/shg_coco.py CHECKPOINT --store latents/shg_coco \\
      --analysis reports/shg_coco --concept auto --out work_dirs/shg_coco/moved.json

Every person keeps their own skips. The flip test of a config is off."""


def main() -> None:
    def said(found: ClusterShift) -> str:
        return '\n'.join(sentences(found))

    measure_to_file(ClusterShiftOptions, DESCRIPTION, said)


def sentences(found: ClusterShift) -> list[str]:
    """The answer in words, PCK in percent and differences in points of it."""
    split, counts, pck = found.concept_split, found.counts, found.pck
    cut = 'a flag' if split.kind == 'flag' else f'cut at {split.at:.3g}'
    against = f"{found.clusters} clusters against {found.concept} ({cut}; Cramer's V {split.association:.2f})"
    said = [
        f'{against}: {counts.agree:,} persons agree with their cluster, {counts.disagree:,} are misclassified, of '
        f'{counts.unknown:,} the concept is not known.'
    ]
    if not counts.disagree:
        return [*said, 'Nobody is misclassified, so there is nobody to compare or to move.']
    said.append(
        'How their PCK differs is not known: a group has no PCK in the store.'
        if pck.difference.value is None
        else f'Their mean PCK is {in_percent(pck.disagree, UNKNOWN)}, that of the others '
        f'{in_percent(pck.agree, UNKNOWN)}: a difference of {with_interval(pck.difference, 100)} points, '
        f'{_verdict(pck.difference, "higher", "lower")}.'
    )
    for moved, who in ((found.shifted.disagree, 'misclassified persons'), (found.shifted.agree, 'of the others')):
        if moved is None:
            said.append(f'None {who} were moved.')
        elif moved.gain.value is None:
            said.append(f'What moving {moved.persons} {who} does is not known: none has a labelled joint.')
        else:
            said.append(
                f'Moved to the other cluster, {moved.persons} {who} go from {in_percent(moved.before, UNKNOWN)} to '
                f'{in_percent(moved.after, UNKNOWN)} of PCK: a gain of {with_interval(moved.gain, 100)} points, '
                f'{_verdict(moved.gain, "better", "worse")}.'
            )
    return said


def _verdict(estimate: Estimate, above: str, below: str) -> str:
    """What an interval says about the sign."""
    if estimate.ends is None:
        return 'with no interval'
    if estimate.ends[0] > 0:
        return f'so {above}'
    return f'so {below}' if estimate.ends[1] < 0 else 'so it may be none'


if __name__ == '__main__':
    run(main)

#!/usr/bin/env python
"""PCK against the number of components: tools/keep_components.py CONFIG CHECKPOINT --store STORE ..."""

from shg_xai.chapters.component_projection.options import ComponentProjectionOptions
from shg_xai.chapters.component_projection.results import ComponentProjection
from shg_xai.cli import run
from shg_xai.drawing.text import in_percent, markdown_table, with_interval
from shg_xai.runner.measurement import measure_to_file

DESCRIPTION = """Test a network whose latent is projected on its first k principal components, for a ladder of k, and
suggest a width: the smallest k from which on labelled PCK drops by no more than --tolerance, with --confidence and not
only as measured; all components, where no smaller k is shown to be enough. The components are those of stored latents
of the same network; take training persons.

  tools/dump_latents.py configs/shg_coco.py CHECKPOINT --split train \\
      --layers backbone.hourglasses.0.bottleneck_residuals --out latents/shg_coco
  tools/keep_components.py configs/shg_coco.py CHECKPOINT --store latents/shg_coco \\
      --out work_dirs/shg_coco/kept.json

k = 0 decodes the mean latent, all components are the network itself. What comes before the layer is computed once for
all k."""


def main() -> None:
    measure_to_file(ComponentProjectionOptions, DESCRIPTION, markdown)


def markdown(found: ComponentProjection) -> str:
    """The curve as a table, PCK in percent, and the suggestion as a sentence."""
    rows = [('untouched', '', *map(in_percent, found.untouched.values()), '')]
    for place, k in enumerate(found.ks):
        pck, drop = (in_percent(curve.y[place]) for curve in found.pck.values()), found.drop['labelled'].y[place]
        rows.append((str(k), f'{100 * found.explained_variance_ratio[place]:.1f} %', *pck, with_interval(drop, 100)))
    head = ('k', 'variance', *(f'PCK {group}' for group in found.untouched), 'drop of labelled')
    best, table = found.suggestion, markdown_table(head, rows, texts=0)
    whom, points = f'({found.persons} persons of {found.split})', f'{100 * best.tolerance:g} points'
    said = f'which on labelled PCK drops by at most {points}; at this k by {with_interval(best.drop, 100)} {whom}'
    if best.k == found.dimensions:
        said = f'as none below is shown to drop labelled PCK by at most {points} {whom}'
    joint = 'from ' if best.k < found.dimensions else ''
    return f'{table}\n\nSuggested width: {best.k} of {found.dimensions} components, {joint}{said}.'


if __name__ == '__main__':
    run(main)

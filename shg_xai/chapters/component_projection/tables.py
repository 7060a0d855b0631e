"""The table of the width: PCK with so many components."""

from shg_xai.chapters.component_projection.results import ComponentProjection
from shg_xai.chapters.networks.results import GROUPS
from shg_xai.drawing.material import Table
from shg_xai.drawing.text import cell, confidence_of, number, percent
from shg_xai.results import Results


def tables(answer: ComponentProjection, results: Results) -> list[Table]:
    """PCK of each group of joints with the first k components."""
    rows = []
    for place, k in enumerate(answer.ks):
        pck = [cell(answer.pck[group].y[place], 3) for group in GROUPS]
        lost = cell(answer.drop['labelled'].y[place], 4)
        rows.append([number(k), percent(answer.explained_variance_ratio[place], 3), *pck, lost])
    intervals = f'with {confidence_of(answer)} intervals'
    caption = f'PCK with the first k components kept, {intervals}, and what is lost on labelled joints'
    return [Table(caption, ['k', 'variance', *GROUPS.values(), 'lost'], rows, folded=True)]

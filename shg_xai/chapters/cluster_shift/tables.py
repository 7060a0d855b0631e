"""PCK of persons whose cluster disagrees with a concept, and of the others."""

from shg_xai.chapters.cluster_shift.results import ClusterShift
from shg_xai.drawing.material import Table
from shg_xai.drawing.text import cell, confidence_of, number
from shg_xai.results import Results


def tables(answer: ClusterShift, results: Results) -> list[Table]:
    """PCK of both groups, before and after steering."""
    groups = (
        ('misclassified', answer.counts.disagree, answer.pck.disagree, answer.shifted.disagree),
        ('on their cluster’s side', answer.counts.agree, answer.pck.agree, answer.shifted.agree),
    )
    rows = [
        [name, number(count), cell(pck, 3), number(shifted.persons if shifted else 0)]
        + [cell(value, 3) for value in ((shifted.before, shifted.after, shifted.gain) if shifted else (None,) * 3)]
        for name, count, pck, shifted in groups
    ]
    head = ['persons', 'number', 'PCK', 'moved', 'before', 'after', 'gain']
    return [Table(f'PCK of labelled joints, with {confidence_of(answer)} intervals', head, rows)]

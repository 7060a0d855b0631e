"""What was found for each number of clusters."""

from shg_xai.chapters.clusters.results import Clusters
from shg_xai.drawing.material import Table
from shg_xai.drawing.text import DASH, amount, cell, confidence_of, number, percent
from shg_xai.results import Results


def tables(answer: Clusters, results: Results) -> list[Table]:
    """One row for each K."""
    rows = []
    for fit in answer.fits:
        agreement = [number(value, 2, DASH) for value in (fit.stability.value, fit.stability.low)]
        told = [percent(fit.negative_share), amount(fit.inertia, 4), ', '.join(map(number, fit.sizes))]
        rows.append([number(fit.k), cell(fit.silhouette, 3), amount(fit.error_bound, 2), *agreement, *told])
    caption = (
        f'Clusters: mean silhouette with {confidence_of(answer)} interval, how far it may be off because small '
        'components were cut, agreement of restarts, persons with a negative silhouette, sum of squared distances, '
        'sizes'
    )
    head = ['K', 'silhouette', 'off by', 'agreement', 'worst', 'negative', 'inertia', 'persons']
    return [Table(caption, head, rows, folded=True)]

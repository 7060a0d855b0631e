"""How many groups there are, and how clear they are."""

from shg_xai.chapters.clusters.results import Clusters
from shg_xai.drawing.material import Table
from shg_xai.drawing.text import DASH, amount, cell, confidence_of, interval, listed, number, percent, plural
from shg_xai.results import Results

# Kaufman and Rousseeuw, "Finding Groups in Data" (1990), table 2.4.
NO_STRUCTURE, WEAK_STRUCTURE = 0.25, 0.5


def findings(answer: Clusters, results: Results) -> list[str]:
    """The number of clusters with the highest silhouette, and how far to trust it."""
    confidence, best, margin = confidence_of(answer), answer.fit(answer.best_k), answer.margin
    silhouette, stability, value = best.silhouette, best.stability, number(best.silhouette.value)
    if silhouette.value is None:
        return ['How many groups there are is not known.']
    texts = [
        f'Of all numbers of clusters tried, {best.k} has the highest mean silhouette: {value} '
        f'({interval(silhouette, confidence)}).'
    ]
    if margin is not None and margin.value is not None:
        clear = margin.holds() is False and margin.value > 0
        winner = 'It is clearly above that of' if clear else f'There is no clear winner between {best.k} and'
        tail = f'(difference {number(margin.value, 3)}, {interval(margin, confidence, 3)})'
        texts.append(f'{winner} {answer.second_k} {tail}.')
    if silhouette.value < WEAK_STRUCTURE:
        word = 'no substantial structure: read the groups as parts of one cloud rather than as kinds of persons'
        word = word if silhouette.value < NO_STRUCTURE else 'only a weak structure'
        texts.append(f'By Kaufman and Rousseeuw’s rule of thumb, a silhouette of {value} means {word}.')
    texts.append(
        f'The clusters have {listed(list(map(number, best.sizes)))} persons; {percent(best.negative_share)} of all '
        'persons lie nearer to another cluster than to their own.'
    )
    if stability.value is not None:
        texts.append(
            f'{plural(answer.restarts, "restart")} agree with an adjusted Rand index of {number(stability.value)} on '
            f'average, at least {number(stability.low)} (1: the same clusters, 0: chance).'
        )
    return texts


def tables(answer: Clusters, results: Results) -> list[Table]:
    """What was found for each K."""
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

"""How many groups there are, and how clear they are."""

from shg_xai.chapters.clusters.results import Clusters
from shg_xai.drawing.text import confidence_of, interval, listed, number, percent, plural
from shg_xai.results import Results

# Kaufman and Rousseeuw, "Finding Groups in Data" (1990), table 2.4.
NO_STRUCTURE, WEAK_STRUCTURE = 0.25, 0.5


def findings(answer: Clusters, results: Results) -> list[str]:
    """The number of clusters with the highest silhouette, and how far to trust it."""
    confidence, best = confidence_of(answer), answer.fit(answer.best_k)
    silhouette, margin, stability = best.silhouette, answer.margin, best.stability
    if silhouette.value is None:
        return ['How many groups there are is not known.']
    value = number(silhouette.value)
    texts = [
        f'Of all numbers of clusters tried, {best.k} has the highest mean silhouette: {value} '
        f'({interval(silhouette, confidence)}).'
    ]
    if margin is not None and margin.value is not None:
        tail = f'(difference {number(margin.value, 3)}, {interval(margin, confidence, 3)})'
        clear = margin.holds() is False and margin.value > 0
        winner, tie = 'It is clearly above that of', f'There is no clear winner between {best.k} and'
        texts.append(f'{winner if clear else tie} {answer.second_k} {tail}.')
    if silhouette.value < WEAK_STRUCTURE:
        word = 'no substantial structure: read the groups as parts of one cloud rather than as kinds of persons'
        word = word if silhouette.value < NO_STRUCTURE else 'only a weak structure'
        texts.append(f'By Kaufman and Rousseeuw’s rule of thumb, a silhouette of {value} means {word}.')
    texts.append(
        f'The clusters have {listed([number(size) for size in best.sizes])} persons; {percent(best.negative_share)} of '
        'all persons lie nearer to another cluster than to their own.'
    )
    if stability.value is not None:
        texts.append(
            f'{plural(answer.restarts, "restart")} agree with an adjusted Rand index of {number(stability.value)} on '
            f'average, at least {number(stability.low)} (1: the same clusters, 0: chance).'
        )
    return texts

"""Whether there are groups, and what clusters are like."""

from shg_xai.chapters.clusters.results import Clusters
from shg_xai.drawing.material import Table
from shg_xai.drawing.text import DASH, amount, cell, confidence_of, interval, listed, number, percent, plural, signed
from shg_xai.results import Results


def claims(answer: Clusters) -> list[str]:
    """That there are groups, and how many."""
    count = answer.groups.number
    return [f'{count} groups'] if count is not None and count > 1 else []


def findings(answer: Clusters, results: Results) -> list[str]:
    """How many groups there are; then the clusters of the number that leads, which are groups only if that is said."""
    confidence, best, margin = confidence_of(answer), answer.fit(answer.best_k), answer.margin
    texts = [_groups(answer)]
    if best.silhouette.value is not None:
        text = f'With K = {best.k} the mean silhouette is {number(best.silhouette.value)}'
        text += f' ({interval(best.silhouette, confidence)})'
        if margin is not None and margin.value is not None:
            text += f'; to K = {answer.second_k}, the next, it is {signed(margin.value)}'
            text += f' ({interval(margin, confidence, 3)})'
        texts.append(f'{text}.')
    texts.append(
        f'The clusters have {listed(list(map(number, best.sizes)))} persons; {percent(best.negative_share)} of all '
        'persons lie nearer to another cluster than to their own.'
    )
    if best.stability.value is not None:
        texts.append(
            'Clusters of random halves of the persons agree with an adjusted Rand index of '
            f'{number(best.stability.value)} on average, at least {number(best.stability.low)} (1: the same clusters, '
            '0: chance).'
        )
    return texts


def _groups(answer: Clusters) -> str:
    """One group, or how many and how they are parted."""
    groups = answer.groups
    asked = f'{plural(groups.persons, "person")}, one an image'
    if groups.number is None or not groups.parted:
        return f'How many groups there are is not known: {asked}, are too few.'
    cut = f'a Gaussian of the same covariance is cut into {groups.gaussian_k} clusters as tight'
    tight = f'{cut} with {_p(groups.gaussian_p)}'
    if groups.number > 1:
        own = next(own for own in groups.parted if own.k == groups.number)
        return (
            f'{groups.number} groups, parted: midway between neighbouring centres are at most {percent(own.midway)} as '
            f'many persons as around the emptier one ({_p(own.p)}); {tight}. Asked were {asked}.'
        )
    tried = [own.k for own in groups.parted]
    if valleys := [own for own in groups.parted if own.parted]:
        told = f'{valleys[-1].k} clusters have valleys between them ({_p(valleys[-1].p)}), but {tight}'
    else:
        least = min(groups.parted, key=lambda own: own.p)
        near = f'K = {least.k} comes nearest to it: {percent(least.midway)} as many midway as around the emptier centre'
        each = f'for each K from {min(tried)} to {max(tried)}' if len(tried) > 1 else f'with K = {least.k}'
        told = f'{each} some neighbouring clusters have no valley between them ({near}, {_p(least.p)})'
    return f'One group is found among {asked}: {told}. Clusters are parts of one cloud.'


def _p(value: float | None) -> str:
    """``p = 0.012``, ``p < 0.001``."""
    return 'p < 0.001' if value is not None and value < 0.001 else f'p = {number(value, 3)}'


def tables(answer: Clusters, results: Results) -> list[Table]:
    """What was found for each K."""
    rows, parted = [], {own.k: own for own in answer.groups.parted}
    for fit in answer.fits:
        own = parted.get(fit.k)
        valleys = [percent(own.midway, absent=DASH), number(own.p, 3)] if own else [DASH, DASH]
        agreement = [number(value, 2, DASH) for value in (fit.stability.value, fit.stability.low)]
        told = [percent(fit.negative_share), amount(fit.inertia, 4), ', '.join(map(number, fit.sizes))]
        rows.append([number(fit.k), *valleys, cell(fit.silhouette, 3), amount(fit.error_bound, 2), *agreement, *told])
    caption = (
        'Clusters: most persons midway between neighbours as a share of those around the emptier centre, p of that, '
        f'mean silhouette with {confidence_of(answer)} interval, how far it may be off because small components were '
        'cut or some stand for all, agreement of random halves, persons with a negative silhouette, sum of squared '
        'distances, sizes'
    )
    head = ['K', 'midway', 'p', 'silhouette', 'off by', 'agreement', 'worst', 'negative', 'inertia', 'persons']
    return [Table(caption, head, rows, folded=True)]

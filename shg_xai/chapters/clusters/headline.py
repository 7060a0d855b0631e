"""Whether persons fall into groups, in a sentence."""

from shg_xai.chapters.clusters.results import Clusters
from shg_xai.drawing.material import Headline
from shg_xai.drawing.text import number, plural
from shg_xai.results import Results


def headline(answer: Clusters, results: Results) -> Headline | None:
    """That there are groups, or that there is one cloud."""
    groups, fit = answer.groups, answer.fit(answer.best_k)
    if groups.number is None or not groups.parted:
        return None
    tried = [own.k for own in groups.parted]
    asked = f'{plural(groups.persons, "person")}, one a photo'
    text = f'Yes: there are {groups.number} groups with valleys between them.'
    if groups.number == 1:
        text = (
            f'No, they form one cloud: cut into {min(tried)} clusters or into up to {max(tried)}, some neighbouring '
            'clusters always run into each other.'
        )
    return Headline(
        text,
        unit='group' if groups.number == 1 else 'groups',
        number=number(groups.number),
        figure='skeletons',
        verdict='stands' if groups.number > 1 else 'fails',
        control=(
            f'Control: persons midway between centres, and a Gaussian of the same covariance; {asked}.'
            f'{" Clusters are parts of the cloud." if groups.number == 1 else ""}'
        ),
        persons=tuple(near.annotation_id for near in fit.centroids[0]) if fit.centroids else (),
    )

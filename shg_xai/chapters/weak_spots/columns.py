"""What is known of persons before the network fails: concepts, axes of the latents, clusters.

A group may be defined by a cause, not by its consequence. Concepts come from annotations and from how people were made,
so none is of a prediction; but a data set may bring a column of its own that is, and who defines a group by a score of
the error finds that the error is large where it is large. And how many joints are labelled says which joints PCK is
the mean of: persons of whom only the face is labelled have another PCK on the very same predictions. Such concepts
describe groups and do not define them.

Besides the principal components their independent ones (Hyvärinen and Oja, Neural Networks 13, 2000) are looked at: a
small group that stands apart from the others makes the distribution along the line from them to it unlike a Gaussian,
and so is at the end of such an axis wherever the principal ones lie.

Shapes: N persons, M components.
"""

import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import spearmanr
from sklearn.decomposition import FastICA
from sklearn.exceptions import ConvergenceWarning

from shg_xai.chapters.weak_spots.results import Kind
from shg_xai.latents.concepts import Concept
from shg_xai.random_streams import stream
from shg_xai.stats.arrays import Float, Floats, Int, Labels, Singles

# How PCK is counted, not how well the network sees.
COUNTING = ('labelled_share', 'factor_labelled_joints', 'factor_label_dropout')
# Words of what is computed from a prediction, in a data set's own columns.
OF_THE_ERROR = re.compile(r'(^|_)(pck|oks|ap|error|loss|score|confidence|heatmap|predict\w*|detect\w*)(_|$)')
COPY = 0.8  # what goes with PCK more than that, in rank, is nearly the same, whatever it is called
FIT_PERSONS = 20_000  # of whom independent axes are; so many fix ten directions, and time does not grow with more
FLAT = 1e-6  # of the largest variance; an axis along which less varies has no ends


@dataclass(frozen=True)
class Column:
    """One number of each person, NaN where it is not known; see :class:`~.results.Condition`."""

    name: str
    title: str
    kind: Kind
    values: Floats


def causes(concepts: Sequence[Concept], pck: Float[Floats, ' N']) -> tuple[list[Concept], list[str]]:
    """Concepts that may define a group, and the names of the others."""
    own = [concept for concept in concepts if not is_left_out(concept, pck)]
    kept = {concept.name for concept in own}
    return own, [concept.name for concept in concepts if concept.name not in kept]


def is_left_out(concept: Concept, pck: Float[Floats, ' N']) -> bool:
    """Whether a concept is of how PCK is counted, or of the error itself."""
    return concept.name in COUNTING or is_of_the_error(concept, pck)


def is_of_the_error(concept: Concept, pck: Float[Floats, ' N']) -> bool:
    """Whether a concept is computed from a prediction, by its name, or is nearly the same as PCK."""
    if OF_THE_ERROR.search(concept.name):
        return True
    both = np.isfinite(concept.values) & np.isfinite(pck)
    if both.sum() < 3 or np.ptp(concept.values[both]) == 0 or np.ptp(pck[both]) == 0:
        return False
    return bool(abs(spearmanr(concept.values[both], pck[both]).statistic) > COPY)


def columns_of(
    concepts: Sequence[Concept], leading: Float[Singles, 'N M'], clusters: Mapping[int, Int[Labels, ' N']], seed: int
) -> list[Column]:
    """All that groups are sought in: concepts, the axes of the M components, the clusters of the largest K."""
    found = [Column(own.name, own.title, own.kind, own.values) for own in concepts]
    scores = leading.astype(np.float64)
    spread = scores.std(axis=0)
    places = np.flatnonzero(spread**2 > FLAT * np.square(spread).max(initial=0))
    scaled = (scores[:, places] - scores[:, places].mean(axis=0)) / spread[places]
    for place, values in zip(places, scaled.T, strict=True):
        found.append(Column(str(place + 1), f'component {place + 1}', 'component', values))
    for place, values in enumerate(independent(scaled, seed).T, 1):
        found.append(Column(str(place), f'independent axis {place}', 'independent axis', values))
    if clusters:
        k = max(clusters)
        found.append(Column(str(k), f'of {k}', 'cluster', clusters[k].astype(np.float64)))
    return found


def independent(scaled: Float[Floats, 'N M'], seed: int) -> Float[Floats, 'N M']:
    """Scores of mean 0 and variance 1 along independent axes, the least Gaussian first (by kurtosis)."""
    if scaled.shape[1] < 2:
        return scaled[:, :0]
    some = np.unique(np.linspace(0, len(scaled) - 1, min(FIT_PERSONS, len(scaled))).astype(np.int64))
    random = int(stream(seed, 'independent_axes').integers(2**31))
    with warnings.catch_warnings():
        # Axes that are all Gaussian have no order to converge to; they are then as good as any others.
        warnings.simplefilter('ignore', ConvergenceWarning)
        fit = FastICA(whiten='unit-variance', fun='logcosh', tol=1e-3, random_state=random).fit(scaled[some])
    found = fit.transform(scaled)
    found = (found - found.mean(axis=0)) / found.std(axis=0)
    order = np.argsort(-np.abs((found**4).mean(axis=0) - 3), kind='stable')
    ends: Floats = found[:, order] * np.where((found[:, order] ** 3).mean(axis=0) < 0, -1, 1)
    return ends

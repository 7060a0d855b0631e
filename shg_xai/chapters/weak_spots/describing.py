"""What persons of a group have in common, and which of their joints fail, by the persons the group was judged by.

A group of the latents has no name of its own. Concepts in which its persons differ from the others give it one (the
last step of Domino: Eyuboglu et al., ICLR 2022, there by a language model): by the chance that one of the group has
more of it than one of the others (the area under the ROC curve, from midranks: Mann and Whitney, Annals of Mathematical
Statistics 18, 1947), which is the same scale for flags and numbers. It has to be surely another than one half, for all
concepts and groups together (Holm), and clearly: a difference that is sure because persons are many is no name.

Shapes: N persons, K joints.
"""

from collections.abc import Sequence

import numpy as np
from scipy.stats import rankdata

from shg_xai.chapters.weak_spots.gaps import gap_of
from shg_xai.chapters.weak_spots.judging import Judged, Persons
from shg_xai.chapters.weak_spots.results import Face, JointGap, Shared
from shg_xai.latents.concepts import Concept
from shg_xai.results import Estimate
from shg_xai.stats.arrays import Bools, Float, Floats, Int, Ints
from shg_xai.stats.bootstrap import number
from shg_xai.stats.draws import LEVEL
from shg_xai.stats.multiple import holm

CLEAR = 0.1  # by how much a chance differs from one half at least, for a concept to name a group
FEWEST = 30  # persons of a group who have a joint labelled, for its gap to be told
FACES = 6


def shared(
    concepts: Sequence[Concept], groups: Sequence[Judged], image_of: Int[Ints, ' N'], confidence: float
) -> list[list[Shared]]:
    """Of each group, the concepts in which it surely and clearly differs, the largest difference first."""
    every = [[_auc(concept, one, image_of, confidence) for concept in concepts] for one in groups]
    corrected = iter(holm([own.p_corrected if own.p_corrected is not None else np.nan for row in every for own in row]))
    for own in (own for row in every for own in row):
        own.p_corrected = number(next(corrected))
    return [sorted((own for own in row if _names(own)), key=lambda own: -_far(own)) for row in every]


def _names(own: Shared) -> bool:
    return own.p_corrected is not None and own.p_corrected < LEVEL and _far(own) >= CLEAR


def _far(own: Shared) -> float:
    return abs((0.5 if own.auc.value is None else own.auc.value) - 0.5)


def _auc(concept: Concept, one: Judged, image_of: Ints, confidence: float) -> Shared:
    """A concept, with a p that is not corrected yet; images of several persons make it less sure, by their ranks."""
    compared = (one.inside | one.others) & np.isfinite(concept.values)
    ranks = np.full(len(compared), np.nan)
    ranks[compared] = rankdata(concept.values[compared]) / max(compared.sum(), 1)
    # Mean ranks differ by n (AUC - 1/2); the gap is how much less the group has.
    gap, half = gap_of(ranks, one.inside, one.others, image_of), (1 - confidence) / 2
    told = gap.estimate(half, half)
    auc = Estimate(value=_more(told.value), low=_more(told.high), high=_more(told.low), n=told.n)
    return Shared(concept=concept.name, title=concept.title, auc=auc, p_corrected=number(gap.p_either))


def _more(less: float | None) -> float | None:
    """The chance to have more of it, from by how much less of it there is."""
    return None if less is None else min(max(0.5 - less, 0.0), 1.0)


def joint_gaps(
    found: Float[Floats, 'N K'],
    names: Sequence[str],
    groups: Sequence[Judged],
    image_of: Int[Ints, ' N'],
    confidence: float,
) -> list[list[JointGap]]:
    """Of each group, by how much less often each joint is found; ``found`` is 1 or 0, NaN where it is not labelled."""
    gaps = [
        [(name, gap_of(own, one.inside, one.others, image_of)) for name, own in zip(names, found.T, strict=True)]
        for one in groups
    ]
    gaps = [[(name, gap) for name, gap in row if gap.persons >= FEWEST and np.isfinite(gap.error)] for row in gaps]
    miss = (1 - confidence) / 2 / max(sum(map(len, gaps)), 1)
    corrected = iter(holm([gap.p_either for row in gaps for _, gap in row]))
    told = [
        [JointGap(joint=name, gap=gap.estimate(miss, miss), p_corrected=number(next(corrected))) for name, gap in row]
        for row in gaps
    ]
    return [sorted(row, key=lambda own: -(own.gap.value or 0)) for row in told]


def beyond_joints(pck: Float[Floats, ' N'], found: Float[Floats, 'N K']) -> Float[Floats, ' N']:
    """Each person's PCK less what it would be if each of the same joints were found as often as in everybody."""
    labelled = np.isfinite(found)
    rates = np.where(labelled, found, 0).sum(axis=0) / np.maximum(labelled.sum(axis=0), 1)
    count = labelled.sum(axis=1)
    expected = np.divide(labelled @ rates, count, out=np.full(len(found), np.nan), where=count > 0)
    return pck - expected


def same_joints(values: Float[Floats, ' N'], one: Judged, image_of: Int[Ints, ' N'], confidence: float) -> Estimate:
    """The gap in :func:`beyond_joints`."""
    half = (1 - confidence) / 2
    return gap_of(values, one.inside, one.others, image_of).estimate(half, half)


def faces(persons: Persons, annotation_ids: Int[Ints, ' N'], inside: Bools) -> list[Face]:
    """Persons of a group, evenly from the worst met to the best."""
    members = np.flatnonzero(inside)
    members = members[np.argsort(persons.pck[members], kind='stable')]
    places = np.unique(np.linspace(0, len(members) - 1, min(FACES, len(members))).round().astype(np.int64))
    return [Face(annotation_id=int(annotation_ids[own]), pck=float(persons.pck[own])) for own in members[places]]

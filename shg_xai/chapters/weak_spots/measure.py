"""On whom the network is worse: groups by one condition judged by everybody, and pairs that are sought in one half of
the images and judged in the other.
"""

from collections.abc import Sequence

import numpy as np

from shg_xai.chapters.clusters.measure import Structure, structure
from shg_xai.chapters.weak_spots import describing
from shg_xai.chapters.weak_spots.baselines import baselines
from shg_xai.chapters.weak_spots.columns import causes, columns_of, is_of_the_error
from shg_xai.chapters.weak_spots.conditions import least
from shg_xai.chapters.weak_spots.joints import COLUMNS, found_joints
from shg_xai.chapters.weak_spots.judging import MARGIN, Judged, Persons, candidates, listed, told
from shg_xai.chapters.weak_spots.results import Spot, WeakSpots
from shg_xai.chapters.weak_spots.search import Search
from shg_xai.explain.decomposition import Work, working
from shg_xai.explain.options import Options
from shg_xai.latents.selection import Selection
from shg_xai.stats.arrays import Float, Floats


def measure(selection: Selection, options: Options | None = None) -> WeakSpots | None:
    """The weak spots of a layer of a store; InputError if it cannot be analysed (``stats.moments.look``)."""
    with working(selection, options) as work:
        return of_layer(selection.layer, work, structure(work))


def of_layer(of: str, work: Work, found: Structure) -> WeakSpots | None:
    """The same where persons have been clustered already; None where nobody has a PCK."""
    selection, options = work.selection, work.options
    pck = pck_of(selection)
    known = np.isfinite(pck)
    if not known.any():
        return None
    with work.stage('weak spots'):
        own, left_out = causes(work.concepts, pck)
        labels = {k: runs.best.labels for k, runs in found.clusters.items()}
        columns = columns_of(own, found.leading, labels, options.seed)
        image_of = np.unique(selection.image_ids, return_inverse=True)[1].astype(np.int64)
        persons = Persons(pck, image_of, selection.halves(options.seed), columns)
        search = Search(columns, persons.half(1))
        tried = candidates(persons, options.confidence)
        return WeakSpots(
            of=of,
            confidence=options.confidence,
            warnings=_warnings(persons),
            splits=sorted(set(selection.table(['split'])['split'].unique().to_pylist())),
            persons=int(known.sum()),
            images=len(np.unique(image_of[known])),
            pck=work.bootstrap.mean(pck),
            conditions=sum(own.candidate.found_in == 0 for own in tried),
            pairs=search.pairs,
            margin=MARGIN,
            left_out=left_out,
            candidates=[one.candidate for one in listed(tried)],
            judged=len(tried),
            spots=spots(told(tried, persons), persons, work),
            baselines=baselines(persons, search, options.confidence),
        )


def pck_of(selection: Selection) -> Float[Floats, ' N']:
    """PCK of each person as it is stored, NaN where there is none."""
    return np.asarray(selection.table(['pck'])['pck'].to_numpy(zero_copy_only=False), np.float64)


def spots(groups: Sequence[Judged], persons: Persons, work: Work) -> list[Spot]:
    """Confirmed groups, described."""
    if not groups:
        return []
    selection, confidence, names = work.selection, work.options.confidence, work.selection.store.manifest.keypoint_names
    found = found_joints(selection.table(COLUMNS), len(names))
    beyond = describing.beyond_joints(persons.pck, found)
    concepts = [concept for concept in work.concepts if not is_of_the_error(concept, persons.pck)]
    shared = describing.shared(concepts, groups, persons.image_of, confidence)
    joints = describing.joint_gaps(found, names, groups, persons.image_of, confidence)
    return [
        Spot(
            **{name: getattr(one.candidate, name) for name in one.candidate.__struct_fields__},
            shared=common,
            joints=failing,
            same_joints=describing.same_joints(beyond, one, persons.image_of, confidence),
            faces=describing.faces(persons, selection.annotation_ids, one.inside),
        )
        for one, common, failing in zip(groups, shared, joints, strict=True)
    ]


def _warnings(persons: Persons) -> list[str]:
    """A sentence where persons are too few to find any group."""
    known = int(persons.half(0).sum())
    return [] if known >= 2 * least(known) else [f'{known} persons with a PCK are too few to find a group in.']

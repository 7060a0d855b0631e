"""Count kinds of error, and what mending them gains, with intervals over images."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor

import numpy as np

from shg_xai.chapters.error_types.counting import Sample, counted
from shg_xai.chapters.error_types.gathering import Gathered, gather, ranking
from shg_xai.chapters.error_types.kinds import GOOD, Joints
from shg_xai.chapters.error_types.people import People, people_of
from shg_xai.chapters.error_types.results import ERRORS, KINDS, ErrorTypes, Example, PrecisionGain
from shg_xai.explain.decomposition import Work
from shg_xai.stats.arrays import Int, Ints

EXAMPLES = 6  # of each kind
SAY_MORE = (
    'The store does not say how exactly each joint is annotated (sigmas) and which is its mirror image, so kinds of '
    'error are not told: dump it again, if the data set describes its joints by sigmas.'
)


def of_store(of: str, work: Work) -> ErrorTypes | None:
    """The errors on the persons of a store who are analysed; None where it has no predictions of them."""
    store, chosen = work.selection.store, np.zeros(len(work.selection.store), bool)
    chosen[work.selection.rows] = True
    people, names = people_of(store), store.manifest.keypoint_names
    if not (people.known & chosen).any():
        return None
    if not store.manifest.sigmas or not store.manifest.mirrored:
        return _untold(of, work.options.confidence)
    joints = Joints(np.array(store.manifest.sigmas), np.array(store.manifest.mirrored))
    with work.stage('errors') as pool:
        gathered = gather(people, chosen, joints)
        sample = Sample.of(people, gathered, names, work.bootstrap.of(gathered.counts[work.selection.rows]))
        answer = counted(of, sample)
        _add_precision(answer, sample, pool)
    answer.examples = list(examples(people, gathered, store.annotation_ids, names))
    return answer


def _untold(of: str, confidence: float) -> ErrorTypes:
    """That the store does not say enough."""
    return ErrorTypes(
        of=of,
        confidence=confidence,
        warnings=[SAY_MORE],
        persons=0,
        images=0,
        accompanied=0,
        areas_of_boxes=0,
        all=None,
        joints=[],
        by_nearest=None,
        ap=None,
        ap_gains=[],
        ap_rescored=None,
        examples=[],
    )


def _add_precision(answer: ErrorTypes, sample: Sample, pool: Executor) -> None:
    """Write OKS-AP into an answer: as it is, what each way of mending gains, and what scores that rank by OKS would."""
    how, found, weights = sample.bootstrap, sample.gathered, sample.weights
    listed = ranking(found.right, found.places, sample.people.score, sample.image_of, sample.rows)
    rescored = ranking(found.rescored, found.rescored_places, found.oks, sample.image_of, sample.rows)
    drawn, again = (np.vstack([one.exactly(), one.in_resamples(weights, pool)]) for one in (listed, rescored))
    gains = how.estimates(drawn[:, 1:] - drawn[:, :1], answer.persons)
    answer.ap = how.estimate(drawn[0, 0], drawn[1:, 0], answer.persons)
    (answer.ap_rescored,) = how.estimates(again - drawn[:, :1], answer.persons)
    count = len(ERRORS)
    pairs = zip(ERRORS, gains[:count], gains[count : 2 * count], strict=True)
    answer.ap_gains = [PrecisionGain(kind=kind, in_place=place, at_edge=edge) for kind, place, edge in pairs]
    for one, gain in zip(answer.joints, gains[2 * count :], strict=True):
        one.ap_gain = gain


def examples(people: People, gathered: Gathered, ids: Int[Ints, ' N'], names: Sequence[str]) -> Iterator[Example]:
    """Of each kind of error those joints that are farthest from their place, in the crop, each of another image."""
    crop = people.side[:, None, None]
    start = people.center[:, None] - crop / 2
    away = np.linalg.norm(people.predicted - people.truth, axis=-1) / people.side[:, None]
    for code, kind in enumerate(KINDS):
        persons, joints = np.nonzero(gathered.kinds == code)
        far = np.argsort(-away[persons, joints], kind='stable') if code != GOOD else persons[:0]
        seen = np.sort(np.unique(people.image_of[persons[far]], return_index=True)[1])[:EXAMPLES]
        for person, joint in zip(persons[far[seen]], joints[far[seen]], strict=True):
            places = [
                tuple(((one[person, joint] - start[person, 0]) / crop[person, 0]).tolist())
                for one in (people.predicted, people.truth)
            ]
            yield Example(
                kind=kind, annotation_id=int(ids[person]), joint=names[joint], predicted=places[0], annotated=places[1]
            )

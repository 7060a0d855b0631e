"""Count kinds of error, and what mending them gains, with intervals over images."""

from collections.abc import Iterator, Sequence

import numpy as np
from msgspec.structs import replace

from shg_xai.chapters.error_types.gathering import Gathered, gather, ranking
from shg_xai.chapters.error_types.kinds import GOOD, UNLABELLED, Joints
from shg_xai.chapters.error_types.people import People, people_of
from shg_xai.chapters.error_types.results import (
    ERRORS,
    KINDS,
    ErrorTypes,
    Example,
    JointErrors,
    KindOfError,
    PrecisionGain,
)
from shg_xai.explain.decomposition import Work
from shg_xai.results import Estimate
from shg_xai.stats.arrays import Float, Floats, Int, Ints
from shg_xai.stats.bootstrap import Bootstrap
from shg_xai.stats.ratios import Part, Weights, image_weights, ratios, sums_in_resamples

PCK_THRESHOLD = 0.05  # of the crop's side
EXAMPLES = 6  # of each kind
BLOCK = 2048  # persons
SAY_MORE = (
    'The store does not say how exactly each joint is annotated (sigmas) and which is its mirror image, so kinds of '
    'error are not told: dump it again, if the data set describes its joints by sigmas.'
)


def of_store(of: str, work: Work) -> ErrorTypes | None:
    """The errors on the persons of a store who are analysed; None where it has no predictions of them."""
    store, chosen = work.selection.store, np.zeros(len(work.selection.store), bool)
    chosen[work.selection.rows] = True
    confidence = work.options.confidence
    if not np.isfinite(store.table(['pck'])['pck'].to_numpy()[chosen]).any():  # of a prediction and a labelled joint
        return None
    if not store.manifest.sigmas or not store.manifest.mirrored:
        return _untold(of, confidence)
    joints = Joints(np.array(store.manifest.sigmas), np.array(store.manifest.mirrored))
    with work.stage('errors') as pool:
        people = people_of(store)
        gathered = gather(people, chosen, joints)
        rows = np.flatnonzero(gathered.counts)
        bootstrap = work.bootstrap.of(gathered.counts[work.selection.rows])
        weights, image_of = image_weights(bootstrap)
        answer = _counted(of, people, gathered, store.manifest.keypoint_names, rows, bootstrap, weights, image_of)
        listed = ranking(gathered.right, gathered.places, people.score, image_of, rows)
        again = ranking(gathered.rescored, gathered.rescored_places, gathered.oks, image_of, rows)
        drawn = [np.vstack([one.exactly(), one.in_resamples(weights, pool)]) for one in (listed, again)]
        _add_precision(answer, drawn[0], drawn[1][:, 0], bootstrap)
    ids = work.selection.store.annotation_ids
    answer.examples = list(examples(people, gathered, ids, store.manifest.keypoint_names))
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


def _add_precision(
    answer: ErrorTypes, drawn: Float[Floats, '1+S V'], again: Float[Floats, ' 1+S'], how: Bootstrap
) -> None:
    """Write OKS-AP into an answer: as it is, and what each way of mending gains."""
    gains = how.estimates(drawn[:, 1:] - drawn[:, :1], answer.persons)
    answer.ap = how.estimate(drawn[0, 0], drawn[1:, 0], answer.persons)
    answer.ap_rescored = how.estimate(again[0] - drawn[0, 0], again[1:] - drawn[1:, 0], answer.persons)
    count = len(ERRORS)
    pairs = zip(ERRORS, gains[:count], gains[count : 2 * count], strict=True)
    answer.ap_gains = [PrecisionGain(kind=kind, in_place=place, at_edge=edge) for kind, place, edge in pairs]
    for one, gain in zip(answer.joints, gains[2 * count :], strict=True):
        one.ap_gain = gain


def _counted(
    of: str,
    people: People,
    gathered: Gathered,
    names: Sequence[str],
    rows: Ints,
    bootstrap: Bootstrap,
    weights: Weights,
    image_of: Ints,
) -> ErrorTypes:
    """Shares of the kinds and PCK, in all and joint by joint; OKS-AP is not known yet."""
    sums = sums_in_resamples(_parts(people, gathered, rows, image_of), weights)
    size, kinds = len(names), len(KINDS)
    joints, rest = np.split(sums, [size * (2 + 2 * kinds)], axis=1)
    each = joints.reshape(-1, size, 2 + 2 * kinds)
    pooled = each.sum(1)
    told = []
    for place, name in enumerate(names):
        own = each[:, place]
        found = ratios(own[:, 1:], own[:, :1])
        told.append(_errors(name, round(own[0, 0]), round(own[0, 0]), found, bootstrap))
    shares, means = ratios(pooled[:, 2 : 2 + kinds], pooled[:, :1]), ratios(rest[:, 2:], rest[:, :1])
    in_all = np.concatenate([means[:, :1], shares, means[:, 1:]], axis=1)
    nearest = ratios(rest[:, 1], pooled[:, 0])
    alone = np.bincount(people.image_of)[people.image_of[rows]] == 1
    return ErrorTypes(
        of=of,
        confidence=bootstrap.confidence,
        warnings=list(_limits(int(people.guessed[rows].sum()), bool(alone.all()), len(rows))),
        persons=len(rows),
        images=weights.shape[1],
        accompanied=int((~alone).sum()),
        areas_of_boxes=int(people.guessed[rows].sum()),
        all=_errors(None, round(pooled[0, 0]), len(rows), in_all, bootstrap),
        joints=told,
        by_nearest=bootstrap.estimate(nearest[0], nearest[1:], round(pooled[0, 0])),
        ap=None,
        ap_gains=[],
        ap_rescored=None,
        examples=[],
    )


def _limits(guessed: int, alone: bool, persons: int) -> Iterator[str]:
    """What the numbers do not tell."""
    if guessed:
        yield (
            f'The area of {guessed:,} of {persons:,} persons is not annotated, or not in the store: 0.53 of the box '
            'stands for it, as in MMPose.'
        )
    if alone:
        yield 'Nobody has another person of the same photo in the store, so a swap cannot be told from a miss.'


def _errors(
    name: str | None, labelled: int, persons: int, found: Float[Floats, '1+S 11'], bootstrap: Bootstrap
) -> JointErrors:
    """PCK, the share of each kind, and what each gains, in one row without resampling and in each resample."""
    parts = np.split(found, [1, 1 + len(KINDS)], axis=1)
    (pck,), shares, gains = (
        list(map(_seen, bootstrap.estimates(part, n)))
        for part, n in zip(parts, (persons, labelled, persons), strict=True)
    )
    pairs = zip(KINDS, shares, gains, strict=True)
    kinds = [KindOfError(kind=kind, share=share, pck_gain=gain) for kind, share, gain in pairs]
    return JointErrors(joint=name, labelled=labelled, pck=pck, kinds=kinds)


def _seen(estimate: Estimate) -> Estimate:
    """An estimate without its interval where nothing was seen at all, which drawing images anew does not change."""
    return estimate if estimate.value else replace(estimate, low=None, high=None)


def _parts(people: People, gathered: Gathered, rows: Ints, image_of: Ints) -> Iterator[Part]:
    """Numbers of persons, block by block, to be summed. Of each joint whether it is labelled, correct, of each kind,
    and what each kind costs of PCK; then of each person 1, the joints that the nearest place calls otherwise, PCK, and
    what each kind costs of it.
    """
    for start in range(0, len(rows), BLOCK):
        some = rows[start : start + BLOCK]
        kinds, labelled = gathered.kinds[some], gathered.kinds[some] != UNLABELLED
        away = np.linalg.norm(people.predicted[some] - people.truth[some], axis=-1)
        correct = away < PCK_THRESHOLD * people.side[some, None]
        of_kind = kinds[..., None] == np.arange(len(KINDS))
        costs = of_kind & ~correct[..., None] & (np.arange(len(KINDS)) != GOOD)
        each = np.concatenate([labelled[..., None], (labelled & correct)[..., None], of_kind, costs], axis=-1)
        count = labelled.sum(1, keepdims=True)
        otherwise = (gathered.by_nearest[some] != kinds).sum(1, keepdims=True)
        whole = [
            np.ones_like(count),
            otherwise,
            (labelled & correct).sum(1, keepdims=True) / count,
            costs.sum(1) / count,
        ]
        values = np.concatenate([each.reshape(len(some), -1), *whole], axis=1, dtype=np.float32)
        yield image_of[start : start + BLOCK], values


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

"""Rank the persons of a store by how suspicious their labels are; numbers of the table alone, no latents."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from shg_xai.chapters.label_errors import boxes
from shg_xai.chapters.label_errors.body import Body
from shg_xai.chapters.label_errors.fit import distances
from shg_xai.chapters.label_errors.labels import Labels, labels_of
from shg_xai.chapters.label_errors.learning import NOTHING
from shg_xai.chapters.label_errors.ranking import Ranking, caught, rank
from shg_xai.chapters.label_errors.results import Kind, LabelErrors, Place, Suspect, Trial
from shg_xai.explain.decomposition import Work
from shg_xai.latents.selection import Selection
from shg_xai.stats.arrays import Floats
from shg_xai.stats.bootstrap import Bootstrap

SHOWN = 24  # in an analysis; the tool lists more
FEWEST_PERSONS = 60  # of fewer nothing is learned
MOST_JOINTS = 3  # that are named as put elsewhere
CLOSE = 3.0  # by how much less suspect another joint of the person may be, to be named, too
ALIKE = 0.5  # parts of a score that are as good as equal: then it is the kind that says most, the whole person first
ONTO = 0.05  # of the other person's crop, within which a joint lies on that person's
KNOWN = ('annotation_id', 'image_id', 'dataset', 'file_name')


@dataclass(frozen=True)
class How:
    """How many are listed, and what is drawn."""

    top: int = SHOWN
    resamples: int = 1000
    confidence: float = 0.95
    seed: int = 0


def of_store(of: str, work: Work) -> LabelErrors | None:
    """The labels of the persons of a store who are analysed; None where it has no predictions of them."""
    if work.selection.table(['predicted_keypoints'])['predicted_keypoints'].null_count == len(work.selection):
        return None
    options = work.options
    with work.stage('labels'):
        return measure(of, work.selection, How(SHOWN, options.bootstrap, options.confidence, options.seed))


def measure(of: str, selection: Selection, how: How) -> LabelErrors:
    """The most suspicious labels of a selection; ``why`` says where nobody can be judged."""
    labels, manifest = labels_of(selection), selection.store.manifest
    answer = LabelErrors(
        of=of,
        confidence=how.confidence,
        splits=sorted(set(selection.table(['split'])['split'].unique().to_pylist())),
        persons=len(labels),
        images=len(np.unique(labels.image_of)),
        suspects=[],
        trials=[],
        why=_reason(selection, labels),
    )
    if answer.why:
        return answer
    mirrored = np.array(manifest.mirrored or range(manifest.num_keypoints))
    if not manifest.mirrored:
        answer.warnings = ['The store does not say which joints mirror each other: left and right are not asked about.']
    ranking = rank(labels, Body(mirrored, manifest.skeleton_links), how.seed)
    if not ranking.questions:
        answer.why = (
            'Not even damage done on purpose is found: the network is right too seldom, or persons are too few.'
        )
        return answer
    answer.trials = [_trial(ranking, at, how) for at in range(len(ranking.questions))]
    answer.suspects = suspects(selection, labels, ranking, how.top)
    return answer


def _reason(selection: Selection, labels: Labels) -> str | None:
    if len(labels) >= FEWEST_PERSONS:
        return None
    if selection.table(['predicted_keypoints'])['predicted_keypoints'].null_count == len(selection):
        return 'The store has no predictions: labels are compared with nothing (dump_latents.py with predictions).'
    return f'{len(labels)} persons with a prediction and two labelled joints are fewer than {FEWEST_PERSONS}.'


def _trial(ranking: Ranking, at: int, how: How) -> Trial:
    own = ranking.tried[at]
    bootstrap = Bootstrap(own.image_of, how.resamples, how.confidence, how.seed)
    return Trial(kind=ranking.questions[at].kind, caught=bootstrap.mean(caught(ranking.score, own.score)))


def losses(labels: Labels) -> Floats:
    """Mean distance of the labelled joints from where they are predicted, (N,)."""
    total = np.where(labels.labelled, distances(labels), 0).sum(1, dtype=float)
    return np.asarray(total / labels.labelled.sum(1))


def suspects(selection: Selection, labels: Labels, ranking: Ranking, top: int) -> list[Suspect]:
    """The first of a ranking; equals by loss."""
    score, loss = ranking.score, losses(labels)
    order = np.lexsort((-loss, -score))[:top]
    order = order[(ranking.by_kind[order] > NOTHING).any(1)]
    rows: list[dict[str, int | str]] = selection.table(KNOWN).take(pa.array(labels.rows[order])).to_pylist()
    ids = selection.annotation_ids[labels.rows]
    names = selection.store.manifest.keypoint_names
    found = []
    for person, row in zip(order.tolist(), rows, strict=True):
        parts = ranking.by_kind[person]
        at = int((parts >= parts.max() - ALIKE).argmax())
        kind, units = ranking.questions[at].kind, ranking.asked[at].units[person]
        joints = _joints(kind, units, ranking, labels.take(np.array([person])))
        onto = _onto(labels, person, joints) if kind == 'joint' else None
        found.append(
            Suspect(
                **row,  # type: ignore[arg-type]
                score=float(score[person]),
                kind=kind,
                places=[_place(labels, person, joint, names) for joint in joints],
                loss=float(loss[person]),
                onto=None if onto is None else int(ids[onto]),
            )
        )
    return found


def _joints(kind: Kind, units: Floats, ranking: Ranking, own: Labels) -> list[int]:
    """The joints that the suspicion of a person is about."""
    labelled = own.labelled[0]
    if kind in ('sides', 'limb'):
        return [
            joint for joint in ranking.body.joints_of(ranking.sets_of(kind)[int(units.argmax())]) if labelled[joint]
        ]
    if kind == 'box':
        units = boxes.outside(own)[0].astype(float)
        return [int(joint) for joint in np.argsort(-units, kind='stable') if units[joint] > 0]
    order = np.argsort(-units, kind='stable')[:MOST_JOINTS]
    return [int(joint) for joint in order if units[joint] > max(units.max() - CLOSE, NOTHING)]


def _place(labels: Labels, person: int, joint: int, names: Sequence[str]) -> Place:
    label, found = ((of[person, joint] + 0.5).tolist() for of in (labels.places, labels.predicted))
    return Place(
        joint=names[joint],
        labelled=(label[0], label[1]) if labels.flags[person, joint] else None,
        predicted=(found[0], found[1]),
        height=float(labels.heights[person, joint]),
    )


def _onto(labels: Labels, person: int, joints: Sequence[int]) -> int | None:
    """Another person of the photo on whose prediction of the joint its label lies."""
    others = np.flatnonzero(labels.image_of == labels.image_of[person])
    others = others[others != person]
    for joint in joints:
        place = labels.places[person, joint] * labels.side[person] + labels.middle[person]
        there = labels.predicted[others, joint] * labels.side[others, None] + labels.middle[others]
        near = np.linalg.norm(there - place, axis=-1) < ONTO * labels.side[others]
        if near.any():
            return int(others[near.argmax()])
    return None

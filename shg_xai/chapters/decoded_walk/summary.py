"""From decoded points of walks to the results of a walk.

Shapes: N persons, K keypoints, D values of a latent, J directions, R random ones, C steps.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from shg_xai.chapters.decoded_walk.decoded_concepts import decoded_concepts, decoded_rules
from shg_xai.chapters.decoded_walk.directions import Direction, Walks, nearest_distances, random_directions
from shg_xai.chapters.decoded_walk.effects import DecodedWalk, Drawn, baseline, beyond, effects, points, verdict
from shg_xai.chapters.decoded_walk.passes import Decoded
from shg_xai.chapters.decoded_walk.persons import Shown
from shg_xai.interventions.components import Fitted
from shg_xai.interventions.rows import image_folder, relative_name
from shg_xai.stats.bootstrap import number

EXAMPLES = 3
PEAK_SHARE = 0.5  # of the median peak, from which on a joint counts as labelled


@dataclass(frozen=True)
class Settings:
    """What the results depend on besides the decoded points; see ``WalkOptions``."""

    start: str
    peak: float | None
    bootstrap: int
    confidence: float
    seed: int


def in_crop(keypoints: np.ndarray, center: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Keypoints from the crop's upper left corner, in units of its longer side.

    Args:
        keypoints: Pixels of the image, shape (..., N, K, 2).
        center: Of each crop, shape (N, 2).
        scale: Width and height of each crop, shape (N, 2).
    """
    corner = (center - scale / 2)[:, None]
    return (keypoints - corner) / scale.max(1)[:, None, None]


def results(decoded: Decoded, walks: Walks, fitted: Fitted, shown: Shown, settings: Settings) -> dict[str, Any]:
    """Joints, links, concepts, directions and examples, plain data, and the ``peak`` used.

    Args:
        decoded: All points of the walks.
        walks: The walks.
        fitted: Where they start, and the real latents.
        shown: The N persons.
        settings: How.
    """
    meta = shown.dataset.metainfo
    joints = [meta['keypoint_id2name'][joint] for joint in range(meta['num_keypoints'])]
    peak = PEAK_SHARE * float(np.median(decoded.peaks[-1])) if settings.peak is None else settings.peak
    drawn = Drawn(shown.image_ids, settings.bootstrap, settings.confidence, settings.seed)
    entries, walked = [], []
    for place, direction in enumerate(walks.directions):
        own, *others = (
            _walk(decoded, walks.points(place, other), walks.steps, joints, peak) for other in range(walks.count + 1)
        )
        beside = random_directions(len(walks.random), walks.count, settings.seed, direction.step)[0]
        entries += [
            _entry(direction, own, joints, drawn) | _compared(own, others, joints, drawn),
            _entry(beside, others[0], joints, drawn) | dict(beside=direction.name),
        ]
        walked += [(direction, walks.points(place, 0)), (beside, walks.points(place, 1))]
    for entry in entries[::2]:  # the random ones are compared with nothing
        for point, value in zip(entry['walk'], entry.pop('by_step'), strict=True):
            point['random_mean_shift_97_5'] = value
    _add_distances(entries, [direction for direction, _ in walked], walks.steps, fitted, settings.start)
    return dict(
        joints=joints,
        links=[list(map(int, link)) for link in meta['skeleton_links']],
        concepts=decoded_rules(joints, peak),
        peak=peak,
        directions=entries,
        examples=_examples(decoded, walked, walks.steps, shown),
    )


def _walk(decoded: Decoded, own: np.ndarray, steps: np.ndarray, joints: Sequence[str], peak: float) -> DecodedWalk:
    """One walk, whose points are those of these numbers (C,)."""
    keypoints, peaks = decoded.keypoints[own], decoded.peaks[own]
    known = decoded_concepts(
        keypoints.reshape(-1, *keypoints.shape[2:]),
        peaks.reshape(-1, peaks.shape[2]),
        np.tile(decoded.scale, (len(own), 1)),
        joints,
        peak,
    )
    return DecodedWalk(
        steps,
        in_crop(keypoints, decoded.center, decoded.scale),
        peaks,
        {name: values.reshape(peaks.shape[:2]) for name, values in known.items()},
    )


def _entry(direction: Direction, walk: DecodedWalk, joints: Sequence[str], drawn: Drawn) -> dict[str, Any]:
    """What is said of one direction."""
    share = direction.variance_share
    return dict(
        name=direction.name,
        kind=direction.kind,
        number=direction.number,
        variance_share=None if share is None else number(share),
        step=direction.step,
        walk=points(walk, joints, drawn),
        **effects(walk, joints, drawn),
    )


def _compared(walk: DecodedWalk, others: Sequence[DecodedWalk], joints: Sequence[str], drawn: Drawn) -> dict[str, Any]:
    """What is said of a direction beside random ones of its length."""
    own, random = effects(walk, joints, drawn), baseline(others, drawn)
    more = {
        name: beyond(change, random['random_concept_change_97_5'][name])
        for name, change in own['concept_change'].items()
    }
    return dict(
        **random,
        concept_more_than_random=more,
        verdict=verdict(own['shift_per_sigma'], random['random_mean_shift_97_5']),
    )


def _add_distances(
    entries: Sequence[dict[str, Any]], directions: Sequence[Direction], steps: np.ndarray, fitted: Fitted, start: str
) -> None:
    """Put the distance to the nearest real latent to each point; None from persons' own latents."""
    distances: Sequence[Sequence[float | None]] = [[None] * len(steps)] * len(entries)
    if start == 'mean':
        distances = nearest_distances(
            fitted.selection,
            fitted.components.mean,
            np.stack([direction.vector for direction in directions], axis=1),
            np.stack([steps * direction.step for direction in directions]),
        ).tolist()
    for entry, own in zip(entries, distances, strict=True):
        for point, distance in zip(entry['walk'], own, strict=True):
            point['nearest_distance'] = distance


def _examples(
    decoded: Decoded, walked: Sequence[tuple[Direction, np.ndarray]], steps: np.ndarray, shown: Shown
) -> list[dict[str, Any]]:
    """Poses of the first, the middle and the last person, in pixels of the image."""
    ids, folder = shown.columns['annotation_id'], image_folder(shown.dataset)
    chosen = np.unique(np.linspace(0, len(shown.persons) - 1, EXAMPLES).round().astype(int))
    return [
        dict(
            annotation_id=int(ids[shown.persons[person]]),
            donor_annotation_id=None if shown.donors is None else int(ids[shown.donors[person]]),
            file_name=relative_name(decoded.files[person], folder),
            crop_center=decoded.center[person].tolist(),
            crop_scale=decoded.scale[person].tolist(),
            untouched=np.round(decoded.keypoints[-1, person], 3).tolist(),
            poses=[
                dict(
                    name=direction.name,
                    kind=direction.kind,
                    walk=[
                        dict(c=float(c), pose=np.round(decoded.keypoints[point, person], 3).tolist())
                        for c, point in zip(steps, own, strict=True)
                    ],
                )
                for direction, own in walked
            ],
        )
        for person in map(int, chosen)
    ]

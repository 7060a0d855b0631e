"""What a walk through the latent does to the decoded pose, and whether random directions as long do as much.

Shapes: N persons, P of them with random directions beside, K keypoints, C steps c_1 < ... < c_C (in sigmas) of which
one is 0, M directions, R random ones of each, Q concepts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from shg_xai.chapters.decoded_walk.results import Point, Pose, RandomWalks, Walk
from shg_xai.stats.bootstrap import Bootstrap
from shg_xai.stats.draws import LEVEL, at_least, beside
from shg_xai.stats.multiple import familywise

ROUNDING = 1e-4  # change of a concept, in its unit, below which it is none
FAMILIES = 2  # of tests, of shifts and of concepts, each at half of the level
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class WalkedPoses:
    """Poses of N persons along one walk, in units of the crop's longer side."""

    steps: Floats  # c, ascending, one of them 0, (C,)
    ends: tuple[float, float]  # two of these, between which concepts change
    poses: Floats  # (C, N, K, 2)
    peaks: Floats  # the highest values of heatmaps, (C, N, K)
    concepts: Mapping[str, Floats]  # by name, (C, N), NaN where not known

    @property
    def start(self) -> int:
        """Place of c = 0."""
        return int(np.flatnonzero(self.steps == 0)[0])

    @cached_property
    def shifts(self) -> Floats:
        """How far each joint is from where it is at c = 0, shape (C, N, K)."""
        return np.linalg.norm(self.poses - self.poses[self.start], axis=-1)

    @cached_property
    def shift_per_sigma(self) -> Floats:
        """Shift over abs(c), mean over the steps other than 0, shape (N, K)."""
        away = self.steps != 0
        return (self.shifts[away] / np.abs(self.steps[away])[:, None, None]).mean(0)

    @cached_property
    def inner(self) -> NDArray[np.int64]:
        """Places of the steps from one end to the other."""
        return np.flatnonzero((self.steps >= self.ends[0]) & (self.steps <= self.ends[1]))

    def changes(self) -> dict[str, Floats]:
        """Each concept at the last inner step less that at the first, shape (N,)."""
        return {name: values[self.inner[-1]] - values[self.inner[0]] for name, values in self.concepts.items()}

    def one_way(self) -> dict[str, Floats]:
        """Whether each step from one end to the other moves a concept the way all persons' mean goes, 1 or 0, (N,)."""
        return {name: _one_way(values[self.inner]) for name, values in self.concepts.items()}

    def numbers(self, persons: NDArray[np.int64]) -> Floats:
        """What is compared with random walks, of these persons, (1 + Q,): see :func:`compared`."""
        places = [int(np.flatnonzero(self.steps == c)[0]) for c in self.ends]
        concepts = [own[places][:, None, persons] for own in self.concepts.values()]
        start = self.poses[self.start, persons]
        return compared(np.array(self.ends), self.poses[places][:, None, persons], start, concepts)[0]


def _one_way(values: Floats) -> Floats:
    """Of one concept at the inner steps (C, N), the share of persons it is known of."""
    steps = np.diff(values, axis=0)
    known = np.isfinite(values).all(0)
    if not known.any() or not len(steps):
        return np.full(values.shape[1], np.nan)
    way = np.sign((values[-1] - values[0])[known].mean())
    return np.where(known, (way * steps > ROUNDING).all(0), np.nan)


def compared(c: Floats, poses: Floats, start: Floats, concepts: Sequence[Floats]) -> Floats:
    """How far joints move for each sigma, and how much Q concepts change from one end to the other, (J, 1 + Q).

    Means over P persons of what is known of them, for J walks at their two ends ``c`` (2,), by poses (2, J, P, K, 2),
    the pose all start from (P, K, 2), and concepts (2, J, P) each.
    """
    shifts, away = np.linalg.norm(poses - start, axis=-1).mean(-1), c != 0
    found = [(shifts[away] / np.abs(c[away])[:, None, None]).mean((0, 2))]
    for ends in concepts:
        change = ends[1] - ends[0]
        known = np.isfinite(change)
        count = np.where(known.any(1), known.sum(1), np.nan)
        found.append(np.where(known, change, 0).sum(1) / count)
    return np.stack(found, axis=1)


def beside_random(drawn: Floats, names: Sequence[str], persons: int) -> list[RandomWalks]:
    """Each of M directions beside its R random ones, by the numbers of :func:`compared`, (1 + R, M, 1 + Q).

    The first row is of the directions themselves. Each has random ones of its own, of its own length, so that a row is
    a draw of what was seen if none of the directions is special; p is corrected over all directions, of shifts and of
    concepts alike, and for there being these two.
    """
    sizes = np.concatenate([drawn[..., :1], np.abs(drawn[..., 1:])], axis=2)  # of a concept either way counts
    p = at_least(sizes.reshape(len(sizes), -1)).reshape(sizes.shape[1:])
    corrected = np.empty_like(p)
    for family in (slice(1), slice(1, None)):
        part = sizes[:, :, family]
        corrected[:, family] = FAMILIES * familywise(part.reshape(len(part), -1)).reshape(part.shape[1:])
    corrected = np.minimum(np.maximum(corrected, p), 1)
    return [
        RandomWalks(persons=persons, shift_per_sigma=own[0], concept_change=dict(zip(names, own[1:], strict=True)))
        for own in (
            [beside(drawn[:, m, q], p[m, q], corrected[m, q]) for q in range(drawn.shape[2])]
            for m in range(drawn.shape[1])
        )
    ]


def reachable(count: int) -> bool:
    """Whether so many random directions can give a corrected p below the level at all."""
    return FAMILIES / (1 + count) < LEVEL


def walk_of(
    walked: WalkedPoses, joints: Sequence[str], distances: Sequence[float | None], bootstrap: Bootstrap
) -> Walk:
    """What is measured along one walk; ``distances`` are those of its C points to the nearest stored latent."""
    changes, one_way = walked.changes(), walked.one_way()
    columns = [walked.shift_per_sigma.mean(1), *changes.values(), *one_way.values()]
    shift, *found = bootstrap.means(np.stack(columns, axis=1))
    order = np.argsort(-walked.shift_per_sigma.mean(0), kind='stable')
    return Walk(
        points=[_point(walked, place, joints, distance, bootstrap) for place, distance in enumerate(distances)],
        shift_per_sigma=shift,
        most_moved=[joints[joint] for joint in order[:3]],
        concept_change=dict(zip(changes, found, strict=False)),
        one_way=dict(zip(one_way, found[len(changes) :], strict=True)),
    )


def _point(
    walked: WalkedPoses, place: int, joints: Sequence[str], distance: float | None, bootstrap: Bootstrap
) -> Point:
    shift, peaks = walked.shifts[place], walked.peaks[place]
    change, concepts = (peaks - walked.peaks[walked.start]).mean(1), [own[place] for own in walked.concepts.values()]
    mean_shift, peak_change, *found = bootstrap.means(np.column_stack([shift.mean(1), change, shift, *concepts]))
    return Point(
        c=float(walked.steps[place]),
        shift=dict(zip(joints, found, strict=False)),
        mean_shift=mean_shift,
        peak_change=peak_change,
        concepts=dict(zip(walked.concepts, found[len(joints) :], strict=True)),
        pose=rounded(walked.poses[place].mean(0), 6),
        peaks=np.round(peaks.mean(0), 6).tolist(),
        nearest_distance=distance,
    )


def rounded(pose: Floats, digits: int) -> Pose:
    """A pose (K, 2) for the results."""
    return [(x, y) for x, y in np.round(pose, digits).tolist()]

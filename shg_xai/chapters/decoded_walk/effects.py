"""What a walk through the latent does to the decoded pose, beside random walks of its length.

Shapes: N persons, K keypoints, C steps c_1 < ... < c_C (in sigmas) of which one is 0, R random directions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from shg_xai.chapters.decoded_walk.results import Point, Pose, RandomWalks, Walk
from shg_xai.results import Estimate
from shg_xai.stats.bootstrap import Bootstrap

WITHIN = 2  # sigmas to either side, between which a walk is asked to be monotonic
PERCENTILE = 97.5
ROUNDING = 1e-4  # change of a concept, in its unit, below which it is none
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class WalkedPoses:
    """Poses of N persons along one walk, in units of the crop's longer side."""

    steps: Floats  # c, ascending, one of them 0, (C,)
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
        """Places of the steps from c = -2 to 2."""
        return np.flatnonzero(np.abs(self.steps) <= WITHIN)

    def changes(self) -> dict[str, Floats]:
        """Each concept at the last inner step less that at the first, shape (N,)."""
        return {name: values[self.inner[-1]] - values[self.inner[0]] for name, values in self.concepts.items()}

    def monotonic(self, bootstrap: Bootstrap) -> dict[str, bool | None]:
        """Whether each concept only rises or only falls with c from -2 to 2.

        Every step's difference to the one before, person by person, must have one sign, and its interval leave out 0.
        None where that cannot be said: no such steps, no interval, or a concept nobody's pose has.
        """
        size = len(self.inner) - 1
        if not size or not self.concepts:
            return dict.fromkeys(self.concepts)
        differences = [np.diff(values[self.inner], axis=0).T for values in self.concepts.values()]
        found = bootstrap.means(np.concatenate(differences, axis=1))
        return {name: one_sign(found[place * size :][:size]) for place, name in enumerate(self.concepts)}


def one_sign(differences: Sequence[Estimate]) -> bool | None:
    """Whether all intervals lie on one side of 0; None where one is not known.

    By more than rounding: where all persons have the same pose, an interval has no other width.
    """
    ends = [one.ends for one in differences if one.ends is not None]
    if len(ends) < len(differences):
        return None
    return all(low > ROUNDING for low, _ in ends) or all(high < -ROUNDING for _, high in ends)


def more_than(shift: Estimate, random: float) -> bool | None:
    """Whether the low end of a shift's interval is above the random directions' 97.5 %; None without an interval."""
    return None if shift.low is None else shift.low > random


def beyond(change: Estimate, random: float | None) -> bool | None:
    """Whether a change's whole interval is further from 0 than the random ones' 97.5 %; None where one is missing."""
    if change.ends is None or random is None:
        return None
    return change.ends[0] > random or change.ends[1] < -random


def walk_of(
    walked: WalkedPoses, joints: Sequence[str], distances: Sequence[float | None], bootstrap: Bootstrap
) -> Walk:
    """What is measured along one walk; ``distances`` are those of its C points to the nearest stored latent."""
    changes = walked.changes()
    shift, *changed = bootstrap.means(np.stack([walked.shift_per_sigma.mean(1), *changes.values()], axis=1))
    order = np.argsort(-walked.shift_per_sigma.mean(0), kind='stable')
    return Walk(
        points=[_point(walked, place, joints, distance, bootstrap) for place, distance in enumerate(distances)],
        shift_per_sigma=shift,
        most_moved=[joints[joint] for joint in order[:3]],
        concept_change=dict(zip(changes, changed, strict=True)),
        monotonic=walked.monotonic(bootstrap),
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


def baseline(walks: Sequence[WalkedPoses], first: Walk, bootstrap: Bootstrap) -> RandomWalks:
    """What R random walks of one length do; ``first`` is what is measured along the first of them."""
    known = [{name: own[np.isfinite(own)] for name, own in walk.changes().items()} for walk in walks]
    names, steady = list(known[0]), [walk.monotonic(bootstrap) for walk in walks]
    sizes = {name: [abs(float(own[name].mean())) for own in known if len(own[name])] for name in names}
    return RandomWalks(
        walk=first,
        shift_per_sigma_97_5=float(np.percentile([walk.shift_per_sigma.mean() for walk in walks], PERCENTILE)),
        mean_shift_97_5=np.percentile([walk.shifts.mean((1, 2)) for walk in walks], PERCENTILE, axis=0).tolist(),
        concept_change_97_5={key: float(np.percentile(own, PERCENTILE)) if own else None for key, own in sizes.items()},
        monotonic={name: sum(own[name] is True for own in steady) for name in names},
    )

"""What a walk through the latent does to the decoded pose, beside random walks of its length.

Shapes: N persons, K keypoints, C steps c_1 < ... < c_C (in sigmas) of which one is 0, R random directions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from shg_xai.stats.bootstrap import mean_interval, number

WITHIN = 2  # sigmas to either side, between which a walk is asked to be monotonic
PERCENTILE = 97.5
MORE = 'moves joints more than random directions of the same length'
NO_MORE = 'moves joints no more than random directions of the same length'
MOST_MOVED = 3
ROUNDING = 1e-4  # change of a concept, in its unit, below which it is none
Estimate = dict[str, float | None]


@dataclass(frozen=True)
class Drawn:
    """How intervals are drawn: images anew, see :mod:`shg_xai.stats.bootstrap`."""

    image_ids: np.ndarray
    resamples: int
    confidence: float
    seed: int

    def estimates(self, values: np.ndarray) -> list[Estimate]:
        """Means of columns (N, V) over persons, with intervals; None for what is not known."""
        ends = mean_interval(values, self.image_ids, self.resamples, self.confidence, self.seed)
        return [
            dict(zip(('value', 'low', 'high'), map(number, map(float, row)), strict=True))
            for row in zip(*ends, strict=True)
        ]


@dataclass(frozen=True)
class DecodedWalk:
    """Poses of N persons along one walk.

    Attributes:
        steps: c, ascending, one of them 0, shape (C,).
        poses: Keypoints in units of the crop's longer side, shape (C, N, K, 2).
        peaks: Highest value of each heatmap, shape (C, N, K).
        concepts: By name, shape (C, N), NaN where not known.
    """

    steps: np.ndarray
    poses: np.ndarray
    peaks: np.ndarray
    concepts: Mapping[str, np.ndarray]

    @property
    def start(self) -> int:
        """Place of c = 0."""
        return int(np.flatnonzero(self.steps == 0)[0])

    @cached_property
    def shifts(self) -> np.ndarray:
        """How far each joint is from where it is at c = 0, shape (C, N, K)."""
        return np.linalg.norm(self.poses - self.poses[self.start], axis=-1)

    @cached_property
    def shift_per_sigma(self) -> np.ndarray:
        """Shift over abs(c), mean over the steps other than 0, shape (N, K)."""
        moved = self.steps != 0
        return (self.shifts[moved] / np.abs(self.steps[moved])[:, None, None]).mean(0)

    @cached_property
    def inner(self) -> np.ndarray:
        """Places of the steps from c = -2 to 2."""
        return np.flatnonzero(np.abs(self.steps) <= WITHIN)

    def changes(self) -> dict[str, np.ndarray]:
        """Each concept at the last inner step less that at the first, shape (N,)."""
        return {name: values[self.inner[-1]] - values[self.inner[0]] for name, values in self.concepts.items()}

    def monotonic(self, drawn: Drawn) -> dict[str, bool | None]:
        """Whether each concept only rises or only falls with c from -2 to 2.

        Every step's difference to the one before, person by person, must have one sign, and its interval leave out 0.
        None where that cannot be said: no such steps, no interval, or a concept nobody's pose has.
        """
        names = list(self.concepts)
        if len(self.inner) < 2 or not names:
            return dict.fromkeys(names)
        differences = [np.diff(self.concepts[name][self.inner], axis=0).T for name in names]
        found = drawn.estimates(np.concatenate(differences, axis=1))
        size = len(self.inner) - 1
        return {name: one_sign(found[place * size : (place + 1) * size]) for place, name in enumerate(names)}


def one_sign(differences: Sequence[Estimate]) -> bool | None:
    """Whether all intervals lie on one side of 0; None where one is not known.

    Where all persons have the same pose, an interval has no width but that of rounding, so it must be further from 0
    than that.
    """
    if any(one['low'] is None or one['high'] is None for one in differences):
        return None
    return all(one['low'] > ROUNDING for one in differences) or all(one['high'] < -ROUNDING for one in differences)


def beyond(change: Estimate, random: float | None) -> bool | None:
    """Whether a change's whole interval is further from 0 than the random directions' 97.5 %.

    None where there is no interval, or no random direction has the concept.
    """
    if change['low'] is None or change['high'] is None or random is None:
        return None
    return change['low'] > random or change['high'] < -random


def points(walk: DecodedWalk, joints: Sequence[str], drawn: Drawn) -> list[dict[str, Any]]:
    """What is measured at each step of a walk, for the results.

    Args:
        walk: Of N persons.
        joints: Names of the K keypoints.
        drawn: How intervals are drawn.

    Returns:
        ``c``, ``shift`` by joint and ``mean_shift`` (shares of the crop's longer side, against c = 0), ``peak_change``
        (mean over joints), ``concepts`` by name, ``pose`` (K pairs in units of the crop's longer side) and ``peaks`` (K
        numbers), both means over persons.
    """
    found = []
    for place, c in enumerate(walk.steps):
        shift, known = walk.shifts[place], list(walk.concepts)
        change = (walk.peaks[place] - walk.peaks[walk.start]).mean(1)
        columns = [
            shift,
            shift.mean(1)[:, None],
            change[:, None],
            *(walk.concepts[name][place][:, None] for name in known),
        ]
        *moved, mean_shift, peak_change = (estimates := drawn.estimates(np.concatenate(columns, axis=1)))[
            : len(joints) + 2
        ]
        found.append(
            dict(
                c=float(c),
                shift=dict(zip(joints, moved, strict=True)),
                mean_shift=mean_shift,
                peak_change=peak_change,
                concepts=dict(zip(known, estimates[len(joints) + 2 :], strict=True)),
                pose=np.round(walk.poses[place].mean(0), 6).tolist(),
                peaks=np.round(walk.peaks[place].mean(0), 6).tolist(),
            )
        )
    return found


def effects(walk: DecodedWalk, joints: Sequence[str], drawn: Drawn) -> dict[str, Any]:
    """What a walk does as a whole, for the results.

    Returns:
        ``shift_per_sigma`` (mean over joints and steps of shift over abs(c)), ``most_moved`` (names of the three joints
        that shift most per sigma), ``concept_change`` (by name, from the first to the last step between -2 and 2) and
        ``monotonic``.
    """
    changes = walk.changes()
    shift, *changed = drawn.estimates(np.stack([walk.shift_per_sigma.mean(1), *changes.values()], axis=1))
    order = np.argsort(-walk.shift_per_sigma.mean(0), kind='stable')[:MOST_MOVED]
    return dict(
        shift_per_sigma=shift,
        most_moved=[joints[joint] for joint in order],
        concept_change=dict(zip(changes, changed, strict=True)),
        monotonic=walk.monotonic(drawn),
    )


def baseline(walks: Sequence[DecodedWalk], drawn: Drawn) -> dict[str, Any]:
    """What R random walks of one length do.

    Returns:
        ``random_mean_shift_97_5`` (the 97.5th percentile over directions of shift per sigma), ``by_step`` (that of the
        mean shift at each step), ``random_concept_change_97_5`` (by name, of the change's size) and
        ``random_monotonic`` (by name, along how many of them).
    """
    per_sigma = [walk.shift_per_sigma.mean() for walk in walks]
    by_step = [walk.shifts.mean((1, 2)) for walk in walks]
    sizes: dict[str, list[float]] = {name: [] for name in walks[0].concepts}
    counts = dict.fromkeys(sizes, 0)
    for walk in walks:
        for name, change in walk.changes().items():
            known = change[np.isfinite(change)]
            sizes[name] += [abs(float(known.mean()))] if len(known) else []
        for name, is_monotonic in walk.monotonic(drawn).items():
            counts[name] += is_monotonic is True
    return dict(
        random_mean_shift_97_5=float(np.percentile(per_sigma, PERCENTILE)),
        by_step=[float(value) for value in np.percentile(by_step, PERCENTILE, axis=0)],
        random_concept_change_97_5={
            name: float(np.percentile(own, PERCENTILE)) if own else None for name, own in sizes.items()
        },
        random_monotonic=counts,
    )


def verdict(shift: Estimate, random: float) -> str | None:
    """The statement about a direction, with its numbers; None where there is no interval.

    It moves joints more than random ones where the low end of its interval is above the 97.5th percentile of theirs.

    Args:
        shift: Its shift per sigma.
        random: The random directions' 97.5th percentile.
    """
    if shift['low'] is None:
        return None
    said = MORE if shift['low'] > random else NO_MORE
    return (
        f'{said}: {shift["value"]:.4f} [{shift["low"]:.4f}, {shift["high"]:.4f}] of the '
        f"crop's side per sigma, 97.5 % of the random ones at most {random:.4f}"
    )

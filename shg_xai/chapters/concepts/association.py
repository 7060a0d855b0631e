"""How principal components go with concepts: rank correlation, plain and with others held fixed.

Spearman's rho is Pearson's correlation of midranks (Spearman, American Journal of Psychology 15, 1904; ties: Kendall,
Rank Correlation Methods, 1948, chapter 3). The partial rho of component and concept given controls is Pearson's
correlation of what is left of their midranks after least squares on the controls' midranks (Kendall, Biometrika 32,
1942; Conover, Practical Nonparametric Statistics, 1999, section 5.4).

Each pair uses the persons whose concept is known, ranked among themselves; a partial one those whose controls are known
too. Intervals come from resamples of images (``shg_xai.stats.bootstrap``), in each of which everything is ranked and
adjusted again (``shg_xai.stats.ranks``).

Shapes: N persons, M components, C concepts, S resamples.
"""

import math
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from shg_xai.latents.concepts import Concept
from shg_xai.stats.bootstrap import estimate
from shg_xai.stats.executors import ordered
from shg_xai.stats.ranks import Ranker, partial_correlations, rank_correlations

# What moves many pixels, and so a component, without being the pose: size, labels, truncation,
# shape of the box.
CONTROLS = ('torso_in_crop', 'labelled_share', 'border_sides', 'box_aspect')
FEWEST_PERSONS = 8
STREAM = 2  # keeps these random numbers apart from others of the same seed
Numbers = dict[str, float | None]
Found = dict[int, list[Numbers | None]]
Plan = dict[bytes, tuple[list[int], list[int]]]


def associate(
    scores: np.ndarray,
    concepts: Sequence[Concept],
    groups: np.ndarray,
    *,
    seed: int,
    executor: Executor,
    resamples: int = 1000,
    permutations: int = 200,
    confidence: float = 0.95,
) -> tuple[list[str], list[dict[str, Any]]]:
    """Rank correlation of each component with each concept.

    Args:
        scores: The first M components of each person, shape (N, M).
        concepts: C concepts.
        groups: The image of each person, shape (N,).
        seed: Seed, 0 or more.
        executor: Who computes.
        resamples: Resamples of images behind each interval.
        permutations: How often a concept's values are dealt anew to the persons it is known of, for ``shuffled``: mean
            and percentiles of rho where there is nothing to find.
        confidence: Of intervals and of the shuffled range.

    Returns:
        Names of the controls (those of CONTROLS that are known and vary), and an entry for each component and concept,
        by component: ``component`` (from 1), ``concept``, ``persons``, ``rho``, ``partial`` and ``shuffled``. None is
        what cannot be said: with fewer than 8 persons (beyond the number of controls, for ``partial``), of a column
        that never varies, or of one that the controls determine.
    """
    names = [concept.name for concept in concepts]
    controls = [names.index(name) for name in CONTROLS if name in names and _varies(concepts[names.index(name)].values)]
    values = np.array([concept.values for concept in concepts]).reshape(len(names), len(groups))
    task = _Task(scores, values, groups, controls, resamples, permutations, confidence, seed)
    rho, adjusted, shuffled = {}, {}, {}
    for mask, wanted in _plan(np.isfinite(values), controls).items():
        found = task.run(np.flatnonzero(np.frombuffer(mask, bool)), *wanted, executor)
        for total, part in zip((rho, adjusted, shuffled), found, strict=True):
            total |= part
    nothing = [{'value': None, 'low': None, 'high': None}] * scores.shape[1]
    return [names[control] for control in controls], [
        {
            'component': at + 1,
            'concept': name,
            'persons': int(np.isfinite(values[one]).sum()),
            'rho': dict(rho.get(one, nothing)[at]),
            'partial': adjusted[one][at] if one in adjusted else None,
            'shuffled': dict(shuffled.get(one, nothing)[at]),
        }
        for at in range(scores.shape[1])
        for one, name in enumerate(names)
    ]


@dataclass(frozen=True)
class _Task:
    """What all persons to rank share; ``values`` (C, N), ``controls`` their rows, else as given."""

    scores: np.ndarray
    values: np.ndarray
    groups: np.ndarray
    controls: Sequence[int]
    resamples: int
    permutations: int
    confidence: float
    seed: int

    def run(
        self, rows: np.ndarray, plain: Sequence[int], adjusted: Sequence[int], executor: Executor
    ) -> tuple[Found, Found, Found]:
        """Rank some persons (n,) once for all concepts that are wanted of them.

        Returns:
            By concept the numbers of each component: rho and shuffled rho of ``plain``, between them partial rho of
            ``adjusted``.
        """
        chosen = sorted({*plain, *adjusted, *(self.controls if adjusted else ())})
        columns = [*self.scores[rows].T, *self.values[np.ix_(chosen, rows)]]
        rankers = list(ordered(executor, Ranker.of, columns))
        drawn = rank_correlations(rankers, self.groups, rows, self.resamples, self.seed, executor)
        leading = range(self.scores.shape[1])
        place = {one: len(leading) + at for at, one in enumerate(chosen)}
        rho = {one: self.estimates(drawn[:, leading, place[one]]) for one in plain}
        partials: Found = {}
        for one in adjusted:
            fixed = [place[control] for control in self.controls if control != one]
            found = self.estimates(partial_correlations(drawn, leading, place[one], fixed))
            partials[one] = [None if entry['value'] is None else entry for entry in found]
        shuffle = partial(_shuffled, rankers[: len(leading)], self.permutations, self.seed)
        tasks = [(one, rankers[place[one]]) for one in plain]
        dealt = zip(plain, ordered(executor, shuffle, tasks), strict=True)
        return (
            rho,
            partials,
            {one: [estimate(column.mean(), column, self.confidence) for column in samples.T] for one, samples in dealt},
        )

    def estimates(self, drawn: np.ndarray) -> list[Numbers]:
        """Numbers of each component from values (1 + S, M), the first without resampling."""
        return [estimate(column[0], column[1:], self.confidence) for column in drawn.T]


def _varies(values: np.ndarray) -> bool:
    """Whether enough is known, and not the same of everybody."""
    known = values[np.isfinite(values)]
    return len(known) >= FEWEST_PERSONS and known.min() < known.max()


def _plan(known: np.ndarray, controls: Sequence[int]) -> Plan:
    """Which concepts share the persons to rank, so that components are ranked once for all of them.

    Args:
        known: Of which persons each concept is known, bool, shape (C, N).
        controls: Concepts that are controls.

    Returns:
        By persons (a mask's bytes): concepts whose rho is over them, and whose partial rho is.
    """
    plan: Plan = {}
    for one, mask in enumerate(known):
        if mask.sum() >= FEWEST_PERSONS:
            plan.setdefault(mask.tobytes(), ([], []))[0].append(one)
        others = [control for control in controls if control != one]
        mask = mask & known[others].all(0)
        if others and mask.sum() >= FEWEST_PERSONS + len(others):
            plan.setdefault(mask.tobytes(), ([], []))[1].append(one)
    return plan


def _shuffled(components: Sequence[Ranker], permutations: int, seed: int, task: tuple[int, Ranker]) -> np.ndarray:
    """Rho of M components with a concept whose values are dealt anew, (permutations, M)."""
    one, concept = task
    ones = np.ones(len(concept.order), np.int64)
    ranks = np.array([ranker.ranks(ones) for ranker in [*components, concept]], float)
    size = np.linalg.norm(ranks, axis=1, keepdims=True)
    ranks /= np.where(size > 0, size, math.nan)
    random = np.random.default_rng([seed, STREAM, one])
    return np.array([ranks[:-1] @ random.permutation(ranks[-1]) for _ in range(permutations)])

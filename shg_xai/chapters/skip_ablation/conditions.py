"""What a network loses without its skip connections: the conditions, and their summaries.

Shapes: N persons, K keypoints, V columns (ways to count joints).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from shg_xai.stats.bootstrap import mean_interval, number

REPLACEMENTS = ('zero', 'mean', 'donor')
PARTS = dict(face=('nose', 'eye', 'ear'), upper=('shoulder', 'elbow', 'wrist'), lower=('hip', 'knee', 'ankle'))
BINS = 21
MOST_EXAMPLES = 20

Columns = Mapping[tuple[str, ...], np.ndarray]
Drawn = tuple[np.ndarray, int, float, int]  # images (N,), resamples, confidence, seed


@dataclass(frozen=True)
class Condition:
    """What is replaced in a network; nothing with the defaults.

    Attributes:
        stack: In which hourglass; None for all of them.
        skips: ``all off``, ``level off`` or ``level on alone``; None: all are on.
        level: Which level that is about, 0 for the finest.
        latent: ``zero``, ``mean``, ``donor`` or ``k components``; None: its own.
        k: Number of components.
        replacement: What takes the place of skips or latent: ``zero``, the ``mean`` over persons, that of a ``donor``;
            None for the latent's own components.
    """

    stack: int | None = None
    skips: str | None = None
    level: int | None = None
    latent: str | None = None
    k: int | None = None
    replacement: str | None = None


UNTOUCHED = Condition()


def all_conditions(
    present: Sequence[Collection[int]],
    levels: Sequence[int],
    replacements: Sequence[str] = REPLACEMENTS,
    ks: Sequence[int] = (),
    stored: Collection[int] = (),
) -> list[Condition]:
    """Every condition to measure, stack by stack and then all stacks together.

    One stack is all of them: its conditions come once, with its number.

    Args:
        present: For each stack the levels whose skip is on.
        levels: Levels to switch; one that a stack does not have is left out there.
        replacements: Of ``REPLACEMENTS``.
        ks: Numbers of components to project latents on.
        stored: Stacks whose components are known.

    Returns:
        Without the untouched network.
    """
    groups: list[int | None] = [*range(len(present)), *([None] if len(present) > 1 else [])]
    found = []
    for stack in groups:
        own = range(len(present)) if stack is None else [stack]
        here = [level for level in levels if any(level in present[i] for i in own)]
        skips = [('all off', None), *((what, level) for what in ('level off', 'level on alone') for level in here)]
        if any(present[i] for i in own):
            found += [Condition(stack, what, level, replacement=by) for what, level in skips for by in replacements]
        found += [Condition(stack, latent=by, replacement=by) for by in replacements]
        if all(i in stored for i in own):
            found += [Condition(stack, latent='k components', k=k) for k in ks]
    return found


def levels_off(condition: Condition, present: Sequence[Collection[int]]) -> list[tuple[int, int]]:
    """Stack and level of every skip a condition replaces.

    Args:
        condition: The condition.
        present: For each stack the levels whose skip is on.
    """
    off = {
        'all off': lambda level: True,
        'level off': lambda level: level == condition.level,
        'level on alone': lambda level: level != condition.level,
    }
    if condition.skips is None:
        return []
    return [
        (stack, level)
        for stack in stacks_of(condition, len(present))
        for level in sorted(present[stack])
        if off[condition.skips](level)
    ]


def stacks_of(condition: Condition, count: int) -> list[int]:
    """The stacks a condition is about, of so many."""
    return list(range(count)) if condition.stack is None else [condition.stack]


def donors(persons: int, seed: int) -> np.ndarray:
    """For each of N persons another one: a cycle through all, drawn with the seed.

    Args:
        persons: N, 2 or more.
        seed: Seed, 0 or more.

    Returns:
        Numbers of persons, int64, shape (N,); each once, nobody's own.
    """
    order = np.random.default_rng(seed).permutation(persons)
    found = np.empty(persons, dtype=np.int64)
    found[order] = np.roll(order, -1)
    return found


def part_joints(names: Sequence[str]) -> dict[str, np.ndarray]:
    """Which joints each part of the body has, by the last word of their names.

    Args:
        names: Names of the K keypoints, as ``left_knee``.

    Returns:
        ``face``, ``upper``, ``lower``: bool, shape (K,).
    """
    return {part: np.array([name.split('_')[-1] in words for name in names]) for part, words in PARTS.items()}


def estimates(columns: Columns, drawn: Drawn) -> dict[str, Any]:
    """Means over persons and their intervals over images.

    Args:
        columns: By key, values (N,); NaN where a person has none.
        drawn: Image of each person (N,), resamples, confidence, seed.

    Returns:
        Nested by the words of the keys; ``value``, ``low``, ``high`` of each, None for what is not known.
    """
    ends = mean_interval(np.stack(list(columns.values()), axis=1), *drawn)
    found: dict[str, Any] = {}
    for (*words, last), *own in zip(columns, *ends, strict=True):
        inner = found
        for word in words:
            inner = inner.setdefault(word, {})
        inner[last] = dict(zip(('value', 'low', 'high'), map(number, own), strict=True))
    return found


def differences(a: Columns, b: Columns, drawn: Drawn) -> dict[str, Any]:
    """Means of a - b over the persons who have both, each measured twice; see :func:`estimates`.

    As :func:`~shg_xai.chapters.component_projection.width.paired_difference` finds them, for many columns at once.

    Args:
        a: By key, values (N,).
        b: Of the same persons and keys.
        drawn: See :func:`estimates`.
    """
    return estimates({key: a[key] - b[key] for key in a}, drawn)


def histogram(scores: np.ndarray) -> list[int]:
    """How many persons have a PCK in each of 21 bins of equal width from 0 to 1.

    Args:
        scores: PCK of each person, shape (N,); NaN is not counted.
    """
    return np.histogram(scores[~np.isnan(scores)], BINS, (0, 1))[0].tolist()


def bin_edges() -> list[float]:
    """The 22 edges of the bins of :func:`histogram`."""
    return np.linspace(0, 1, BINS + 1).tolist()


def losers(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Persons who are perfect before, those that lose most first; ties in their order.

    Args:
        before: PCK of each person, shape (N,); NaN where there is none.
        after: The same persons, shape (N,).

    Returns:
        Their numbers, at most 20; a person that loses nothing is not among them.
    """
    chosen = np.flatnonzero((before == 1) & (after < 1))
    return chosen[np.argsort(after[chosen], kind='stable')][:MOST_EXAMPLES]

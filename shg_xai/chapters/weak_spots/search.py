"""Seek groups on whom the network is worse, in one half of the images.

Groups are single conditions and pairs of the best of them with any other (slices: Chung et al., Slice Finder, ICDE
2019; Sagadeeva and Boehm, SliceLine, SIGMOD 2021). Axes and clusters of the latents give conditions as concepts do, for
groups that no concept names (the idea of Spotlight: d'Eon et al., FAccT 2022, and of Domino: Eyuboglu et al., ICLR
2022: what is alike lies together in the latents).

Which of two is the clearer? The gap over its standard error, which grows with the size of the group as well as with the
gap, as SliceLine's score does; and as there are many more pairs than single conditions, the best pair looks better by
luck alone: its chance is taken times the number of pairs (Bonferroni). A pair has to be worse, too, than what is left
of each of its conditions, so that the shorter description wins.

One after another: what is found is raised to the mean of the others before the next one is sought, so that the next
says something new, and is neither a part of the last nor what overlaps it. Single conditions stand in its way here so
that pairs are sought beyond them; they are judged anyhow, as where they cut does not depend on how persons are met.

Nothing here is a conclusion; the other half of the images decides about pairs (``judging.py``). Persons of one image
are taken as independent: it is about order alone.

Shapes: n persons, P conditions, C columns, Q sets of weights.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from scipy.stats import norm

from shg_xai.chapters.weak_spots.columns import Column
from shg_xai.chapters.weak_spots.conditions import Condition, conditions_of, least
from shg_xai.stats.arrays import Bools, Float, Floats, Ints

KEPT = 5  # groups that are sought one after another
TOPS = 12  # conditions that are paired with all others
ADDS = 2.0  # standard errors by which a pair is worse than the rest of each of its conditions
TOGETHER = 8192  # persons multiplied at a time; bounds memory


@dataclass(frozen=True)
class Group:
    """Who meets all of one or two conditions; whom one is not known of is nowhere."""

    conditions: tuple[Condition, ...]

    def sides(self, columns: Sequence[Column], some: Bools) -> tuple[Bools, Bools]:
        """Of some persons, by a mask (N,), who is in it and who is among the others: masks (N,)."""
        known, met = some.copy(), some.copy()
        for condition in self.conditions:
            values = columns[condition.column].values
            known &= np.isfinite(values)
            met &= condition.met(values)
        return known & met, known & ~met


@dataclass(frozen=True)
class Found:
    """A group, and the logarithm of the chance to find as clear a one by luck: that of the test, times how many groups
    of its kind there are, so that it may be above 0.
    """

    group: Group
    log_chance: float


@dataclass(frozen=True)
class Search:
    """Conditions of n persons: who meets each, and of whom each column is known."""

    columns: Sequence[Column]
    some: Bools  # (N,)
    conditions: list[Condition] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, 'conditions', conditions_of(self.columns, self.some))

    @cached_property
    def column(self) -> Ints:
        """Of which column each condition is, (P,)."""
        return np.array([condition.column for condition in self.conditions], np.int64)

    @cached_property
    def met(self) -> Bools:
        """Who meets each condition, (n, P)."""
        met = np.empty((int(self.some.sum()), len(self.conditions)), bool)
        for place, condition in enumerate(self.conditions):
            met[:, place] = condition.met(self.columns[condition.column].values[self.some])
        return met

    @cached_property
    def known(self) -> Bools:
        """Of whom each column is known, (n, C)."""
        return np.stack([np.isfinite(column.values[self.some]) for column in self.columns], axis=1)

    @property
    def pairs(self) -> int:
        """How many pairs of conditions there are, of different columns."""
        own = np.bincount(self.column) if len(self.conditions) else np.zeros(1, int)
        return int((len(self.conditions) ** 2 - (own**2).sum()) // 2)

    def groups(self, pck: Float[Floats, ' n']) -> list[Found]:
        """At most KEPT groups that are worse, the clearest first."""
        left, found = pck.astype(float), list[Found]()
        while len(found) < KEPT and len(self.conditions):
            clearest = self._clearest(left)
            if not clearest.log_chance < math.inf or clearest.group in [one.group for one in found]:
                break  # nothing new is worse
            found.append(clearest)
            inside, others = (side[self.some] for side in clearest.group.sides(self.columns, self.some))
            left[inside] += left[others].mean() - left[inside].mean()
        return found

    def _clearest(self, pck: Floats) -> Found:
        """The group with the least chance; of none that is worse it is infinite."""
        singles = self._singles(pck)
        top = np.argsort(-singles, kind='stable')[:TOPS]
        pairs = self._pairs(pck, top)
        first, second = np.unravel_index(int(pairs.argmax()), pairs.shape)
        found = (
            Found(Group((self.conditions[int(singles.argmax())],)), log_chance(singles.max(), len(singles))),
            Found(Group((self.conditions[int(top[first])], self.conditions[int(second)])),
                  log_chance(pairs.max(), self.pairs)),
        )  # fmt: skip
        return min(found, key=lambda one: one.log_chance)

    def _singles(self, pck: Floats) -> Float[Floats, ' P']:
        """How many standard errors each condition's persons are below the others."""
        weights = np.stack([np.ones_like(pck), pck, pck**2], axis=1)
        return below(products(self.met, weights), products(self.known, weights)[self.column])

    def _pairs(self, pck: Floats, top: Ints) -> Float[Floats, 'T P']:
        """The same of each pair of one of T conditions with any; -inf where one of them does not add to the other."""
        member, known = self.met[:, top].astype(float), self.known[:, self.column[top]].astype(float)
        moments = np.stack([np.ones_like(pck), pck, pck**2], axis=1)
        # Of each of the T: moments of who meets it, then of whom it is known.
        both = np.stack([member, known], axis=2)[..., None] * moments[:, None, None]
        shape = (-1, len(top), 2, 3)
        weights = both.reshape(len(pck), -1)
        inside, own = products(self.met, weights).reshape(shape), products(self.known, weights).reshape(shape)
        found = np.full((len(top), len(self.conditions)), -np.inf)
        for place, one in enumerate(top.tolist()):
            pair, other = inside[:, place, 0], inside[:, place, 1]
            first, everybody = own[self.column, place, 0], own[self.column, place, 1]
            score = below(pair, everybody)
            for whole in (first, other):  # beside what is left of either condition
                score = np.where(below(pair, whole) > ADDS, score, -np.inf)
            fits = (pair[:, 0] >= least(len(pck))) & (self.column != self.column[one])
            found[place] = np.where(fits, score, -np.inf)
        return found


def log_chance(errors: float, tried: int) -> float:
    """Logarithm of the chance of so many standard errors in the best of so many; infinite where it is not below."""
    return float(norm.logsf(errors) + math.log(max(tried, 1))) if errors > 0 else math.inf


def products(masks: Bools, weights: Float[Floats, 'n Q']) -> Float[Floats, 'P Q']:
    """Sums of weights over the persons of each mask (n, P)."""
    total = np.zeros((masks.shape[1], weights.shape[1]))
    for start in range(0, len(masks), TOGETHER):
        rows = slice(start, start + TOGETHER)
        total += masks[rows].T.astype(np.float64) @ weights[rows]
    return total


def below(group: Float[Floats, 'P 3'], known: Float[Floats, 'P 3']) -> Float[Floats, ' P']:
    """How many standard errors a group's mean is below that of the others, by number, sum and sum of squares of the
    group and of all; -inf where nothing can be said.

    The variance is that of the group where it is larger than that of all. Few persons have a low mean mostly by a few
    who are missed altogether, and these then make the variance large, too: what one variance for both would take for
    clear. Student's t of the group's size becomes the normal deviate of the same chance (Wallace, Annals of
    Mathematical Statistics 30, 1959), so that large and small groups can be compared.
    """
    n, total, _ = group.T
    other, other_total, _ = (known - group).T
    everybody = _variance(known)
    with np.errstate(invalid='ignore', divide='ignore'):
        error = np.sqrt(np.maximum(_variance(group), everybody) / n + everybody / other)
        t, degrees = (other_total / other - total / n) / error, np.maximum(n - 1, 1)
        deviate = np.sqrt(degrees * np.log1p(t**2 / degrees)) * (8 * degrees + 1) / (8 * degrees + 3)
    return np.where(np.isfinite(t), np.sign(t) * deviate, -np.inf)


def _variance(moments: Float[Floats, 'P 3']) -> Floats:
    n, total, squares = moments.T
    return np.maximum(squares - total**2 / np.maximum(n, 1), 0) / np.maximum(n - 1, 1)

"""Mirrored pairs of joints, and which of them form a limb.

A limb is a chain of up to three neighbouring pairs: both wrists; elbows and wrists; shoulders, elbows and wrists.
Pairs are neighbours where the skeleton has a line between them. The last set is the whole person.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from shg_xai.stats.arrays import Bools, Int, Ints, Shaped

LONGEST = 3  # pairs in a limb
MOST_LIMBS = 64  # of a skeleton with more only single pairs, as of hands and faces with their dozens of joints


@dataclass(frozen=True)
class Body:
    """K joints: which is each one's mirror image (itself where it has none), and lines of the skeleton."""

    mirrored: Int[Ints, ' K']
    links: Sequence[tuple[int, int]]

    @cached_property
    def pairs(self) -> Int[Ints, 'Q 2']:
        """Q pairs of mirrored joints, the lower number first."""
        return np.array([(a, b) for a, b in enumerate(self.mirrored.tolist()) if a < b], np.int64).reshape(-1, 2)

    @cached_property
    def sets(self) -> list[tuple[int, ...]]:
        """Sets of pairs, by number, that may be exchanged together: limbs, and last the whole person."""
        count = len(self.pairs)
        limbs = {frozenset([pair]) for pair in range(count)}
        grown = set(limbs)
        for _ in range(LONGEST - 1):
            grown = {own | line for own in grown for line in self._neighbours if len(own & line) == 1}
            limbs |= grown
        whole = frozenset(range(count))
        limbs = limbs if len(limbs) <= MOST_LIMBS else {frozenset([pair]) for pair in range(count)}
        return [*sorted((tuple(sorted(own)) for own in limbs - {whole}), key=lambda own: (len(own), own)), tuple(whole)]

    @cached_property
    def _neighbours(self) -> set[frozenset[int]]:
        of = {int(joint): pair for pair, both in enumerate(self.pairs) for joint in both}
        lines = (frozenset((of[a], of[b])) for a, b in self.links if a in of and b in of)
        return {line for line in lines if len(line) == 2}

    def joints_of(self, own: Sequence[int]) -> Int[Ints, ' J']:
        """The joints of a set of pairs, ascending."""
        return np.sort(self.pairs[list(own)].ravel())

    def crossing(self, own: Sequence[int]) -> Int[Ints, 'E 2']:
        """Lines of the skeleton from a joint of the set to one that is not, the former first."""
        inside = np.isin(np.arange(len(self.mirrored)), self.joints_of(own))
        lines = [(a, b) if inside[a] else (b, a) for a, b in self.links if inside[a] != inside[b]]
        return np.array(lines, np.int64).reshape(-1, 2)

    def both(self, labelled: Shaped[Bools, 'N K']) -> Shaped[Bools, 'N Q']:
        """Of which pairs both joints are labelled."""
        return labelled[:, self.pairs[:, 0]] & labelled[:, self.pairs[:, 1]]

"""Each way a label may be wrong as a question: what is learned of it, and what it says of persons.

A question learns once, from labels as they are and from copies that it damages, and then scores labels of the same
persons: as they are, or damaged ones, for seeing how well it does. Its units are what may be wrong: sets of mirrored
pairs, joints, or the box.

Shapes: N persons, K joints, S sets, U units.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from shg_xai.chapters.label_errors import boxes, flags, moves, swaps
from shg_xai.chapters.label_errors.body import Body
from shg_xai.chapters.label_errors.fit import Fit, typical
from shg_xai.chapters.label_errors.labels import Labels
from shg_xai.chapters.label_errors.learning import NOTHING, Cases, Learned, either, joined, learn
from shg_xai.chapters.label_errors.results import Kind
from shg_xai.random_streams import stream
from shg_xai.stats.arrays import Bools, Float, Float32, Floats, Int, Ints, Shaped, Singles

FIT_PERSONS = 5000  # whose labels are damaged; trees learn little more from more
BLOCK = 8192  # persons whose flags are judged at a time; bounds memory
SUSPECT = 3.0  # scores of exchanged sides from which on a label is no example for other questions


class Scores(NamedTuple):
    """What a question says of persons: of each unit, and of the person; NOTHING where it says nothing."""

    units: Float[Floats, 'N U']
    person: Float[Floats, ' N']

    @classmethod
    def of(cls, units: Float[Floats, 'N U'], able: Int[Ints, ' N']) -> 'Scores':
        """``able``: in how many units of each person something can be wrong."""
        return cls(units, either(units, able))


class Question(NamedTuple):
    """One way a label may be wrong."""

    kind: Kind
    scores: Callable[[Labels], Scores]
    damaged: Callable[[Labels, np.random.Generator], Labels]


@dataclass(frozen=True)
class Asker:
    """Learns all questions of N persons; from ``trusted`` ones, where not from all."""

    labels: Labels
    body: Body
    seed: int
    trusted: Labels | None = None

    @property
    def known(self) -> Labels:
        """Labels that are learned from."""
        return self.labels if self.trusted is None else self.trusted

    @cached_property
    def scale(self) -> Float32[Singles, ' K']:
        """The typical distance of each joint."""
        return typical(self.labels)

    def questions(self) -> list[Question]:
        """Those that can be asked: without mirrored joints nothing is exchanged, without unlabelled ones no flag is.

        Where sides look exchanged, all joints are off, and none of them is an example of one in its right place.
        """
        sides = []
        if len(self.body.pairs):
            sides = [self._whole(), *([self._limbs()] if len(self.body.sets) > 1 else [])]
        suspect = np.zeros(len(self.labels), bool)
        for one in sides:
            suspect |= one.scores(self.labels).person > SUSPECT
        rest = replace(self, trusted=self.labels.take(~suspect))
        flagged = [rest._flagged()] if len(flags.judged(rest.known)) else []
        return [*sides, rest._moved(), rest._boxed(), *flagged]

    @property
    def images(self) -> int:
        """How many."""
        return int(self.labels.image_of.max()) + 1

    def drawn(self, part: int) -> Labels:
        """Persons whose labels are damaged."""
        some = stream(self.seed, 'label_damage', part).permutation(len(self.known))[:FIT_PERSONS]
        return self.known.take(np.sort(some))

    def pairs(self, labels: Labels) -> swaps.Pairs:
        """Of labels, measured by what is typical of those of the store."""
        return swaps.Pairs(labels, self.body, Fit.of(labels, self.body, self.scale))

    def _learn(self, as_is: Cases, damaged: Cases) -> Learned:
        return learn(as_is, damaged, self.seed, self.images)

    def _whole(self) -> Question:
        own = self.body.sets[-1]

        def cases(pairs: swaps.Pairs, damaged: bool) -> tuple[Ints, Cases]:
            some = pairs.candidates(own, damaged)
            parts = swaps.numbers(pairs, own, some, damaged), swaps.poses(pairs, some, damaged)
            movable = int(pairs.movable(own).sum())
            return some, Cases(np.concatenate(parts, 1), pairs.labels.image_of[some], movable)

        learned = self._learn(cases(self.pairs(self.known), False)[1], cases(self.pairs(self.drawn(0)), True)[1])

        def scores(labels: Labels) -> Scores:
            pairs, units = self.pairs(labels), np.full((len(labels), 1), NOTHING)
            some, asked = cases(pairs, False)
            units[some, 0] = learned.scores(asked)
            return Scores.of(units, pairs.movable(own).astype(np.int64))

        def damaged(labels: Labels, random: np.random.Generator) -> Labels:
            return swaps.exchanged(labels, self.body, own).take(self.pairs(labels).movable(own))

        return Question('sides', scores, damaged)

    def _limbs(self) -> Question:
        limbs = self.body.sets[:-1]

        def cases(pairs: swaps.Pairs, damaged: bool) -> tuple[list[Ints], Cases]:
            some = [pairs.candidates(own, damaged) for own in limbs]
            parts = [
                Cases(
                    np.column_stack([swaps.numbers(pairs, own, who, damaged), np.full(len(who), number, np.float32)]),
                    pairs.labels.image_of[who],
                    int(pairs.movable(own).sum()),
                )
                for number, (own, who) in enumerate(zip(limbs, some, strict=True))
            ]
            return some, joined(parts)

        learned = self._learn(cases(self.pairs(self.known), False)[1], cases(self.pairs(self.drawn(0)), True)[1])

        def scores(labels: Labels) -> Scores:
            pairs, units = self.pairs(labels), np.full((len(labels), len(limbs)), NOTHING)
            some, asked = cases(pairs, False)
            ends = np.cumsum([len(who) for who in some])[:-1]
            for number, (who, own) in enumerate(zip(some, np.split(learned.scores(asked), ends), strict=True)):
                units[who, number] = own
            return Scores.of(units, np.sum([pairs.movable(own) for own in limbs], axis=0))

        def damaged(labels: Labels, random: np.random.Generator) -> Labels:
            pairs = self.pairs(labels)
            able = np.stack([pairs.movable(own) for own in limbs], 1)
            which = np.where(able, random.random(able.shape), -1).argmax(1)
            changed = labels
            for number, own in enumerate(limbs):
                other = swaps.exchanged(labels, self.body, own)
                here = which == number
                changed = changed.moved(
                    np.where(here[:, None, None], other.places, changed.places),
                    np.where(here[:, None], other.flags, changed.flags),
                )
            return changed.take(able.any(1))

        return Question('limb', scores, damaged)

    def _moved(self) -> Question:
        part = self.drawn(1)

        def cases(labels: Labels, chosen: Shaped[Bools, 'N K']) -> Cases:
            looked = chosen & moves.candidates(labels)
            found = moves.numbers(labels, self.body, self.scale, looked)
            return Cases(found, labels.image_of[np.nonzero(looked)[0]], int(chosen.sum()))

        hurt, which = moves.damaged(part, stream(self.seed, 'label_damage', 2))
        learned = self._learn(cases(self.known, self.known.labelled), cases(hurt, which))

        def scores(labels: Labels) -> Scores:
            looked, units = moves.candidates(labels), np.full(labels.flags.shape, NOTHING)
            units[looked] = learned.scores(cases(labels, labels.labelled))
            return Scores.of(units, labels.labelled.sum(1))

        def damaged(labels: Labels, random: np.random.Generator) -> Labels:
            changed, which = moves.damaged(labels, random)
            return changed.take(which.any(1))

        return Question('joint', scores, damaged)

    def _flagged(self) -> Question:
        joints = flags.judged(self.known)

        about = np.isin(np.arange(self.labels.flags.shape[1]), joints)
        base = np.zeros(len(about))
        base[joints] = flags.base(self.known, joints)

        def cases(labels: Labels, chosen: Shaped[Bools, 'N K']) -> Cases:
            found = flags.numbers(labels, self.body, chosen)
            return Cases(found, labels.image_of[np.nonzero(chosen)[0]], len(found))

        # Those without the label first: the score is of being labelled.
        some = self.drawn(7)
        learned = self._learn(*(cases(some, about & (some.labelled == here)) for here in (False, True)))

        def scores(labels: Labels) -> Scores:
            units = np.full(labels.flags.shape, NOTHING)
            for start in range(0, len(labels), BLOCK):
                block = labels.take(np.arange(start, min(start + BLOCK, len(labels))))
                found = learned.scores(cases(block, np.broadcast_to(about, block.flags.shape)))
                units[start : start + BLOCK, joints] = found.reshape(-1, len(joints)) - base[joints]
            units[:, joints] *= np.where(labels.labelled[:, joints], -1, 1)
            return Scores.of(units, np.full(len(labels), len(joints)))

        def damaged(labels: Labels, random: np.random.Generator) -> Labels:
            return flags.damaged(labels, joints, random)[0]

        return Question('flag', scores, damaged)

    def _boxed(self) -> Question:
        def cases(labels: Labels) -> tuple[Ints, Cases]:
            found = boxes.numbers(labels)
            some = np.flatnonzero(found[:, 0] > 0)
            return some, Cases(found[some], labels.image_of[some], len(labels))

        cut = boxes.damaged(self.drawn(3), stream(self.seed, 'label_damage', 4))
        learned = self._learn(cases(self.known)[1], cases(cut)[1])

        def scores(labels: Labels) -> Scores:
            units = np.full((len(labels), 1), NOTHING)
            some, asked = cases(labels)
            units[some, 0] = learned.scores(asked)
            return Scores.of(units, np.ones(len(labels), np.int64))

        return Question('box', scores, boxes.damaged)

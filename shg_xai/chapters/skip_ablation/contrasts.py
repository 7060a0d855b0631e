"""From means over resampled images to contrasts whose intervals hold all at once: what breaks, what restores, and more.

Everything the chapter claims is one contrast among many, so all of an answer are one family
(:mod:`shg_xai.stats.simultaneous`): each condition against the untouched network; one level left intact against none;
levels against each other; another person's skips against their mean; the face against other parts.

A network answers in two directions (Heimersheim and Nanda, How to use and interpret activation patching, 2024, section
2.2): what breaks when one level is taken from the intact network is what was necessary; what comes back when one level
alone is left intact is what suffices. With redundant levels the first shows little where the second shows much.
"""

import math
from collections.abc import Hashable, Mapping, Sequence
from itertools import combinations
from typing import Literal

import numpy as np

from shg_xai.chapters.skip_ablation.conditions import JOINTS
from shg_xai.chapters.skip_ablation.options import Replacement
from shg_xai.chapters.skip_ablation.results import Ablation, Contrast, LevelPair, PartsLeft
from shg_xai.chapters.skip_ablation.scores import LABELLED, LIKELIHOOD, Columns, Key
from shg_xai.results import Estimate
from shg_xai.stats.arrays import Float, Floats
from shg_xai.stats.bootstrap import Bootstrap
from shg_xai.stats.simultaneous import Resamples, simultaneous

UNTOUCHED, CONTROL = 'untouched', 'control'
OTHERS = ('upper', 'lower')  # the face is set against
SKIPS: tuple[Literal['level off'], Literal['level on alone']] = ('level off', 'level on alone')
Draws = Float[Floats, ' 1+R']  # a number as it is, and in R resamples


class Contrasts:
    """All contrasts of an answer: conditions are added one by one, what they tell is asked for in the end.

    A condition is known by its :class:`~shg_xai.chapters.skip_ablation.results.Ablation`, or as :data:`UNTOUCHED` or
    :data:`CONTROL`. Of each only the means in resamples are kept, of labelled joints, parts and joints.
    """

    def __init__(self, bootstrap: Bootstrap) -> None:
        self.bootstrap, self._resamples = bootstrap, Resamples(bootstrap)
        self.means: dict[Hashable, dict[Key, Draws]] = {}
        self.images: dict[Key, int] = {}
        self.persons: dict[Key, int] = {}
        self._asked: dict[Hashable, tuple[Draws, Key]] = {}
        self._answers: dict[Hashable, Estimate] = {}

    def add(self, name: Hashable, columns: Columns) -> None:
        """A condition, by each person's scores under it."""
        keys = [key for key in columns if key[0] == 'likelihood' or key[2] == 'labelled']
        drawn = self._resamples.means(np.stack([columns[key] for key in keys], axis=1))
        self.means[name] = dict(zip(keys, drawn.means.T, strict=True))
        self.images |= zip(keys, drawn.images.tolist(), strict=True)
        self.persons |= zip(keys, drawn.persons.tolist(), strict=True)

    def ask(self, whole: int | None, levels: Sequence[int], by: Sequence[Replacement]) -> None:
        """Draw up the family of the conditions that were added, and its intervals.

        ``whole`` is the stack that stands for the network, whose levels are set against each other by the first of the
        replacements.
        """
        for one in self.means:
            if isinstance(one, Ablation):
                self._ask(('broken', one), UNTOUCHED, one, joints=one.skips == 'level off')
                if one.skips == 'level on alone':
                    self._ask(('restored', one), one, all_off(one.stack, one.replacement))
        if CONTROL in self.means:
            self._ask(('broken', CONTROL), UNTOUCHED, CONTROL)
        for a, b in combinations(levels if by else (), 2):
            off, alone = ([Ablation(stack=whole, skips=s, level=i, replacement=by[0]) for i in (a, b)] for s in SKIPS)
            self._ask(('levels off', a, b), *reversed(off))
            self._ask(('levels alone', a, b), *alone)
        self._ask('misled', all_off(whole, 'mean'), all_off(whole, 'donor'))
        for own in (*by, None):
            for part, draws in self._face(CONTROL if own is None else all_off(whole, own)).items():
                self._asked['face', own, part] = draws, min(part_keys(part), key=self.images.__getitem__)
        names, found = list(self._asked), list(self._asked.values())
        images = np.array([self.images[key] for _, key in found], dtype=np.int64)
        drawn = np.stack([draws for draws, _ in found], axis=1) if found else np.zeros((1, 0))
        self._answers = dict(zip(names, simultaneous(drawn, images, self.bootstrap.confidence), strict=True))
        for name, (_, key) in self._asked.items():
            self._answers[name].n = self.persons[key]

    def __len__(self) -> int:
        """How many there are."""
        return len(self._asked)

    def of(self, name: Hashable) -> Contrast | None:
        """A contrast by its name, ``('restored', condition)`` or ``'misled'``; None where a side was not added."""
        found = {key: self._answers[name, key] for key in (LABELLED, LIKELIHOOD) if (name, key) in self._answers}
        if not found:
            return None
        joints = [key for key in self.images if key[0] == 'joints' and (name, key) in self._answers]
        return Contrast(
            pck=found[LABELLED],
            likelihood=found[LIKELIHOOD],
            joints={key[1]: self._answers[name, key] for key in joints},
        )

    def broken(self, name: Hashable) -> Contrast:
        """The untouched network less a condition that was added."""
        found = self.of(('broken', name))
        assert found is not None, f'{name} was not added'
        return found

    def pairs(self, levels: Sequence[int]) -> list[LevelPair]:
        """Every two levels."""
        found = []
        for a, b in combinations(levels, 2):
            broken, restored = self.of(('levels off', a, b)), self.of(('levels alone', a, b))
            if broken and restored:
                found.append(LevelPair(levels=(a, b), broken=broken, restored=restored))
        return found

    def parts_left(self, whole: int | None, by: Sequence[Replacement]) -> list[PartsLeft]:
        """What is left of each part by each replacement, and of the control."""
        found = []
        for own in (*by, None):
            condition = CONTROL if own is None else all_off(whole, own)
            if condition in self.means:
                left = {part: self._left(condition, part) for part in JOINTS}
                told = {part: self.bootstrap.estimate(draws[0], draws[1:]) for part, draws in left.items()}
                face = {part: self._answers.get(('face', own, part), Estimate(value=None)) for part in OTHERS}
                found.append(PartsLeft(replacement=own, left=told, face=face))
        return found

    def _ask(self, name: Hashable, a: Hashable, b: Hashable, *, joints: bool = False) -> None:
        """Ask what a has more than b, if both were added."""
        if a in self.means and b in self.means:
            for key in self.images:
                if key in (LABELLED, LIKELIHOOD) or (joints and key[0] == 'joints'):
                    self._asked[name, key] = self.means[a][key] - self.means[b][key], key

    def _left(self, condition: Hashable, part: str) -> Draws:
        """The share left of a part; NaN where there was nothing."""
        after, before = (self.means[name]['parts', part, 'labelled'] for name in (condition, UNTOUCHED))
        return np.divide(after, before, out=np.full_like(after, math.nan), where=before > 0)

    def _face(self, condition: Hashable) -> Mapping[str, Draws]:
        """Log of the share left of the face less that of another part; none where nothing is left of one of them."""
        if condition not in self.means:
            return {}
        face, *others = (self._left(condition, part) for part in ('face', *OTHERS))
        return {
            part: np.log(face / other)
            for part, other in zip(OTHERS, others, strict=True)
            if np.isfinite(face * other).all() and min(face.min(), other.min()) > 0
        }


def all_off(stack: int | None, by: Replacement | None) -> Ablation:
    """All skips of a stack off."""
    return Ablation(stack=stack, skips='all off', replacement=by)


def part_keys(part: str) -> list[Key]:
    """The columns of the face and another part."""
    return [('parts', name, 'labelled') for name in ('face', part)]

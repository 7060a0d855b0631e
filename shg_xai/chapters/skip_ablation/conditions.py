"""Which conditions a skip ablation measures, what each takes away, and what it is called."""

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from shg_xai.chapters.skip_ablation.options import Replacement
from shg_xai.chapters.skip_ablation.results import Ablation
from shg_xai.drawing.text import number, stack_name

# What takes the place of a skip or of the latent, in words.
REPLACED: dict[Replacement | None, str] = {'donor': 'another person’s', 'mean': 'their mean', 'zero': 'nothing'}
PARTS = {'face': 'face', 'upper': 'shoulders to wrists', 'lower': 'hips to ankles'}
JOINTS = dict(face=('nose', 'eye', 'ear'), upper=('shoulder', 'elbow', 'wrist'), lower=('hip', 'knee', 'ankle'))


def all_conditions(
    present: Sequence[Collection[int]],
    levels: Sequence[int],
    replacements: Sequence[Replacement] = ('donor', 'mean', 'zero'),
    ks: Sequence[int] = (),
    stored: Collection[int] = (),
) -> list[Ablation]:
    """Every condition to measure, stack by stack and then all stacks together.

    One stack is all of them: its conditions come once, with its number. A level that a stack does not have on is left
    out there; latents are projected on k components where those of the stack are stored.
    """
    found = []
    for stack in (*range(len(present)), *([None] if len(present) > 1 else [])):
        own = range(len(present)) if stack is None else [stack]
        on = {level for i in own for level in present[i]}
        if on:
            found += [Ablation(stack=stack, skips='all off', replacement=by) for by in replacements]
        for skips in ('level off', 'level on alone'):
            for level in (level for level in levels if level in on):
                found += [Ablation(stack=stack, skips=skips, level=level, replacement=by) for by in replacements]
        found += [Ablation(stack=stack, latent=by, replacement=by) for by in replacements]
        if all(i in stored for i in own):
            found += [Ablation(stack=stack, latent='k components', k=k) for k in ks]
    return found


def levels_off(condition: Ablation, present: Sequence[Collection[int]]) -> list[tuple[int, int]]:
    """Stack and level of every skip a condition replaces, of those that are on."""
    stacks = [] if condition.skips is None else stacks_of(condition, len(present))
    on = [(stack, level) for stack in stacks for level in sorted(present[stack])]
    if condition.skips == 'all off':
        return on
    return [place for place in on if (place[1] == condition.level) is (condition.skips == 'level off')]


def stacks_of(condition: Ablation, count: int) -> list[int]:
    """The stacks a condition is about, of so many."""
    return list(range(count)) if condition.stack is None else [condition.stack]


def part_joints(names: Sequence[str]) -> dict[str, NDArray[np.bool_]]:
    """Which of the K joints each part of the body has, by the last word of their names: bool, (K,) each."""
    return {part: np.array([name.split('_')[-1] in words for name in names]) for part, words in JOINTS.items()}


def what_is_off(condition: Ablation) -> str:
    """A condition in words, without its stack: ``only level 2 on``."""
    if condition.k is not None:
        return f'latent on {number(condition.k)} components'
    if condition.latent:
        return 'latent replaced'
    if condition.skips == 'all off':
        return 'all skips off'
    return f'level {condition.level} off' if condition.skips == 'level off' else f'only level {condition.level} on'


def condition_text(condition: Ablation, stacks: int) -> str:
    """A condition in words, as ``second stack: only level 2 on``; a single stack is not named."""
    what = what_is_off(condition)
    return what if stacks == 1 else f'{stack_name(condition.stack)}: {what}'

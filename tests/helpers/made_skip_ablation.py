"""Made-up skip ablations: two levels; level 1 off costs the left wrist 0.3; all off costs the face most."""

import math
import re
from typing import Literal

from shg_xai.chapters.skip_ablation.options import Replacement, SkipAblationOptions
from shg_xai.chapters.skip_ablation.results import (
    Ablated,
    Ablation,
    Contrast,
    Control,
    Example,
    Histogram,
    LevelPair,
    PartsLeft,
    Point,
    Scores,
    SkipAblation,
)
from shg_xai.results import Checkpoint, Estimate
from shg_xai.results_file import decode, encode
from tests.helpers.made_results import EVIL, KEYPOINTS, LINKS, STANDING

WAYS: tuple[Replacement, ...] = ('donor', 'mean', 'zero')
SKIPS: tuple[Literal['level off'], Literal['level on alone']] = ('level off', 'level on alone')
PARTS = {'face': 0.9, 'upper': 0.8, 'lower': 0.7}


def about(value: float, half: float = 0.02) -> Estimate:
    """A value and its interval."""
    return Estimate(value=value, low=value - half, high=value + half, n=60)


def drops(lost: float, face: float, wrist: float, untouched: bool = False) -> Scores:
    """So much lost of all, of the face and of the left wrist; or what is left of an untouched network."""

    def one(level: float, own: float) -> Estimate:
        return about(level - own if untouched else own)

    return Scores(
        pck={group: one(0.8, lost) for group in ('labelled', 'visible', 'occluded', 'limbs')},
        parts={part: {'labelled': one(level, face if part == 'face' else lost)} for part, level in PARTS.items()},
        joints={name: {'labelled': one(0.8, wrist if name == 'left_wrist' else lost)} for name in KEYPOINTS},
        likelihood={group: one(-2, 4 * lost) for group in ('labelled', *PARTS)},
    )


def contrast(pck: float, nats: float, joints: dict[str, Estimate] | None = None) -> Contrast:
    """So much of one condition is above another."""
    return Contrast(pck=about(pck), likelihood=about(nats, 0.1), joints=joints or {})


def parts_left(
    replacement: Replacement | None, face: float, upper: float, lower: float, half: float = 0.02
) -> PartsLeft:
    """Such shares are left of the parts."""
    left, others = about(face), {'upper': upper, 'lower': lower}
    return PartsLeft(
        replacement=replacement,
        left={'face': left, **{part: about(share) for part, share in others.items()}},
        face={part: about(math.log(face / share), half) for part, share in others.items()},
    )


def ablated(condition: Ablation, lost: float, face: float, wrist: float) -> Ablated:
    """A condition under which so much is lost."""
    left, gone = drops(lost, face, wrist, untouched=True), drops(lost, face, wrist)
    joints = {name: own['labelled'] for name, own in gone.joints.items()} if condition.skips == 'level off' else {}
    return Ablated(
        condition=condition,
        pck=left.pck,
        parts=left.parts,
        joints=left.joints,
        likelihood=left.likelihood,
        drop=gone,
        broken=contrast(lost, 4 * lost, joints),
        restored=contrast(0.2, 1) if condition.skips == 'level on alone' else None,
    )


def skip_ablation(stacks: int = 1, against: bool = True, of: str = 'plain') -> SkipAblation:
    """All that there is to say of a network of so many stacks."""
    conditions = []
    for stack in [*range(stacks), *([None] if stacks > 1 else [])]:
        for by in WAYS:
            more = 0.1 * (by == 'donor')
            off = Ablation(stack=stack, skips='all off', replacement=by)
            conditions.append(ablated(off, 0.3 + more, 0.5 + more, 0.4))
            for level in (0, 1):
                for skips in SKIPS:
                    one = Ablation(stack=stack, skips=skips, level=level, replacement=by)
                    conditions.append(ablated(one, 0.01, 0.01, 0.3 * level))
            conditions.append(ablated(Ablation(stack=stack, latent=by, replacement=by), 0.1, 0.1, 0.1))
        for k in (0, 8):
            conditions.append(ablated(Ablation(stack=stack, latent='k components', k=k), 0.1 - 0.01 * k, 0.1, 0.1))
    left, counts = drops(0.2, 0.2, 0.2, untouched=True), [0] * 20
    poses: list[list[Point]] = [
        [(start + scale * (x / 40 + 0.5), start + scale * (y / 40 + 0.5)) for x, y in STANDING.tolist()]
        for start, scale in ((0, 100), (20, 80))
    ]
    return SkipAblation(
        of=of,
        command='tools/ablate_skips.py "<i>skip ablation</i>"',
        config='shg_people.py',
        checkpoint=Checkpoint(file='best.pth', sha256='0' * 64),
        split='val',
        persons=60,
        seed=0,
        times_s=dict(conditions=1.5),
        options=SkipAblationOptions(config='shg_people.py', checkpoint='best.pth'),
        thr=0.05,
        normaliser='crop',
        stacks=stacks,
        levels=[0, 1],
        links=[(int(a), int(b)) for a, b in LINKS],
        untouched=drops(0, 0, 0, untouched=True),
        conditions=conditions,
        against=Control(
            config='noskip.py',
            checkpoint=Checkpoint(file='noskip.pth', sha256='1' * 64),
            pck=left.pck,
            parts=left.parts,
            joints=left.joints,
            likelihood=left.likelihood,
            difference=drops(0.2, 0.2, 0.2),
            broken=contrast(0.2, 0.8),
        )
        if against
        else None,
        histogram=Histogram(
            edges=[place / 21 for place in range(22)],
            untouched=[*counts, 60],
            all_off={by: [60, *counts] for by in WAYS},
            against=[30, *counts[1:], 30] if against else None,
        ),
        examples=[
            Example(
                annotation_id=7 + place,
                file_name=EVIL,
                pck=dict(untouched=1.0, all_off=0.25 * place),
                keypoints=dict(untouched=poses[0], all_off=poses[1]),
            )
            for place in range(5)
        ],
        contrasts=120,
        misled=contrast(0.1, 0.4),
        pairs=[LevelPair(levels=(0, 1), broken=contrast(-0.05, -0.3), restored=contrast(0.01, 0.05))],
        parts_left=[
            parts_left('donor', 3 / 9, 4 / 8, 3 / 7),
            parts_left('mean', 4 / 9, 5 / 8, 4 / 7),
            parts_left('zero', 4 / 9, 5 / 8, 4 / 7),
            *([parts_left(None, 7 / 9, 6 / 8, 5 / 7, 0.1)] if against else []),
        ],
    )


def unknown(answer: SkipAblation) -> SkipAblation:
    """The same with no number known that may be unknown."""
    return decode(re.sub(rb'"(value|low|high)": [-0-9.e]+', rb'"\1": null', encode(answer)), SkipAblation, 'made')

"""What joints are called, in whichever data set: one spelling, and the groups that names tell.

Data sets call the same joint ``left_shoulder`` (COCO, MPII), ``L_Shoulder`` (AP-10K) or ``Shoulder_Left`` (Animal
Kingdom). Only what is certain is taken for the same: ``Nearknee`` of a horse is on neither side.
"""

import re
from collections.abc import Sequence

SIDES = {'l': 'left', 'r': 'right', 'left': 'left', 'right': 'right'}
# Parts of names; those of persons first, then of animals. A lone wrist is the root of a hand.
LIMBS = re.compile(r'elbow|.wrist|knee|ankle|paw|hock|fetlock|front_?foot|hind_?foot|stifle|foreleg|midleg|hindleg')
TORSO = re.compile(
    r'(?<![a-z])(shoulder|midshoulder|hip|mid_hip|pelvis|thorax|spine|belly|torso|abdomen|withers?|girth)(?![a-z])'
)
FACE = re.compile(r'(?<![a-z])(nose|eyes?|ears?|earbase|ear_base|mouth|face|snout|chin|jaw|lips?|brow)(?![a-z])')
GROUPS = dict(limbs=LIMBS, torso=TORSO, face=FACE)
EXAMPLES = dict(limbs='elbow, wrist, knee, ankle, paw', torso='shoulder, hip, thorax', face='nose, eye, ear, face')


def plain_name(name: str) -> str:
    """A joint's name in small letters with ``_`` between its words and a side in front: ``left_shoulder``."""
    words = re.sub(r'(?<=[a-z])(?=[A-Z])', ' ', name)
    parts = [part for part in re.split(r'[^a-z0-9]+', words.lower()) if part]
    if len(parts) > 1:
        if parts[0] in SIDES:
            return '_'.join([SIDES[parts[0]], *parts[1:]])
        if parts[-1] in SIDES:
            return '_'.join([SIDES[parts[-1]], *parts[:-1]])
    return '_'.join(parts)


def plain_names(names: Sequence[str]) -> list[str]:
    """The names of K joints in one spelling; where two would become the same, they stay as they are."""
    plain = [plain_name(name) for name in names]
    return [own if plain.count(own) == 1 else name for own, name in zip(plain, names, strict=True)]


def members(names: Sequence[str], group: str) -> list[bool]:
    """Which of K joints belong to the ``limbs``, ``torso`` or ``face``, as far as their names tell."""
    return [bool(GROUPS[group].search(plain_name(name))) for name in names]

"""What can be said of a person in plain words: numbers from annotations, each with its definition.

Shapes: N persons, K keypoints, C concepts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from shg_xai.latents import annotation_measures as measures
from shg_xai.latents.annotation_measures import KNEES, LIMBS, TORSO, Persons
from shg_xai.latents.schema import FACTOR
from shg_xai.latents.selection import Selection

PREFIX = 'factor_'  # no concept of an annotation starts with it
DEGREES = '_deg'
# Columns of a store that no concept needs.
UNUSED = ('dataset', 'split', 'crop_center', 'predicted_keypoints', 'keypoint_scores')
ROUND = ('yaw_deg',)  # factors that go all the way round: -180 and 180 are the same


@dataclass(frozen=True)
class Concept:
    """One number of each person.

    Attributes:
        name: Unique; that of a factor starts with ``factor_``.
        title: A few words for a reader.
        definition: How the number comes about.
        unit: Its unit, ``-`` for none.
        kind: A flag has the values 0 and 1 only.
        values: Shape (N,), NaN where not known.
    """

    name: str
    title: str
    definition: str
    unit: str
    kind: Literal['number', 'flag']
    values: NDArray[np.float64]

    @property
    def known(self) -> NDArray[np.float64]:
        """The values of those of whom it is known."""
        return self.values[np.isfinite(self.values)]


@dataclass(frozen=True)
class Rule:
    """A concept of the annotation: the joints and columns it needs, and how it is computed."""

    title: str
    unit: str
    definition: str
    compute: Callable[[Persons], NDArray[np.float64]]
    joints: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()


TORSO_TEXT = 'The torso reaches from the middle of the shoulders to the middle of the hips; all four must be labelled.'
RULES: dict[str, Rule] = {
    'labelled_share': Rule(
        'labelled joints',
        'share',
        'Labelled joints (v = 1 or 2) over all joints of the data set.',
        measures.labelled_share,
    ),
    'occluded_share': Rule(
        'occluded joints',
        'share',
        'Labelled but occluded joints (v = 1) over labelled joints.',
        measures.occluded_share,
    ),
    'border_sides': Rule(
        'truncation by the image border',
        'sides',
        "How many of the box's four sides lie within 2 pixels of the image's border.",
        measures.border_sides,
        columns=('image_width', 'image_height'),
    ),
    'box_height': Rule('height of the box', 'px', "Height of the person's box in the image.", measures.box_height),
    'box_aspect': Rule(
        'width of the box over its height', 'ratio', "Width over height of the person's box.", measures.box_aspect
    ),
    'torso_in_crop': Rule(
        'size in the crop',
        'share',
        f"The torso's length over the longer side of the crop: how large the person is to the network. {TORSO_TEXT}",
        measures.torso_in_crop,
        TORSO,
    ),
    'standing': Rule(
        'sitting to standing',
        'torso lengths',
        'How far the knees are below the hips, mean over the sides whose knee is labelled: near 1 '
        'standing, near 0 sitting (or lying), below 0 with knees drawn up.',
        measures.standing,
        (*TORSO, *KNEES),
    ),
    'facing_camera': Rule(
        'facing away to facing the camera',
        'torso lengths',
        'How far the left shoulder is to the right of the right shoulder in the image: above 0 '
        'towards the camera, below 0 away from it, near 0 seen from the side.',
        measures.facing_camera,
        TORSO,
    ),
    'facing_right': Rule(
        'facing left to facing right',
        'torso lengths',
        "How far the nose is to the right of the shoulders' middle: above 0 facing the image's right.",
        measures.facing_right,
        ('nose', *TORSO),
    ),
    'torso_tilt': Rule(
        'tilt of the torso',
        'degrees',
        "Angle of the line from the hips' middle to the shoulders' "
        'middle from upright, signed: above 0 clockwise in the image (head to the right).',
        measures.torso_tilt,
        TORSO,
    ),
    'limb_spread': Rule(
        'still to moving',
        'torso lengths',
        'Root mean square distance of the labelled elbows, '
        "wrists, knees and ankles, at least four of them, from the torso's line through the middle "
        'of the shoulders and of the hips.',
        measures.limb_spread,
        (*TORSO, *LIMBS),
    ),
    'crowding': Rule(
        'crowding',
        'IoU',
        "Largest intersection over union of the person's box with that of "
        'another person of the same image; 0 when alone. Only persons of the store are counted.',
        measures.crowding,
    ),
}


def concepts_of(selection: Selection) -> list[Concept]:
    """What is known of the persons of a selection, see :func:`concepts`."""
    store = selection.store
    return concepts(
        selection.table([name for name in store.columns if name not in UNUSED]), store.manifest.keypoint_names
    )


def concepts(table: pa.Table, keypoint_names: Sequence[str]) -> list[Concept]:
    """What is known of N persons, those of the annotation first, then the factors of made people.

    Left out is what the data set cannot say of anybody: joints or columns it lacks, or a number that is known of no
    person.

    Args:
        table: Rows of a store, with its columns (``shg_xai.latents.row_schema``); predictions and the size of the image
            may be missing.
        keypoint_names: The K keypoints, by COCO's names.

    Raises:
        InputError: Lists of the table do not have K or 2K numbers.
    """
    persons = Persons(table, tuple(keypoint_names))
    found = [
        Concept(name, rule.title, rule.definition, rule.unit, 'number', rule.compute(persons).astype(float))
        for name, rule in RULES.items()
        if set(rule.joints) <= set(keypoint_names) and set(rule.columns) <= set(table.schema.names)
    ]
    found += _factors(persons)
    return [concept for concept in found if np.isfinite(concept.values).any()]


def _factors(persons: Persons) -> list[Concept]:
    """The factors of made people, in the order of the columns."""
    columns = [name for name in persons.table.schema.names if name.startswith(FACTOR)]
    found = []
    for column in columns:
        name, values = column.removeprefix(FACTOR), persons.numbers(column)
        if name in ROUND:
            # A data set that has such a column of its own keeps it.
            found += [
                concept
                for concept in _round_factor(name, values)
                if FACTOR + concept.name.removeprefix(PREFIX) not in columns
            ]
            continue
        unit = 'degrees' if name.endswith(DEGREES) else '-'
        flag = set(np.unique(values[np.isfinite(values)])) == {0, 1}
        found.append(
            Concept(
                PREFIX + name,
                f'{_words(name)}, as made',
                f'The factor {name}, as recorded when the person was made.',
                unit,
                'flag' if flag else 'number',
                values,
            )
        )
    return found


def _round_factor(name: str, degrees: NDArray[np.float64]) -> list[Concept]:
    """Two concepts for an angle that goes all the way round, so that its ends meet.

    Made people face the camera at 0 degrees and the image's right at 90.
    """
    parts = (('cos', np.cos, 'cosine', 'towards the camera'), ('sin', np.sin, 'sine', "towards the image's right"))
    return [
        Concept(
            f'{PREFIX}{name.removesuffix(DEGREES)}_{short}',
            f'{_words(name)} {where}, as made',
            f'{long.capitalize()} of the factor {name}, as recorded when the person was '
            f'made: 1 is {where}, -1 the opposite.',
            '-',
            'number',
            function(np.radians(degrees)),
        )
        for short, function, long, where in parts
    ]


def _words(name: str) -> str:
    """``label_dropout`` as ``label dropout``, ``roll_deg`` as ``roll``."""
    return name.removesuffix(DEGREES).replace('_', ' ')

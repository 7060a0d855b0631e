"""What can be said of a person in plain words: numbers from annotations, each with its definition.

Shapes: N persons, K keypoints, C concepts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from shg_xai.latents.annotation_measures import RULES, Persons
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

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

Kind = Literal['number', 'flag']
PREFIX = 'factor_'
# no concept of an annotation starts with it
DEGREES = '_deg'
# Columns of a store that no concept needs.
UNUSED = ('dataset', 'split', 'crop_center', 'predicted_keypoints', 'keypoint_scores')
# Factors that go all the way round, so that -180 and 180 are the same; people were made to face the camera at 0 degrees
# and the image's right at 90. Each becomes two concepts.
ROUND = ('yaw_deg',)
AXES = (('cos', np.cos, 'Cosine', 'towards the camera'), ('sin', np.sin, 'Sine', "towards the image's right"))


@dataclass(frozen=True)
class Concept:
    """One number of each person."""

    name: str  # unique; that of a factor starts with PREFIX
    title: str  # a few words for a reader
    definition: str  # how the number comes about
    unit: str  # - for none
    kind: Kind  # a flag has the values 0 and 1 only
    values: NDArray[np.float64]  # (N,), NaN where not known

    @property
    def known(self) -> NDArray[np.float64]:
        """The values of those of whom it is known."""
        return self.values[np.isfinite(self.values)]


def concepts_of(selection: Selection) -> list[Concept]:
    """What is known of the persons of a selection, see :func:`concepts`."""
    store = selection.store
    table = selection.table([name for name in store.columns if name not in UNUSED])
    return concepts(table, store.manifest.keypoint_names)


def concepts(table: pa.Table, keypoint_names: Sequence[str]) -> list[Concept]:
    """What is known of N persons, those of the annotation first, then the factors of made people.

    Left out is what the data set cannot say of anybody: joints or columns it lacks, or a number that is known of no
    person. The table has the rows of a store (:func:`~shg_xai.latents.schema.row_schema`), predictions and image size
    may be missing; keypoints have COCO's names.

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
        stem = name.removesuffix(DEGREES)
        words, recorded = stem.replace('_', ' '), f'the factor {name}, as recorded when the person was made'
        if name not in ROUND:
            title, definition = f'{words}, as made', f'T{recorded[1:]}.'
            unit = 'degrees' if name.endswith(DEGREES) else '-'
            kind: Kind = 'flag' if set(np.unique(values[np.isfinite(values)])) == {0, 1} else 'number'
            found.append(Concept(PREFIX + name, title, definition, unit, kind, values))
            continue

        for short, function, long, where in AXES:
            # A data set that has such a column of its own keeps it.
            if f'{FACTOR}{stem}_{short}' not in columns:
                definition = f'{long} of {recorded}: 1 is {where}, -1 the opposite.'
                turned, title = function(np.radians(values)), f'{words} {where}, as made'
                found.append(Concept(f'{PREFIX}{stem}_{short}', title, definition, '-', 'number', turned))
    return found

"""What a page is made of: figures, tables, and the persons that can be drawn.

Shapes: N persons.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from shg_xai.results import AnalysedLayer, Results

if TYPE_CHECKING:
    from matplotlib import figure


@dataclass(frozen=True)
class Figure:
    """A figure that can be drawn.

    Attributes:
        name: Its file's name without ending, unique within the chapter; of chapters on layers, within all of them.
        alt: What it shows, for those who do not see it.
        caption: How to read it.
        draw: Draws it.
        wide: Whether it needs more than 400 px to be read, so that it scrolls in its box.
        opens: Whether it stands before what is said.
    """

    name: str
    alt: str
    caption: str
    draw: 'Callable[[], figure.Figure]'
    wide: bool = True
    opens: bool = False


@dataclass(frozen=True)
class Table:
    """A table of the page, as plain text in cells.

    Attributes:
        caption: What it holds.
        head: Names of the columns.
        rows: Cells; the first of each row names it.
        folded: Whether the reader has to open it.
        last: Whether it stands at the end of the page, among what explains all of it.
    """

    caption: str
    head: list[str]
    rows: list[list[str]]
    folded: bool = False
    last: bool = False


@dataclass(frozen=True)
class Colour:
    """What persons of the map can be coloured by.

    Attributes:
        key: A column of the table of persons.
        label: Its name for the reader.
        kind: What its numbers are.
        groups: How many groups there are, for what is in groups.
        rank: 0 for what the reader chooses from first (the very first is shown), 2 for what comes last.
    """

    key: str
    label: str
    kind: Literal['group', 'flag', 'number'] = 'number'
    groups: int = 0
    rank: int = 1


@dataclass(frozen=True)
class DrawnPersons:
    """What is known of the persons of an analysed layer, and the pictures of some.

    Attributes:
        persons: Table of all N persons: scores, clusters, silhouettes, PCK, concepts.
        atlas: Table of the persons with a picture.
    """

    persons: pa.Table
    atlas: pa.Table

    @cached_property
    def rows(self) -> dict[int, int]:
        """annotation_id -> row of the atlas."""
        return {key: row for row, key in enumerate(self.atlas['annotation_id'].to_pylist())}

    @cached_property
    def pictures(self) -> list[bytes | None]:
        """A JPEG for each row of the atlas; None where there is none."""
        return [item['bytes'] if item else None for item in self.atlas['image'].to_pylist()]

    def picture(self, annotation_id: int) -> bytes | None:
        """The JPEG of a person; None where the atlas has none."""
        row = self.rows.get(annotation_id)
        return None if row is None else self.pictures[row]

    def numbers(self, column: str) -> NDArray[np.float64]:
        """A column of the atlas as float64, NaN where it is not known; all NaN if not there."""
        return column_of(self.atlas, column)


@dataclass(frozen=True)
class Material:
    """What figures are drawn from: all results, and the persons of each analysed layer by its name."""

    results: Results
    persons: Mapping[str, DrawnPersons] = field(default_factory=dict)

    def layer(self, name: str) -> AnalysedLayer:
        """An analysed layer by its name."""
        return next(layer for layer in self.results.layers if layer.name == name)


def column_of(table: pa.Table, column: str) -> NDArray[np.float64]:
    """A numeric column as float64 of shape (rows,), NaN where it is null or not there."""
    if column not in table.column_names:
        return np.full(table.num_rows, np.nan)
    values: list[Any] = table[column].to_pylist()
    return np.array([np.nan if value is None else value for value in values], np.float64)

"""What a page is made of: figures, tables, and the persons that can be drawn."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shg_xai.results import AnalysedLayer, Estimate, Results

if TYPE_CHECKING:
    from matplotlib import figure


@dataclass(frozen=True)
class Figure:
    """A figure that can be drawn."""

    name: str  # of its file without ending, unique within the chapter; of chapters on layers, within all of them
    alt: str  # what it shows, for those who do not see it
    caption: str  # how to read it
    draw: 'Callable[[], figure.Figure]'
    wide: bool = True  # it needs more than 400 px to be read, so that it scrolls in its box


@dataclass(frozen=True)
class Twice:
    """One subject, drawn in two ways."""

    title: str
    one: 'Callable[[], figure.Figure]'
    other: 'Callable[[], figure.Figure]'


@dataclass(frozen=True)
class Overlay:
    """Subjects drawn in two ways, one picture laid over the other: the reader moves the boundary between them.

    Both pictures of a pair have to be of one size, and show what stays the same at the same place.
    """

    name: str  # of its files, unique within the chapter
    alt: str  # what is seen, for those who do not see it
    caption: str
    sides: tuple[str, str]  # what is seen to the left of the boundary, and to its right
    pairs: Sequence[Twice]


@dataclass(frozen=True)
class Table:
    """A table of the page, as plain text in cells; the first of each row names it."""

    caption: str
    head: list[str]
    rows: list[list[str]]
    folded: bool = False  # the reader has to open it
    last: bool = False  # it stands at the end of the page, among what explains all of it


@dataclass(frozen=True)
class Sure:
    """How sure the number of a headline is: with its interval, and beside what it would be of no note."""

    estimate: Estimate
    against: float | None = None  # chance, no difference, what a constant gives
    name: str = 'no difference'  # of that
    digits: int = 2


@dataclass(frozen=True)
class Headline:
    """What a chapter answers, for who has five minutes."""

    sentence: str
    number: str = ''  # that of the sentence alone, some ten characters
    unit: str = ''  # of what it is
    figure: str = ''  # the name of the one that shows it; the first unless named
    verdict: Literal['stands', 'fails', 'undecided', ''] = ''  # beside its control; empty where it describes
    control: str = ''  # beside what, and how sure that is
    persons: tuple[int, ...] = ()  # annotation ids of some whom it is about, to be seen on the map
    lead: int = 0  # its rank among what the page opens with, from 1; 0: it is not among it
    sure: Sure | None = None  # of the number, where it has an interval


@dataclass(frozen=True)
class Fact:
    """One thing to know about what was looked at; of facts with one label the first is shown."""

    label: str
    text: str
    sentence: str = ''  # the same in the paragraph that the page opens with; empty where it is only looked up
    note: str = ''  # the same in the paragraph beneath the findings, which says how to read them


@dataclass(frozen=True)
class Colour:
    """What persons of the map can be coloured by."""

    key: str  # a column of the table of persons
    label: str  # its name for the reader
    kind: Literal['group', 'flag', 'number'] = 'number'
    groups: int = 0  # how many there are, for what is in groups
    rank: int = 1  # 0 for what the reader chooses from first (the very first is shown), 2 for what comes last


@dataclass(frozen=True)
class DrawnPersons:
    """What is known of the persons of an analysed layer, and the pictures of some."""

    persons: pa.Table  # of all N persons: scores, clusters, silhouettes, PCK, concepts
    atlas: pa.Table  # of the persons with a picture
    strip: pa.Table | None = None  # of a few, as annotated and as predicted

    @cached_property
    def pictures(self) -> list[bytes | None]:
        """A JPEG for each row of the atlas; None where there is none."""
        return [item['bytes'] if item else None for item in self.atlas['image'].to_pylist()]

    def picture(self, annotation_id: int) -> bytes | None:
        """The JPEG of a person; None where the atlas has none."""
        row = pc.index(self.atlas['annotation_id'], annotation_id).as_py()
        return None if row < 0 else self.pictures[row]

    def numbers(self, column: str) -> NDArray[np.float64]:
        """A column of the atlas, see :func:`column_of`."""
        return column_of(self.atlas, column)


@dataclass(frozen=True)
class Material:
    """What figures are drawn from: all results, and the persons of each analysed layer by its name."""

    results: Results
    persons: Mapping[str, DrawnPersons] = field(default_factory=dict)
    related: Mapping[str, bytes] = field(default_factory=dict)  # PNGs of related reports, by folder

    def layer(self, name: str) -> AnalysedLayer:
        """An analysed layer by its name."""
        return next(layer for layer in self.results.layers if layer.name == name)


def column_of(table: pa.Table, column: str) -> NDArray[np.float64]:
    """A numeric column as float64 of shape (rows,), NaN where it is null or not there."""
    if column not in table.column_names:
        return np.full(table.num_rows, np.nan)
    return np.array(table[column].to_pylist(), np.float64)  # null becomes NaN

"""What is measured, as types: an estimate, a curve, a verdict, an answer to a question, and a file of answers.

Measures return these types, findings and figures take them, and ``results.json`` and its JSON schema are made from
them (:mod:`shg_xai.results_file`), so that no shape is described twice. Each chapter (:mod:`shg_xai.chapters`) adds the
type of its own answer; a file holds answers of any chapters, told apart by their field ``chapter``.
"""

from enum import Enum
from typing import Annotated, Final, Literal, TypeVar

import msgspec

SCHEMA_VERSION = 3
KIND: Final = 'shg_xai results'
Over = Literal['images', 'seeds', 'seeds and images', 'permutations', 'directions']
A = TypeVar('A', bound='Answer')


class Typed(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A part of the results: its fields are checked when it is read, and one that is not known is refused."""


class Estimate(Typed, kw_only=True):
    """A number and how sure it is: ``0.82 (0.79 to 0.85)``; what is not known is None, never NaN.

    Attributes:
        value: The number itself.
        low: Lower end of its interval.
        high: Upper end; at the confidence in the settings the interval covers what a new draw would give.
        n: How many persons (or whatever is averaged) the number is of.
        over: What was drawn anew for the interval, and so what it speaks of: images say nothing of another training.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    over: Over = 'images'

    @property
    def ends(self) -> tuple[float, float] | None:
        """The interval; None where an end is not known."""
        return None if self.low is None or self.high is None else (self.low, self.high)

    def holds(self, number: float = 0) -> bool | None:
        """Whether the interval contains a number, zero unless told; None where it is not known."""
        return None if self.ends is None else self.ends[0] <= number <= self.ends[1]


class Curve(Typed, kw_only=True):
    """An estimate y for each value x, ascending, of what was varied, as PCK against the number of components kept."""

    x: list[float]
    y: list[Estimate]

    def at(self, x: float) -> Estimate:
        """The estimate at one of the values tried; ValueError where it was not tried."""
        return self.y[self.x.index(x)]


class Verdict(str, Enum):
    """What is known of a difference: its sign, that it is within a margin of zero, or neither."""

    BETTER = 'better'
    WORSE = 'worse'
    EQUIVALENT = 'equivalent'
    UNDECIDED = 'undecided'


class Checkpoint(Typed, kw_only=True):
    """The weights that were looked at: a file as it was named, with the SHA-256 of its content, or just an address."""

    file: str | None = None
    sha256: str | None = None
    url: str | None = None


class Answer(Typed, kw_only=True, tag_field='chapter'):
    """What one chapter found out about one thing; each chapter has its own subclass, tagged with its name.

    Attributes:
        of: What it is about: the name of an analysed layer, or of a network.
        command: What the user typed to get it.
        confidence: Of its intervals, between 0 and 1.
        warnings: Sentences for the reader that limit what the numbers say.
        schema_version: Of the types in this file.
    """

    of: str
    command: str = ''
    confidence: float = 0.95
    warnings: list[str] = []
    schema_version: int = SCHEMA_VERSION


class NetworkAnswer(Answer, kw_only=True):
    """An answer that a network was run for, on so many persons of a split (train, val or test).

    Attributes:
        seed: Of everything drawn.
        times_s: Seconds each part took.
    """

    config: str
    checkpoint: Checkpoint
    split: str
    persons: int
    seed: int
    times_s: dict[str, float] = {}


class PckAnswer(NetworkAnswer, kw_only=True):
    """One about joints, correct below a distance ``thr``, in units of the ``normaliser``: crop, bbox or torso."""

    thr: float
    normaliser: str


class Subject(Typed, kw_only=True):
    """The network behind a layer and the data it saw, as far as the store says; what it does not say is None.

    Attributes:
        model: Type of the backbone.
        input_size: Width and height of its input, in pixels.
        stacks: How many hourglasses.
        parameters: How many numbers it learned.
        made: Whether the people are made, with known factors, and no photographs.
    """

    model: str | None = None
    input_size: tuple[int, int] | None = None
    stacks: int | None = None
    parameters: int | None = None
    made: bool | None = None


class AnalysedLayer(Typed, kw_only=True):
    """One layer of one store: what was analysed.

    Attributes:
        name: For files, figures and links; :attr:`Answer.of` of the answers about it.
        store: Folder of the latents.
        persons: N, who were analysed, of those in the store.
        images: On how many photos the N persons are.
        dimensions: D, numbers a person.
        shape: Of one person's output.
        dataset: Annotation file.
        dataset_sha256: Of its content, by which its persons are known; None where the store did not say.
        split: Which of the config's data sets.
        checkpoint: Its weights; None for random ones.
        skeleton_links: Pairs of the K joints.
        constant_dimensions: How many of the D numbers are the same for everybody.
        warnings: Sentences for the reader.
        subject: The network; files of before have none.
    """

    name: Annotated[str, msgspec.Meta(pattern='^[a-z0-9_-]+$')]
    store: str
    layer: str
    persons: int
    persons_in_store: int
    images: int
    dimensions: int
    shape: list[int]
    config_file: str | None
    dataset: str | None
    split: str | None
    checkpoint: Checkpoint | None
    keypoint_names: list[str]
    skeleton_links: list[tuple[int, int]]
    constant_dimensions: int
    warnings: list[str]
    dataset_sha256: str | None = None
    subject: Subject | msgspec.UnsetType = msgspec.UNSET

    @property
    def network_name(self) -> str:
        """What the network is called: its config without ending, or else the layer's name."""
        return (self.config_file or self.name).removesuffix('.py')

    @property
    def network(self) -> Subject:
        """The network behind the layer; nothing is known of it in files of before."""
        return self.subject if isinstance(self.subject, Subject) else Subject()


class Related(Typed, kw_only=True):
    """Another report that belongs to this one, as of a controlled experiment.

    Attributes:
        folder: Where it lies, from the folder of this one.
        title: What it asks.
        about: What it is of.
        sentences: What it answers, in short.
        figure: Name of its figure that shows it.
    """

    folder: str
    title: str
    about: str
    sentences: list[str]
    figure: str


class Results(Typed, kw_only=True):
    """A file of answers, in the order they are read.

    Attributes:
        command: What the user typed.
        seed: Of everything drawn.
        versions: Of the packages that computed.
        settings: The options that decide about the numbers, by name.
        layers: Those that were analysed, in their order.
        times_s: Seconds each part took.
        confidence: Of the intervals of the analysed layers.
        related: Reports that belong to this one, where there are any.
    """

    command: str
    seed: int
    versions: dict[str, str]
    settings: dict[str, bool | int | float | str | list[int] | None]
    layers: list[AnalysedLayer]
    answers: list[Answer]
    times_s: dict[str, float] = {}
    confidence: float = 0.95
    schema_version: int = SCHEMA_VERSION
    kind: Literal['shg_xai results'] = KIND
    related: list[Related] | msgspec.UnsetType = msgspec.UNSET

    def all(self, kind: type[A], of: str | None = None) -> list[A]:
        """The answers of one chapter's type, about one thing (:attr:`Answer.of`) if it is named."""
        return [answer for answer in self.answers if isinstance(answer, kind) and of in (None, answer.of)]

    def first(self, kind: type[A], of: str | None = None) -> A | None:
        """The first of :meth:`all`; None where there is none."""
        return next(iter(self.all(kind, of)), None)

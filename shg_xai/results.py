"""What is measured, as types: an estimate, a curve, a verdict, an answer to a question, and a file of answers.

Measures return these types, findings and figures take them, and ``results.json`` and its JSON schema are made from
them, so that no shape is described twice. Each chapter (:mod:`shg_xai.chapters`) adds the type of its own answer; a
file holds answers of any chapters, told apart by their field ``chapter``.

msgspec does the reading and writing: it checks types while it decodes (a missing field, a word that is none of those
allowed, a number that is text), names the place in the file, makes the schema, and needs no other package.
"""

import importlib
import pkgutil
from collections.abc import Sequence
from enum import Enum
from functools import cache, reduce
from operator import or_
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec

from shg_xai.errors import InputError
from shg_xai.writing import aside

SCHEMA_VERSION = 2
KIND: Final = 'shg_xai results'
SCHEMA = Path(__file__).with_name('results.schema.json')
MEND = 'run the tool that wrote it again'
# What was drawn anew for an interval: images with all their persons, trainings, labels dealt to other persons, persons.
Over = Literal['images', 'seeds', 'permutations', 'persons', 'restarts', 'directions']

A = TypeVar('A', bound='Answer')
T = TypeVar('T')


class Typed(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A part of the results: its fields are checked when it is read, and one that is not known is refused."""


class Estimate(Typed, kw_only=True):
    """A number and how sure it is: ``0.82 (0.79 to 0.85)``.

    None stands for what is not known: NaN is refused, and never becomes a number.

    Attributes:
        value: The number itself.
        low: Lower end of its interval.
        high: Upper end; with it, at the confidence in the settings, the interval covers what a new draw would give.
        n: How many persons (or whatever is averaged) the number is of.
        over: What was drawn anew for the interval, and so what it speaks of: one over images says nothing about how
            another training would have gone.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    over: Over = 'images'

    @property
    def known(self) -> bool:
        """Whether there is a number."""
        return self.value is not None

    @property
    def ends(self) -> tuple[float, float] | None:
        """The interval; None where an end is not known."""
        return None if self.low is None or self.high is None else (self.low, self.high)

    def holds(self, number: float = 0) -> bool | None:
        """Whether the interval contains a number, zero unless told; None where it is not known."""
        return None if self.ends is None else self.ends[0] <= number <= self.ends[1]


class Curve(Typed, kw_only=True):
    """An estimate for each value of what was varied, as PCK against the number of components kept.

    Attributes:
        x: What was varied, ascending.
        y: An estimate for each.
    """

    x: list[float]
    y: list[Estimate]

    def at(self, x: float) -> Estimate:
        """The estimate at one of the values tried.

        Raises:
            ValueError: It was not tried.
        """
        return self.y[self.x.index(x)]


class Verdict(str, Enum):
    """What the intervals over persons and over trainings say together of a difference."""

    BETTER = 'better'
    WORSE = 'worse'
    NO_DIFFERENCE = 'no difference found'
    TOO_FEW_SEEDS = 'too few seeds to tell'


class Checkpoint(Typed, kw_only=True):
    """The weights that were looked at: their content where it is a file, else the address they came from.

    Attributes:
        file: As it was named.
        sha256: Of the file.
        url: The address, of which nothing more is known.
    """

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
    """An answer that a network was run for.

    Attributes:
        config: Its config file.
        checkpoint: Its weights.
        split: Whose persons were tested: train, val or test.
        persons: How many.
        seed: Of everything drawn.
        times_s: Seconds each part took.
    """

    config: str
    checkpoint: Checkpoint
    split: str
    persons: int
    seed: int
    times_s: dict[str, float] = {}


class AnalysedLayer(Typed, kw_only=True):
    """One layer of one store: what was analysed.

    Attributes:
        name: For files, figures and links; :attr:`Answer.of` of the answers about it.
        store: Folder of the latents.
        layer: Name of the layer.
        persons: N, who were analysed.
        persons_in_store: How many the store has.
        images: On how many photos the N persons are.
        dimensions: D, numbers a person.
        shape: Of one person's output.
        config_file: Of the network, as the store knows it.
        dataset: Annotation file.
        split: Which of the config's data sets.
        checkpoint: Its weights; None for random ones.
        keypoint_names: Names of the K joints.
        skeleton_links: Pairs of joints.
        constant_dimensions: How many of the D numbers are the same for everybody.
        warnings: Sentences for the reader.
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


class Results(Typed, kw_only=True):
    """A file of answers.

    Attributes:
        schema_version: Of the types in this file.
        kind: What the file is.
        command: What the user typed.
        seed: Of everything drawn.
        versions: Of the packages that computed.
        settings: The options that decide about the numbers, by name.
        layers: The layers that were analysed, in their order.
        answers: In the order they are read.
        times_s: Seconds each part took.
        confidence: Of the intervals of the analysed layers.
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

    def all(self, kind: type[A], of: str | None = None) -> list[A]:
        """The answers of one chapter, about one thing if it is named.

        Args:
            kind: The chapter's type.
            of: See :attr:`Answer.of`.
        """
        return [answer for answer in self.answers if isinstance(answer, kind) and of in (None, answer.of)]

    def first(self, kind: type[A], of: str | None = None) -> A | None:
        """The first of :meth:`all`; None where there is none."""
        return next(iter(self.all(kind, of)), None)


class _Head(msgspec.Struct):
    """What a file says it is, whatever else is in it."""

    schema_version: int | None = None
    kind: str | None = None
    chapter: str | None = None


@cache
def answer_types() -> tuple[type[Answer], ...]:
    """The types of all chapters' answers: whatever is tagged in ``shg_xai/chapters/*/results.py``."""
    import shg_xai.chapters as folder

    found: list[type[Answer]] = []
    for chapter in pkgutil.iter_modules(folder.__path__):
        if not chapter.ispkg:
            continue
        module = importlib.import_module(f'{folder.__name__}.{chapter.name}.results')
        found += [
            value
            for value in vars(module).values()
            if isinstance(value, type) and issubclass(value, Answer) and value.__module__ == module.__name__
        ]
    return tuple(found)


def _any_answer() -> Any:
    """The type of an answer of any chapter; mypy cannot follow it."""
    return reduce(or_, answer_types())


@cache
def _file_type() -> Any:
    """The type of a whole file, in which an answer is of one of the chapters' types."""
    return msgspec.defstruct(
        'ResultsFile',
        [('answers', list[_any_answer()])],  # type: ignore[misc]
        bases=(Results,),
        kw_only=True,
        forbid_unknown_fields=True,
    )


def schema() -> dict[str, Any]:
    """JSON schema of ``results.json``, made from the types; shipped as :data:`SCHEMA`."""
    return msgspec.json.schema(_file_type(), schema_hook=_plain_schema)


def _plain_schema(kind: type) -> dict[str, str]:
    if issubclass(kind, Path):
        return {'type': 'string'}
    raise NotImplementedError(kind)  # what msgspec asks of a hook that has no answer


def encode(value: Results | Answer) -> bytes:
    """As JSON.

    Raises:
        ValueError: A number is NaN or infinite, which JSON does not know.
    """
    _refuse_nan(value)
    return msgspec.json.format(msgspec.json.encode(value, enc_hook=str), indent=1) + b'\n'


def _refuse_nan(value: Any, where: str = '') -> None:
    """Find what msgspec would write as null."""
    if isinstance(value, float) and not abs(value) < float('inf'):
        raise ValueError(f'{where or "value"} is {value}; what is not known is None')
    if isinstance(value, msgspec.Struct):
        value = msgspec.structs.asdict(value)
    if isinstance(value, dict):
        for key, part in value.items():
            _refuse_nan(part, f'{where}.{key}')
    elif isinstance(value, list | tuple):
        for place, part in enumerate(value):
            _refuse_nan(part, f'{where}[{place}]')


def decode(data: bytes, kind: type[T], source: Path | str, mend: str = MEND) -> T:
    """JSON as a type, checked.

    Args:
        data: The JSON.
        kind: The type.
        source: Where it is from, for the message.
        mend: What to do where it does not fit.

    Raises:
        InputError: It is no JSON, or a field is missing, not known or of another type.
    """
    try:
        return msgspec.json.decode(data, type=kind, dec_hook=lambda made, value: made(value))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:  # ValidationError is one, too
        raise InputError(f'{source}: {error}; {mend}') from error


def read_bytes(path: Path, mend: str = MEND) -> bytes:
    """A file's content.

    Raises:
        InputError: It is not there, or cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise InputError(f'{path}: no such file; {mend}') from error
    except OSError as error:
        raise InputError(f'{path}: cannot be read ({error.strerror}); {mend}') from error


def read_results(path: Path, mend: str = MEND) -> Results:
    """Read a file of answers.

    Raises:
        InputError: It is not there, of another kind, of an older or a newer version, or a field is missing or wrong.
    """
    data = read_bytes(path, mend)
    head = decode(data, _Head, path, mend)
    _check_version(path, head, mend)
    if head.kind != KIND:
        raise InputError(f'{path}: kind: {head.kind!r} is not {KIND!r}; {mend}')
    found: Results = decode(data, _file_type(), path, mend)
    if not found.layers:
        raise InputError(f'{path}: layers: is empty, nothing was analysed; {mend}')
    return found


def read_answer(path: Path, kind: type[A], mend: str = MEND) -> A:
    """Read a file that holds one answer, as the tools that run a network write it.

    Raises:
        InputError: It is not there, another chapter's, of an older or a newer version, or a field is missing or wrong.
    """
    data = read_bytes(path, mend)
    _check_version(path, decode(data, _Head, path, mend), mend)
    return decode(data, kind, path, mend)


def read_any_answer(path: Path, mend: str = MEND) -> Answer:
    """Read a file that holds one answer, whichever chapter's.

    Raises:
        InputError: It is not there, no chapter's, of an older or a newer version, or a field is missing or wrong.
    """
    found: Answer = read_answer(path, _any_answer(), mend)
    return found


def _check_version(path: Path, head: _Head, mend: str) -> None:
    if head.schema_version != SCHEMA_VERSION:
        newer = head.schema_version is not None and head.schema_version > SCHEMA_VERSION
        raise InputError(
            f'{path}: schema_version: {head.schema_version}, but this shg_xai reads {SCHEMA_VERSION}; '
            f'{"update shg_xai" if newer else mend}'
        )


def write_schema(path: Path = SCHEMA) -> None:
    """Write the JSON schema that is shipped: ``python -m shg_xai.results`` after a type was changed."""
    with aside(path) as part:
        part.write_bytes(msgspec.json.format(msgspec.json.encode(schema()), indent=1) + b'\n')


def write(path: Path, value: Results | Answer) -> None:
    """Write a file of answers, or of one, whole or not at all.

    Raises:
        InputError: It cannot be written.
        ValueError: A number is NaN or infinite.
    """
    data = encode(value)
    with aside(path) as part:
        part.write_bytes(data)


def in_order(answers: Sequence[Answer], names: Sequence[str]) -> list[Answer]:
    """Answers sorted by their chapters' names, those of one chapter in the order given."""
    place = {name: number for number, name in enumerate(names)}
    return sorted(answers, key=lambda answer: place[str(answer.__struct_config__.tag)])


if __name__ == '__main__':
    # Not the function above: chapters know the module by its name.
    from shg_xai import results

    results.write_schema()
    print(results.SCHEMA)

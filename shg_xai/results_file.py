"""Results as JSON files, and their schema: ``python -m shg_xai.results_file`` writes it after a type was changed.

msgspec checks types while it decodes (a missing field, a word that is none of those allowed, a number that is text) and
names the place in the file. Whatever cannot be read is an InputError that says what to do, ``mend``.
"""

import importlib
import inspect
import pkgutil
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, Union

import msgspec

from shg_xai.errors import InputError
from shg_xai.results import KIND, SCHEMA_VERSION, Answer, Results, Typed
from shg_xai.writing import write_aside

SCHEMA = Path(__file__).with_name('results.schema.json')
MEND = 'run the tool that wrote it again'

A = TypeVar('A', bound=Answer)
T = TypeVar('T')


class _Head(msgspec.Struct):  # what a file says it is, whatever else is in it
    schema_version: int | None = None
    kind: str | None = None


@cache
def answer_types() -> tuple[type[Answer], ...]:
    """The types of all chapters' answers: whatever is tagged in ``shg_xai/chapters/*/results.py``."""
    import shg_xai.chapters as folder

    names = [f'{folder.__name__}.{one.name}.results' for one in pkgutil.iter_modules(folder.__path__) if one.ispkg]
    kinds = [kind for name in names for kind in vars(importlib.import_module(name)).values() if isinstance(kind, type)]
    return tuple(dict.fromkeys(kind for kind in kinds if issubclass(kind, Answer) and kind.__module__ in names))


def any_answer() -> Any:
    """The type of an answer of any chapter, which mypy cannot follow."""
    return Union[answer_types()]  # noqa: UP007


@cache
def _file_type() -> Any:
    """The type of a whole file, in which an answer is of one of the chapters' types."""
    fields: list[Any] = [('answers', list[any_answer()])]  # type: ignore[misc]
    return msgspec.defstruct('ResultsFile', fields, bases=(Results,), kw_only=True, forbid_unknown_fields=True)


def schema() -> dict[str, Any]:
    """JSON schema of ``results.json``, made from the types; shipped as :data:`SCHEMA`."""
    made = msgspec.json.schema(_file_type(), schema_hook=_plain_schema)
    for kind in made['$defs'].values():
        if 'description' in kind:
            kind['description'] = inspect.cleandoc(kind['description'])  # as Python from 3.13 on keeps docstrings
    return made


def _plain_schema(kind: type) -> dict[str, str]:
    if issubclass(kind, Path):
        return {'type': 'string'}
    raise NotImplementedError(kind)  # what msgspec asks of a hook that has no answer


def as_json(value: object) -> bytes:
    """What msgspec knows, and paths, as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(value, enc_hook=str), indent=1) + b'\n'


def encode(value: Typed) -> bytes:
    """As JSON; ValueError where a number is NaN or infinite, which JSON does not know."""
    _refuse_nan(value)
    return as_json(value)


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


def write(path: Path, value: Results | Answer) -> None:
    """Write a file of answers, or of one; InputError where it cannot be, ValueError where a number is not finite."""
    write_aside(path, encode(value))


def decode(data: bytes, kind: type[T], source: Path | str, mend: str = MEND) -> T:
    """JSON as a type, checked: InputError, that says its source and the mend, where it is none or does not fit."""
    try:
        return msgspec.json.decode(data, type=kind, dec_hook=lambda made, value: made(value))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:  # ValidationError is one, too
        raise InputError(f'{source}: {error}; {mend}') from error


def _whole(found: T, data: bytes, source: Path | str, mend: str) -> T:
    """What was read; InputError unless its fields are those of the file: a default is for who makes it in Python."""
    for answer in getattr(found, 'answers', [found]):  # msgspec leaves a dataclass's defaults out of what it makes
        for name in {'options', 'settings'} & set(getattr(answer, '__struct_fields__', ())):
            setattr(answer, name, replace(getattr(answer, name)))
    known, given = _paths(msgspec.to_builtins(found, enc_hook=str)), _paths(msgspec.json.decode(data))
    if other := known ^ given:
        fault = f'{min(other)[1:]}: ' + ('is missing' if min(other) in known else 'is no field of this version')
        raise InputError(f'{source}: {fault}; {mend}')
    return found


def _paths(value: Any, where: str = '') -> set[str]:
    """The names of all fields and places in what is read from JSON, dotted."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list | tuple) else ()
    return {where}.union(*(_paths(part, f'{where}.{key}') for key, part in parts))


def _read(path: Path, mend: str) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise InputError(f'{path}: no such file; {mend}') from error
    except OSError as error:
        raise InputError(f'{path}: cannot be read ({error.strerror}); {mend}') from error


def read_json(path: Path, kind: type[T], mend: str = MEND) -> T:
    """Read a JSON file as a type; InputError where it is not there, cannot be read, or does not fit."""
    return decode(_read(path, mend), kind, path, mend)


def _read_versioned(path: Path, mend: str) -> tuple[bytes, str | None]:
    """A file of this version of the types, and the kind that it says it is of."""
    data = _read(path, mend)
    head = decode(data, _Head, path, mend)
    if head.schema_version != SCHEMA_VERSION:
        mend = 'update shg_xai' if (head.schema_version or 0) > SCHEMA_VERSION else mend
        reads = f'but this shg_xai reads {SCHEMA_VERSION}'
        raise InputError(f'{path}: schema_version: {head.schema_version}, {reads}; {mend}')
    return data, head.kind


def read_results(path: Path, mend: str = MEND) -> Results:
    """Read a file of answers; InputError where it is not there, of another kind or version, or a field is wrong."""
    data, kind = _read_versioned(path, mend)
    if kind != KIND:
        raise InputError(f'{path}: kind: {kind!r} is not {KIND!r}; {mend}')
    found: Results = _whole(decode(data, _file_type(), path, mend), data, path, mend)
    if not found.layers:
        raise InputError(f'{path}: layers: is empty, nothing was analysed; {mend}')
    return found


def read_answer(path: Path, kind: type[A], mend: str = MEND) -> A:
    """Read a file that holds one answer, as the tools that run a network write it; its kind may be :func:`any_answer`.

    InputError where it is not there, another chapter's, of another version, or where a field is missing or wrong.
    """
    data = _read_versioned(path, mend)[0]
    return _whole(decode(data, kind, path, mend), data, path, mend)


if __name__ == '__main__':
    write_aside(SCHEMA, as_json(schema()))
    print(SCHEMA)

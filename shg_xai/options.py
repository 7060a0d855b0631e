"""Options are data: a dataclass is the command line, its ``--help`` and the record in the results, all in one.

A tool declares its options once, as fields with a type, a default and what it is for: a comment on the field's line, or
a docstring under it. :func:`parse` makes the command line from them with tyro, which knows the types
(``tuple[int, ...]`` takes several numbers, ``Literal`` is a choice, ``bool`` a flag) and reads both. Checks stand in
``__post_init__``, so they hold in Python, too.
"""

import contextlib
import io
import os
import re
import sys
import textwrap
from collections.abc import Mapping, Sequence
from typing import Annotated, TypeVar, get_args, get_origin, get_type_hints

import tyro
from tyro.conf import arg

from shg_xai.errors import InputError

T = TypeVar('T')
WIDTH, INDENT = 100, ' ' * 6
# An option in tyro's help: its name and values, then what it is for, beside or beneath.
OPTION = re.compile(r'^(  \S+(?: \S+)*)(?: {2,}|\n {8,})(\S.*(?:\n {8,}\S.*)*)', re.MULTILINE)


def shown(metavar: str | None = None, default: str | None = None, name: str | None = None) -> object:
    """How ``--help`` shows a field: its values, in words a default that says too little as it is, another name."""
    return arg(metavar=metavar, name=name, help_behavior_hint=default and f'(default: {default})')


def parse(options: type[T], description: str, args: Sequence[str] | None = None) -> T:
    """A dataclass of options made from the command line, or from ``args``.

    What cannot be read ends the process with one line on stderr and exit code 2; InputError where an option makes no
    sense, as the dataclass itself finds.

    Args:
        description: What the tool does and how it is called, for ``--help``.
    """
    prog = os.path.basename(sys.argv[0])
    _refuse_empty(options, sys.argv[1:] if args is None else args)
    config = (tyro.conf.FlagCreatePairsOff, tyro.conf.OmitArgPrefixes)
    said, wrong = io.StringIO(), io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(wrong):
            return tyro.cli(options, prog=prog, description=description, args=args, config=config)
    except SystemExit as end:
        _reraise(end)
        if end.code:
            print(f'error: {_one_line(wrong.getvalue())}; see {prog} --help', file=sys.stderr)
        else:
            print(_tidy(said.getvalue()), end='')
        raise


def _refuse_empty(options: type, args: Sequence[str]) -> None:
    """Refuse an option that takes one value or more (metavar ``K [K ...]``) and got none: tyro takes it for ``()``."""
    empty = {word for word, following in zip(args, [*args[1:], '--'], strict=True) if following.startswith('--')}
    for field, hint in get_type_hints(options, include_extras=True).items():
        kind, *told = get_args(hint) if get_origin(hint) is Annotated else (hint,)
        said = {key: getattr(one, key, None) for key in ('name', 'metavar') for one in told if hasattr(one, key)}
        flag = '--' + (said.get('name') or field).replace('_', '-')
        if flag in empty and Ellipsis in get_args(kind) and not (said.get('metavar') or '').startswith('['):
            raise InputError(f'{flag}: give one value or more, or leave it out')


def _reraise(error: BaseException | None) -> None:
    """Raise the InputError of a ``__post_init__`` as it was: tyro takes it for a value that cannot be read."""
    while error is not None:
        if isinstance(error, InputError):
            raise error from None
        error = error.__context__


def _tidy(text: str) -> str:
    """Help in lines of one length, without defaults that say nothing and without lines left empty twice."""
    text = re.sub(r'\s*\(default:\s+(None|False)?\)', '', text)
    text = re.sub(r' +$', '', text, flags=re.MULTILINE)
    head, *options = re.split(r'(?m)(?=^ (?:positional arguments|options)$)', text)
    paragraphs = [line if line[:1] in ('', ' ') else textwrap.fill(line, WIDTH) for line in head.splitlines()]
    return re.sub(r'\n{3,}', '\n\n', '\n'.join(paragraphs) + '\n' + OPTION.sub(_entry, ''.join(options)))


def _entry(match: re.Match[str]) -> str:
    text = textwrap.fill(' '.join(match[2].split()), WIDTH, initial_indent=INDENT, subsequent_indent=INDENT)
    return f'{match[1]}\n{text}'


def _one_line(wrong: str) -> str:
    """What tyro says is wrong: the part beneath its first line across, without the option's help."""
    _, text, *_ = [*re.split(r'^\W*-{4,}\W*$', wrong, flags=re.MULTILINE), wrong]
    text = ' '.join(text.split()).split(' Got errors:')[0].removeprefix('Error parsing ').rstrip('.')
    return text[:1].lower() + text[1:]


def at_least(options: object, lowest: Mapping[str, int]) -> None:
    """Refuse options below their lowest value with an InputError; None is fine for any."""
    for key, low in lowest.items():
        value = getattr(options, key)
        if value is not None and value < low:
            raise InputError(f'--{key.replace("_", "-")} {value}: give {low} or more')


def between(options: object, key: str, low: float, high: float, what: str) -> None:
    """Refuse an option outside of a range, whose ends are allowed, with an InputError."""
    value = getattr(options, key)
    if not low <= value <= high:
        raise InputError(f'--{key.replace("_", "-")} {value}: give {what}')

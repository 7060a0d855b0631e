"""Options are data: a dataclass is the command line, its ``--help`` and the record in the results, all in one.

A tool declares its options once, as fields with a type, a default and a docstring; :func:`parse` makes the command line
from them with tyro, which knows the types (``tuple[int, ...]`` takes several numbers, ``Literal`` is a choice, ``bool``
a flag) and reads the docstrings. Checks stand in ``__post_init__``, so they hold in Python, too.
"""

import contextlib
import io
import os
import re
import sys
from collections.abc import Mapping, Sequence
from typing import TypeVar

import tyro

from shg_xai.errors import InputError

T = TypeVar('T')


def parse(options: type[T], description: str, args: Sequence[str] | None = None) -> T:
    """The options on the command line.

    What cannot be read ends the process with one line on stderr and exit code 2.

    Args:
        options: A dataclass.
        description: What the tool does and how it is called, for ``--help``.
        args: Instead of the process's own.

    Raises:
        InputError: An option makes no sense, as the dataclass itself finds.
    """
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            return tyro.cli(
                options,
                description=description,
                args=args,
                config=(tyro.conf.FlagCreatePairsOff, tyro.conf.OmitArgPrefixes),
            )
    except SystemExit as end:
        if end.code == 2:
            print(f'error: {_one_line(said.getvalue())}; see {os.path.basename(sys.argv[0])} --help', file=sys.stderr)
        raise


def _one_line(box: str) -> str:
    """What tyro said was wrong, without its frame, the help of the option and the rest."""
    lines = [re.sub(r'\x1b\[[0-9;]*m', '', line).strip(' │') for line in box.splitlines()]
    first = ' '.join(line for line in '\n'.join(lines).split('───')[1:][0:1])
    text = [line for line in lines if line and not set(line) <= set('─╭╮╰╯ ')]
    body = [line for line in text if not line.startswith(('╭', '╰'))]
    end = next((place for place, line in enumerate(lines) if line.startswith('────')), len(lines))
    kept = [line for line in lines[:end] if line in body]
    return ' '.join(kept) or first.strip()


def at_least(options: object, lowest: Mapping[str, int]) -> None:
    """Refuse numbers that are too small; None is fine for any.

    Args:
        options: Has the attributes named.
        lowest: The smallest value of each.

    Raises:
        InputError: Names the option.
    """
    for key, low in lowest.items():
        value = getattr(options, key)
        if value is not None and value < low:
            raise InputError(f'--{key.replace("_", "-")} {value}: give {low} or more')


def between(options: object, key: str, low: float, high: float, what: str) -> None:
    """Refuse a number outside of a range whose ends are allowed.

    Raises:
        InputError: Names the option.
    """
    value = getattr(options, key)
    if not low <= value <= high:
        raise InputError(f'--{key.replace("_", "-")} {value}: give {what}')

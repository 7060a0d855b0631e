"""Files are written beside their place and renamed when whole."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from shg_xai.errors import InputError


@contextmanager
def aside(path: Path) -> Iterator[Path]:
    """A name beside ``path``, which takes its place if the block ends well; InputError where it cannot be written."""
    part = path.with_name(f'.{path.name}.part{os.getpid()}')
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        part.replace(path)
    except OSError as error:
        raise InputError(f'{path}: cannot be written ({error.strerror})') from error
    finally:
        with suppress(OSError):
            part.unlink()


def write_aside(path: Path, data: bytes | str) -> None:
    """Write a whole file, text in UTF-8, by way of :func:`aside`."""
    with aside(path) as part:
        part.write_bytes(data.encode() if isinstance(data, str) else data)

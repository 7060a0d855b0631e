"""A study's settings on the disk, so that its stages need no more than the work folder."""

import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from shg_xai.errors import InputError
from shg_xai.study.settings import Settings
from shg_xai.writing import aside

FILE = 'settings.json'
PATHS = ('work_dir', 'data_root', 'config', 'autoencoder')


def plain(settings: Settings) -> dict[str, Any]:
    """Settings as JSON holds them."""
    return json.loads(json.dumps(asdict(settings), default=str))


def write_settings(settings: Settings) -> None:
    """Write them into the work folder."""
    with aside(settings.work_dir / FILE) as part:
        part.write_text(json.dumps(plain(settings), indent=1) + '\n')


def read_settings(work_dir: Path) -> Settings:
    """Read them.

    Raises:
        InputError: They are not there, or are of another version.
    """
    path = work_dir / FILE
    try:
        values = json.loads(path.read_text())
        names = {field.name for field in fields(Settings)}
        if set(values) != names:
            raise ValueError('keys of another version')
        values |= {name: Path(values[name]) for name in PATHS}
        values |= {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
        return Settings(**values)
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f'{path}: no settings of a study ({error}); run tools/run_study.py first') from error

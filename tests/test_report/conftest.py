"""A folder of results, written once; tests that change it work on a copy."""

import fcntl
import os
import shutil
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

from shg_xai.chapters import chapters
from shg_xai.report.page import write_report
from shg_xai.results import Answer
from tests.helpers.made_results import write_results


def other_answers() -> list[Answer]:
    """What ``made_<chapter>.py`` makes with its function of the chapter's name."""
    names = [chapter.name for chapter in chapters() if find_spec(f'tests.helpers.made_{chapter.name}')]
    return [getattr(import_module(f'tests.helpers.made_{name}'), name)() for name in names]


@pytest.fixture(scope='session')
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of two layers and of networks, without a report. Read only."""
    return write_results(tmp_path_factory.mktemp('written'), answers=other_answers())


@pytest.fixture(scope='session')
def reported(written: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with figures and report.html, drawn once for all processes that test. Read only."""
    root = tmp_path_factory.getbasetemp()
    if 'PYTEST_XDIST_WORKER' in os.environ:
        root = root.parent
    out = root / 'reported'
    with (root / 'reported.lock').open('w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (out / 'report.html').exists():
            shutil.copytree(written, out)
            write_report(out)
    return out

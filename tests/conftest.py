"""Fixtures for all tests: the repository, its tools, and real COCO persons where there are some."""

import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.commands import REPO_ROOT, forked, python

RunTool = Callable[..., subprocess.CompletedProcess[str]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that say they take minutes start first, or one process would end with them while others wait."""

    def minutes(item: pytest.Item) -> float:
        marker = item.get_closest_marker('slow')
        return marker.kwargs.get('minutes', 0) if marker else 0

    longest = dict[Path, float]()
    for item in items:
        longest[item.path] = max(longest.get(item.path, 0), minutes(item))
    items.sort(key=lambda item: -longest[item.path])


@pytest.fixture(scope='session')
def repo_root() -> Path:
    """The folder of this checkout."""
    return REPO_ROOT


@pytest.fixture(scope='session')
def run_tool() -> RunTool:
    """A function that runs a command line of ``tools/`` and returns the finished process.

    ``run_tool(['split_coco.py', folder, '--seed', 1])``; keywords are those of
    ``tests.helpers.commands.python``. Its exit code is not checked.
    """

    def run(args: Sequence[Any], **keywords: Any) -> subprocess.CompletedProcess[str]:
        return python(REPO_ROOT / 'tools' / args[0], *args[1:], **{'timeout': 600, **keywords})

    return run


@pytest.fixture(scope='session')
def fork_tool() -> RunTool:
    """As :func:`run_tool`, sooner by the five seconds of imports: for tests of what a tool does, not how it starts."""

    def run(args: Sequence[Any], **keywords: Any) -> subprocess.CompletedProcess[str]:
        return forked(args[0], args[1:], **{'timeout': 600, **keywords})

    return run


@pytest.fixture
def one_thread(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Commands and passes in this process compute with as many threads, so exactly alike."""
    import torch

    monkeypatch.setenv('OMP_NUM_THREADS', '1')
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope='session')
def coco_sample() -> Path:
    """A folder in COCO's layout with a few real persons; the test is skipped without one.

    Name it in the environment variable SHG_XAI_COCO: annotations/person_keypoints_train2017.json and train2017/, as in
    COCO 2017. Read only: copy what a test writes to.
    """
    default = REPO_ROOT.parent / 'shared' / 'data' / 'coco-sample'
    folder = Path(os.environ.get('SHG_XAI_COCO') or default)
    if not (folder / 'annotations' / 'person_keypoints_train2017.json').is_file():
        pytest.skip('no real COCO persons: set SHG_XAI_COCO to a folder in the layout of COCO 2017')
    return folder

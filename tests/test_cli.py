"""How a command ends: well, for bad input, and when its user stops it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.commands import ENVIRONMENT, REPO_ROOT, TWO_PROCESSES
from tests.helpers.data import QUICK, only_error, write_coco

LINE = 'interrupted: nothing half done is kept; run the same command again\n'


def heed_interrupts() -> None:
    """A job in the background has SIGINT ignored, and whatever it starts inherits that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def interrupted(
    words: list[Any], tmp_path: Path, ready: Callable[[], bool], **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run this Python with words, and press Ctrl-C, so to speak, once it is ready: its whole group gets SIGINT.

    By the time that this returns nothing of the group is left.
    """
    with (tmp_path / 'stdout').open('w+') as stdout, (tmp_path / 'stderr').open('w+') as stderr:
        with subprocess.Popen(
            [sys.executable, '-W', 'ignore', *map(str, words)],
            cwd=REPO_ROOT,
            env={**os.environ, **ENVIRONMENT, **environment},
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
            preexec_fn=heed_interrupts,
        ) as process:
            try:
                end = time.monotonic() + 120
                while not ready():
                    assert process.poll() is None and time.monotonic() < end, (tmp_path / 'stderr').read_text()
                    time.sleep(0.02)
                os.killpg(process.pid, signal.SIGINT)
                process.wait(60)
                end = time.monotonic() + 10
                while group_lives(process.pid):
                    assert time.monotonic() < end, 'somebody of the group is left'
                    time.sleep(0.05)
            finally:
                if group_lives(process.pid):
                    os.killpg(process.pid, signal.SIGKILL)
        said = [(tmp_path / name).read_text() for name in ('stdout', 'stderr')]
    return subprocess.CompletedProcess(words, process.returncode, *said)


def group_lives(number: int) -> bool:
    try:
        os.killpg(number, 0)
    except ProcessLookupError:
        return False
    return True


START = """
import multiprocessing, sys, threading, time
from pathlib import Path
from shg_xai.cli import run
def wait():
    time.sleep(60)
def sleep():
    Path(sys.argv[1]).touch()
    wait()
"""
# What a command may be at when Ctrl-C comes.
SLEEPING = f'{START}\nrun(sleep)'
ANOTHER_ERROR = f"""{START}
def main():
    try:
        sleep()
    except BaseException:  # as MMEngine does where it lays out a config
        raise SyntaxError('Failed to format the config file')
run(main)
"""
THREADS = f"""{START}
def main():
    threading.Thread(target=wait).start()
    sleep()
run(main)
"""
WORKERS = f"""{START}
def main():
    for _ in range(2):
        multiprocessing.get_context('fork').Process(target=wait).start()
    sleep()
run(main)
"""
DELETED = f"""{START}
class Loader:
    def __del__(self):
        sleep()
def main():
    loader = Loader()
    del loader
    wait()
run(main)
"""


@pytest.mark.parametrize('code', [SLEEPING, ANOTHER_ERROR, THREADS, WORKERS, DELETED])
def test_ctrl_c_is_one_line_and_130(tmp_path: Path, code: str) -> None:
    start = time.monotonic()
    done = interrupted(['-c', code, tmp_path / 'ready'], tmp_path, (tmp_path / 'ready').exists)
    assert (done.returncode, done.stdout, done.stderr) == (130, '', LINE)
    assert time.monotonic() - start < 30


def test_of_a_launch_the_first_process_says_so(tmp_path: Path) -> None:
    done = interrupted(['-c', SLEEPING, tmp_path / 'ready'], tmp_path, (tmp_path / 'ready').exists, RANK='1')
    assert (done.returncode, done.stderr) == (130, '')


def test_bad_input_and_bugs_end_as_they_did(tmp_path: Path) -> None:
    def ended(main: str) -> subprocess.CompletedProcess[str]:
        code = f'from shg_xai.cli import run\nfrom shg_xai.errors import InputError\ndef main(): {main}\nrun(main)'
        return subprocess.run([sys.executable, '-c', code], cwd=REPO_ROOT, capture_output=True, text=True)

    done = ended('raise InputError("a file:\\n  mend it")')
    assert (done.returncode, only_error(done.stderr)) == (2, 'error: a file: mend it')
    done = ended('raise KeyError("a bug")')
    assert done.returncode == 1 and 'Traceback' in done.stderr
    assert ended('pass').returncode == 0
    assert ended('raise SystemExit(3)').returncode == 3


@pytest.mark.slow
@pytest.mark.parametrize('launch', [(), TWO_PROCESSES], ids=['one process', 'two'])
def test_a_training_stopped_by_ctrl_c_says_how_to_go_on(tmp_path: Path, launch: tuple[str, ...]) -> None:
    """With worker processes; torchrun has its own to say, the training one line."""
    work, data = tmp_path / 'work', write_coco(tmp_path / 'data')
    words = [
        *launch,
        REPO_ROOT / 'tools' / 'train.py',
        'configs/shg_coco.py',
        *('--data-root', data, '--work-dir', work),
        *(('--launcher', 'pytorch') if launch else ()),
        '--cfg-options',
        *QUICK,
        *('train_cfg.max_epochs=500', 'train_dataloader.num_workers=2', 'val_dataloader.num_workers=1'),
    ]
    done = interrupted(words, tmp_path, (work / 'epoch_2.pth').exists)
    lines = [line for line in done.stderr.splitlines() if line.startswith('interrupted: ')]
    assert lines == ['interrupted: the same command with --resume goes on after the last whole epoch']
    if not launch:
        assert done.returncode == 130
        assert 'Traceback' not in done.stderr and 'Traceback' not in done.stdout


@pytest.mark.parametrize('given', [None, 'ACTIVE'])
def test_threads_sleep_while_they_wait_unless_told_otherwise(given: str | None) -> None:
    """libgomp reads it when it is loaded, so it has to be there before PyTorch is."""
    code = 'import os, sys, tools.train; print(os.environ["OMP_WAIT_POLICY"], "torch" in sys.modules)'
    env = {key: value for key, value in os.environ.items() if key != 'OMP_WAIT_POLICY'}
    env |= {} if given is None else dict(OMP_WAIT_POLICY=given)
    done = subprocess.run([sys.executable, '-c', code], cwd=REPO_ROOT, capture_output=True, text=True, env=env)
    assert done.stdout == f'{given or "PASSIVE"} False\n'

"""Commands of a study: several at a time, shown and logged line by line, and ended with us, however we end.

A study has some thirty commands, and each would take the first eight seconds to import PyTorch and MMPose. So they are
forks of a process that has (:mod:`multiprocessing.forkserver`). Not where there is a GPU: CUDA cannot be used in a fork
of a process that has asked for it, as importing MMEngine does. There the commands take hours.
"""

import ctypes
import io
import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Lock
from types import FrameType

CLONE = Path(__file__).resolve().parents[2]
# Where tools/ and configs/ are: in a clone, or in an installed package.
ROOT = CLONE if (CLONE / 'pyproject.toml').is_file() else CLONE / 'shg_xai' / '.mim'
LIBC, PR_SET_PDEATHSIG = ctypes.CDLL(None), 1  # of Linux's sys/prctl.h
PATIENCE = 20  # seconds until a command that does not end when asked is killed


@dataclass(frozen=True)
class Share:
    """The part of this machine that a command may use; all of it where nothing is said."""

    threads: int | None = None
    gpu: str | None = None  # as CUDA_VISIBLE_DEVICES names it

    @property
    def environment(self) -> dict[str, str]:
        """What tells libraries of it."""
        threads = {} if self.threads is None else dict(OMP_NUM_THREADS=str(self.threads))
        return threads if self.gpu is None else dict(threads, CUDA_VISIBLE_DEVICES=self.gpu)


ALL = Share()


@dataclass(frozen=True)
class Running:
    """A command at work, the leader of a session of its own."""

    pid: int
    said: io.BufferedReader
    wait: Callable[[float | None], int | None]  # its exit code, or None when these seconds are over

    def end(self) -> None:
        """Ask it and all that it started to end; kill what has not after a while."""
        for number, patience in ((signal.SIGTERM, PATIENCE), (signal.SIGKILL, None)):
            with suppress(ProcessLookupError):
                try:
                    os.killpg(self.pid, number)
                except ProcessLookupError:  # it has only just been forked, and leads no session yet
                    os.kill(self.pid, number)
            if self.wait(patience) is not None:
                return


@cache
def forks() -> bool:
    """Whether commands are forked from a process that has their libraries; from the first call on it imports them."""
    if sys.platform != 'linux':
        return False
    from mmengine.device import get_device

    if get_device() != 'cpu':
        return False
    context = multiprocessing.get_context('forkserver')
    context.set_forkserver_preload(['shg_xai.study.imported'])
    # A command that is ended leaves semaphores behind, which Python removes, saying so to whoever pressed Ctrl-C.
    sys.warnoptions.append('ignore:resource_tracker:UserWarning')
    forkserver.ensure_running()
    return True


class Commands:
    """Runs commands, from any thread; those still at work when the ``with`` block is left are ended.

    ``may_fork``: as :func:`forks` says; in a daemon's child, as Dask's workers are, nothing can be forked.
    """

    def __init__(self, may_fork: bool = True) -> None:
        self._may_fork = may_fork
        self._running = list[Running]()
        self._changing = Lock()
        self._closed = False

    def __enter__(self) -> 'Commands':
        return self

    def __exit__(self, *exception: object) -> None:
        with self._changing:
            self._closed, left = True, list(self._running)
        for running in left:
            running.end()

    def run(self, words: Sequence[str], log: Path, show: Callable[[str], None], share: Share = ALL) -> int:
        """Run a command, words for Python, to its end, and return its exit code.

        ``show`` gets every line, ``log`` all but progress bars, which end with a carriage return to be drawn anew.
        """
        ours = words[0].startswith('tools/') or (words[:1] == ['-m'] and words[1].startswith('shg_xai.'))
        with self._changing:
            if self._closed:
                return -signal.SIGTERM
            running = (_fork if ours and self._may_fork and forks() else _spawn)(words, share)
            self._running.append(running)
        try:
            # newline='': a progress bar is shown while it grows.
            said = io.TextIOWrapper(running.said, 'utf-8', errors='replace', newline='')
            with said, log.open('w', encoding='utf-8') as file:
                for line in said:
                    if not line.endswith('\r'):
                        file.write(line)
                        file.flush()
                    show(line)
            code = running.wait(None)
            assert code is not None  # it was waited for without a limit
            return code
        except BaseException:
            running.end()
            raise
        finally:
            with self._changing:
                self._running.remove(running)


@contextmanager
def left_by_sigterm() -> Iterator[None]:
    """Leave the block as Ctrl-C does when this process is asked to end, so that what it started is ended too."""

    def leave(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _spawn(words: Sequence[str], share: Share) -> Running:
    """Start a command as a Python of its own."""
    process = subprocess.Popen(
        [sys.executable, '-W', 'ignore', *words],
        cwd=ROOT,
        env={**os.environ, **share.environment, 'PYTHONUNBUFFERED': '1'},
        start_new_session=True,
        preexec_fn=_die_with_parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )

    def wait(seconds: float | None) -> int | None:
        with suppress(subprocess.TimeoutExpired):
            return process.wait(seconds)
        return None

    assert isinstance(process.stdout, io.BufferedReader)  # it is piped
    return Running(process.pid, process.stdout, wait)


def _fork(words: Sequence[str], share: Share) -> Running:
    """Start a command of ours in a fork of the process that has the libraries."""
    context = multiprocessing.get_context('forkserver')
    said, saying = context.Pipe(duplex=False)
    process = context.Process(target=_become, args=(words, share, saying))
    process.start()
    saying.close()

    def wait(seconds: float | None) -> int | None:
        process.join(seconds)
        return process.exitcode

    assert process.pid is not None  # it was started
    with said:
        return Running(process.pid, open(os.dup(said.fileno()), 'rb'), wait)


def _become(words: Sequence[str], share: Share, saying: Connection) -> None:
    """Do in this process what ``python -W ignore words`` does in its own."""
    import torch
    from threadpoolctl import threadpool_limits

    os.setsid()
    _die_with_parent()
    with saying:
        for stream in (sys.stdout, sys.stderr):
            assert isinstance(stream, io.TextIOWrapper)
            os.dup2(saying.fileno(), stream.fileno())
            stream.reconfigure(write_through=True)
    os.chdir(ROOT)
    os.environ.update(share.environment)
    if share.threads is not None:  # the libraries are there already, and have read the environment
        torch.set_num_threads(share.threads)
        threadpool_limits(share.threads)
    warnings.simplefilter('ignore')
    if words[0] == '-m':
        sys.argv = list(words[1:])
        runpy.run_module(words[1], run_name='__main__', alter_sys=True)
    else:
        sys.argv = list(words)
        runpy.run_path(words[0], run_name='__main__')


def _die_with_parent() -> None:
    """Have Linux kill this process when its parent is killed, which then cannot end it."""
    if sys.platform == 'linux':
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

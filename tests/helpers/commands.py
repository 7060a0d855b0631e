"""Commands as a user runs them, ended with all that they have started where they hang."""

import contextlib
import multiprocessing
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import pytest

REPO_ROOT = Path(__file__).resolve().parents[2]
# The package is found from any folder; processes that train together do so through this machine's own loopback.
ENVIRONMENT = {'PYTHONPATH': str(REPO_ROOT), 'GLOO_SOCKET_IFNAME': 'lo' if sys.platform == 'linux' else 'lo0'}
TWO_PROCESSES = ('-m', 'torch.distributed.run', '--standalone', '--nproc_per_node=2')


def python(
    *words: Any, cwd: Path = REPO_ROOT, timeout: float = 300, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run this Python with these words; the exit code is not checked.

    ``subprocess.run`` with pipes waits for ever after its time is up, where a process of the command's own still holds
    the pipes: what it prints goes to files here, and the whole group is killed.

    Raises:
        subprocess.TimeoutExpired: it took longer than ``timeout`` seconds.
    """
    command = [sys.executable, *map(str, words)]
    with tempfile.TemporaryFile('w+') as stdout, tempfile.TemporaryFile('w+') as stderr:
        with subprocess.Popen(
            command,
            cwd=cwd,
            env={**os.environ, **ENVIRONMENT, **(env or {})},
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        ) as process:
            try:
                process.wait(timeout)
            finally:
                with contextlib.suppress(ProcessLookupError):  # nobody is left: the rule
                    os.killpg(process.pid, signal.SIGKILL)
        texts = []
        for file in (stdout, stderr):
            file.seek(0)
            texts.append(file.read())
    return subprocess.CompletedProcess(command, process.returncode, *texts)


@cache
def _imported() -> ForkServerContext:
    """What forks from a process that has imported PyTorch and MMPose, started once for all tests of this process."""
    context = multiprocessing.get_context('forkserver')
    context.set_forkserver_preload(['shg_xai.study.imported'])
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(REPO_ROOT)
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        forkserver.ensure_running()
    return context


def _become(words: Sequence[str], cwd: Path, env: Mapping[str, str], outputs: Sequence[Path]) -> None:
    """Do in this process what ``python words`` does in its own."""
    os.setsid()
    for number, path in enumerate(outputs, 1):
        with path.open('w') as file:
            os.dup2(file.fileno(), number)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = list(words)
    runpy.run_path(words[0], run_name='__main__')


def forked(
    tool: str, words: Sequence[Any], cwd: Path = REPO_ROOT, timeout: float = 300, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a tool of ``tools/`` as :func:`python` does, but in a fork that has the imports, as a study runs its own.

    They take the first five seconds of a command.
    """
    command = [str(REPO_ROOT / 'tools' / tool), *map(str, words)]
    with tempfile.TemporaryDirectory() as folder:
        outputs = [Path(folder) / name for name in ('stdout', 'stderr')]
        args = (command, Path(cwd), {**os.environ, **ENVIRONMENT, **(env or {})}, outputs)
        process = _imported().Process(target=_become, args=args)
        process.start()
        process.join(timeout)
        code = process.exitcode
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid or 0, signal.SIGKILL)
        if code is None:
            raise subprocess.TimeoutExpired(command, timeout)
        return subprocess.CompletedProcess(command, code, *(path.read_text() for path in outputs))


def forked_twice(tool: str, words: Sequence[Any]) -> subprocess.CompletedProcess[str]:
    """Run a tool as :func:`two_processes` does, but in two forks that have the imports."""
    with socket.socket() as found:
        found.bind(('127.0.0.1', 0))
        port = found.getsockname()[1]
    both = dict(WORLD_SIZE='2', MASTER_ADDR='127.0.0.1', MASTER_PORT=str(port), OMP_NUM_THREADS='1')

    def run(rank: int) -> subprocess.CompletedProcess[str]:
        return forked(tool, words, env=dict(both, RANK=f'{rank}', LOCAL_RANK=f'{rank}'))

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(run, range(2))
    code, error = first.returncode or second.returncode, first.stderr + second.stderr
    return subprocess.CompletedProcess(first.args, code, first.stdout, error)


def two_processes(tool: str, words: Sequence[Any], **keywords: Any) -> subprocess.CompletedProcess[str]:
    """Run a tool of ``tools/`` in two processes that know of each other."""
    return python(*TWO_PROCESSES, REPO_ROOT / 'tools' / tool, *words, **keywords)

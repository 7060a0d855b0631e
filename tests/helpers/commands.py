"""Commands as a user runs them, ended with all that they have started where they hang."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

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


def two_processes(tool: str, words: Sequence[Any], **keywords: Any) -> subprocess.CompletedProcess[str]:
    """Run a tool of ``tools/`` in two processes that know of each other."""
    return python(*TWO_PROCESSES, REPO_ROOT / 'tools' / tool, *words, **keywords)

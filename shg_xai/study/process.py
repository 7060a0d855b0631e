"""A command in a process of its own, that does not outlive this one."""

import ctypes
import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LIBC, PR_SET_PDEATHSIG = ctypes.CDLL(None), 1  # of Linux's sys/prctl.h
PATIENCE = 20  # seconds


def run_command(command: Sequence[str], log: Path, show: Callable[[str], None]) -> int:
    """Run a command to its end; it is ended with us, however we end.

    Args:
        command: Program and arguments.
        log: Gets what it prints, but for progress bars.
        show: Gets every line; one that ends with a carriage return is a progress bar that will be drawn anew.

    Returns:
        Its exit code.
    """

    def leave(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    where: dict[str, Any] = dict(cwd=ROOT, env={**os.environ, 'PYTHONUNBUFFERED': '1'}, start_new_session=True)
    pipes: dict[str, Any] = dict(stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    process = subprocess.Popen(command, preexec_fn=_die_with_parent, **where, **pipes)
    # newline='': a progress bar, drawn anew after each carriage return, is shown while it grows.
    assert process.stdout is not None  # it is piped
    said = io.TextIOWrapper(process.stdout, 'utf-8', errors='replace', newline='')
    try:
        with log.open('w', encoding='utf-8') as file:
            for line in said:
                if not line.endswith('\r'):
                    file.write(line)
                    file.flush()
                show(line)
        return process.wait()
    finally:
        if process.poll() is None:
            _end_group(process)
        said.close()
        signal.signal(signal.SIGTERM, before)


def _die_with_parent() -> None:
    """Have Linux kill this process when its parent is killed, which then cannot end it."""
    if sys.platform == 'linux':
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _end_group(process: subprocess.Popen) -> None:
    """End a command and all that it started; what does not end when asked is killed."""
    for number, patience in ((signal.SIGTERM, PATIENCE), (signal.SIGKILL, None)):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(patience)

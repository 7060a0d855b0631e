"""What runs the commands of the tests ends them with all that they have started."""

import subprocess
import time

import pytest

from tests.helpers.commands import python

SLEEPING = 'import time; time.sleep(60)'
# A child that outlives the command and keeps what it prints to open, as a loader's process may.
WITH_A_CHILD = f'import subprocess, sys; subprocess.Popen([sys.executable, "-c", "{SLEEPING}"]); {{}}'


@pytest.mark.parametrize('then', [SLEEPING, 'print("done")'])
def test_a_command_whose_child_hangs_comes_to_an_end(then: str) -> None:
    start = time.monotonic()
    try:
        done = python('-c', WITH_A_CHILD.format(then), timeout=3)
    except subprocess.TimeoutExpired:
        assert then == SLEEPING
    else:
        assert (done.returncode, done.stdout) == (0, 'done\n')
    assert time.monotonic() - start < 30


def test_what_it_printed_and_how_it_ended() -> None:
    done = python('-c', 'import sys; print(1); print(2, file=sys.stderr); sys.exit(3)')
    assert (done.returncode, done.stdout, done.stderr) == (3, '1\n', '2\n')

"""What runs the commands of the tests ends them with all that they have started."""

import subprocess
import time
from pathlib import Path

import pytest

from tests.helpers.commands import REPO_ROOT, forked, python

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


@pytest.mark.slow
@pytest.mark.parametrize('words, code', [(['--help'], 0), (['none.py'], 2)])
def test_a_fork_says_and_ends_as_a_command_does(tmp_path: Path, words: list[str], code: int) -> None:
    own = python(REPO_ROOT / 'tools' / 'list_layers.py', *words, cwd=tmp_path)
    fork = forked('list_layers.py', words, cwd=tmp_path)
    assert (fork.returncode, fork.stdout, fork.stderr) == (own.returncode, own.stdout, own.stderr)
    assert own.returncode == code and own.stdout + own.stderr


@pytest.mark.slow
def test_a_fork_that_hangs_comes_to_an_end(tmp_path: Path) -> None:
    (tmp_path / 'sleeping.py').write_text(SLEEPING)
    forked('list_layers.py', ['--help'])  # the imports are there from here on
    start = time.monotonic()
    with pytest.raises(subprocess.TimeoutExpired):
        forked(str(tmp_path / 'sleeping.py'), [], timeout=1)
    assert time.monotonic() - start < 30

"""Commands of a study, as forks of a process that has their libraries, and as Pythons of their own: the same."""

import io
import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Event, Thread

import pytest

from shg_xai.study import processes
from shg_xai.study.processes import ROOT, Commands, Running, Share

pytestmark = pytest.mark.slow
HELP = ['-m', 'shg_xai.latents', '--help']
BAD = ['tools/plot_curves.py', 'nowhere', '--out', 'curves.png']


@pytest.fixture(params=[True, False])
def forked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether commands are forked, which they cannot be everywhere."""
    if request.param and not processes.forks():
        pytest.skip('commands are not forked here: no Linux, or a GPU')
    monkeypatch.setattr(processes, 'forks', lambda: request.param)
    return request.param


@pytest.mark.parametrize('words, code', [(HELP, 0), (BAD, 2)])
def test_it_says_and_ends_as_in_a_shell(forked: bool, tmp_path: Path, words: list[str], code: int) -> None:
    shown: list[str] = []
    with Commands() as commands:
        assert commands.run(words, tmp_path / 'log', shown.append) == code
    alone = subprocess.run(
        [sys.executable, '-W', 'ignore', *words], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert (alone.returncode, alone.stdout) == (code, (tmp_path / 'log').read_text())
    assert ''.join(shown) == alone.stdout


def test_what_it_changes_stays_its_own(forked: bool, tmp_path: Path) -> None:
    before = (os.getcwd(), list(sys.argv), dict(os.environ))
    with Commands() as commands:
        for place in range(2):
            assert commands.run(BAD, tmp_path / str(place), lambda line: None) == 2
    assert (tmp_path / '0').read_text() == (tmp_path / '1').read_text()
    assert (os.getcwd(), sys.argv, dict(os.environ)) == before


def test_an_end_asked_for_in_between_ends_it(forked: bool, tmp_path: Path) -> None:
    people = tmp_path / 'people'

    def stop(line: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), Commands() as commands:
        commands.run(['tools/make_people.py', str(people), '--train', '5000'], tmp_path / 'log', stop)
    assert not people.exists()


def test_those_at_work_when_the_block_is_left_are_ended(forked: bool, tmp_path: Path) -> None:
    begun, codes = Event(), list[int]()
    people = ['tools/make_people.py', str(tmp_path / 'people'), '--train', '50000']

    def work(commands: Commands) -> None:
        codes.append(commands.run(people, tmp_path / 'log', lambda line: begun.set()))
        codes.append(commands.run(BAD, tmp_path / 'late', lambda line: None))

    with Commands() as commands:
        thread = Thread(target=work, args=[commands])
        thread.start()
        assert begun.wait(60)
    thread.join(60)
    assert len(codes) == 2 and codes[0] != 0 and codes[1] == -signal.SIGTERM
    assert not (tmp_path / 'late').exists() and not (tmp_path / 'people').exists()


def test_a_share_is_what_a_command_sees(forked: bool, tmp_path: Path) -> None:
    code = 'import os, torch; print(torch.get_num_threads(), os.environ["CUDA_VISIBLE_DEVICES"])'
    share, shown = Share(threads=1, gpu='3'), list[str]()
    with Commands() as commands:
        commands.run(['-c', code], tmp_path / 'log', shown.append, share)
    assert shown == ['1 3\n']


def test_one_that_leads_no_session_yet_is_ended() -> None:
    """As a fork in its first moment: it has a number, and no group has."""
    process = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], stdout=subprocess.PIPE)

    def wait(seconds: float | None) -> int | None:
        return process.wait(seconds)

    assert isinstance(process.stdout, io.BufferedReader)
    with process.stdout:
        Running(process.pid, process.stdout, wait).end()
    assert process.returncode == -signal.SIGTERM

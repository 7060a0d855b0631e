"""Stages: real small commands, run once, skipped, gone on with, ended, and kept apart."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from shg_xai.errors import InputError
from shg_xai.study.processes import Commands
from shg_xai.study.stages import Mark, Marks, Stage, locked, newest, resolved, run_stage

# Adds a line to a file in its output folder, so that one sees how often it ran there.
WRITE = (
    'import pathlib, sys; out = pathlib.Path(sys.argv[1]); out.mkdir(exist_ok=True); '
    '(out / "runs").open("a").write("x"); print("said by", *sys.argv[2:])'
)
ROOT = Path(__file__).resolve().parents[2]


class Folder:
    """A work folder with one stage that reads ``in.txt`` and writes ``out/runs``."""

    def __init__(self, path: Path) -> None:
        self.path, self.marks = path, Marks(path / 'stages')
        self.shown: list[str] = []
        (path / 'in.txt').write_text('1')

    def stage(
        self, *words: str, code: str = WRITE, inputs: tuple[str, ...] = ('in.txt',), output: str = 'out'
    ) -> Stage:
        out = self.path / output
        return Stage('a stage', ('-c', code, str(out), *words), tuple(str(self.path / name) for name in inputs), out)

    def run(self, stage: Stage | None = None) -> bool:
        with locked(self.marks.folder):
            return run_stage(stage or self.stage(), self.marks, self.command)

    def command(self, words: Sequence[str], log: Path) -> int:
        with Commands() as commands:
            return commands.run(words, log, self.shown.append)

    def mark(self, stage: Stage) -> Mark:
        found = self.marks.read(stage)
        assert found is not None
        return found

    @property
    def runs(self) -> int:
        return len((self.path / 'out' / 'runs').read_text())

    @property
    def log(self) -> Path:
        return self.marks.folder / 'a_stage.log'


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_a_stage_runs_once_and_keeps_what_it_said(folder: Folder) -> None:
    stage = folder.stage('me')
    assert folder.run(stage) is True
    assert folder.run(stage) is False
    assert folder.runs == 1
    assert folder.log.read_text() == 'said by me\n' == ''.join(folder.shown)
    mark = folder.mark(stage)
    assert (mark.state, mark.name) == ('done', 'a stage')
    assert mark.command == list(stage.command)
    assert len(mark.digest) == 64


def change_input(folder: Folder) -> Stage:
    (folder.path / 'in.txt').write_text('2')
    return folder.stage()


def change_command(folder: Folder) -> Stage:
    return folder.stage('other')


def change_inputs(folder: Folder) -> Stage:
    (folder.path / 'more.txt').write_text('1')
    return folder.stage(inputs=('in.txt', 'more.txt'))


def drop_output(folder: Folder) -> Stage:
    (folder.path / 'out' / 'runs').unlink()
    (folder.path / 'out').rmdir()
    return folder.stage()


def damage_mark(folder: Folder) -> Stage:
    (folder.marks.folder / 'a_stage.json').write_text('[')
    return folder.stage()


def foreign_mark(folder: Folder) -> Stage:
    (folder.marks.folder / 'a_stage.json').write_text('{"state": "done"}')
    return folder.stage()


@pytest.mark.parametrize(
    'change', [change_input, change_command, change_inputs, drop_output, damage_mark, foreign_mark]
)
def test_it_runs_again_from_an_empty_output_when_anything_changed(
    folder: Folder, change: Callable[[Folder], Stage]
) -> None:
    folder.run()
    stage = change(folder)
    assert folder.run(stage) is True
    assert folder.runs == 1
    assert folder.run(stage) is False


def test_an_input_touched_and_the_same_is_no_change(folder: Folder) -> None:
    folder.run()
    os.utime(folder.path / 'in.txt', (1, 1))
    assert folder.run() is False


def test_what_was_begun_from_the_same_inputs_is_kept_and_seconds_add_up(folder: Folder) -> None:
    code = f'{WRITE}; import time; time.sleep(0.3)'
    failing = f'{code}; sys.exit(3 * (len((out / "runs").read_text()) < 3))'
    stage = folder.stage(code=failing)
    for times in (1, 2):
        with pytest.raises(InputError, match='failed with exit code 3'):
            folder.run(stage)
        mark = folder.mark(stage)
        assert mark.state == 'begun' and folder.runs == times
        assert mark.seconds >= 0.3 * times
    assert folder.run(stage) is True
    mark = folder.mark(stage)
    assert mark.state == 'done' and 0.9 <= mark.seconds < 30
    # The next one starts at no seconds, with an output of its own.
    (folder.path / 'in.txt').write_text('2')
    with pytest.raises(InputError, match='failed'):
        folder.run(stage)
    assert folder.runs == 1 and 0.3 <= folder.mark(stage).seconds < 0.9 + 10


def test_an_output_that_no_stage_made_is_left_alone(folder: Folder) -> None:
    (folder.path / 'out').mkdir()
    (folder.path / 'out' / 'thesis.tex').touch()
    with pytest.raises(
        InputError,
        match=r'out: is there, but the stage "a stage" has not made '
        r'it; move it away, or name another --work-dir',
    ):
        folder.run()
    assert (folder.path / 'out' / 'thesis.tex').exists()
    assert folder.marks.read(folder.stage()) is None


def test_what_an_earlier_version_made_is_left_alone(folder: Folder) -> None:
    stage = folder.stage()
    folder.run(stage)
    file = folder.marks.file(stage)
    file.write_text(json.dumps({key: value for key, value in json.loads(file.read_text()).items() if key != 'inputs'}))
    with pytest.raises(InputError, match=r'out: made by an earlier version, .*; move .* away, or name another'):
        folder.run(stage)
    assert folder.runs == 1


def test_a_linked_output_is_removed_as_a_link(folder: Folder) -> None:
    folder.run()
    kept = folder.path / 'elsewhere'
    (folder.path / 'out').rename(kept)
    (folder.path / 'out').symlink_to(kept)
    folder.run(change_command(folder))
    assert len((kept / 'runs').read_text()) == 1
    assert not (folder.path / 'out').is_symlink()


def test_a_pattern_takes_the_newest_file(tmp_path: Path) -> None:
    for age, name in ((3, 'best_9.pth'), (1, 'best_10.pth'), (2, 'best_8.pth')):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (100 - age, 100 - age))
    pattern = str(tmp_path / 'best_*.pth')
    assert newest(pattern) == tmp_path / 'best_10.pth'
    assert resolved(f'a=[{{{pattern}}},{{{pattern}}}]') == (
        f'a=[{tmp_path / "best_10.pth"},{tmp_path / "best_10.pth"}]'
    )
    assert resolved('plain') == 'plain'
    with pytest.raises(InputError, match=r'worst_\*: no such file; the stage that makes it'):
        newest(str(tmp_path / 'worst_*'))


def test_a_stage_is_run_with_the_newest_file_and_again_with_a_newer_one(folder: Folder) -> None:
    stage = folder.stage(f'{{{folder.path}/best_*}}', inputs=('best_*',))
    with pytest.raises(InputError, match=r'best_\*: no such file'):
        folder.run(stage)
    for age, name in ((2, 'best_1'), (1, 'best_2')):
        (folder.path / name).touch()
        os.utime(folder.path / name, (100 - age, 100 - age))
        assert folder.run(stage) is True
        assert folder.log.read_text() == f'said by {folder.path / name}\n'
    assert folder.run(stage) is False


def test_a_missing_input_is_named_with_the_stage_that_needs_it(folder: Folder) -> None:
    with pytest.raises(InputError, match=r'none\.txt: missing; the stage "a stage" needs it'):
        folder.run(folder.stage(inputs=('none.txt',)))
    assert not (folder.path / 'out').exists()


def test_a_failing_command_is_named_with_its_log_and_last_words(folder: Folder) -> None:
    stage = folder.stage(
        code=(
            'import sys; print("before"); print("error: no data; get some", file=sys.stderr); '
            'print("after"); sys.exit(2)'
        )
    )
    with pytest.raises(InputError) as error:
        folder.run(stage)
    assert str(error.value) == (
        'the stage "a stage" failed with exit code 2: no data; get some; its output is in '
        f'{folder.log}; the same command goes on from there'
    )
    assert sorted(folder.log.read_text().splitlines()) == ['after', 'before', 'error: no data; get some']
    assert folder.mark(stage).state == 'begun'


def test_a_crash_leaves_its_traceback_in_the_log(folder: Folder) -> None:
    with pytest.raises(InputError, match=r'exit code 1: ZeroDivisionError: division by zero; its'):
        folder.run(folder.stage(code='1 / 0'))
    assert folder.log.read_text().startswith('Traceback')
    with pytest.raises(InputError, match='exit code 4: it said nothing; its output'):
        folder.run(folder.stage(code='import sys; sys.exit(4)'))


def test_a_command_without_its_output_has_not_ended_well(folder: Folder) -> None:
    stage = folder.stage(code='print("nothing to do")')
    with pytest.raises(InputError, match=r'the stage "a stage" ended without .*out; see .*\.log'):
        folder.run(stage)
    assert folder.mark(stage).state == 'begun'


def test_progress_is_shown_and_not_kept_and_any_bytes_are_read(folder: Folder) -> None:
    folder.run(
        folder.stage(
            code=(
                f'{WRITE}; import os; '
                r'os.write(2, b"\r 50%|\r100%|\nodd: \xff\n")'
            )
        )
    )
    assert folder.shown[:1] == ['said by\n']
    assert folder.shown[1:] == ['\r', ' 50%|\r', '100%|\n', 'odd: �\n']
    assert folder.log.read_text('utf-8') == 'said by\n100%|\nodd: �\n'


# Several runs in one folder: the first sleeps until it is told to go on.

SLEEP = (
    'import os, pathlib, sys, time; out = pathlib.Path(sys.argv[1]); out.mkdir(); '
    '(out / "pid").write_text(str(os.getpid())); '
    '[time.sleep(0.05) for _ in range(600) if not (out / "go").exists()]'
)
RUN = """
import sys
from pathlib import Path
from shg_xai.cli import run
from shg_xai.study.processes import left_by_sigterm
from shg_xai.study.schedule import here, run_all
from shg_xai.study.stages import Marks, Stage, locked
folder = Path(sys.argv[1])
marks = Marks(folder / 'stages')
stage = Stage('sleep', ('-c', sys.argv[2], str(folder / 'out')), (), folder / 'out')
def main():
    with locked(marks.folder), left_by_sigterm(), here(marks, 2, lambda stage, line: print(line)) as place:
        run_all([stage], place, print)
run(main)
"""


def wait_for(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.02)


def alive(pid: int) -> bool:
    """Whether a process is at work; one that has ended and waits to be asked for is not."""
    try:
        return Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()[0] != 'Z'
    except OSError:
        return False


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[tuple[subprocess.Popen, int]]:
    """A run whose stage is at work: its process, and the id of the stage's."""
    process = subprocess.Popen(
        [sys.executable, '-c', RUN, str(tmp_path), SLEEP],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    file = tmp_path / 'out' / 'pid'
    try:
        wait_for(lambda: file.exists() and bool(file.read_text()), 'the stage did not start')
        yield process, int(file.read_text())
    finally:
        (file.parent / 'go').touch()
        process.kill()
        process.wait()


def second_run(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, '-c', RUN, str(folder), SLEEP], cwd=ROOT, capture_output=True, text=True)


def check_refused(folder: Path) -> None:
    second = second_run(folder)
    assert second.returncode == 2
    assert re.fullmatch(
        rf'error: {folder}: another run is at work in it; '
        r'wait for it or end it first\n',
        second.stderr,
    )
    assert json.loads((folder / 'stages' / 'sleep.json').read_text())['state'] == 'begun'


def test_a_second_run_is_refused_while_the_first_is_at_work(
    tmp_path: Path, sleeper: tuple[subprocess.Popen, int]
) -> None:
    check_refused(tmp_path)
    (tmp_path / 'out' / 'go').touch()
    assert sleeper[0].wait(20) == 0
    assert json.loads((tmp_path / 'stages' / 'sleep.json').read_text())['state'] == 'done'
    assert second_run(tmp_path).returncode == 0


def test_a_terminated_run_ends_its_stage_too(tmp_path: Path, sleeper: tuple[subprocess.Popen, int]) -> None:
    process, child = sleeper
    time.sleep(0.2)
    process.terminate()
    assert process.wait(20) == 128 + signal.SIGTERM
    assert not alive(child)
    mark = json.loads((tmp_path / 'stages' / 'sleep.json').read_text())
    assert mark['state'] == 'begun' and mark['seconds'] > 0
    with locked(tmp_path / 'stages'):
        pass


def test_a_killed_run_takes_its_stage_along(tmp_path: Path, sleeper: tuple[subprocess.Popen, int]) -> None:
    process, child = sleeper
    process.kill()
    process.wait()
    wait_for(lambda: not alive(child), 'the stage did not end')
    (tmp_path / 'out' / 'go').touch()
    with locked(tmp_path / 'stages'):
        pass


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / 'file').touch()
    with pytest.raises(InputError, match=r'stages: cannot be written: '), locked(tmp_path / 'file' / 'stages'):
        pass

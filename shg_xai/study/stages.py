"""Running stages: each once, skipped when done from the same inputs, gone on with when cut."""

import ast
import fcntl
import hashlib
import json
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec

from shg_xai.errors import InputError
from shg_xai.results_file import read_json
from shg_xai.writing import write_aside

MEND = 'run tools/run_study.py again'
Run = Callable[[Sequence[str], Path], int]  # runs a command that is logged to a file, and returns its exit code
LATEST = re.compile(r'\{([^{}]+)\}')


@dataclass(frozen=True)
class Stage:
    """One command of a plan, with what it takes, estimated."""

    name: str  # unique, as ``train plain 0``
    command: tuple[str, ...]  # for Python; {pattern} stands for the newest file that matches when the stage starts
    inputs: tuple[str, ...]  # files, patterns allowed, whose contents decide about the result
    output: Path  # the file or folder that is made; a folder is gone on with when cut
    seconds: float | None = None
    megabytes: float | None = None  # that it leaves on the disk
    beside: tuple[Path, ...] = ()  # files that it makes elsewhere
    alone: bool = False  # nothing that takes long could run beside it: it gets the whole machine

    @property
    def slug(self) -> str:
        """Its name for files."""
        return self.name.replace(' ', '_')


def newest(pattern: str) -> Path:
    """The newest file or folder that matches a pattern; InputError where none does."""
    path = Path(pattern)
    found = sorted(path.parent.glob(path.name), key=lambda file: (file.stat().st_mtime, file.name))
    if not found:
        raise InputError(f'{pattern}: no such file; the stage that makes it has not run')
    return found[-1]


def resolved(argument: str) -> str:
    """An argument with every ``{pattern}`` replaced by the newest file that matches."""
    return LATEST.sub(lambda match: str(newest(match.group(1))), argument)


def digest_of(command: Sequence[str], inputs: Mapping[str, str]) -> str:
    """SHA-256 over a command and the digests of its inputs."""
    return hashlib.sha256(json.dumps([list(command), dict(inputs)]).encode()).hexdigest()


def inputs_of(stage: Stage) -> dict[str, str]:
    """The files that decide about a stage's result, patterns resolved, and the SHA-256 of what each of them says."""
    found = {}
    for pattern in stage.inputs:
        path = newest(pattern) if '*' in pattern else Path(pattern)
        if not path.is_file():
            raise InputError(f'{path}: missing; the stage "{stage.name}" needs it')
        facts = path.stat()
        found[str(path)] = _file_digest(path, facts.st_size, facts.st_mtime_ns)
    return found


@cache
def _file_digest(path: Path, size: int, changed_ns: int) -> str:
    """SHA-256 of a file as it is, of a program without comments, docstrings and layout; many stages have the same."""
    if path.suffix == '.py':
        return hashlib.sha256(_program(path).encode()).hexdigest()
    digest = hashlib.sha256()
    with path.open('rb') as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _program(path: Path) -> str:
    """What a Python file does; its text where it is none."""
    text = path.read_text('utf-8', errors='replace')
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return text
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.body:
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                node.body = node.body[1:]
    return ast.dump(tree)


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a stage: begun or done, from which inputs, in how many seconds so far."""

    name: str
    state: Literal['begun', 'done']
    digest: str
    seconds: float
    command: list[str]
    inputs: dict[str, str] = {}  # SHA-256 of each


@dataclass(frozen=True)
class Marks:
    """The marks of a work folder, a small JSON file each."""

    folder: Path

    def file(self, stage: Stage) -> Path:
        """Where a stage's mark is."""
        return self.folder / f'{stage.slug}.json'

    def read(self, stage: Stage) -> Mark | None:
        """What is known of a stage; None where nothing is, or the file is damaged."""
        try:
            return msgspec.json.decode(self.file(stage).read_bytes(), type=Mark)
        except (OSError, ValueError):
            return None

    def all(self) -> list[Mark]:
        """All marks, by the time they were last written."""
        files = sorted(self.folder.glob('*.json'), key=lambda file: file.stat().st_mtime)
        return [read_json(file, Mark, MEND) for file in files]

    def check_output(self, stage: Stage) -> None:
        """Refuse with an InputError an output that no stage has made: it would be removed as a stale one."""
        if not self.file(stage).exists() and (stage.output.exists() or stage.output.is_symlink()):
            foreign = f'is there, but the stage "{stage.name}" has not made it'
            raise InputError(f'{stage.output}: {foreign}; move it away, or name another --work-dir')
        mark = self.read(stage)
        if mark is not None and stage.inputs and not mark.inputs:  # it would be made anew, and the old one removed
            before = 'made by an earlier version, which did not record its inputs'
            raise InputError(f'{stage.output}: {before}; move {self.folder.parent} away, or name another --work-dir')

    def write(self, stage: Stage, mark: Mark) -> None:
        """Replace what is known of a stage."""
        write_aside(self.file(stage), msgspec.json.encode(mark) + b'\n')


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a work folder alone until the block or process ends; InputError if another has it or it is read-only."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = (folder / 'lock').open('a')
    except OSError as error:
        raise InputError(f'{folder}: cannot be written: {error.strerror}') from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise InputError(f'{folder.parent}: another run is at work in it; wait for it or end it first') from None
        yield


def why(stage: Stage, marks: Marks) -> str:
    """Why a stage has to run, or go on; '' where it is done. Of what earlier stages will change it knows nothing."""
    mark = marks.read(stage)
    if mark is None:
        return 'new'
    try:
        command, inputs = [resolved(argument) for argument in stage.command], inputs_of(stage)
    except InputError as error:
        return str(error).partition(';')[0]
    if mark.digest != digest_of(command, inputs):
        changed = [path for path, digest in inputs.items() if mark.inputs.get(path) != digest]
        gone = [path for path in mark.inputs if path not in inputs]
        return ', '.join([*changed, *gone]) + ' changed' if changed or gone else 'its command changed'
    if mark.state == 'begun':
        return 'was cut off'
    return '' if stage.output.exists() else f'{stage.output} is gone'


def run_stage(stage: Stage, marks: Marks, run: Run) -> bool:
    """Run a stage unless it is done from the same inputs; whether anything was run.

    A stage that another process still has at work is waited for. InputError where the command failed, or its output is
    somebody else's.
    """
    marks.folder.mkdir(parents=True, exist_ok=True)
    with (marks.folder / f'{stage.slug}.lock').open('a') as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        return _run_stage(stage, marks, run)


def _run_stage(stage: Stage, marks: Marks, run: Run) -> bool:
    marks.check_output(stage)
    command, inputs = [resolved(argument) for argument in stage.command], inputs_of(stage)
    digest, before = digest_of(command, inputs), marks.read(stage)
    if before is None or before.digest != digest:  # not begun, or from other inputs
        before = None
        if stage.output.is_dir() and not stage.output.is_symlink():
            shutil.rmtree(stage.output)
        stage.output.unlink(missing_ok=True)
    elif before.state == 'done' and stage.output.exists():
        return False
    spent = before.seconds if before and before.state == 'begun' else 0.0

    def mark(state: Literal['begun', 'done']) -> None:
        facts = Mark(
            name=stage.name, state=state, digest=digest, seconds=round(spent, 1), command=command, inputs=inputs
        )
        marks.write(stage, facts)

    mark('begun')
    start = time.monotonic()
    log = marks.folder / f'{stage.slug}.log'
    try:
        code = run(command, log)
    finally:
        spent += time.monotonic() - start
        mark('begun')
    if code:
        lines = [line.strip() for line in log.read_text('utf-8').splitlines() if line.strip()]
        said = ([line for line in lines if line.startswith('error: ')] or lines or ['it said nothing'])[-1]
        failed = f'the stage "{stage.name}" failed with exit code {code}: {said.removeprefix("error: ")}'
        raise InputError(f'{failed}; its output is in {log}; the same command goes on from there')
    if not stage.output.exists():
        raise InputError(f'the stage "{stage.name}" ended without {stage.output}; see {log}')
    mark('done')
    return True

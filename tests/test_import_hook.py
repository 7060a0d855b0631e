"""In the environment that install.sh makes, MMPose runs without anybody having imported this package."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from shg_xai import compat
from shg_xai.import_hook import AfterMMEngine, install
from tests.helpers.commands import REPO_ROOT, python

INSTALL = (REPO_ROOT / 'tools' / 'install.sh').read_text()


def pth_line() -> str:
    """What install.sh has Python run at every start."""
    (line,) = [line for line in INSTALL.splitlines() if line.lstrip().startswith('import ')]
    return line


def test_python_runs_the_line_at_its_start(tmp_path: Path) -> None:
    """The site module reads a .pth file line by line, and runs those that begin with import."""
    (tmp_path / 'hook.pth').write_text(pth_line() + '\n')
    code = f'import site, sys; site.addsitedir({str(tmp_path)!r}); print(sys.meta_path[0], "typing" in sys.modules)'
    done = python('-S', '-c', code)
    assert (done.stderr, done.returncode) == ('', 0)
    assert done.stdout.startswith('<shg_xai.import_hook.AfterMMEngine object')
    assert done.stdout.endswith(' False\n')  # nothing that takes time


def test_the_line_is_silent_where_the_package_is_gone(tmp_path: Path) -> None:
    (tmp_path / 'hook.pth').write_text(pth_line() + '\n')
    code = f'import site; site.addsitedir({str(tmp_path)!r})'
    done = subprocess.run(
        [sys.executable, '-S', '-I', '-c', code], cwd=tmp_path, text=True, capture_output=True, timeout=60
    )
    assert (done.stdout, done.stderr, done.returncode) == ('', '', 0)


def test_only_install_sh_writes_such_a_file() -> None:
    """Nothing is done to other people's environments: a wheel would carry it where it is package data."""
    assert not list((REPO_ROOT / 'shg_xai').rglob('*.pth'))
    for file in ('setup.py', 'pyproject.toml'):
        assert '.pth' not in (REPO_ROOT / file).read_text()


def printed(code: str, folder: Path) -> str:
    """What code prints in a fresh Python that has the hook, and finds packages in this folder first."""
    start = f'import sys; sys.path.insert(0, {str(folder)!r}); from shg_xai.import_hook import install; install()\n'
    done = python('-W', 'ignore', '-c', start + code)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_runs_once_mmengine_has(tmp_path: Path) -> None:
    (tmp_path / 'mmengine.py').write_text('print("mmengine"); ready = True\n')
    code = (
        'from shg_xai import compat\ncompat.mend = lambda: print("mended", sys.modules["mmengine"].ready)\n'
        'import json, mmengine, mmengine\nprint(mmengine.__loader__.get_filename("mmengine"))'
    )
    assert printed(code, tmp_path).splitlines() == ['mmengine', 'mended True', str(tmp_path / 'mmengine.py')]


def test_where_mmengine_is_missing_it_is_said_as_ever() -> None:
    code = 'import sys; from shg_xai.import_hook import install; install(); import mmengine'
    done = python('-S', '-c', code)
    assert done.returncode == 1
    assert done.stderr.endswith("ModuleNotFoundError: No module named 'mmengine'\n")


def test_it_stands_first_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, 'meta_path', [finder for finder in sys.meta_path if not isinstance(finder, AfterMMEngine)])
    install()
    install()
    assert [isinstance(finder, AfterMMEngine) for finder in sys.meta_path[:2]] == [True, False]


def test_what_has_operators_is_left_alone_and_not_imported(tmp_path: Path) -> None:
    """A full mmcv in little, with its compiled module; MMEngine itself is this environment's."""
    (tmp_path / 'mmcv').mkdir()
    (tmp_path / 'mmcv' / '__init__.py').write_text('raise SystemExit("imported")\n')
    (tmp_path / 'mmcv' / '_ext.py').write_text('')
    assert printed('import mmengine; print("mmcv._ext" in sys.modules)', tmp_path) == 'False\n'


@pytest.mark.slow
def test_mmpose_runs_where_only_mmengine_was_imported(tmp_path: Path) -> None:
    code = """
import mmengine
before = sorted(name for name in sys.modules if name.split('.')[0] in ('mmcv', 'mmpose'))
import mmpose.apis
print(before, type(sys.modules['mmcv._ext']).__name__, 'shg_xai.plugin' in sys.modules)
"""
    if compat.add_operator_stand_in() is False:
        pytest.skip('the full mmcv is installed')
    assert printed(code, tmp_path) == "['mmcv._ext'] MissingOperators False\n"


@pytest.mark.slow
def test_python_starts_as_fast_as_before(tmp_path: Path) -> None:
    """Of 20 starts each, taken in turn and with modules compiled, the fastest differ by less than 5 ms."""
    environment = {name: value for name, value in os.environ.items() if name != 'PYTHONDONTWRITEBYTECODE'}
    environment |= dict(PYTHONPYCACHEPREFIX=str(tmp_path))
    codes = ('pass', 'from shg_xai.import_hook import install; install()')
    took: dict[str, list[float]] = {code: [] for code in codes}
    for _ in range(20):
        for code in codes:
            start = time.perf_counter()
            subprocess.run([sys.executable, '-c', code], cwd=REPO_ROOT, env=environment, check=True)
            took[code].append(time.perf_counter() - start)
    plain, hooked = (min(took[code]) for code in codes)
    print(f'{1000 * plain:.1f} ms, with the hook {1000 * hooked:.1f} ms')
    assert hooked - plain < 0.005

"""What the installation promises: a complete pinned list, clear words where it cannot work."""

import ast
import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

import pytest
import tomllib
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import shg_xai

# What a bare system has and the script uses; Python is not among them.
COMMANDS = ('bash', 'env', 'uname', 'dirname', 'sha256sum', 'cut', 'cat', 'df', 'awk', 'flock')
# Asked for by MMPose and its neighbours, and left out: see requirements/linux.txt.
LEFT_OUT = {'chumpy', 'opencv-python', 'cython'}
KEPT_AS_THEY_ARE = {'torch', 'torchvision', 'mmcv', 'mmcv-lite', 'mmdet', 'mmengine', 'mmpose'}


def read_pins(repo_root: Path) -> list[Requirement]:
    lines = (repo_root / 'requirements' / 'linux.txt').read_text().splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith('#')]


def test_every_requirement_is_pinned_once(repo_root: Path) -> None:
    pins = read_pins(repo_root)
    for pin in pins:
        assert [spec.operator for spec in pin.specifier] == ['=='], pin
        assert not pin.url
        assert not next(iter(pin.specifier)).version.endswith('*'), pin
    names = [canonicalize_name(pin.name) for pin in pins]
    assert len(set(names)) == len(names)


def test_the_list_is_complete_and_agrees_with_itself(repo_root: Path) -> None:
    """Nothing is resolved on installing, so the list itself has to hold all that is required."""
    pins = {canonicalize_name(pin.name): next(iter(pin.specifier)).version for pin in read_pins(repo_root)}
    for name, pinned in pins.items():
        try:
            if version(name) != pinned:
                pytest.skip(f'another environment than the pinned one: {name} {version(name)}')
        except PackageNotFoundError:
            pytest.skip(f'another environment than the pinned one: no {name}')
    for name in pins:
        for line in requires(name) or []:
            needed = Requirement(line)
            if needed.marker is not None and not needed.marker.evaluate({'extra': ''}):
                continue
            other = canonicalize_name(needed.name)
            if other not in LEFT_OUT:
                assert other in pins, f'{name} requires {line}'
                assert needed.specifier.contains(pins[other]), f'{name} requires {line}'


def test_no_package_index_is_named(repo_root: Path) -> None:
    for name in ('requirements/linux.txt', 'tools/install.sh', 'Makefile', 'setup.py', 'pyproject.toml'):
        assert not re.search(r'index-url|find-links|https?://', (repo_root / name).read_text()), name


def project(repo_root: Path) -> dict[str, Any]:
    """What is declared about the package."""
    return tomllib.loads((repo_root / 'pyproject.toml').read_text())['project']


def test_everything_about_the_package_stands_in_one_place(repo_root: Path, tmp_path: Path) -> None:
    """``setup.py`` adds nothing, and the version is the package's own."""
    calls = [node for node in ast.walk(ast.parse((repo_root / 'setup.py').read_text())) if isinstance(node, ast.Call)]
    assert [(call.args, call.keywords) for call in calls] == [([], [])]
    asked = subprocess.run(
        [sys.executable, 'setup.py', '-q', '--name', '--version'], cwd=repo_root, capture_output=True, text=True
    )
    assert asked.stdout.split() == ['shg_xai', shg_xai.__version__], asked.stderr


def test_what_is_developed_with_is_pinned_too(repo_root: Path) -> None:
    pins = {canonicalize_name(pin.name) for pin in read_pins(repo_root)}
    extras = project(repo_root)['optional-dependencies']
    needed = {
        canonicalize_name(Requirement(line).name)
        for line in [*project(repo_root)['dependencies'], *extras['dask'], *extras['dev']]
    }
    assert needed - pins == {'pre-commit'}  # needs none of the packages, and brings its own


def test_installing_the_plugin_changes_nothing_of_mmpose(repo_root: Path) -> None:
    needed = [Requirement(line) for line in project(repo_root)['dependencies']]
    assert needed
    assert not KEPT_AS_THEY_ARE & {canonicalize_name(one.name) for one in needed}
    # Without bounds pip keeps every version that is there. Later versions of pyarrow import with
    # NumPy 2 only, and do not say so to pip.
    assert [str(one) for one in needed if str(one.specifier) or one.url] == ['pyarrow<25']


def make_bare_path(folder: Path) -> Path:
    """A PATH with the system's plain commands and no Python."""
    folder.mkdir()
    for name in COMMANDS:
        command = shutil.which(name)
        if command is not None:
            (folder / name).symlink_to(command)
    return folder


def run_install(repo_root: Path, folder: Path, **environment: str) -> subprocess.CompletedProcess:
    """Run a copy of the installation script in a folder without .venv, on a bare PATH."""
    for name in ('tools', 'requirements'):
        (folder / name).mkdir()
    shutil.copy(repo_root / 'tools' / 'install.sh', folder / 'tools')
    for name in ('requirements/linux.txt', 'pyproject.toml', 'setup.py'):
        shutil.copy(repo_root / name, folder / name)
    return subprocess.run(
        [str(shutil.which('bash')), str(folder / 'tools' / 'install.sh')],
        env={'PATH': str(folder / 'bin'), **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_without_python_it_says_what_to_install(repo_root: Path, tmp_path: Path) -> None:
    make_bare_path(tmp_path / 'bin')
    done = run_install(repo_root, tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith('error: found no Python 3.11 with its venv module')
    for way in ('sudo apt install python3.11 python3.11-venv', 'conda create', 'pyenv install'):
        assert way in done.stderr
    assert not (tmp_path / '.venv').exists()


def test_another_python_version_does_not_count(repo_root: Path, tmp_path: Path) -> None:
    # Stands for a Python that is too old, too new or without venv: the check itself fails.
    wrong = make_bare_path(tmp_path / 'bin') / 'python3'
    wrong.write_text('#!/bin/sh\nexit 1\n')
    wrong.chmod(0o755)
    assert 'found no Python 3.11' in run_install(repo_root, tmp_path).stderr


def test_a_python_that_is_named_is_the_only_one_tried(repo_root: Path, tmp_path: Path) -> None:
    (make_bare_path(tmp_path / 'bin') / 'python3.11').symlink_to(sys.executable)
    done = run_install(repo_root, tmp_path, PYTHON='/nowhere/python3.11')
    assert done.returncode == 2
    assert '(tried: /nowhere/python3.11)' in done.stderr


def test_another_platform_is_refused(repo_root: Path, tmp_path: Path) -> None:
    uname = make_bare_path(tmp_path / 'bin') / 'uname'
    uname.unlink()
    uname.write_text('#!/bin/sh\n[ "$1" = -s ] && echo Darwin || echo arm64\n')
    uname.chmod(0o755)
    done = run_install(repo_root, tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith('error: this is Darwin on arm64')


def test_every_target_is_in_make_help(repo_root: Path) -> None:
    if shutil.which('make') is None:
        pytest.skip('make is not installed')
    rules = re.findall(r'^([a-z-]+):', (repo_root / 'Makefile').read_text(), re.MULTILINE)
    needed = {'help', 'install', 'demo', 'test', 'test-slow', 'lint', 'benchmark', 'benchmark-analysis', 'clean'}
    assert set(rules) == needed
    # Not as a part of the make that runs these tests.
    plain = {key: value for key, value in os.environ.items() if not key.startswith('MAKE')}
    for command in (['make'], ['make', 'help']):
        done = subprocess.run(command, cwd=repo_root, env=plain, capture_output=True, text=True, check=True)
        listed = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
        assert set(listed) == needed
        assert all(listed.values())

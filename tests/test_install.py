"""What the installation promises: a complete pinned list, clear words where it cannot work."""

import ast
import itertools
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import shg_xai

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

# What a bare system has and the script uses; Python is not among them.
COMMANDS = ('bash', 'env', 'uname', 'dirname', 'cksum', 'cat', 'sed', 'df', 'awk', 'flock')
KEPT_AS_THEY_ARE = {'torch', 'torchvision', 'mmcv', 'mmcv-lite', 'mmdet', 'mmengine', 'mmpose'}
LOCKS = ('numpy2', 'numpy1', 'onedl')
PYTHONS = ('3.10', '3.11', '3.12', '3.13')
MACHINES = (('linux', 'x86_64'), ('linux', 'aarch64'), ('darwin', 'arm64'))


def read_pins(repo_root: Path, lock: str, environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Versions by name of what a lock puts into an environment, by default this one; each is there once."""
    lines = (repo_root / 'requirements' / f'{lock}.txt').read_text().splitlines()
    pins = [Requirement(line) for line in lines if not line.startswith('#')]
    pins = [pin for pin in pins if pin.marker is None or pin.marker.evaluate(dict(environment or {}))]
    names = [canonicalize_name(pin.name) for pin in pins]
    assert len(set(names)) == len(names)
    for pin in pins:
        assert [spec.operator for spec in pin.specifier] == ['=='], pin
        assert not pin.url
    return {name: next(iter(pin.specifier)).version for name, pin in zip(names, pins, strict=True)}


def environment(python: str, platform: str, machine: str) -> dict[str, str]:
    """What markers are asked about on such a machine."""
    system = {'linux': 'Linux', 'darwin': 'Darwin'}[platform]
    return dict(
        {key: str(value) for key, value in default_environment().items()},
        python_version=python,
        python_full_version=f'{python}.4',
        sys_platform=platform,
        platform_system=system,
        platform_machine=machine,
    )


@pytest.mark.parametrize('lock', LOCKS)
def test_every_python_on_every_machine_has_one_version_of_each(lock: str, repo_root: Path) -> None:
    for python, (platform, machine) in itertools.product(PYTHONS, MACHINES):
        pins = read_pins(repo_root, lock, environment(python, platform, machine))
        assert pins['torch'] == '2.14.1'
        assert pins['mmpose'] == '1.3.2'
        assert pins['numpy'] == '1.26.4' if lock == 'numpy1' else pins['numpy'] >= '2.2'
        real = lock == 'numpy1' and (python, platform, machine) == ('3.11', 'linux', 'x86_64')
        assert ('xtcocotools' in pins) == real
        assert ('nvidia-cublas' in pins) == (platform == 'linux')


def test_a_lock_is_complete_and_agrees_with_itself(repo_root: Path) -> None:
    """Nothing is resolved on installing, so the list itself has to hold all that is required."""
    for lock in LOCKS:
        pins = read_pins(repo_root, lock)
        try:
            if all(version(name) == pinned for name, pinned in pins.items()):
                break
        except PackageNotFoundError:
            continue
    else:
        pytest.skip('another environment than one that is locked')
    settings = tomllib.loads((repo_root / 'pyproject.toml').read_text())['tool']['uv']
    left_out = {*settings['exclude-dependencies'], 'xtcocotools'}
    for name in pins:
        for line in requires(name) or []:
            needed = Requirement(line)
            if needed.marker is not None and not needed.marker.evaluate({'extra': ''}):
                continue
            other = canonicalize_name(needed.name)
            if other not in left_out:
                assert other in pins, f'{name} requires {line}'
                assert needed.specifier.contains(pins[other]), f'{name} requires {line}'


def test_no_package_index_is_named(repo_root: Path) -> None:
    files = [repo_root / name for name in ('tools/install.sh', 'Makefile', 'setup.py', 'pyproject.toml')]
    for file in [*files, *(repo_root / 'requirements').iterdir()]:
        assert not re.search(r'index-url|find-links|https?://', file.read_text()), file


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
    pins = set(read_pins(repo_root, 'numpy2'))
    extras = project(repo_root)['optional-dependencies']
    needed = {
        canonicalize_name(Requirement(line).name)
        for line in [*project(repo_root)['dependencies'], *extras['dask'], *extras['dev'], *extras['docs']]
    }
    assert needed - pins == {'pre-commit'}  # needs none of the packages, and brings its own


def test_installing_the_plugin_changes_nothing_of_mmpose(repo_root: Path) -> None:
    needed = [Requirement(line) for line in project(repo_root)['dependencies']]
    assert needed
    assert not KEPT_AS_THEY_ARE & {canonicalize_name(one.name) for one in needed}
    # Without bounds pip keeps every version that is there. Later versions of pyarrow import with
    # NumPy 2 only, and do not say so to pip.
    bounded = [str(one) for one in needed if str(one.specifier) or one.url]
    assert bounded == ['pyarrow<25; python_version < "3.12"']


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
    (folder / 'tools').mkdir()
    shutil.copytree(repo_root / 'requirements', folder / 'requirements')
    for name in ('tools/install.sh', 'pyproject.toml', 'setup.py'):
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
    assert done.stderr.startswith('error: found no Python 3.10 to 3.13 with its venv module')
    for way in ('sudo apt install python3 python3-venv', 'conda create', 'pyenv install', 'brew install'):
        assert way in done.stderr
    assert not (tmp_path / '.venv').exists()


def test_another_python_version_does_not_count(repo_root: Path, tmp_path: Path) -> None:
    # Stands for a Python that is too old, too new or without venv: the check itself fails.
    wrong = make_bare_path(tmp_path / 'bin') / 'python3'
    wrong.write_text('#!/bin/sh\nexit 1\n')
    wrong.chmod(0o755)
    assert 'found no Python 3.10 to 3.13' in run_install(repo_root, tmp_path).stderr


def test_a_python_that_is_named_is_the_only_one_tried(repo_root: Path, tmp_path: Path) -> None:
    (make_bare_path(tmp_path / 'bin') / 'python3').symlink_to(sys.executable)
    done = run_install(repo_root, tmp_path, PYTHON='/nowhere/python3.11')
    assert done.returncode == 2
    assert '(tried: /nowhere/python3.11)' in done.stderr


def test_numpy_1_ends_with_python_3_12(repo_root: Path, tmp_path: Path) -> None:
    make_bare_path(tmp_path / 'bin')
    done = run_install(repo_root, tmp_path, LOCK='numpy1')
    assert done.stderr.startswith('error: found no Python 3.10 to 3.12')
    assert '(tried: python3.11 ' in done.stderr


def test_a_lock_that_is_not_there_is_refused(repo_root: Path, tmp_path: Path) -> None:
    make_bare_path(tmp_path / 'bin')
    done = run_install(repo_root, tmp_path, LOCK='numpy3')
    assert (done.returncode, done.stderr) == (
        2,
        'error: LOCK=numpy3: there is no requirements/numpy3.txt; choose numpy2, numpy1 or onedl\n',
    )


@pytest.mark.parametrize(
    'system, machine, goes_on',
    [('Linux', 'aarch64', True), ('Darwin', 'arm64', True), ('Darwin', 'x86_64', False), ('Linux', 'riscv64', False)],
)
def test_a_platform_without_wheels_is_refused(
    system: str, machine: str, goes_on: bool, repo_root: Path, tmp_path: Path
) -> None:
    uname = make_bare_path(tmp_path / 'bin') / 'uname'
    uname.unlink()
    uname.write_text(f'#!/bin/sh\n[ "$1" = -s ] && echo {system} || echo {machine}\n')
    uname.chmod(0o755)
    done = run_install(repo_root, tmp_path)
    assert done.returncode == 2
    refused = f'error: this is {system} on {machine}, for which PyTorch 2.14.1 has no wheel'
    assert done.stderr.startswith('error: found no Python' if goes_on else refused)


def test_every_target_is_in_make_help(repo_root: Path) -> None:
    if shutil.which('make') is None:
        pytest.skip('make is not installed')
    rules = re.findall(r'^([a-z-]+):', (repo_root / 'Makefile').read_text(), re.MULTILINE)
    needed = {
        'help',
        'install',
        'demo',
        'test',
        'test-slow',
        'lint',
        'docs',
        'benchmark',
        'benchmark-analysis',
        'locks',
        'clean',
    }
    assert set(rules) == needed
    # Not as a part of the make that runs these tests.
    plain = {key: value for key, value in os.environ.items() if not key.startswith('MAKE')}
    for command in (['make'], ['make', 'help']):
        done = subprocess.run(command, cwd=repo_root, env=plain, capture_output=True, text=True, check=True)
        listed = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
        assert set(listed) == needed
        assert all(listed.values())

"""What MMPose lacks on today's PyTorch is put in place, and nothing more."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.logging import HistoryBuffer

import shg_xai.plugin  # noqa: F401
from shg_xai import compat
from shg_xai.compat import MissingOperators, history_statistic


def python(code: str, *paths: Path) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh interpreter that finds packages in these folders first."""
    environment = {**os.environ, 'PYTHONPATH': os.pathsep.join(str(path) for path in paths)}
    return subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', code], env=environment, text=True, capture_output=True, timeout=120
    )


def test_the_stand_in_is_clear_about_itself_when_called() -> None:
    stand_in = MissingOperators('mmcv._ext')
    with pytest.raises(
        NotImplementedError,
        match=r'mmcv.ops.deform_conv_forward is not in mmcv-lite: install the '
        r'full mmcv',
    ):
        stand_in.deform_conv_forward(torch.zeros(1), stride=1)


def test_the_stand_in_has_no_special_names_it_does_not_have() -> None:
    with pytest.raises(AttributeError):
        _ = MissingOperators('mmcv._ext').__version__


def test_an_operator_of_mmcv_says_what_is_missing() -> None:
    if compat.add_operator_stand_in() is False:
        pytest.skip('the full mmcv is installed')
    from mmcv.ops import nms

    with pytest.raises(NotImplementedError, match='install the full mmcv'):
        nms(torch.zeros(1, 4), torch.zeros(1), 0.5)


def test_real_operators_are_left_in_place(tmp_path: Path, repo_root: Path) -> None:
    # A full mmcv in little: a package with its compiled module.
    (tmp_path / 'mmcv').mkdir()
    (tmp_path / 'mmcv' / '__init__.py').write_text('')
    (tmp_path / 'mmcv' / '_ext.py').write_text('real = True\n')
    done = python(
        'from shg_xai import compat\n'
        'print(compat.add_operator_stand_in())\n'
        'import mmcv._ext\n'
        'print(mmcv._ext.real is True, type(mmcv._ext).__name__)',
        tmp_path,
        repo_root,
    )
    assert done.stdout.split('\n')[:2] == ['False', 'True module'], done.stderr


def test_missing_operators_are_replaced_once(tmp_path: Path, repo_root: Path) -> None:
    (tmp_path / 'mmcv').mkdir()
    (tmp_path / 'mmcv' / '__init__.py').write_text('')
    done = python(
        'import sys\n'
        'from shg_xai import compat\n'
        'first = compat.add_operator_stand_in(), sys.modules["mmcv._ext"]\n'
        'second = compat.add_operator_stand_in(), sys.modules["mmcv._ext"]\n'
        'print(first == second, first[0], type(first[1]).__name__)',
        tmp_path,
        repo_root,
    )
    assert done.stdout == 'True True MissingOperators\n', done.stderr


def test_what_is_not_installed_is_named(tmp_path: Path, repo_root: Path) -> None:
    # Without site-packages nothing of it is there.
    done = subprocess.run(
        [sys.executable, '-S', '-c', 'from shg_xai import compat\ncompat.prepare()'],
        cwd=repo_root,
        text=True,
        capture_output=True,
        timeout=120,
        env={**os.environ, 'PYTHONPATH': str(repo_root)},
    )
    assert done.returncode == 1
    assert ('ImportError: torch, mmengine, mmcv, mmdet, mmpose not installed: run `make install`') in done.stderr


def test_mmengines_log_history_comes_back_from_a_checkpoint(tmp_path: Path) -> None:
    history, path = HistoryBuffer(), tmp_path / 'history.pth'
    for value in (1.0, 2.0, 6.0):
        history.update(value)
    torch.save(dict(loss=history), path)
    read = torch.load(path, weights_only=True)['loss']
    assert read.data[0].tolist() == [1, 2, 6]
    assert (read.mean(), read.min(), read.max(), read.current()) == (3, 1, 6, 6)
    assert read.statistics('mean') == 3


@pytest.mark.parametrize(
    'owner, name',
    [
        (HistoryBuffer, '__init__'),
        (HistoryBuffer, '__globals__'),
        (HistoryBuffer, 'statistics'),
        (os, 'system'),
        (type(HistoryBuffer), 'mean'),
        (HistoryBuffer.mean, '__globals__'),
    ],
)
def test_getattr_gives_the_logs_statistics_and_nothing_else(owner: Any, name: str) -> None:
    assert history_statistic(HistoryBuffer, 'mean') is HistoryBuffer.mean
    with pytest.raises(Exception, match='refused'):
        history_statistic(owner, name)


def test_code_in_a_checkpoint_is_refused_though_the_plugin_is_there(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple:
            return os.system, (f'touch {trace}',)

    trace, path = tmp_path / 'it_ran', tmp_path / 'evil.pth'
    torch.save(dict(loss=Evil()), path)
    with pytest.raises(Exception, match=r'posix\.system'):
        torch.load(path, weights_only=True)
    assert not trace.exists()


@pytest.mark.parametrize('name', ['shg_xai', 'shg_xai.datasets.people', 'shg_xai.cli', 'shg_xai.compat'])
def test_what_must_start_in_a_blink_imports_nothing_heavy(repo_root: Path, name: str) -> None:
    if not (repo_root / name.replace('.', '/')).exists() and not (repo_root / f'{name.replace(".", "/")}.py').exists():
        pytest.skip(f'{name} is not there')
    done = python(f'import sys, {name}\nprint({{"torch", "mmengine", "mmcv", "mmpose"}} & set(sys.modules))', repo_root)
    assert done.stdout == 'set()\n', done.stderr

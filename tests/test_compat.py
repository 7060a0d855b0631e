"""What MMPose lacks on today's PyTorch is put in place, and nothing more."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import config
from mmengine.logging import HistoryBuffer

import shg_xai.plugin  # noqa: F401
from shg_xai import compat
from shg_xai.compat import MissingOperators, history_statistic
from shg_xai.config_text import laid_out
from tests.helpers.commands import REPO_ROOT


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
    from mmcv.ops import roi_align

    with pytest.raises(NotImplementedError, match='install the full mmcv'):
        roi_align(torch.zeros(1, 1, 8, 8), torch.zeros(1, 5), (2, 2))


def test_detectors_suppress_boxes_as_with_the_full_mmcv() -> None:
    """Boxes of 10 x 10, 4 apart: they share 60 of 140 (0.43), with the offset 77 of 165 (0.47)."""
    from mmcv.ops import nms

    boxes = torch.tensor([[0, 0, 10, 10], [4, 0, 14, 10], [40, 40, 50, 50]], dtype=torch.float32)
    scores = torch.tensor([0.5, 0.9, 0.7])
    for threshold, offset, kept in ((0.45, 0, [1, 2, 0]), (0.45, 1, [1, 2]), (0.4, 0, [1, 2]), (0.48, 1, [1, 2, 0])):
        assert nms(boxes, scores, threshold, offset)[1].tolist() == kept


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


def test_a_configs_text_is_laid_out_without_yapf(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, 'FormatCode', None)
    compat.lay_out_configs_fast()
    assert config.FormatCode is laid_out
    cfg = config.Config(dict(model=dict(type='A', sizes=[1, 2]), path='a'))
    assert cfg.pretty_text == "model = dict(sizes=[1, 2], type='A')\npath = 'a'\n"
    # The maintained fork of MMEngine has nothing to stand in for.
    monkeypatch.delattr(config, 'FormatCode')
    compat.lay_out_configs_fast()
    assert not hasattr(config, 'FormatCode')


def test_modules_are_no_longer_looked_at_for_garbage() -> None:
    """In a process of its own, for what is set aside here stays so."""
    code = """
import gc
from shg_xai import compat
with compat.modules_set_aside():
    assert not gc.isenabled()
    kept = [[] for _ in range(1000)]
assert gc.isenabled() and gc.get_freeze_count() > 1000 and not any(kept is one for one in gc.get_objects())
gc.disable()
try:
    with compat.modules_set_aside():
        raise ImportError
except ImportError:
    assert not gc.isenabled()
"""
    done = python(code, REPO_ROOT)
    assert (done.returncode, done.stderr) == (0, '')


@pytest.mark.parametrize(
    'name', ['shg_xai', 'shg_xai.datasets.people', 'shg_xai.cli', 'shg_xai.compat', 'shg_xai.import_hook']
)
def test_what_must_start_in_a_blink_imports_nothing_heavy(repo_root: Path, name: str) -> None:
    if not (repo_root / name.replace('.', '/')).exists() and not (repo_root / f'{name.replace(".", "/")}.py').exists():
        pytest.skip(f'{name} is not there')
    done = python(f'import sys, {name}\nprint({{"torch", "mmengine", "mmcv", "mmpose"}} & set(sys.modules))', repo_root)
    assert done.stdout == 'set()\n', done.stderr

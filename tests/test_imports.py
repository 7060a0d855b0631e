"""Who may import whom; held by reading the source, so that nothing has to be imported for it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

# Stations on the way from config to report: none of them knows another.
STATIONS = ('codecs', 'models', 'evaluation', 'latents')
CLOSED = (*STATIONS, 'datasets', 'hooks', 'engine', 'analysis', 'report', 'study', 'plugin', 'compat')
LEAVES = ('errors', 'visibility', 'cli', 'writing')


def imported(file: Path) -> Iterator[str]:
    """Full names of all modules and names that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f'{file}: relative import; write the whole name'
            yield node.module
            yield from (f'{node.module}.{alias.name}' for alias in node.names)


def own_parts(folder: Path) -> dict[Path, set[str]]:
    """For each file below a folder the parts of shg_xai it imports: 'models', 'errors', ..."""
    return {
        file: {name.split('.')[1] for name in imported(file) if name.startswith('shg_xai.')}
        for file in sorted(folder.rglob('*.py'))
    }


def test_the_reader_sees_every_kind_of_import(tmp_path: Path) -> None:
    file = tmp_path / 'code.py'
    file.write_text(
        'import shg_xai.models as m\n'
        'from shg_xai import codecs\n'
        'def f():\n    from shg_xai.latents.store import Store\n'
    )
    assert own_parts(tmp_path)[file] >= {'models', 'codecs', 'latents'}


@pytest.mark.parametrize('station', STATIONS)
def test_a_station_imports_no_other(repo_root: Path, station: str) -> None:
    folder = repo_root / 'shg_xai' / station
    if not folder.is_dir():
        pytest.skip(f'{station} is not there yet')
    for file, parts in own_parts(folder).items():
        assert not parts & (set(CLOSED) - {station}), file


@pytest.mark.parametrize('leaf', LEAVES)
def test_a_leaf_imports_leaves_only(repo_root: Path, leaf: str) -> None:
    file = repo_root / 'shg_xai' / f'{leaf}.py'
    assert own_parts(file.parent)[file] <= set(LEAVES)


def test_report_imports_only_leaves(repo_root: Path) -> None:
    for file, parts in own_parts(repo_root / 'shg_xai' / 'report').items():
        assert parts <= {'report', 'errors', 'cli', 'writing'}, file


def test_analysis_imports_latents_and_leaves_only(repo_root: Path) -> None:
    for file, parts in own_parts(repo_root / 'shg_xai' / 'analysis').items():
        assert parts <= {'analysis', 'latents', 'errors', 'visibility'}, file


@pytest.mark.parametrize('part', ['latents', 'analysis', 'report'])
def test_analysis_starts_without_mmpose(repo_root: Path, part: str) -> None:
    folder = repo_root / 'shg_xai' / part
    if not folder.is_dir():
        pytest.skip(f'{part} is not there yet')
    for file in folder.rglob('*.py'):
        roots = {name.split('.')[0] for name in imported(file)}
        assert not roots & {'torch', 'mmpose', 'mmcv', 'mmdet', 'mmengine'}, file


@pytest.mark.parametrize('name', ['settings', 'stages', 'process'])
def test_a_studys_options_and_stages_need_no_mmpose(repo_root: Path, name: str) -> None:
    """``tools/run_study.py --help`` reads the one, and a stage is a process of its own."""
    folder = repo_root / 'shg_xai' / 'study'
    file = folder / f'{name}.py'
    roots = {module.split('.')[0] for module in imported(file)}
    assert not roots & {'torch', 'mmpose', 'mmcv', 'mmdet', 'mmengine'}
    assert own_parts(folder)[file] <= {'errors', 'study', 'writing'}


def test_only_tools_start_a_study(repo_root: Path) -> None:
    for file, parts in own_parts(repo_root / 'shg_xai').items():
        assert 'study' not in parts or file.parent.name == 'study', file


def test_nobody_imports_tools_or_tests(repo_root: Path) -> None:
    for file in (repo_root / 'shg_xai').rglob('*.py'):
        roots = {name.split('.')[0] for name in imported(file)}
        assert not roots & {'tools', 'tests', 'benchmarks', 'configs'}, file

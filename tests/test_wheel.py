"""The package as others install it: configs, tools and model index are found where mim and MMEngine look."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml
from mmengine import Config

import shg_xai.plugin  # noqa: F401
from shg_xai.shipped_configs import SHIPPED

PARTS = ('shg_xai', 'configs', 'tools', 'pyproject.toml', 'setup.py', 'README.md', 'LICENSE', 'model-index.yml')


def configs_of(folder: Path) -> set[str]:
    """Paths of the configs in a folder that are whole, as a model index writes them."""
    files = (folder / 'configs').rglob('*.py')
    return {str(file.relative_to(folder)) for file in files if file.parent.name != '_base_'}


def indexed(folder: Path) -> list[str]:
    """Paths of the configs that the model index of this folder lists, as mim reads it."""
    metafiles = yaml.safe_load((folder / 'model-index.yml').read_text())['Import']
    models = [model for name in metafiles for model in yaml.safe_load((folder / name).read_text())['Models']]
    assert all(model['Name'] == Path(model['Config']).stem for model in models)
    return [model['Config'] for model in models]


def test_the_model_index_lists_every_config_once(repo_root: Path) -> None:
    assert sorted(indexed(SHIPPED)) == sorted(configs_of(repo_root))


@pytest.mark.parametrize('name', ['shg_ae_coco.py', 'demo/shg_people.py'])
def test_a_config_inherits_ours_by_name(name: str, repo_root: Path, tmp_path: Path) -> None:
    (tmp_path / 'mine.py').write_text(f"_base_ = 'shg_xai::{name}'\nmodel = dict(backbone=dict(depth=3))\n")
    mine, ours = (Config.fromfile(file) for file in (tmp_path / 'mine.py', repo_root / 'configs' / name))
    assert mine.model.backbone.depth == 3
    assert mine.model.head == ours.model.head
    assert mine.train_dataloader == ours.train_dataloader


def test_configs_of_mmpose_are_still_found(tmp_path: Path) -> None:
    (tmp_path / 'mine.py').write_text("_base_ = 'mmpose::_base_/default_runtime.py'\n")
    assert Config.fromfile(tmp_path / 'mine.py').default_scope == 'mmpose'


@pytest.mark.slow
def test_a_wheel_carries_all_that_a_clone_has(repo_root: Path, tmp_path: Path) -> None:
    source, installed = tmp_path / 'source', tmp_path / 'installed'
    source.mkdir()
    for name in PARTS:
        if (repo_root / name).is_dir():
            shutil.copytree(repo_root / name, source / name, symlinks=True)
        else:
            shutil.copy(repo_root / name, source / name)
    build = ['-m', 'pip', 'wheel', '--quiet', '--no-deps', '--no-build-isolation', '--wheel-dir', str(tmp_path), '.']
    subprocess.run([sys.executable, *build], cwd=source, check=True, capture_output=True)
    (wheel,) = tmp_path.glob('*.whl')
    zipfile.ZipFile(wheel).extractall(installed)
    carried = installed / 'shg_xai' / '.mim'
    assert configs_of(carried) == configs_of(repo_root) == set(indexed(carried))
    tools = {file.name for file in (repo_root / 'tools').glob('*.py')}
    assert {file.name for file in (carried / 'tools').iterdir()} == tools

    (tmp_path / 'mine.py').write_text("_base_ = 'shg_xai::shg_ae_coco.py'\n")
    code = """
import torch, shg_xai.plugin
from mmengine import Config
from mmengine.registry import init_default_scope
from mmpose.registry import MODELS
from shg_xai.study.processes import ROOT
config = Config.fromfile('mine.py')
init_default_scope(config.default_scope)
with torch.device('meta'):
    print(type(MODELS.build(config.model).backbone).__name__, shg_xai.__file__, ROOT)
"""
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', code],
        cwd=tmp_path,
        env={**os.environ, 'PYTHONPATH': str(installed)},
        text=True,
        capture_output=True,
        check=True,
    )
    assert done.stdout.split()[-3:] == ['StackedHourglass', str(installed / 'shg_xai' / '__init__.py'), str(carried)]

"""What a store says it was made from."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import Config

import shg_xai.plugin  # noqa: F401
from shg_xai.hooks.provenance import describe_environment, describe_source, sha256

# FIPS 180-2, appendix B.1
SHA256_ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / 'persons.json'
    path.write_bytes(b'abc')
    return path


@pytest.fixture
def cfg() -> Config:
    pipeline = [dict(type='LoadImage'), dict(type='TopdownAffine', input_size=(64, 48)),
                dict(type='PackPoseInputs', meta_keys=('id', ))]
    return Config(dict(
        model=dict(type='TopdownPoseEstimator', backbone=dict(depth=4)), randomness=dict(seed=5),
        val_dataloader=dict(dataset=dict(type='CocoDataset', pipeline=pipeline))))


def source(cfg: Config, file: Path, checkpoint: str | None = None) -> dict[str, Any]:
    return describe_source(cfg, cfg.val_dataloader.dataset, str(file), checkpoint, 'val',
                           dict(limit=3))


def test_the_source_says_what_decides_about_the_values(cfg: Config, file: Path) -> None:
    found = source(cfg, file)
    assert found == dict(
        config_file=None, model=dict(type='TopdownPoseEstimator', backbone=dict(depth=4)),
        pipeline=[dict(type='LoadImage'), dict(type='TopdownAffine', input_size=[64, 48])],
        checkpoint=dict(seed=5), options=dict(limit=3),
        dataset=dict(type='CocoDataset', ann_file='persons.json', sha256=SHA256_ABC, split='val'))
    assert json.loads(json.dumps(found)) == found


def test_a_checkpoint_is_known_by_its_bytes_or_its_address(cfg: Config, file: Path) -> None:
    assert source(cfg, file, str(file))['checkpoint'] == dict(sha256=SHA256_ABC)
    address = 'https://example.org/weights.pth'
    assert source(cfg, file, address)['checkpoint'] == dict(url=address)


def test_a_file_written_anew_is_another(file: Path) -> None:
    assert sha256(str(file)) == SHA256_ABC
    file.write_bytes(b'abd')
    assert sha256(str(file)) != SHA256_ABC


def test_files_may_move(cfg: Config, file: Path, tmp_path: Path) -> None:
    before = source(cfg, file)
    (tmp_path / 'elsewhere').mkdir()
    assert source(cfg, file.rename(tmp_path / 'elsewhere' / file.name)) == before


def test_the_environment_is_plain_data(cfg: Config, repo_root: Path) -> None:
    found = describe_environment(cfg, 'weights.pth', 'persons.json')
    assert json.loads(json.dumps(found)) == found
    assert found['versions']['torch'] == torch.__version__
    assert (found['seed'], found['checkpoint_file'], found['ann_file']) == (
        5, 'weights.pth', 'persons.json')
    assert Config.fromstring(found['config_text'], '.py').model == cfg.model
    assert (found['git_revision'] is not None) == (repo_root / '.git').exists()

"""What a store says it was made from."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from mmengine.config import Config

import shg_xai.plugin  # noqa: F401
from shg_xai.errors import InputError
from shg_xai.runner.provenance import Origin, sha256
from tests.helpers.data import write_coco
from tests.helpers.small_network import dump_store, save_network, small_config

# FIPS 180-2, appendix B.1
SHA256_ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / 'persons.json'
    path.write_bytes(b'abc')
    return path


@pytest.fixture
def made() -> Config:
    """A config with what is looked at."""
    pipeline = [
        dict(type='LoadImage'),
        dict(type='TopdownAffine', input_size=(64, 48)),
        dict(type='PackPoseInputs', meta_keys=('id',)),
    ]
    return Config(
        dict(
            model=dict(type='TopdownPoseEstimator', backbone=dict(depth=4)),
            randomness=dict(seed=5),
            val_dataloader=dict(dataset=dict(type='CocoDataset', pipeline=pipeline)),
        )
    )


def origin(cfg: Config, file: Path, checkpoint: str | None = None) -> Origin:
    dataset = SimpleNamespace(ann_file=str(file), data_prefix=dict(img='data/val2017/'))
    return Origin(cfg, dataset, cfg.val_dataloader.dataset, checkpoint, 'val')


def source(cfg: Config, file: Path, checkpoint: str | None = None) -> dict[str, Any]:
    return origin(cfg, file, checkpoint).source(dict(limit=3))


def test_the_source_says_what_decides_about_the_values(made: Config, file: Path) -> None:
    found = source(made, file)
    assert found == dict(
        config_file=None,
        model=dict(type='TopdownPoseEstimator', backbone=dict(depth=4)),
        pipeline=[dict(type='LoadImage'), dict(type='TopdownAffine', input_size=[64, 48])],
        checkpoint=dict(seed=5),
        options=dict(limit=3),
        dataset=dict(type='CocoDataset', ann_file='persons.json', sha256=SHA256_ABC, split='val'),
    )
    assert json.loads(json.dumps(found)) == found


def test_a_checkpoint_is_known_by_its_bytes_or_its_address(made: Config, file: Path) -> None:
    assert source(made, file, str(file))['checkpoint'] == dict(sha256=SHA256_ABC)
    address = 'https://example.org/weights.pth'
    assert source(made, file, address)['checkpoint'] == dict(url=address)


def test_whom_the_data_set_leaves_out_is_told(made: Config, file: Path) -> None:
    own = origin(made, file)
    own.dataset.left_out = dict(crowds=3)
    assert own.source({})['dataset']['left_out'] == dict(crowds=3)


def test_a_file_written_anew_is_another(file: Path) -> None:
    assert sha256(str(file)) == SHA256_ABC
    file.write_bytes(b'abd')
    assert sha256(str(file)) != SHA256_ABC


def test_files_may_move(made: Config, file: Path, tmp_path: Path) -> None:
    before = source(made, file)
    (tmp_path / 'elsewhere').mkdir()
    assert source(made, file.rename(tmp_path / 'elsewhere' / file.name)) == before


def test_the_environment_is_plain_data(made: Config, repo_root: Path) -> None:
    found = origin(made, Path('persons.json'), 'weights.pth').environment()
    assert json.loads(json.dumps(found)) == found
    assert found['versions']['torch'] == torch.__version__
    assert {type(version) for version in found['versions'].values()} == {str}, 'manifests take nothing else'
    assert (found['seed'], found['checkpoint_file'], found['ann_file'], found['image_dir']) == (
        5,
        'weights.pth',
        'persons.json',
        'data/val2017/',
    )
    assert Config.fromstring(found['config_text'], '.py').model == made.model
    assert (found['git_revision'] is not None) == (repo_root / '.git').exists()


def other_weights(cfg: Config) -> dict[str, Any]:
    save_network(cfg, Path(cfg.load_from), seed=1)
    return {}


def other_persons(cfg: Config) -> dict[str, Any]:
    file = Path(cfg.val_dataloader.dataset.data_root, 'annotations/person_keypoints_val2017.json')
    content = json.loads(file.read_text())
    content['annotations'][0]['bbox'][0] += 1
    file.write_text(json.dumps(content))
    return {}


def flipped(cfg: Config) -> dict[str, Any]:
    cfg.model.test_cfg.flip_test = True
    return {}


@pytest.mark.parametrize(
    'change, key',
    [
        (other_weights, 'source.checkpoint.sha256: '),
        (other_persons, 'source.dataset.sha256: '),
        (flipped, 'source.model.test_cfg.flip_test: '),
        (lambda _: dict(layers=('backbone.stem.4',)), 'layers.backbone.stem.4'),
        (lambda _: dict(split='train'), "source.dataset.split: 'val' against 'train'"),
        (lambda _: dict(only='labelled'), 'source.options.only: '),
    ],
)
def test_a_store_of_something_else_is_left_alone(
    tmp_path: Path, repo_root: Path, change: Callable[[Config], dict[str, Any]], key: str
) -> None:
    cfg = small_config(repo_root / 'configs/shg_coco.py', write_coco(tmp_path / 'coco'), tmp_path / 'work')
    cfg.load_from = str(save_network(cfg, tmp_path / 'small.pth'))
    out = tmp_path / 'out'
    dump_store(cfg, out)
    before = {path: path.read_bytes() for path in out.rglob('*') if path.is_file()}
    options = change(cfg)
    with pytest.raises(InputError) as refused:
        dump_store(cfg, out, **options)
    assert f'{out}: holds a store of something else' in str(refused.value)
    assert key in str(refused.value)
    assert {path: path.read_bytes() for path in out.rglob('*') if path.is_file()} == before

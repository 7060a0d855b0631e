"""From config file and command line to the config that runs."""

import json
from pathlib import Path

import pytest
from mmengine.config import Config

import shg_xai.plugin  # noqa: F401
from shg_xai.errors import InputError
from shg_xai.options import parse
from shg_xai.runner.config import merge_common, merge_testing, merge_training, read_config
from shg_xai.runner.options import TrainOptions

CONFIG = 'configs/shg_coco.py'


def merged(repo_root: Path, *words: str) -> Config:
    """The config that trains with this command line."""
    cfg, options = read_config(str(repo_root / CONFIG)), parse(TrainOptions, '', [CONFIG, *words])
    merge_training(cfg, options)
    merge_common(cfg, options, CONFIG)
    return cfg


def test_without_options_the_config_stays_as_it_is(repo_root: Path) -> None:
    plain, cfg = Config.fromfile(repo_root / CONFIG), merged(repo_root)
    assert cfg.work_dir == 'work_dirs/shg_coco'
    changed = {'work_dir', 'launcher'}
    assert {key: value for key, value in cfg.items() if key not in changed} == {
        key: value for key, value in plain.items() if key not in changed
    }


def test_data_root_goes_to_every_dataset(repo_root: Path) -> None:
    cfg = merged(repo_root, '--data-root', 'elsewhere')
    assert [cfg[f'{part}_dataloader'].dataset.data_root for part in ('train', 'val', 'test')] == ['elsewhere'] * 3


def test_photos_of_an_object_store_that_is_not_there_are_read_as_files(tmp_path: Path) -> None:
    (tmp_path / 'config.py').write_text(
        "store = dict(backend='petrel', path_mapping={'data/': 's3://data/'})\n"
        "pipeline = [dict(type='LoadImage', backend_args=store), dict(type='LoadImage', backend_args=None)]\n"
        "train_dataloader = dict(dataset=dict(datasets=[dict(pipeline=pipeline), dict(backend='disk')]))\n"
    )
    cfg = read_config(str(tmp_path / 'config.py'))
    first, second = cfg.train_dataloader.dataset.datasets
    assert [step.backend_args for step in first.pipeline] == [dict(backend='local'), None]
    assert cfg.pipeline[0].backend_args == cfg.store == dict(backend='local')
    assert second == dict(backend='disk')


def test_cfg_options_win(repo_root: Path) -> None:
    cfg = merged(
        repo_root,
        '--data-root',
        'elsewhere',
        '--amp',
        '--work-dir',
        'there',
        '--cfg-options',
        'val_dataloader.dataset.data_root=third',
        'optim_wrapper.type=OptimWrapper',
        'model.backbone.depth=3',
    )
    assert cfg.val_dataloader.dataset.data_root == 'third'
    assert cfg.train_dataloader.dataset.data_root == 'elsewhere'
    assert cfg.optim_wrapper.type == 'OptimWrapper'
    assert cfg.model.backbone.depth == 3
    assert cfg.work_dir == 'there'


def test_training_options(repo_root: Path) -> None:
    cfg = merged(repo_root, '--amp', '--auto-scale-lr', '--no-validate', '--data-root', 'd')
    assert cfg.optim_wrapper.type == 'Bfloat16OptimWrapper'
    assert cfg.auto_scale_lr.enable is True
    assert cfg.val_cfg is cfg.val_dataloader is cfg.val_evaluator is None


@pytest.mark.parametrize('words, load_from', [(['--resume'], None), (['--resume', 'epoch_3.pth'], 'epoch_3.pth')])
def test_resume(repo_root: Path, words: list[str], load_from: str | None) -> None:
    cfg = merged(repo_root, *words)
    assert (cfg.resume, cfg.load_from) == (True, load_from)


def test_testing_options(repo_root: Path) -> None:
    cfg = read_config(str(repo_root / CONFIG))
    merge_testing(cfg, 'best.pth', amp=True)
    assert cfg.load_from == 'best.pth'
    assert cfg.test_cfg.fp16 is True


def test_drawing_options(repo_root: Path) -> None:
    hook = merged(repo_root, '--show-dir', 'drawn', '--interval', '7').default_hooks.visualization
    assert (hook.enable, hook.show, hook.out_dir, hook.interval) == (True, False, 'drawn', 7)
    assert merged(repo_root).default_hooks.visualization.enable is False


def test_held_out_needs_the_split(repo_root: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r'--held-out: .*split_info.json is missing'):
        merged(repo_root, '--held-out', '--data-root', str(tmp_path))


def test_held_out_trains_and_tests_on_the_split(repo_root: Path, tmp_path: Path) -> None:
    (tmp_path / 'annotations').mkdir()
    (tmp_path / 'annotations' / 'split_info.json').write_text(
        json.dumps(
            dict(
                train=dict(file='rest.json'), test=dict(file='drawn.json'), mean=dict(mean_rgb_0_to_255=[1.0, 2.0, 3.0])
            )
        )
    )
    cfg = merged(repo_root, '--held-out', '--data-root', str(tmp_path))
    assert cfg.train_dataloader.dataset.ann_file == 'annotations/rest.json'
    assert cfg.test_dataloader.dataset.ann_file == 'annotations/drawn.json'
    # The held-out persons are training persons, and their images lie there.
    assert cfg.test_dataloader.dataset.data_prefix == dict(img='train2017/')
    assert cfg.val_dataloader.dataset.ann_file == 'annotations/person_keypoints_val2017.json'
    assert cfg.val_dataloader.dataset.data_prefix == dict(img='val2017/')
    assert cfg.model.data_preprocessor.mean == [1.0, 2.0, 3.0]


def test_a_missing_config_is_named() -> None:
    with pytest.raises(InputError, match=r'no/config.py: no such config file'):
        read_config('no/config.py')


@pytest.mark.parametrize(
    'content',
    [
        'model = dict(',
        'model = nonsense',
        '_base_ = ["none.py"]',
        '_base_ = ["mmpose::none/none.py"]',
        'x = 1 / 0',
        'custom_imports = dict(imports=["no_such_module"], allow_failed_imports=False)',
    ],
)
def test_a_config_that_cannot_be_read_is_named(tmp_path: Path, content: str) -> None:
    file = tmp_path / 'broken.py'
    file.write_text(content)
    with pytest.raises(InputError, match=f'{file}: not a config'):
        read_config(str(file))


@pytest.mark.parametrize(
    'option',
    [
        'model.backbone=3 model.backbone.depth=2',
        'train_dataloader.dataset.pipeline.99.type=LoadImage',
        'val_evaluator.first.thr=0.1',
    ],
)
def test_options_that_do_not_fit_the_config_are_named(repo_root: Path, option: str) -> None:
    with pytest.raises(InputError, match='--cfg-options: does not fit'):
        merged(repo_root, '--cfg-options', *option.split())

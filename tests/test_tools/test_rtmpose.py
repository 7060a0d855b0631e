"""RTMPose as MMPose has it, with averaged weights, flip test and SimCC in the place of heatmaps, through our tools."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.registry import MODELS

import shg_xai.plugin  # noqa: F401
from shg_xai.interventions.capture import dump_latents
from shg_xai.interventions.capture_options import DumpOptions
from shg_xai.latents import LatentStore
from shg_xai.runner.building import build_runner
from shg_xai.runner.layers import config_path
from tests.helpers.data import run_in_process, write_coco
from tests.helpers.small_network import assert_same, load, plain_latents, save_network, stored
from tools import analyze_latent, explain_image, find_redundancy, walk_latent
from tools import dump_latents as dump_tool

pytestmark = pytest.mark.usefixtures('one_thread')
RTMPOSE = 'mmpose::body_2d_keypoint/rtmpose/coco/rtmpose-t_8xb256-420e_coco-256x192.py'
EMA = dict(type='EMAHook', ema_type='ExpMomentumEMA', momentum=0.0002, update_buffers=True, priority=49)
LAYER = 'backbone.stage4'


@pytest.fixture
def cfg(tmp_path: Path) -> Config:
    """A narrow RTMPose for images of 64 x 64 and made persons, its averaged and its raw weights in one checkpoint."""
    cfg = Config.fromfile(config_path(RTMPOSE))
    init_default_scope('mmpose')
    sizes = dict(input_size=(64, 64), sigma=(2.0, 2.0))
    cfg.model.backbone.update(widen_factor=0.125, init_cfg=None)
    cfg.model.head.update(in_channels=128, input_size=(64, 64), in_featuremap_size=(2, 2))
    cfg.model.head.gau_cfg.update(hidden_dims=32, s=16)
    cfg.model.head.decoder.update(sizes)
    write_coco(tmp_path / 'coco', train_images=12)
    for name in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        cfg[name].update(batch_size=2, num_workers=0, persistent_workers=False)
        cfg[name].dataset.data_root = str(tmp_path / 'coco')
        cfg[name].dataset.pipeline = cfg.val_dataloader.dataset.pipeline
    cfg.val_dataloader.dataset.pipeline[2].input_size = (64, 64)
    cfg.test_dataloader.dataset.pipeline[2].input_size = (64, 64)
    cfg.val_evaluator = cfg.test_evaluator = dict(type='VisiblePCK', thr=0.4)
    cfg.custom_hooks = [EMA]
    cfg.custom_imports = dict(imports=['shg_xai.plugin'], allow_failed_imports=False)
    cfg.work_dir, cfg.experiment_name = str(tmp_path / 'work'), tmp_path.name
    cfg.launcher, cfg.log_level = 'none', 'WARNING'
    raw = save_network(cfg, tmp_path / 'raw.pth', seed=1)
    saved = torch.load(save_network(cfg, tmp_path / 'averaged.pth', seed=2), weights_only=True)
    # As EMAHook has MMEngine save it.
    other = torch.load(raw, weights_only=True)['state_dict']
    saved['ema_state_dict'] = {f'module.{name}': value for name, value in other.items()} | dict(steps=torch.tensor(4))
    torch.save(saved, tmp_path / 'epoch_1.pth')
    cfg.load_from = str(tmp_path / 'epoch_1.pth')
    return cfg


def mean_pixels(cfg: Config, name: str, folder: Path) -> dict[int, np.ndarray]:
    """What a plain pass of one of the two networks finds."""
    return plain_latents(cfg, load(cfg, folder / f'{name}.pth'), LAYER, 2)


def test_a_dump_is_of_the_averaged_weights(cfg: Config, tmp_path: Path) -> None:
    options = DumpOptions(layers=(LAYER,), out=tmp_path / 'store', dtype='float32')
    assert dump_latents(cfg, cfg.load_from, options) == 6
    found, raw = stored(tmp_path / 'store', LAYER), mean_pixels(cfg, 'raw', tmp_path)
    assert_same(found, mean_pixels(cfg, 'averaged', tmp_path))
    assert all(not np.allclose(found[number], raw[number], rtol=0.1) for number in raw)


@pytest.mark.parametrize('fold', [False, True])
def test_a_test_run_is_of_the_averaged_weights(cfg: Config, tmp_path: Path, fold: bool) -> None:
    out = str(tmp_path / 'store')
    cfg.custom_hooks = [EMA, dict(type='LatentDumpHook', layers=[LAYER], out_dir=out, dtype='float32')]
    cfg.custom_hooks += [dict(type='FoldNormHook')] * fold
    build_runner(cfg, cfg.load_from).test()
    found, expected = stored(tmp_path / 'store', LAYER), mean_pixels(cfg, 'averaged', tmp_path)
    for number, values in expected.items():
        np.testing.assert_allclose(found[number], values, rtol=0, atol=1e-4 if fold else 0)


@pytest.mark.slow
def test_dump_analyse_walk_and_redundancy(cfg: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config, store, words = tmp_path / 'rtmpose.py', tmp_path / 'store', dict[str, list[Any]]()
    cfg.dump(config)
    network = [config, cfg.load_from, '--work-dir', tmp_path / 'tools']
    words['dump'] = [*network, '--layers', LAYER, '--split', 'train', '--out', store]
    words['analyse'] = [store, '--out', tmp_path / 'analysis', '--k', 2, 3, '--no-report', '--threads', 1]
    words['walk'] = [*network, '--store', store, '--persons', 4, '--random', 2, '--out', tmp_path / 'walk.json']
    words['width'] = [*network, '--layers', LAYER, '--k', 1, 64, '--fit-persons', 6, '--out', tmp_path / 'width.json']
    photo = next((tmp_path / 'coco' / 'val2017').iterdir())
    named = ['--config', config, '--checkpoint', cfg.load_from]
    words['explain'] = [photo, *named, '--store', store, '--out', tmp_path / 'explained']
    tools = dict(dump=dump_tool, analyse=analyze_latent, walk=walk_latent, width=find_redundancy, explain=explain_image)
    for name, tool in tools.items():
        assert run_in_process(tool.main, words[name], monkeypatch) == 0, name
    assert LatentStore.open(store).complete and (tmp_path / 'analysis' / 'results.json').is_file()
    walk, width = (json.loads((tmp_path / f'{name}.json').read_text()) for name in ('walk', 'width'))
    assert 'The flip test of the config is off' in ' '.join(walk['warnings'])
    # Random weights tell persons hardly apart, so a walk moves what SimCC says, if not its highest place.
    changes = [abs(point['peak_change']['value']) for one in walk['directions'] for point in one['walk']['points']]
    assert walk['peak'] > 0 and max(changes) > 0
    assert width['layers'][0]['channels'] == 128
    explained = json.loads((tmp_path / 'explained' / 'explanation.json').read_text())
    assert (explained['among']['persons'], explained['flip_test']) == (24, True)
    assert [one['change'] for one in explained['changes']] == ['latent']
    assert explained['changes'][0]['heights'] != [one['height'] for one in explained['joints']]


def test_both_weights_are_in_the_checkpoint(cfg: Config, tmp_path: Path) -> None:
    model = MODELS.build(cfg.model)
    averaged, raw = (load(cfg, tmp_path / f'{name}.pth').state_dict() for name in ('averaged', 'raw'))
    assert model.state_dict().keys() == averaged.keys()
    assert any(not torch.equal(averaged[name], raw[name]) for name in averaged)

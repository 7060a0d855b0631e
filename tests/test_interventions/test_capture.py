"""Latents as they are stored against a plain forward pass with a hook of our own."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mmengine.config import Config
from mmpose.registry import DATASETS

from shg_xai.errors import InputError
from shg_xai.interventions.capture import capture, dump_latents
from shg_xai.interventions.capture_options import CaptureOptions, DumpOptions
from shg_xai.interventions.network import open_model
from shg_xai.latents import LatentStore, ShardWriter
from shg_xai.runner.layers import LayerInfo
from tests.helpers.data import write_coco
from tests.helpers.small_network import (
    LAYER,
    assert_same,
    dump_store,
    load,
    plain_latents,
    save_network,
    small_config,
    stored,
)

pytestmark = pytest.mark.usefixtures('one_thread')


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Six persons to validate on, ids 10, 11, 20, 21, 30, 31."""
    return write_coco(tmp_path / 'coco')


@pytest.mark.parametrize(
    'batch_size, workers, flip, dtype',
    [
        (1, 0, False, 'float32'),
        (16, 2, False, 'float16'),
        (16, 0, True, 'float32'),
        (1, 2, True, 'float16'),
        (4, 0, True, 'float32'),
    ],
)
def test_a_latent_is_that_of_a_plain_forward_pass(
    data: Path, tmp_path: Path, repo_root: Path, batch_size: int, workers: int, flip: bool, dtype: str
) -> None:
    cfg = small_config(
        repo_root / 'configs/shg_coco.py',
        data,
        tmp_path / 'work',
        f'model.test_cfg.flip_test={flip}',
        f'val_dataloader.num_workers={workers}',
        f'val_dataloader.batch_size={batch_size}',
    )
    checkpoint = save_network(cfg, tmp_path / 'small.pth')
    expected = plain_latents(cfg, load(cfg, checkpoint), LAYER, batch_size)
    assert list(expected) == [10, 11, 20, 21, 30, 31]
    options = DumpOptions(layers=(LAYER,), out=tmp_path / 'out', dtype='float16' if dtype == 'float16' else 'float32')
    assert dump_latents(cfg, str(checkpoint), options) == 6
    assert_same(stored(tmp_path / 'out'), expected, dtype)
    mirrored = plain_latents(cfg, load(cfg, checkpoint), LAYER, batch_size, mirrored=True)
    assert all(np.abs(mirrored[number] - expected[number]).max() > 0.1 for number in expected)


@pytest.mark.slow
@pytest.mark.real
@pytest.mark.parametrize('config, split', [('shg_coco', 'val'), ('shg_strong_coco', 'train')])
def test_latents_of_real_persons(coco_sample: Path, tmp_path: Path, repo_root: Path, config: str, split: str) -> None:
    cfg = small_config(
        repo_root / f'configs/{config}.py',
        coco_sample,
        tmp_path / 'work',
        'val_dataloader.batch_size=16',
        'model.test_cfg.flip_test=True',
    )
    checkpoint = save_network(cfg, tmp_path / 'small.pth')
    cfg.load_from = str(checkpoint)
    persons = cfg[f'{split}_dataloader'].dataset.copy()
    persons.update(test_mode=True, pipeline=cfg.val_dataloader.dataset.pipeline)
    expected = plain_latents(cfg, load(cfg, checkpoint), LAYER, 16, persons)
    assert len(expected) == dict(val=12, train=86)[split]
    dump_store(cfg, tmp_path / 'out', split=split)
    assert_same(stored(tmp_path / 'out'), expected)


@pytest.fixture
def cfg(data: Path, tmp_path: Path, repo_root: Path) -> Config:
    """The study's config, small, in batches of two, with weights to load."""
    cfg = small_config(repo_root / 'configs/shg_coco.py', data, tmp_path / 'work', 'val_dataloader.batch_size=2')
    cfg.load_from = str(save_network(cfg, tmp_path / 'small.pth'))
    return cfg


def test_a_pass_without_predictions_ends_at_the_last_layer(
    cfg: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls, build = [], open_model

    def counting(*args: Any) -> Any:
        model = build(*args)
        for name, layer in (('latent', model.get_submodule(LAYER)), ('behind', model.head.final_layer)):
            layer.register_forward_hook(lambda *_, name=name: calls.append(name))
        return model

    monkeypatch.setattr('shg_xai.interventions.capture.open_model', counting)
    cfg.model.test_cfg.flip_test = True
    dump_store(cfg, tmp_path / 'short', predictions=False)
    assert calls == ['latent'] * 3
    calls.clear()
    dump_store(cfg, tmp_path / 'whole')
    assert calls == ['latent', 'latent', 'behind', 'behind'] * 3  # the second ones are mirrored
    expected = plain_latents(cfg, load(cfg, cfg.load_from), LAYER, 2)
    assert_same(stored(tmp_path / 'short'), expected)
    assert_same(stored(tmp_path / 'whole'), expected)
    predicted = ['predicted_keypoints', 'keypoint_scores', 'pck']
    tables = [LatentStore.open(tmp_path / name).table(predicted) for name in ('short', 'whole')]
    assert [table[name].null_count for table in tables for name in predicted] == [6] * 3 + [0] * 3


class Cut(Exception):
    """What ends a run in the middle."""


@pytest.mark.parametrize('raised', [Cut, KeyboardInterrupt])
def test_a_cut_run_goes_on(
    cfg: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, raised: type[BaseException]
) -> None:
    expected = plain_latents(cfg, load(cfg, cfg.load_from), LAYER, 2, limit=5)
    with monkeypatch.context() as patch:
        batches = []

        def cut(writer: ShardWriter, *args: Any) -> None:
            batches.append(args)
            if len(batches) == 3:
                raise raised
            add(writer, *args)

        add = ShardWriter.add
        patch.setattr(ShardWriter, 'add', cut)
        with pytest.raises(raised):
            dump_store(cfg, tmp_path / 'out', limit=5, rows_per_shard=3)
    store = LatentStore.open(tmp_path / 'out')
    assert not store.complete
    assert [shard.rows for shard in store.shards()] == [3, 1]
    assert store.annotation_ids.tolist() == [10, 11, 20, 21]
    assert dump_store(cfg, tmp_path / 'out', limit=5, rows_per_shard=3) == 1
    # The fifth person is alone in its batch, in the cut run as in the plain pass.
    assert_same(stored(tmp_path / 'out'), expected)
    assert dump_store(cfg, tmp_path / 'out', limit=5) == 0


def test_a_disk_that_is_too_small_is_left_as_it_was(
    cfg: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 6 persons of 8 x 4 x 4 numbers of 4 bytes are 3072 bytes.
    usage = shutil.disk_usage(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, 'disk_usage', lambda folder: usage._replace(free=3071))
        with pytest.raises(InputError, match=r'0\.00 GB are free; take fewer layers'):
            dump_store(cfg, tmp_path / 'new' / 'out')
    assert not (tmp_path / 'new').exists()
    assert dump_store(cfg, tmp_path / 'new' / 'out', limit=2) == 2


def test_a_layer_without_an_entry_for_each_person(cfg: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # As the windows of a Swin transformer: 64 of 49 places for one image.
    windows = LayerInfo(LAYER, (64, 49, 8), 'float32', 1, per_person=False)
    monkeypatch.setattr('shg_xai.runner.layers.list_layers', lambda cfg: [windows])
    with pytest.raises(InputError, match=r'layer .*has not one entry for each person .*64 x 49 x 8'):
        dump_store(cfg, tmp_path / 'out')


def test_the_picture_itself_is_a_baseline(data: Path, tmp_path: Path, repo_root: Path) -> None:
    """Cells of the picture, averaged by hand from MMPose's own samples."""
    config = repo_root / 'configs' / 'demo' / 'shg_people.py'
    options = CaptureOptions(
        config=str(config),
        checkpoint='pixels',
        layers=('backbone',),
        out=tmp_path / 'out',
        dtype='float32',
        data_root=str(data),
        cfg_options=('val_dataloader.num_workers=0', 'val_dataloader.persistent_workers=False'),
    )
    assert capture(options) == 6
    found = stored(tmp_path / 'out', 'backbone')
    cfg = Config.fromfile(config)
    dataset = DATASETS.build({**cfg.val_dataloader.dataset, 'data_root': str(data)})
    mean, std = (np.array(cfg.model.data_preprocessor[name])[:, None, None] for name in ('mean', 'std'))
    for index in range(len(dataset)):
        sample = dataset[index]
        pixels = (sample['inputs'].numpy()[::-1] - mean) / std
        cells = pixels.reshape(3, 16, 8, 16, 8).mean((2, 4))
        np.testing.assert_allclose(found[sample['data_samples'].raw_ann_info['id']], cells, rtol=1e-4, atol=1e-5)

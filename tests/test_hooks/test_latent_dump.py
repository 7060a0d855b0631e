"""The hook in MMEngine's own test runs, validations and trainings."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner
from mmengine.runner.base_loop import BaseLoop
from mmpose.registry import MODELS
from torch import nn

import shg_xai.plugin  # noqa: F401
from shg_xai.datasets.checked_coco import CheckedCocoDataset
from shg_xai.errors import InputError
from shg_xai.evaluation.visible_pck import VisiblePCK
from shg_xai.explain.options import warnings_of
from shg_xai.latents import LatentStore, ShardWriter, verify
from shg_xai.latents.schema import FLIPS, SPREADS
from shg_xai.latents.selection import select
from shg_xai.models import StackedHeatmapHead
from tests.helpers.commands import forked, forked_twice
from tests.helpers.data import write_coco
from tests.helpers.small_network import LAYER, assert_same, load, plain_latents, save_network, small_config, stored

pytestmark = pytest.mark.usefixtures('one_thread')
IDS = [10, 11, 20, 21, 30, 31]


@pytest.fixture
def cfg(tmp_path: Path, repo_root: Path) -> Config:
    """The study's config, small, in batches of two, with the hook and no other of ours."""
    cfg = small_config(
        repo_root / 'configs/shg_coco.py',
        write_coco(tmp_path / 'coco'),
        tmp_path / 'work',
        'val_dataloader.batch_size=2',
        'test_dataloader.batch_size=2',
        'train_cfg.max_epochs=2',
    )
    cfg.custom_hooks = [
        dict(type='LatentDumpHook', layers=[LAYER], out_dir=str(tmp_path / 'out'), dtype='float32', rows_per_shard=3)
    ]
    return cfg


@pytest.fixture
def trained(cfg: Config, tmp_path: Path) -> Config:
    """The same with weights to test."""
    cfg.load_from = str(save_network(cfg, tmp_path / 'small.pth'))
    return cfg


def runner(cfg: Config) -> Runner:
    """A Runner with a logger of its own."""
    cfg.experiment_name += '_'
    return Runner.from_cfg(cfg)


def untouched(loop: BaseLoop, model: nn.Module) -> bool:
    """Whether loop and model have no method but their class's own, and no layer is hooked."""
    replaced = {'run', 'run_iter', 'test_step', 'val_step', 'forward'} & {*vars(loop), *vars(model)}
    head = {'forward', 'decode'} & {*vars(model.head)}
    return not replaced and not head and not any(layer._forward_hooks for layer in model.modules())


@pytest.mark.parametrize('flip', [False, True])
def test_a_test_run_stores_what_a_plain_pass_finds(trained: Config, tmp_path: Path, flip: bool) -> None:
    trained.model.test_cfg.flip_test = flip
    tester = runner(trained)
    with_hook = tester.test()
    assert untouched(tester.test_loop, tester.model)
    expected = plain_latents(trained, load(trained, trained.load_from), LAYER, 2)
    assert_same(stored(tmp_path / 'out'), expected)
    store = LatentStore.open(tmp_path / 'out')
    assert store.complete
    assert [shard.rows for shard in store.shards()] == [3, 3]
    doubts = store.table([SPREADS, FLIPS])
    assert [doubts[name].null_count for name in (SPREADS, FLIPS)] == [0, 0 if flip else 6]
    # The metric is the mean of the persons' own.
    pck = store.table(['pck'])['pck'].to_numpy()
    assert pck.mean() == pytest.approx(with_hook['pck/labelled'])
    trained.custom_hooks = []
    assert runner(trained).test() == with_hook


def test_names_and_sizes_of_images_are_stored(trained: Config, tmp_path: Path) -> None:
    runner(trained).test()
    store = LatentStore.open(tmp_path / 'out')
    images = Path(store.manifest.environment['image_dir'])
    assert images == tmp_path / 'coco/val2017'
    names = store.table(['file_name'])['file_name'].to_pylist()
    assert names == [f'{number:012}.jpg' for number in (1, 1, 2, 2, 3, 3)]
    # Images of write_coco are 160 x 120.
    assert store.where('image_width == 160 and image_height == 120').tolist() == list(range(6))


@pytest.mark.slow
@pytest.mark.parametrize('persons', [6, 5, 1])
def test_two_processes_store_nobody_twice(trained: Config, tmp_path: Path, repo_root: Path, persons: int) -> None:
    # Rounded up, 5 persons become 6, so that each process has 3: the first is tested twice.
    trained.test_dataloader.update(batch_size=1, sampler=dict(type='DefaultSampler', shuffle=False, round_up=True))
    trained.test_dataloader.dataset.indices = persons
    for name, run, launcher in (('one', forked, 'none'), ('two', forked_twice, 'pytorch')):
        trained.custom_hooks[0].out_dir = str(tmp_path / name)
        trained.dump(tmp_path / f'{name}.py')
        words = ['--launcher', launcher, '--work-dir', tmp_path / 'work' / name]
        done = run('test.py', [tmp_path / f'{name}.py', trained.load_from, *words])
        assert done.returncode == 0, done.stderr
    expected, found, ids = stored(tmp_path / 'one'), stored(tmp_path / 'two'), IDS[:persons]
    assert list(found) == ids[::2] + ids[1::2]
    assert_same({number: found[number] for number in ids}, expected)
    one, two = (LatentStore.open(tmp_path / name).table().sort_by('annotation_id') for name in ('one', 'two'))
    assert one.equals(two)


def test_a_folded_network_computes_nearly_the_same(trained: Config, tmp_path: Path) -> None:
    trained.custom_hooks += [dict(type='FoldNormHook')]
    runner(trained).test()
    expected = plain_latents(trained, load(trained, trained.load_from), LAYER, 2)
    found = stored(tmp_path / 'out')
    assert list(found) == list(expected)
    for number, values in expected.items():
        np.testing.assert_allclose(found[number], values, rtol=0, atol=1e-4)


def test_every_validation_of_a_training_has_its_store(cfg: Config, tmp_path: Path) -> None:
    trainer = runner(cfg)
    trainer.train()
    assert untouched(trainer.val_loop, trainer.model)
    assert sorted(path.name for path in (tmp_path / 'out').iterdir()) == ['epoch_1', 'epoch_2']
    for epoch in (1, 2):
        saved = torch.load(tmp_path / 'work' / f'epoch_{epoch}.pth', weights_only=True)
        torch.save(dict(state_dict=saved['state_dict']), tmp_path / 'weights.pth')
        expected = plain_latents(cfg, load(cfg, tmp_path / 'weights.pth'), LAYER, 2)
        assert_same(stored(tmp_path / 'out' / f'epoch_{epoch}'), expected)
    # Another training is not taken for this one, though its seed is the same.
    cfg.optim_wrapper.optimizer.lr *= 2
    with pytest.raises(InputError, match=r'epoch_1: holds a store of something else.*weights'):
        runner(cfg).train()


class Cut(Exception):
    """What ends a run in the middle."""


def cut_at(number: int, raised: type[BaseException], method: Callable) -> Callable:
    """The method, but its n-th call raises."""
    calls = []

    def cutting(*args: Any, **options: Any) -> Any:
        calls.append(1)
        if len(calls) == number:
            raise raised
        return method(*args, **options)

    return cutting


# Three batches of two, three rows a shard; what is left of the batches before is written where the
# model ends the run, and whole shards else.
@pytest.mark.parametrize(
    'owner, method, call, raised, rows',
    [
        (VisiblePCK, 'process', 3, Cut, 3),  # a metric, at the last batch
        (VisiblePCK, 'compute_metrics', 1, Cut, 6),  # a metric, at the end
        (StackedHeatmapHead, 'predict', 2, KeyboardInterrupt, 2),  # Ctrl-C while the network runs
        (CheckedCocoDataset, '__getitem__', 5, Cut, 3),  # a picture, so between batches
        (ShardWriter, 'add', 3, Cut, 4),
    ],
)
@pytest.mark.parametrize('again', [True, False])
def test_a_cut_run_goes_on(
    trained: Config,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    owner: type,
    method: str,
    call: int,
    raised: type[BaseException],
    rows: int,
    again: bool,
) -> None:
    tester = runner(trained)
    with monkeypatch.context() as patch:
        patch.setattr(owner, method, cut_at(call, raised, getattr(owner, method)))
        with pytest.raises(raised):
            tester.test()
    store = LatentStore.open(tmp_path / 'out')
    assert store.annotation_ids.tolist() == IDS[:rows]
    assert untouched(tester.test_loop, tester.model)
    tester = tester if again else runner(trained)
    tester.test()
    assert untouched(tester.test_loop, tester.model)
    assert_same(stored(tmp_path / 'out'), plain_latents(trained, load(trained, trained.load_from), LAYER, 2))


def test_a_cut_validation_lets_the_training_go(cfg: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = runner(cfg)
    monkeypatch.setattr(VisiblePCK, 'process', cut_at(5, Cut, VisiblePCK.process))
    with pytest.raises(Cut):
        trainer.train()
    assert untouched(trainer.val_loop, trainer.model)
    assert verify(tmp_path / 'out' / 'epoch_1') == []
    assert not LatentStore.open(tmp_path / 'out' / 'epoch_2').complete


def test_a_missing_picture_leaves_model_and_loop_as_they_were(trained: Config, tmp_path: Path) -> None:
    picture = tmp_path / 'coco/val2017/000000000003.jpg'
    picture.rename(tmp_path / 'kept.jpg')
    tester = runner(trained)
    with pytest.raises(InputError, match=f'{picture}: this photo is missing'):
        tester.test()
    assert untouched(tester.test_loop, tester.model)
    assert LatentStore.open(tmp_path / 'out').annotation_ids.tolist() == IDS[:3]  # a whole shard
    (tmp_path / 'kept.jpg').rename(picture)
    tester.test()
    assert_same(stored(tmp_path / 'out'), plain_latents(trained, load(trained, trained.load_from), LAYER, 2))


@pytest.mark.parametrize(
    'layer, message',
    [
        ('backbone.nowhere', "no layer 'backbone.nowhere' fires in this network; did you mean backbone"),
        ('backbone', "no layer 'backbone' fires in this network; did you mean backbone:0"),
        ('head.loss_module', "no layer 'head.loss_module' fires in this network"),
    ],
)
def test_a_layer_that_cannot_be_stored_is_refused(trained: Config, tmp_path: Path, layer: str, message: str) -> None:
    trained.custom_hooks[0].layers = [layer]
    tester = runner(trained)
    with pytest.raises(InputError, match=message):
        tester.test()
    assert untouched(tester.test_loop, tester.model)
    assert not (tmp_path / 'out').exists()


@MODELS.register_module(force=True)
class TokensFirst(nn.Module):
    """A backbone whose attention keeps PyTorch's own order, tokens before persons; its stem is called twice."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.AdaptiveAvgPool2d((2, 3)), nn.Conv2d(3, 3, 1))
        self.encoder = nn.TransformerEncoderLayer(3, 1, 8, dropout=0.0)
        self.up = nn.Upsample(size=(16, 16))

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor]:
        x = self.stem(self.stem(images))
        tokens = self.encoder(x.flatten(2).permute(2, 0, 1))  # (6, N, 3)
        return (self.up(tokens.permute(1, 2, 0).reshape(x.shape)),)


def tokens_first(cfg: Config, layer: str) -> Config:
    """A config of six tokens, in batches of six persons."""
    cfg.test_dataloader.batch_size = 6
    cfg.custom_hooks[0].layers = [layer]
    cfg.model.backbone = dict(type='TokensFirst')
    cfg.model.head = dict(
        type='HeatmapHead', in_channels=3, out_channels=17, deconv_out_channels=None, decoder=cfg.model.head.decoder
    )
    return cfg


def test_as_many_tokens_as_persons_are_not_taken_for_persons(cfg: Config, tmp_path: Path) -> None:
    tester = runner(tokens_first(cfg, 'backbone.encoder'))
    with pytest.raises(InputError, match=r'layer backbone\.encoder: .* not one entry for each person \(.*6 x 1 x 3\)'):
        tester.test()
    assert untouched(tester.test_loop, tester.model)
    assert not (tmp_path / 'out').exists()


def test_a_layer_called_twice_says_which_call_is_stored(
    cfg: Config, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tester = runner(tokens_first(cfg, 'backbone.stem.1'))
    seen: list[torch.Tensor] = []
    tester.model.get_submodule('backbone.stem.1').register_forward_hook(lambda *call: seen.append(call[2].clone()))
    tester.test()
    logged = ''.join(file.read_text() for file in (tmp_path / 'work').rglob('*.log'))
    assert logged.count('layer backbone.stem.1 fires 2 times in one pass; what it puts out at its first call') == 1
    store = LatentStore.open(tmp_path / 'out')
    assert store.manifest.environment['calls_a_pass'] == {'backbone.stem.1': 2}
    assert len(seen) == 2 and not torch.equal(seen[0], seen[1])
    np.testing.assert_array_equal(store.array('backbone.stem.1'), seen[0].numpy())
    assert 'fires 2 times in one pass' in warnings_of(select(store), 0)[-1]


def test_a_validation_has_the_averaged_weights(cfg: Config, tmp_path: Path) -> None:
    cfg.custom_hooks += [dict(type='EMAHook', ema_type='ExpMomentumEMA', momentum=0.0002, update_buffers=True)]
    runner(cfg).train()
    for epoch in (1, 2):
        saved = torch.load(tmp_path / 'work' / f'epoch_{epoch}.pth', weights_only=True)
        raw = {name.removeprefix('module.'): value for name, value in saved['ema_state_dict'].items()}
        raw.pop('steps')
        found = stored(tmp_path / 'out' / f'epoch_{epoch}')
        for weights, same in ((saved['state_dict'], True), (raw, False)):
            torch.save(dict(state_dict=weights), tmp_path / 'weights.pth')
            expected = plain_latents(cfg, load(cfg, tmp_path / 'weights.pth'), LAYER, 2)
            assert all(np.array_equal(found[number], expected[number]) for number in expected) == same


def test_values_beyond_float16_are_stored_whole(trained: Config, tmp_path: Path) -> None:
    weights = torch.load(trained.load_from, weights_only=True)
    name = [name for name in weights['state_dict'] if name.startswith(LAYER) and name.endswith('.weight')][-1]
    weights['state_dict'][name] *= 1e6
    torch.save(weights, trained.load_from)
    trained.custom_hooks[0].dtype = 'float16'
    runner(trained).test()
    expected = plain_latents(trained, load(trained, trained.load_from), LAYER, 2)
    assert max(np.abs(values).max() for values in expected.values()) > 65504
    assert_same(stored(tmp_path / 'out'), expected)


def test_boxes_of_a_detector_are_refused(trained: Config, tmp_path: Path) -> None:
    boxes = tmp_path / 'boxes.json'
    boxes.write_text('[{"image_id": 1, "category_id": 1, "bbox": [5, 5, 80, 90], "score": 0.9}]')
    trained.test_dataloader.dataset.bbox_file = str(boxes)
    trained.test_evaluator = dict(
        type='CocoMetric',
        ann_file=str(tmp_path / 'coco/annotations/person_keypoints_val2017.json'),
        format_only=True,
        outfile_prefix=str(tmp_path / 'found'),
    )
    # Nobody knows the joints of a found person, so no target can be made.
    trained.test_dataloader.dataset.pipeline = [
        step
        for step in trained.test_dataloader.dataset.pipeline
        if step.type not in ('LoadVisibility', 'GenerateTarget')
    ]
    with pytest.raises(InputError, match=r"these boxes come from a detector.*bbox_file=''"):
        runner(trained).test()
    assert not (tmp_path / 'out').exists()

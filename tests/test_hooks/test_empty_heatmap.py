"""The word in the log while a network is no better than an empty heatmap."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner
from mmpose.registry import MODELS

import shg_xai.plugin  # noqa: F401
from shg_xai.hooks.empty_heatmap import EmptyHeatmapHook, flat_loss
from tests.helpers.data import write_coco


def sample(weights: tuple[float, float] = (1, 1), **fields: Any) -> Any:
    """A sample of two joints on 4 x 4 pixels: one peak of height 1, one of height 0.5."""
    heatmaps = torch.zeros(2, 4, 4)
    heatmaps[0, 1, 2], heatmaps[1, 3, 0] = 1, 0.5
    labels = SimpleNamespace(keypoint_weights=torch.tensor([weights]))
    return SimpleNamespace(gt_fields=fields or {'heatmaps': heatmaps}, gt_instance_labels=labels)


class Fields(dict):
    """As PixelData: what it holds is an attribute, too."""

    __getattr__ = dict.__getitem__


def samples(*weights: tuple[float, float]) -> list[Any]:
    found = [sample(one) for one in weights]
    for one in found:
        one.gt_fields = Fields(one.gt_fields)
    return found


def head(**loss: Any) -> Any:
    return MODELS.build(
        dict(type='mmpose.HeatmapHead', in_channels=4, out_channels=2, deconv_out_channels=None, loss=loss)
    )


def test_the_loss_of_next_to_nothing_by_hand() -> None:
    plain, masked = head(type='MSELoss'), head(type='KeypointMSELoss', use_target_weight=True)
    assert flat_loss(plain, samples((1, 1))) == pytest.approx((0.97**2 + 0.47**2 + 30 * 0.03**2) / 32)
    assert flat_loss(masked, samples((1, 1), (0, 1))) == pytest.approx((0.97**2 + 2 * 0.47**2 + 45 * 0.03**2) / 64)


def test_where_joints_weigh_much_a_low_heatmap_is_better_than_none() -> None:
    # Peaks of 1 and 0.5 among 32 pixels, weights 31 and 16: at 0 they cost 31 + 16 / 4, at 0.3 31 * 0.49 + 16 * 0.04
    # and 0.09 for each of the 30 other pixels.
    by_height = {0.0: 35, 0.1: 31 * 0.81 + 16 * 0.16 + 30 * 0.01, 0.3: 31 * 0.49 + 16 * 0.04 + 30 * 0.09}
    found = flat_loss(head(type='ForegroundMSELoss', foreground=30.0), samples((1, 1)))
    assert found == pytest.approx(min(by_height.values()) / 32) and min(by_height, key=by_height.__getitem__) == 0.3


def test_where_it_cannot_be_told_it_is_silent() -> None:
    masked = head(type='KeypointMSELoss', use_target_weight=True)
    assert flat_loss(masked, samples((0, 0))) is None  # nobody has a joint
    assert flat_loss(torch.nn.Linear(1, 1), samples((1, 1))) is None
    other = sample()
    other.gt_fields = Fields(keypoint_x_labels=torch.zeros(2, 8))
    assert flat_loss(masked, [other]) is None


def trained(repo_root: Path, folder: Path, lr: float, **hook: Any) -> str:
    """The log of a training of two epochs of 4 steps, of a small network that starts at empty heatmaps."""
    write_coco(folder, train_images=4, val_images=2)
    cfg = Config.fromfile(repo_root / 'configs' / 'shg_coco.py')
    cfg.work_dir, cfg.experiment_name = str(folder / 'work'), f'empty_{folder.name}'
    cfg.model.backbone.update(channels=8)
    cfg.model.head.in_channels = 8
    cfg.train_cfg.max_epochs = 2
    cfg.optim_wrapper.optimizer = dict(type='SGD', lr=lr)
    cfg.custom_hooks = [dict(type='EmptyHeatmapHook', interval=1, **hook)]
    for name in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        cfg[name].update(batch_size=2, num_workers=0, persistent_workers=False)
        cfg[name].dataset.data_root = str(folder)
    cfg.model.head.init_cfg = dict(type='Constant', layer='Conv2d', val=0)
    Runner.from_cfg(cfg).train()
    return next((folder / 'work').glob('*/*.log')).read_text()


def test_a_network_that_says_nothing_is_told_at_the_end_of_every_epoch(repo_root: Path, tmp_path: Path) -> None:
    log = trained(repo_root, tmp_path, lr=0, window=2)
    for steps in (4, 8):
        assert f'After {steps} steps the loss is 100% of that of empty heatmaps: no joint is found yet' in log
    assert log.count('empty heatmaps') == 2
    assert 'optim_wrapper.optimizer.lr, now 0' in log


def test_before_it_can_tell_it_is_silent(repo_root: Path, tmp_path: Path) -> None:
    assert 'empty heatmaps' not in trained(repo_root, tmp_path, lr=0, window=50)


def test_one_that_finds_joints_is_left_alone(repo_root: Path, tmp_path: Path) -> None:
    # Half of what an empty heatmap loses would do as well; one that is asked to be at 200 % stands for it.
    assert 'empty heatmaps' not in trained(repo_root, tmp_path, lr=0, window=2, share=1.01)


def test_long_epochs_are_told_in_between(repo_root: Path, tmp_path: Path) -> None:
    log = trained(repo_root, tmp_path, lr=0, window=1, warn_interval=1)
    assert all(f'After {steps} steps the loss is 100%' in log for steps in range(1, 9))


def test_the_ratio_goes_on_with_a_checkpoint(repo_root: Path, tmp_path: Path) -> None:
    trained(repo_root, tmp_path, lr=0, window=2)
    kept = torch.load(tmp_path / 'work' / 'epoch_2.pth', weights_only=True)['message_hub']
    assert len(kept['log_scalars']['empty_heatmap'].data[0]) > 2


def test_it_is_in_the_studys_config(repo_root: Path) -> None:
    hooks = Config.fromfile(repo_root / 'configs' / 'shg_coco.py').custom_hooks
    assert dict(type='EmptyHeatmapHook') in hooks
    assert EmptyHeatmapHook().window * EmptyHeatmapHook().interval == 100

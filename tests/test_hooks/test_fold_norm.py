"""Folding normalisation into convolutions, in real test runs."""

from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.runner import Runner
from torch import nn

import shg_xai.plugin  # noqa: F401
from tests.helpers.data import write_coco
from tests.helpers.lively import lively


def runner(repo_root: Path, folder: Path, **backbone: Any) -> Runner:
    """The study's Runner on made persons, with a tiny network."""
    write_coco(folder, train_images=2, val_images=2)
    cfg = Config.fromfile(repo_root / 'configs' / 'shg_coco.py')
    cfg.work_dir = str(folder / 'work')
    cfg.experiment_name = f'fold_{folder.name}'
    cfg.log_level = 'WARNING'
    cfg.model.backbone.update(channels=8, **backbone)
    cfg.model.head.in_channels = 8
    cfg.train_cfg.max_epochs = 1
    for name in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        cfg[name].update(batch_size=4, num_workers=0, persistent_workers=False)
        cfg[name].dataset.data_root = str(folder)
    return Runner.from_cfg(cfg)


def norms(model: nn.Module) -> int:
    return sum(isinstance(layer, nn.BatchNorm2d) for layer in model.modules())


def test_a_test_run_folds_and_computes_the_same(repo_root: Path, tmp_path: Path) -> None:
    tester = runner(repo_root, tmp_path, num_stacks=2)
    lively(tester.model)
    device = next(tester.model.parameters()).device
    images = torch.randn(2, 3, 128, 128).to(device)
    with torch.no_grad():
        before = tester.model.eval()._forward(images)
        count = norms(tester.model)
        metrics = tester.test()
        after = tester.model.eval()._forward(images)
    assert 0 < norms(tester.model) < count
    rounding = 1e-5 if device.type == 'cpu' else 1e-2  # TF32
    torch.testing.assert_close(after, before, rtol=rounding, atol=rounding * before.abs().max().item())
    assert {'pck/labelled', 'pck/pooled/labelled', 'pck/joint/nose'} <= set(metrics)


def test_after_training_nothing_is_folded(repo_root: Path, tmp_path: Path) -> None:
    trainer = runner(repo_root, tmp_path)
    count = norms(trainer.model)
    trainer.train()
    trainer.test()
    assert norms(trainer.model) == count

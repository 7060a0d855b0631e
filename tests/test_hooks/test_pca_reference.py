"""What PCA explains, beside what the autoencoder does, in every validation and test."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mmengine.config import Config
from mmengine.runner import Runner
from sklearn.decomposition import PCA
from torch.utils.data import Dataset

import shg_xai.plugin  # noqa: F401
from shg_xai.datasets.latent_dataset import LatentDataset
from shg_xai.errors import InputError
from shg_xai.hooks.pca_reference import NAME, reference
from tests.helpers.analysis_stores import blobs, spoil, write_store

VALUES = blobs(60, 16, groups=5, distance=3.0).reshape(60, 4, 2, 2)


def config(store: Path, work: Path, repo_root: Path, **changes: Any) -> Config:
    """The study's autoencoder alone, made small."""
    cfg = Config.fromfile(repo_root / 'configs' / 'ae_latents.py')
    cfg.merge_from_dict(
        {
            # MMEngine keeps a logger and a visualizer for each name.
            'work_dir': str(work),
            'experiment_name': f'{work.parent.name}_{work.name}',
            'visualizer.name': f'{work.parent.name}_{work.name}',
            'train_cfg.max_epochs': 2,
            'model.neck.in_channels': 4,
            'model.neck.in_featuremap_size': (2, 2),
            'model.neck.hidden_channels': (6, 5),
            'model.neck.code_channels': 3,
            **{
                f'{part}_dataloader.dataset.{key}': value
                for part in ('train', 'val', 'test')
                for key, value in (('data_root', str(store)), ('held_out', 0.3))
            },
            **changes,
        }
    )
    return cfg


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return write_store(tmp_path / 'store', VALUES)


def scikit_learns(store: Path, width: int = 3) -> float:
    """PCA of the training part, in float64, on the held-out part."""
    rows = LatentDataset(str(store), part='held_out', held_out=0.3).selection.rows
    flat = VALUES.reshape(60, -1).astype(np.float64)
    held_out, train = flat[rows], np.delete(flat, rows, axis=0)
    pca = PCA(width).fit(train)
    error = ((pca.inverse_transform(pca.transform(held_out)) - held_out) ** 2).sum()
    return 1 - error / ((held_out - held_out.mean(0)) ** 2).sum()


def test_every_validation_logs_it_and_a_test_returns_it(store: Path, tmp_path: Path, repo_root: Path) -> None:
    expected = scikit_learns(store)
    work = tmp_path / 'work'
    runner = Runner.from_cfg(config(store, work, repo_root))
    runner.train()
    file = next(work.glob('*/vis_data/scalars.json'))
    logged = [json.loads(line) for line in file.read_text().splitlines()]
    logged = [entry for entry in logged if 'latent/mse' in entry]
    assert [entry['step'] for entry in logged] == [1, 2]
    assert [entry[NAME] for entry in logged] == pytest.approx([expected] * 2, rel=1e-9)
    # A test of other persons has a figure of its own.
    assert runner.test()[NAME] == pytest.approx(expected, rel=1e-9)
    everybody = config(store, tmp_path / 'test', repo_root, **{'test_dataloader.dataset.part': 'train'})
    tested = Runner.from_cfg(everybody).test()
    assert tested[NAME] > expected + 1e-3
    # Nothing of it is in a checkpoint.
    assert not [key for key in runner.message_hub.state_dict()['runtime_info'] if key.startswith('pca')]


def test_a_validation_alone_has_it(store: Path, tmp_path: Path, repo_root: Path) -> None:
    # MMEngine keeps the best of trainings only, and fails in a validation alone if told to.
    changes = {'default_hooks.checkpoint.save_best': None}
    cfg = config(store, tmp_path / 'work', repo_root, **changes)
    metrics = Runner.from_cfg(cfg).val()
    assert metrics[NAME] == pytest.approx(scikit_learns(store), rel=1e-9)


def test_without_validation_nothing_is_computed(store: Path, tmp_path: Path, repo_root: Path) -> None:
    cfg = config(store, tmp_path / 'work', repo_root)
    cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    cfg.default_hooks.checkpoint.save_best = None
    runner = Runner.from_cfg(cfg)
    runner.train()
    assert runner.iter > 0


def test_a_person_with_nan_is_named_before_training(store: Path, tmp_path: Path, repo_root: Path) -> None:
    row = LatentDataset(str(store), part='train', held_out=0.3).selection.rows[4]
    spoil(store, row, np.nan)
    runner = Runner.from_cfg(config(store, tmp_path / 'work', repo_root))
    with pytest.raises(InputError, match=f'annotation {row + 1} has a value that is NaN'):
        runner.train()
    assert runner.iter == 0


def test_other_datasets_are_refused(store: Path) -> None:
    class Other(Dataset[Any]):
        pass

    with pytest.raises(InputError, match='Other holds no latents; take the hook out'):
        reference(LatentDataset(str(store)), Other(), 3)

"""A run that was cut before the validation of an epoch has it once it is resumed."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

import shg_xai.plugin  # noqa: F401  (what MMEngine puts into checkpoints can be read)
from tests.helpers.data import QUICK, write_coco


@pytest.mark.slow
def test_the_best_epoch_is_that_of_a_run_that_was_not_cut(tmp_path: Path, run_tool: Callable) -> None:
    write_coco(tmp_path / 'data')
    quick = [option for option in QUICK if 'max_epochs' not in option]

    def train(work: Path, epochs: int, *words: str) -> str:
        options = [option for option in quick if not ('--no-validate' in words and option.startswith('val_'))]
        best = ['default_hooks.checkpoint.save_best=None'] if '--no-validate' in words else []
        done = run_tool(
            [
                'train.py',
                'configs/shg_coco.py',
                '--work-dir',
                work,
                '--data-root',
                tmp_path / 'data',
                '--resume',
                *words,
                '--cfg-options',
                *options,
                *best,
                f'train_cfg.max_epochs={epochs}',
            ],
            env=dict(OMP_NUM_THREADS='1'),
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    train(tmp_path / 'whole', 2)
    train(tmp_path / 'cut', 1, '--no-validate')  # as if it had ended before the validation
    assert 'Epoch(val) [1]' in train(tmp_path / 'cut', 2)
    whole, cut = (next((tmp_path / name).glob('best_*.pth')) for name in ('whole', 'cut'))
    assert whole.name == cut.name
    weights = [torch.load(file, weights_only=True)['state_dict'] for file in (whole, cut)]
    assert all(torch.equal(value, weights[1][name]) for name, value in weights[0].items())

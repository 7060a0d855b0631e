"""A run that was cut and resumed ends with the weights, and the best epoch, of one that was not."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

import shg_xai.plugin  # noqa: F401  (what MMEngine puts into checkpoints can be read)
from shg_xai.hooks.resuming import epoch_seed
from tests.helpers.data import QUICK, write_coco

FLIPPING = 'configs/demo/shg_people.py'
AUGMENTED = [
    *(
        option
        for option in QUICK
        if 'pipeline.2' not in option
        and 'pipeline.4' not in option
        and 'max_epochs' not in option
        and 'train_dataloader.num_workers' not in option
    ),
    'train_dataloader.num_workers=1',
    'train_dataloader.dataset.pipeline.3.input_size=(64,64)',
    'train_dataloader.dataset.pipeline.5.encoder.input_size=(64,64)',
    'train_dataloader.dataset.pipeline.5.encoder.heatmap_size=(16,16)',
]


def test_seeds_differ_by_epoch_process_and_run() -> None:
    seeds = {epoch_seed(seed, epoch, rank) for seed in range(3) for epoch in range(3) for rank in range(3)}
    assert len(seeds) == 27
    assert all(0 <= seed < 2**31 for seed in seeds)


@pytest.mark.slow
def test_a_resumed_run_draws_the_same_flips_and_noise(tmp_path: Path, fork_tool: Callable) -> None:
    write_coco(tmp_path / 'data')
    config = tmp_path / 'noisy.py'
    root = Path(__file__).resolve().parents[2]
    config.write_text(
        f"_base_ = ['{root / FLIPPING}']\n"
        "model = dict(backbone=dict(bottleneck=dict(type='AutoencoderNeck', in_channels=8, "
        'in_featuremap_size=(4, 4), hidden_channels=(8, ), code_channels=4, noise=0.5)))\n'
        "test_dataloader = dict(dataset=dict(ann_file='annotations/person_keypoints_val2017.json',"
        " data_prefix=dict(img='val2017/')))\n"
    )

    def weights(work: Path, *epochs: int) -> dict[str, torch.Tensor]:
        for count in epochs:
            done = fork_tool(
                [
                    'train.py',
                    config,
                    '--work-dir',
                    work,
                    '--data-root',
                    tmp_path / 'data',
                    '--resume',
                    '--no-validate',
                    '--cfg-options',
                    *(option for option in AUGMENTED if not option.startswith('val_')),
                    'default_hooks.checkpoint.save_best=None',
                    f'train_cfg.max_epochs={count}',
                ],
                env=dict(OMP_NUM_THREADS='1'),
            )
            assert done.returncode == 0, done.stdout + done.stderr
        return torch.load(work / f'epoch_{epochs[-1]}.pth', weights_only=True)['state_dict']

    whole, resumed = weights(tmp_path / 'whole', 3), weights(tmp_path / 'cut', 1, 3)
    assert all(torch.equal(value, resumed[name]) for name, value in whole.items())


@pytest.mark.slow
def test_the_best_epoch_is_that_of_a_run_that_was_not_cut(tmp_path: Path, fork_tool: Callable) -> None:
    write_coco(tmp_path / 'data')
    quick = [option for option in QUICK if 'max_epochs' not in option]

    def train(work: Path, epochs: int, *words: str) -> str:
        options = [option for option in quick if not ('--no-validate' in words and option.startswith('val_'))]
        best = ['default_hooks.checkpoint.save_best=None'] if '--no-validate' in words else []
        done = fork_tool(
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

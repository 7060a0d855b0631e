"""``tools/train.py`` and ``tools/test.py`` on latents: the autoencoder alone."""

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import shg_xai.plugin  # noqa: F401
from shg_xai.runner.checkpoints import read_weights
from tests.helpers.analysis_stores import write_store
from tests.helpers.commands import two_processes
from tests.helpers.data import only_error, run_in_process
from tools import test as test_tool
from tools import train

CONFIG = 'configs/ae_latents.py'
RATIO, PCA = 'latent/explained_variance_ratio', 'latent/pca_explained_variance_ratio'
BEST = 'best_latent_explained_variance_ratio_epoch_'
NAMES = {
    f'neck.{layer}.{kind}'
    for kind in ('weight', 'bias')
    for layer in ('encoder.0.0', 'encoder.0.2', 'encoder.2', 'decoder.0', 'decoder.3.0', 'decoder.3.2')
}
SMALL = (
    'model.neck.in_channels=4',
    'model.neck.in_featuremap_size=(2,2)',
    'model.neck.hidden_channels=(6,5)',
    'model.neck.code_channels=3',
    *(f'{part}_dataloader.dataset.held_out=0.2' for part in ('train', 'val', 'test')),
)


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads wait for each other wherever something else runs too."""
    monkeypatch.setenv('OMP_NUM_THREADS', '1')


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """120 persons of 16 values, whose spectrum decays: components of 1, 0.7, 0.49, ..."""
    random = np.random.default_rng(0)
    turn, _ = np.linalg.qr(random.standard_normal((16, 16)))
    values = random.standard_normal((120, 16)) * 0.7 ** np.arange(16) @ turn
    return write_store(tmp_path / 'store', (0.5 + values).reshape(120, 4, 2, 2))


def options(store: Path, work: Path, *more: str) -> list[str]:
    """The command line of a small training."""
    # MMEngine keeps a logger and a visualizer for each name, and with them where they write.
    name = f'{work.parent.name}_{work.name}'
    return [
        '--data-root',
        str(store),
        '--work-dir',
        str(work),
        '--cfg-options',
        *SMALL,
        f'experiment_name={name}',
        f'visualizer.name={name}',
        *more,
    ]


def checkpoint(work: Path) -> dict[str, Any]:
    return torch.load((work / 'last_checkpoint').read_text(), weights_only=True)


def logged(work: Path) -> list[dict[str, Any]]:
    """What the latest run of a work folder has logged of validations."""
    file = max(work.glob('*/vis_data/scalars.json'))
    entries = [json.loads(line) for line in file.read_text().splitlines()]
    return [entry for entry in entries if RATIO in entry]


def scores_of(words: list[Any], out: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What ``tools/test.py`` writes."""
    assert run_in_process(test_tool.main, [*words[:2], '--out', out, *words[2:]], monkeypatch) == 0
    return json.loads(out.read_text())


def test_it_trains_and_is_tested(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work = tmp_path / 'work'
    words = options(store, work, 'train_cfg.max_epochs=3', 'optim_wrapper.optimizer.lr=0.02')
    assert run_in_process(train.main, [CONFIG, *words], monkeypatch) == 0
    # 96 persons in batches of 16.
    assert checkpoint(work)['meta']['iter'] == 18
    scores = {entry['step']: entry[RATIO] for entry in logged(work)}
    assert list(scores) == [1, 2, 3]
    best = work / f'{BEST}{max(scores, key=scores.__getitem__)}.pth'
    assert set(read_weights(str(best))) == NAMES

    found = scores_of([CONFIG, best, *options(store, tmp_path / 'test')], tmp_path / 'out.json', monkeypatch)
    assert (found['ann_file'], found['data_root'], found['seed']) == (None, str(store), 0)
    assert found['metrics'][RATIO] == pytest.approx(max(scores.values()), abs=1e-6)
    assert found['metrics'][PCA] == pytest.approx(logged(work)[0][PCA], abs=1e-9)
    assert found['metrics']['latent/code_channels'] == 3


def test_a_linear_one_comes_as_close_to_pca_as_can_be(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    linear = (
        'model.neck.hidden_channels=()',
        'model.neck.code_relu=False',
        'model.neck.output_relu=False',
        'model.neck.noise=0.0',
    )
    work = tmp_path / 'work'
    words = options(
        store,
        work,
        *linear,
        'train_dataloader.batch_size=48',
        'train_cfg.max_epochs=150',
        'train_cfg.val_interval=150',
        'default_hooks.checkpoint.interval=150',
        'default_hooks.logger.interval=100',
        'optim_wrapper.optimizer.lr=0.2',
        'param_scheduler.step_size=60',
    )
    assert run_in_process(train.main, [CONFIG, *words], monkeypatch) == 0
    found = scores_of(
        [
            CONFIG,
            (work / 'last_checkpoint').read_text(),
            *options(store, tmp_path / 'test', *linear, 'test_dataloader.dataset.part=train'),
        ],
        tmp_path / 'out.json',
        monkeypatch,
    )['metrics']
    # Of the persons trained on nothing linear can explain more than PCA.
    assert 0.99 * found[PCA] <= found[RATIO] <= found[PCA] + 1e-9


@pytest.mark.slow
def test_a_run_that_was_cut_ends_with_the_same_weights(store: Path, tmp_path: Path, fork_tool: Callable) -> None:
    cut, whole = tmp_path / 'cut', tmp_path / 'whole'
    rate = 'optim_wrapper.optimizer.lr=0.02'
    for work, more in ((whole, ['train_cfg.max_epochs=3']), (cut, ['train_cfg.max_epochs=1'])):
        done = fork_tool(['train.py', CONFIG, *options(store, work, rate, *more)])
        assert done.returncode == 0, done.stderr
    assert checkpoint(cut)['meta']['epoch'] == 1
    time.sleep(1)  # MMEngine names the folder of a run's log by the second
    done = fork_tool(['train.py', CONFIG, '--resume', *options(store, cut, rate, 'train_cfg.max_epochs=3')])
    assert done.returncode == 0, done.stderr
    assert [entry['step'] for entry in logged(cut)] == [1, 2, 3]  # the first one validated again
    one, other = checkpoint(cut), checkpoint(whole)
    assert one['meta']['iter'] == other['meta']['iter'] == 18
    assert one['state_dict'].keys() == NAMES
    for name, value in other['state_dict'].items():
        assert torch.equal(one['state_dict'][name], value), name

    out = tmp_path / 'out.json'
    done = fork_tool(
        ['test.py', CONFIG, (cut / 'last_checkpoint').read_text(), '--out', out, *options(store, tmp_path / 'test')]
    )
    assert done.returncode == 0, done.stderr
    metrics = json.loads(out.read_text())['metrics']
    assert metrics[RATIO] == pytest.approx(logged(whole)[-1][RATIO], abs=1e-6)


def test_bfloat16_trains_and_keeps_float32_weights(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = tmp_path / 'work'
    words = options(store, work, 'train_cfg.max_epochs=1')
    assert run_in_process(train.main, [CONFIG, '--amp', *words], monkeypatch) == 0
    assert {value.dtype for value in checkpoint(work)['state_dict'].values()} == {torch.float32}
    amp = [CONFIG, (work / 'last_checkpoint').read_text(), '--amp', *options(store, tmp_path / 'test')]
    found = scores_of(amp, tmp_path / 'out.json', monkeypatch)['metrics']
    # Eight bits of mantissa: a share of the variance to about two digits.
    assert found[RATIO] == pytest.approx(logged(work)[0][RATIO], abs=0.02)


@pytest.mark.slow
def test_two_processes_train_together(
    store: Path, tmp_path: Path, repo_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = tmp_path / 'work'
    # 23 held-out persons: one is repeated to even out the processes, and must not count twice.
    words = options(
        store,
        work,
        'train_cfg.max_epochs=1',
        'train_dataloader.batch_size=8',
        'val_dataloader.sampler.round_up=True',
        'val_dataloader.batch_size=5',
        'val_dataloader.dataset.rows=annotation_id != 12',
    )
    done = two_processes('train.py', [repo_root / CONFIG, '--launcher', 'pytorch', *words], cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert checkpoint(work)['meta']['iter'] == 6
    assert checkpoint(work)['state_dict'].keys() == NAMES
    alone = scores_of(
        [
            repo_root / CONFIG,
            (work / 'last_checkpoint').read_text(),
            *options(store, tmp_path / 'test', 'test_dataloader.dataset.rows=annotation_id != 12'),
        ],
        tmp_path / 'out.json',
        monkeypatch,
    )['metrics']
    together = logged(work)[-1]
    for name in (RATIO, PCA, 'latent/mse', 'latent/dead_code_units'):
        assert together[name] == pytest.approx(alone[name], abs=1e-6), name


# What a user may get wrong, and what the line must name.


@pytest.mark.parametrize(
    'more, message',
    [
        (['model.neck.code_channels=17'], 'code_channels=17 is a width larger than the latent'),
        (
            ['model.neck.in_channels=5'],
            r'expects feature maps \(C, H, W\) = \(5, 2, 2\), got '
            r'\(4, 2, 2\)',
        ),
        (['train_dataloader.dataset.layer=neck'], "layer: 'neck' is not in this store; it has bottle"),
        (['train_dataloader.dataset.parts=train'], "LatentDataset has no argument 'parts'"),
        (['train_cfg.max_epochs=2', 'optim_wrapper.optimizer.lr=1e9'], 'training has diverged'),
    ],
)
def test_a_bad_setting_is_one_line(
    store: Path,
    tmp_path: Path,
    more: list[str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = [CONFIG, *options(store, tmp_path / 'work', *more)]
    assert run_in_process(train.main, words, monkeypatch) == 2
    assert re.search(message, only_error(capsys.readouterr().err))


@pytest.mark.parametrize(
    'option, message',
    [
        (['--held-out'], r'--held-out: .*ae_latents.py reads no annotated images; set held_out'),
        (['--show-dir', 'drawn'], r'--show, --show-dir: .*ae_latents.py reads no annotated images'),
    ],
)
def test_options_about_images_are_one_line(
    store: Path,
    tmp_path: Path,
    option: list[str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = [CONFIG, *option, *options(store, tmp_path / 'work')]
    assert run_in_process(train.main, words, monkeypatch) == 2
    assert re.search(message, only_error(capsys.readouterr().err))


def test_no_store_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [CONFIG, *options(tmp_path / 'none', tmp_path / 'work')]
    assert run_in_process(train.main, words, monkeypatch) == 2
    assert 'none: no latent store' in only_error(capsys.readouterr().err)

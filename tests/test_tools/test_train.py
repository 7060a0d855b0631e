"""``tools/train.py`` as a user runs it: trains, resumes, and says what is wrong in one line."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import mmpose
import pytest
import torch

import shg_xai.plugin  # noqa: F401
from shg_xai.coco import Annotation
from tests.helpers.commands import python, two_processes
from tests.helpers.data import QUICK, annotation, only_error, quick, run_in_process, write_coco, write_part
from tools import train

CONFIG = 'configs/shg_coco.py'
ANNOTATIONS = 'annotations/person_keypoints_train2017.json'


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads wait for each other wherever something else runs too."""
    monkeypatch.setenv('OMP_NUM_THREADS', '1')


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_coco(tmp_path / 'coco')


def options(data: Path, work: Path, *more: str, config: str = CONFIG) -> list[str]:
    """The command line of a small training."""
    # MMEngine keeps a logger for each name, and with it the streams of the test before.
    name = f'experiment_name={work.parent.name}'
    return ['--data-root', str(data), '--work-dir', str(work), '--cfg-options', *quick(config), name, *more]


def scalars(work: Path) -> list[dict[str, Any]]:
    """What the latest run of a work folder has logged, oldest first."""
    file = max(work.glob('*/vis_data/scalars.json'))
    return [json.loads(line) for line in file.read_text().splitlines()]


def checkpoint(work: Path) -> dict[str, Any]:
    return torch.load((work / 'last_checkpoint').read_text(), weights_only=True)


def test_an_epoch_leaves_log_config_and_checkpoints(data: Path, tmp_path: Path, run_tool: Callable) -> None:
    work = tmp_path / 'work'
    done = run_tool(['train.py', CONFIG, *options(data, work)])
    assert done.returncode == 0, done.stderr
    assert 'Traceback' not in done.stderr
    assert {'epoch_1.pth', 'best_pck_labelled_epoch_1.pth', 'shg_coco.py'} <= {path.name for path in work.iterdir()}
    *training, validation = scalars(work)
    # 8 persons in batches of 4.
    assert [entry['iter'] for entry in training] == [1, 2]
    assert all(entry['lr'] == 2.5e-4 and 0 < entry['loss'] < 10 for entry in training)
    assert {
        'pck/labelled',
        'pck/visible',
        'pck/occluded',
        'pck/limbs',
        'pck/pooled/labelled',
        'pck/joint/nose',
        'val/heatmap_error',
    } <= set(validation)
    assert checkpoint(work)['meta']['iter'] == 2
    # MMPose's own tools read it.
    left = (work / 'shg_coco.py').read_text() + checkpoint(work)['meta']['cfg']
    assert 'stacked batches' in done.stdout and 'stacked_collate' not in left and 'StackedPose' not in left


@pytest.mark.slow(minutes=1)
def test_a_killed_run_goes_on_where_it_was(data: Path, tmp_path: Path, fork_tool: Callable, repo_root: Path) -> None:
    work, whole = tmp_path / 'killed', tmp_path / 'whole'
    epochs = 'train_cfg.max_epochs=8'
    command = [sys.executable, 'tools/train.py', CONFIG, *options(data, work, epochs)]
    process = subprocess.Popen(
        command,
        cwd=repo_root,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, 'PYTHONPATH': str(repo_root)},
    )
    try:
        deadline = time.monotonic() + 120
        while not (work / 'last_checkpoint').exists() and time.monotonic() < deadline:
            time.sleep(0.02)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    stopped = checkpoint(work)['meta']
    assert 1 <= stopped['epoch'] < 8
    assert stopped['iter'] == 2 * stopped['epoch']

    resumed = fork_tool(['train.py', CONFIG, '--resume', *options(data, work, epochs)])
    assert resumed.returncode == 0, resumed.stderr
    steps = [entry['step'] for entry in scalars(work) if 'loss' in entry]
    assert steps == list(range(stopped['iter'] + 1, 17))

    # And the network is the one that an undisturbed run makes.
    assert fork_tool(['train.py', CONFIG, *options(data, whole, epochs)]).returncode == 0
    one, other = checkpoint(work), checkpoint(whole)
    assert one['meta']['iter'] == other['meta']['iter'] == 16
    for name, value in other['state_dict'].items():
        torch.testing.assert_close(one['state_dict'][name], value, rtol=1e-3, atol=1e-4)


@pytest.mark.slow
def test_resume_without_a_checkpoint_starts_afresh(data: Path, tmp_path: Path, fork_tool: Callable) -> None:
    done = fork_tool(['train.py', CONFIG, '--resume', *options(data, tmp_path / 'work')])
    assert done.returncode == 0, done.stderr
    assert checkpoint(tmp_path / 'work')['meta']['iter'] == 2


@pytest.mark.slow
def test_bfloat16_trains_and_keeps_float32_weights(data: Path, tmp_path: Path, fork_tool: Callable) -> None:
    work = tmp_path / 'work'
    done = fork_tool(['train.py', 'configs/shg2_coco.py', '--amp', *options(data, work, config='shg2_coco.py')])
    assert done.returncode == 0, done.stderr
    assert all(value.dtype != torch.bfloat16 for value in checkpoint(work)['state_dict'].values())
    losses = [entry for entry in scalars(work) if 'loss_kpt_stack0' in entry]
    assert len(losses) == 2
    for entry in losses:
        assert entry['loss'] == pytest.approx(entry['loss_kpt'] + entry['loss_kpt_stack0'], rel=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize('config', ['shg_ae_coco.py', 'shg_noskip_coco.py', 'shg_visible_coco.py'])
def test_other_configs_train(data: Path, tmp_path: Path, fork_tool: Callable, config: str) -> None:
    neck = ('model.backbone.bottleneck.in_channels=8',) if 'ae' in config else ()
    done = fork_tool(['train.py', f'configs/{config}', *options(data, tmp_path / 'work', *neck, config=config)])
    assert done.returncode == 0, done.stderr
    assert checkpoint(tmp_path / 'work')['meta']['iter'] == 2


@pytest.mark.slow
def test_mmposes_own_tool_trains_the_same_network(
    data: Path, tmp_path: Path, fork_tool: Callable, repo_root: Path
) -> None:
    ours, theirs = tmp_path / 'ours', tmp_path / 'theirs'
    assert fork_tool(['train.py', CONFIG, *options(data, ours)]).returncode == 0
    tool = Path(mmpose.__file__).parent / '.mim' / 'tools' / 'train.py'
    roots = [f'{part}_dataloader.dataset.data_root={data}' for part in ('train', 'val', 'test')]
    done = python(tool, CONFIG, '--work-dir', theirs, '--cfg-options', *QUICK, *roots)
    assert done.returncode == 0, done.stderr
    reference = checkpoint(ours)['state_dict']
    for name, value in checkpoint(theirs)['state_dict'].items():
        torch.testing.assert_close(value, reference[name], rtol=1e-4, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize('config', ['shg_coco.py', 'shg_noskip_coco.py'])
def test_two_processes_train_together(data: Path, tmp_path: Path, repo_root: Path, config: str) -> None:
    work = tmp_path / 'work'
    words = options(data, work, 'train_dataloader.batch_size=2', config=config)
    done = two_processes('train.py', [f'configs/{config}', '--launcher', 'pytorch', *words])
    assert done.returncode == 0, done.stderr
    # 8 persons in batches of 2 on 2 processes.
    assert checkpoint(work)['meta']['iter'] == 2
    assert 'pck/labelled' in scalars(work)[-1]
    assert not [name for name in checkpoint(work)['state_dict'] if name.startswith('module.')]


# What a user may get wrong, and what the line must name.


def remove_annotations(data: Path) -> None:
    (data / ANNOTATIONS).unlink()


def no_persons(data: Path) -> None:
    write_part(data, 'train2017', [annotation(v=(0,) * 17)])


def with_bad(data: Path, **changes: Any) -> None:
    write_part(data, 'train2017', [annotation(1), cast(Annotation, {**annotation(2), **changes})])


def short_keypoints(data: Path) -> None:
    with_bad(data, keypoints=annotation()['keypoints'][:45])


def zero_area(data: Path) -> None:
    with_bad(data, bbox=[10.0, 10.0, 0.0, 50.0])


def nan_coordinates(data: Path) -> None:
    with_bad(data, keypoints=[float('nan')] * 2 + annotation()['keypoints'][2:])


def broken_image(data: Path) -> None:
    for file in (data / 'train2017').iterdir():
        file.write_bytes(b'not an image')


@pytest.mark.parametrize(
    'spoil, message',
    [
        (remove_annotations, 'no such annotation file'),
        (no_persons, 'no person with keypoints'),
        (short_keypoints, 'annotation 2: "keypoints" holds 45 numbers'),
        (zero_area, r'annotation 2: "bbox" .* has no area'),
        (nan_coordinates, 'annotation 2: "keypoints" holds NaN'),
        (broken_image, r'0000[1-4]\.jpg: this photo cannot be read'),
    ],
)
def test_bad_data_is_one_line(
    data: Path,
    tmp_path: Path,
    spoil: Callable[[Path], None],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    spoil(data)
    work = tmp_path / 'work'
    assert run_in_process(train.main, [CONFIG, *options(data, work)], monkeypatch) == 2
    assert re.search(message, only_error(capsys.readouterr().err))
    assert not list(work.glob('*.pth'))


@pytest.mark.parametrize(
    'option, message',
    [
        (
            'model.backbone.skip_connection=False',
            "StackedHourglass has no argument 'skip_connection'; did you mean skip_connections",
        ),
        ('model.head.decoder.sigma_visble=1', "VisibilityHeatmap has no argument 'sigma_visble'"),
        (
            'train_dataloader.dataset.pipeline.4.encoder.sigma_visble=1',
            "VisibilityHeatmap has no argument 'sigma_visble'; did you mean sigma_visible",
        ),
        ('val_evaluator.0.threshold=1', "VisiblePCK has no argument 'threshold'"),
        ('model.backbone.type=StackedHourglas', 'StackedHourglas is not in the'),
        ('model.backbone.shortcut=conv', "shortcut='conv'; choose one of"),
        ('model.backbone.depth=5', r'multiples of 128, got 64x64'),
        ('train_dataloader.dataset.pipeline.99.type=LoadImage', '--cfg-options: does not fit'),
    ],
)
def test_a_bad_setting_is_one_line(
    data: Path,
    tmp_path: Path,
    option: str,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    work = tmp_path / 'work'
    assert run_in_process(train.main, [CONFIG, *options(data, work, option)], monkeypatch) == 2
    assert re.search(message, only_error(capsys.readouterr().err))
    assert not list(work.glob('*.pth'))


def test_a_missing_config_is_one_line(run_tool: Callable) -> None:
    done = run_tool(['train.py', 'configs/none.py'])
    assert (done.returncode, done.stdout) == (2, '')
    assert done.stderr == 'error: configs/none.py: no such config file\n'


@pytest.mark.slow
def test_a_broken_image_in_a_loader_process_is_one_line(data: Path, tmp_path: Path, fork_tool: Callable) -> None:
    broken_image(data)
    done = fork_tool(['train.py', CONFIG, *options(data, tmp_path / 'work', 'train_dataloader.num_workers=2')])
    assert done.returncode == 2
    assert '.jpg: this photo cannot be read' in only_error(done.stderr)


def test_a_checkpoint_to_resume_must_be_there(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [CONFIG, '--resume', tmp_path / 'none.pth', *options(data, tmp_path / 'work')]
    assert run_in_process(train.main, words, monkeypatch) == 2
    assert only_error(capsys.readouterr().err).endswith('none.pth: no such checkpoint')

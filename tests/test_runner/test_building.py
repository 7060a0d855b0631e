"""Building the Runner: errors in one line, memory kept, a mean pose learnt on real persons."""

import errno
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import Config, ConfigDict
from mmengine.registry import Registry, init_default_scope
from mmpose.datasets.transforms import LoadImage
from mmpose.registry import DATASETS, METRICS, MODELS
from torch import nn

import shg_xai.plugin  # noqa: F401
from shg_xai.cli import run
from shg_xai.errors import InputError
from shg_xai.runner.building import build_runner, config_errors, join_processes, resume_checkpoint


def build(**cfg: object) -> nn.Module:
    init_default_scope('mmpose')
    with config_errors('some.py'):
        return MODELS.build(dict(**cfg))


def test_a_key_that_nobody_knows_is_named_with_the_nearest() -> None:
    with pytest.raises(
        InputError,
        match=r"some.py: StackedHourglass has no argument 'chanels'; "
        'did you mean channels',
    ):
        build(type='StackedHourglass', chanels=8)


def test_a_config_with_a_part_of_validation_is_named() -> None:
    cfg = Config(dict(model=dict(type='ResNet', depth=18), work_dir='unused', launcher='none', val_cfg=dict()))
    wanted = 'some.py: val_dataloader, val_cfg, and val_evaluator: the config has some of them; give all, or set all'
    with pytest.raises(InputError, match=wanted), config_errors('some.py'):
        build_runner(cfg, checkpoint=None)


@pytest.mark.parametrize(('content', 'wanted'), [(None, 'is missing'), (b'no photo', 'cannot be read')])
def test_a_photo_that_mmposes_own_data_sets_cannot_read_is_named(
    tmp_path: Path, content: bytes | None, wanted: str
) -> None:
    file = tmp_path / 'a.jpg'
    if content:
        file.write_bytes(content)
    with pytest.raises(InputError, match=rf'a\.jpg: this photo {wanted}'), config_errors('some.py'):
        LoadImage().transform(dict(img_path=str(file)))


@pytest.mark.parametrize(
    'registry, kind', [(MODELS, 'ResNet'), (METRICS, 'VisiblePCK'), (DATASETS, 'CheckedCocoDataset')]
)
def test_a_key_that_a_component_hands_to_its_base_is_named_too(registry: Registry, kind: str) -> None:
    """As many of MMPose's do: what does not know the key is the base, but it is the component that the config names."""
    init_default_scope('mmpose')
    given: dict[str, Any] = dict(depth=18) if kind == 'ResNet' else {}
    with (
        pytest.raises(InputError, match=f'some.py: {kind} has no argument .prefi.; did you mean'),
        config_errors('some.py'),
    ):
        registry.build(dict(type=kind, prefi='a', **given))


def test_a_type_that_nobody_knows_is_named() -> None:
    with pytest.raises(InputError, match=r'some.py: Hourglas is not in the mmpose::model registry'):
        build(type='Hourglas')


@pytest.mark.parametrize(
    'error', [TypeError('f() got an unexpected keyword argument'), KeyError('a plain key'), RuntimeError('a bug')]
)
def test_a_bug_stays_a_bug(error: Exception) -> None:
    with pytest.raises(type(error)) as caught, config_errors('some.py'):
        raise error
    assert caught.value is error


def test_a_wrong_key_inside_a_component_is_not_blamed_on_the_config() -> None:
    @MODELS.register_module(force=True)
    class Buggy(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            nn.Linear(1, 1, wrong=True)  # type: ignore[call-arg]

    with pytest.raises(TypeError, match='wrong'):
        build(type='Buggy')


def test_another_trouble_with_a_file_is_not_called_a_missing_one() -> None:
    with pytest.raises(OSError, match='No space left'), config_errors('some.py'):
        raise OSError(errno.ENOSPC, 'No space left on device', 'store/rows.parquet')


@pytest.mark.parametrize(
    'dataset, missing',
    [
        (dict(type='MpiiDataset', ann_file='none.json'), 'none.json'),
        (dict(type='MpiiDataset', ann_file='there.json', headbox_file='none.mat', test_mode=True), 'none.mat'),
        (dict(type='CocoWholeBodyHandDataset', ann_file='none.json'), 'none.json'),
        (dict(type='InterHand2DDoubleDataset', ann_file='none.json', camera_param_file='', joint_file=''), 'some.py'),
        (dict(type='WFLWDataset', ann_file='none.json'), 'none.json'),
        (dict(type='CocoDataset', ann_file='there.json', bbox_file='none.json', test_mode=True), 'none.json'),
    ],
)
def test_a_missing_file_of_any_data_set_is_one_line(tmp_path: Path, dataset: dict[str, Any], missing: str) -> None:
    (tmp_path / 'there.json').write_text('{"images": [], "annotations": [], "categories": []}')
    settings: dict[str, Any] = dict(data_root=str(tmp_path), pipeline=[], data_prefix=dict(img=''))
    with pytest.raises(InputError, match=rf'{missing}: no such file; --data-root'), config_errors('some.py'):
        DATASETS.build({**settings, **dataset, 'type': f'mmpose.{dataset["type"]}'})


@pytest.mark.parametrize(
    'error, code, printed',
    [
        (InputError('file.json: two\n  lines'), 2, 'error: file.json: two lines\n'),
        # What torch makes of an error in a loader's process.
        (
            InputError(
                'Caught InputError in DataLoader worker process 0.\nOriginal Traceback (most '
                'recent call last):\n  File "x.py"\nshg_xai.errors.InputError: a.jpg: no such '
                'image\n'
            ),
            2,
            'error: a.jpg: no such image\n',
        ),
        (None, 0, ''),
    ],
)
def test_how_a_command_ends(
    error: Exception | None, code: int, printed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def main() -> None:
        if error:
            raise error

    with pytest.raises(SystemExit) as ended:
        run(main)
    assert ended.value.code == code
    assert capsys.readouterr() == ('', printed)


def test_a_bug_keeps_its_traceback() -> None:
    def main() -> None:
        raise RuntimeError('a bug')

    with pytest.raises(RuntimeError, match='a bug'):
        run(main)


def test_where_a_run_goes_on(tmp_path: Path) -> None:
    cfg = ConfigDict(work_dir=str(tmp_path))
    assert resume_checkpoint(cfg) is None
    cfg.resume = True
    assert resume_checkpoint(cfg) is None  # nothing there yet
    (tmp_path / 'last_checkpoint').write_text('work/epoch_3.pth')
    assert resume_checkpoint(cfg) == 'work/epoch_3.pth'
    cfg.load_from = 'given.pth'
    assert resume_checkpoint(cfg) == 'given.pth'
    cfg.resume = False
    assert resume_checkpoint(cfg) is None


def test_one_process_joins_nobody() -> None:
    cfg = ConfigDict(launcher='none')
    join_processes(cfg)
    assert not torch.distributed.is_initialized()
    assert 'model_wrapper_cfg' not in cfg


def test_a_checkpoint_is_looked_at_before_anything_is_built(tmp_path: Path) -> None:
    path = tmp_path / 'broken.pth'
    path.write_bytes(b'nothing')
    with pytest.raises(InputError, match=r'broken.pth: not a checkpoint'):
        build_runner(Config(dict(work_dir=str(tmp_path / 'work'))), str(path))
    assert not (tmp_path / 'work').exists()


@pytest.mark.skipif(not sys.platform.startswith('linux'), reason='glibc is there on Linux only')
def test_freed_memory_is_kept_for_the_next_layer(repo_root: Path) -> None:
    # Without it glibc gives 64 MiB back to the system at once; with it, they stay.
    code = (
        'from shg_xai.memory import keep_freed_memory\n'
        'import torch; torch.ones(2**20)\n'  # what torch keeps from its first tensor on
        'def resident(): return int(open("/proc/self/statm").read().split()[1]) * 4096\n'
        'def given_back():\n'
        '    before = resident(); x = torch.ones(2**24); full = resident(); del x\n'
        '    return (full - resident()) / (full - before)\n'
        'print(given_back(), keep_freed_memory(), given_back())'
    )
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', code],
        cwd=repo_root,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    plain, set_up, kept = done.stdout.split()
    assert set_up == 'True'
    assert float(plain) > 0.9
    assert float(kept) < 0.1


@pytest.mark.slow
@pytest.mark.real
def test_a_small_network_learns_real_persons_by_heart(coco_sample: Path, tmp_path: Path, fork_tool: Callable) -> None:
    config = tmp_path / 'by_heart.py'
    config.write_text(BY_HEART.format(root=Path(__file__).resolve().parents[2], data=coco_sample))
    done = fork_tool(['train.py', config, '--work-dir', tmp_path / 'work'], timeout=300, env={'OMP_NUM_THREADS': '1'})
    assert done.returncode == 0, done.stderr
    found = [
        float(line.split('pck/labelled: ')[1].split()[0]) for line in done.stdout.splitlines() if 'Epoch(val)' in line
    ]
    assert len(found) == 1
    assert found[0] > 0.9, found


# Training set = validation set: the 12 persons of val2017. The demo's network and targets.
BY_HEART = """
_base_ = ['{root}/configs/demo/shg_people.py']
data = dict(data_root='{data}', ann_file='annotations/person_keypoints_val2017.json',
            data_prefix=dict(img='val2017/'))
train_dataloader = dict(
    batch_size=12, num_workers=0, persistent_workers=False,
    dataset=dict(_delete_=True, type='RepeatDataset', times=10, dataset=dict(
        type='CheckedCocoDataset', pipeline={{{{_base_.val_pipeline}}}}, **data)))
val_dataloader = dict(batch_size=12, num_workers=0, persistent_workers=False, dataset=data)
test_dataloader = dict(num_workers=0, persistent_workers=False, dataset=data)
train_cfg = dict(max_epochs=16, val_interval=16)
optim_wrapper = dict(optimizer=dict(_delete_=True, type='Adam', lr=2e-3))
param_scheduler = dict(_delete_=True, type='MultiStepLR', milestones=[12], gamma=0.2)
"""

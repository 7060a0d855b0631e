"""What a config is given for a GPU, and what it keeps."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from mmengine.config import Config

from shg_xai.runner.device import Device, choose, evaluation_batch, leave_out_stacking

H100 = Device('NVIDIA H100', bfloat16=True, cores=16)


@pytest.fixture(autouse=True)
def precision_as_before() -> Iterator[None]:
    before = torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32
    half = torch.get_autocast_dtype('cuda')
    yield
    torch.set_autocast_dtype('cuda', half)
    torch.set_float32_matmul_precision(before[0])
    torch.backends.cudnn.allow_tf32 = before[1]


def config(**changes: Any) -> Config:
    loader = dict(batch_size=16, num_workers=2)
    own: dict[str, Any] = dict(model=dict(backbone=dict(type='StackedHourglass')))
    own |= dict(optim_wrapper=dict(optimizer=dict(type='Adam', lr=1e-3)), train_dataloader=loader, val_dataloader=None)
    return Config({**own, **changes})


def test_a_gpu_is_used_for_what_it_can_do() -> None:
    cfg = config()
    said = [
        'NVIDIA H100',
        'cuDNN autotuning',
        'TF32',
        'training in bfloat16',
        'a CUDA graph of the hourglass',
        'fused Adam',
    ]
    assert choose(cfg, H100) == [*said, 'train: 15 processes load data']
    assert cfg.env_cfg.cudnn_benchmark is True and torch.get_float32_matmul_precision() == 'high'
    assert cfg.optim_wrapper.to_dict() == dict(
        type='Bfloat16OptimWrapper', cuda_graph=True, optimizer=dict(type='Adam', lr=1e-3, fused=True)
    )
    assert cfg.train_dataloader.to_dict() == dict(batch_size=16, num_workers=15, pin_memory=True)
    assert cfg.val_dataloader is None


@pytest.mark.parametrize('name', ['test_cfg', 'val_cfg'])
@pytest.mark.parametrize(
    ('bfloat16', 'wrapper', 'dtype'),
    [
        (True, None, torch.bfloat16),
        (False, None, torch.float16),
        (True, dict(type='AmpOptimWrapper', optimizer=dict(type='SGD')), torch.float16),
    ],
)
def test_mixed_precision_at_test_time_has_float32s_range_where_a_gpu_has_it(
    name: str, bfloat16: bool, wrapper: dict[str, Any] | None, dtype: torch.dtype
) -> None:
    said = choose(config(optim_wrapper=wrapper, **{name: dict(fp16=True)}), Device('a GPU', bfloat16, cores=2))
    assert torch.get_autocast_dtype('cuda') is dtype
    assert ('testing in bfloat16' in said) is (dtype is torch.bfloat16)


def test_batches_are_stacked_where_the_model_takes_them() -> None:
    cfg = config(model=dict(data_preprocessor=dict(type='PoseDataPreprocessor', bgr_to_rgb=True)))
    assert choose(cfg, Device(None, bfloat16=False, cores=2)) == ['train: stacked batches']
    stacked = dict(type='StackedPoseDataPreprocessor', bgr_to_rgb=True)
    assert cfg.model.data_preprocessor.to_dict() == stacked
    assert cfg.train_dataloader.to_dict() == dict(batch_size=16, num_workers=2, collate_fn=dict(type='stacked_collate'))
    assert choose(cfg, Device(None, bfloat16=False, cores=2)) == []  # it is so already


def test_what_a_run_leaves_behind_is_for_everybody() -> None:
    cfg = config(model=dict(data_preprocessor=dict(type='PoseDataPreprocessor', non_blocking=False)))
    before = cfg.to_dict()
    choose(cfg, Device(None, bfloat16=False, cores=2))
    assert cfg.to_dict() != before
    leave_out_stacking(cfg)
    assert cfg.to_dict() == before
    leave_out_stacking(Config(dict(train_dataloader=None)))


@pytest.mark.parametrize(
    'model, loader',
    [
        (dict(data_preprocessor=dict(type='mmpose.BatchSyncPreprocessor')), {}),
        ({}, {}),
        (dict(data_preprocessor=dict(type='PoseDataPreprocessor')), dict(collate_fn=dict(type='default_collate'))),
    ],
)
def test_batches_that_a_config_wants_otherwise_stay(model: dict, loader: dict) -> None:
    cfg = config(model=model, train_dataloader=dict(num_workers=0, **loader))
    assert choose(cfg, Device(None, bfloat16=False, cores=2)) == []
    assert cfg.train_dataloader.get('collate_fn') == loader.get('collate_fn')


def test_a_gpu_that_compiles_or_trains_in_float32_replays_nothing() -> None:
    compiled = config(compile=True)
    said = choose(compiled, H100)
    assert 'training in bfloat16' in said and 'a CUDA graph of the hourglass' not in said
    assert 'cuda_graph' not in compiled.optim_wrapper
    counted = dict(accumulative_counts=2, optimizer=dict(type='Adam', lr=1))
    for changes in (dict(model=dict(backbone=dict(type='HRNet'))), dict(optim_wrapper=counted)):
        other = config(**changes)
        assert 'a CUDA graph of the hourglass' not in choose(other, H100) and 'cuda_graph' not in other.optim_wrapper
    off = config(optim_wrapper=dict(type='Bfloat16OptimWrapper', cuda_graph=False, optimizer=dict(type='Adam', lr=1)))
    assert 'a CUDA graph of the hourglass' not in choose(off, H100)
    assert off.optim_wrapper.cuda_graph is False


def test_persons_are_evaluated_in_large_batches_on_a_large_gpu_alone() -> None:
    large, small = Device('NVIDIA H200', True, 16, memory=150.0), Device('GTX 1070', False, 8, memory=8.5)
    assert evaluation_batch(32, large) == 128 and evaluation_batch(256, large) == 256
    assert evaluation_batch(32, small) == evaluation_batch(32, Device(None, False, 2)) == 32


def test_what_a_config_says_itself_is_kept() -> None:
    wrapper = dict(type='AmpOptimWrapper', dtype='float16', optimizer=dict(type='AdamW', lr=1, fused=False))
    loader = dict(num_workers=20, pin_memory=False)
    cfg = config(optim_wrapper=wrapper, train_dataloader=loader, env_cfg=dict(cudnn_benchmark=True))
    assert choose(cfg, H100) == ['NVIDIA H100', 'TF32']
    assert cfg.optim_wrapper.to_dict() == wrapper and cfg.train_dataloader.to_dict() == loader


def test_an_optimizer_without_such_a_kernel_and_a_gpu_without_bfloat16() -> None:
    cfg = config(optim_wrapper=dict(type='OptimWrapper', optimizer=dict(type='RMSprop', lr=1)))
    said = choose(cfg, Device('Tesla T4', bfloat16=False, cores=1))
    assert said == ['Tesla T4', 'cuDNN autotuning', 'TF32']
    assert cfg.optim_wrapper.to_dict() == dict(type='OptimWrapper', optimizer=dict(type='RMSprop', lr=1))


@pytest.mark.parametrize('device, changes', [(Device(None, False, 2), {}), (H100, dict(choose_for_device=False))])
def test_a_processor_and_one_setting_change_nothing(device: Device, changes: dict) -> None:
    cfg = config(**changes)
    before = cfg.to_dict()
    assert choose(cfg, device) == [] and cfg.to_dict() == before


def test_the_device_of_this_machine() -> None:
    device = Device.here()
    assert (device.gpu is None) == (not torch.cuda.is_available()) and device.cores >= 1

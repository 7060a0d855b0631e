"""What a config is given for the device that it runs on, where it does not say itself."""

import os
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from mmengine.config import Config

MOST_WORKERS = 16  # processes that load data; more wait for each other's disk
FUSED = ('Adam', 'AdamW', 'SGD')  # PyTorch has one kernel for a step of these
SETTING = 'choose_for_device'


@dataclass(frozen=True)
class Device:
    """What decides about what is fast."""

    gpu: str | None  # its name
    bfloat16: bool  # whether it computes in bfloat16 faster than in float32
    cores: int  # for each process

    @classmethod
    def here(cls) -> 'Device':
        """The one of this process."""
        cores = len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count() or 1
        if not torch.cuda.is_available():
            return cls(None, False, cores)
        processes = int(os.environ.get('LOCAL_WORLD_SIZE', 1))
        return cls(torch.cuda.get_device_name(), torch.cuda.is_bf16_supported(), max(1, cores // processes))


def choose(cfg: Config, device: Device) -> list[str]:
    """Set what is fast on a device and not said by the config, and return it in words; changes the config in place.

    On a GPU: cuDNN tries its algorithms, float32 products in TF32, training in bfloat16 where the config asks for no
    other precision, an optimizer step in one kernel, and as many processes that load data as there are cores, into
    pinned memory. Nothing on a processor, where what is fast changes no setting, and nothing with
    ``choose_for_device=False``.
    """
    if device.gpu is None or not cfg.get(SETTING, True):
        return []
    return [f'{device.gpu}', *_precision(cfg, device), *_optimizer(cfg), *_loading(cfg, device)]


def _precision(cfg: Config, device: Device) -> Iterator[str]:
    if not (cfg.get('env_cfg') or {}).get('cudnn_benchmark'):
        cfg.merge_from_dict({'env_cfg.cudnn_benchmark': True})
        yield 'cuDNN autotuning'
    torch.set_float32_matmul_precision('high')
    torch.backends.cudnn.allow_tf32 = True
    yield 'TF32'
    wrapper = cfg.get('optim_wrapper')
    if wrapper and device.bfloat16 and wrapper.get('type', 'OptimWrapper') == 'OptimWrapper':
        wrapper['type'] = 'Bfloat16OptimWrapper'
        yield 'training in bfloat16'


def _optimizer(cfg: Config) -> Iterator[str]:
    optimizer = (cfg.get('optim_wrapper') or {}).get('optimizer') or {}
    if optimizer.get('type') in FUSED and not {'fused', 'foreach'} & {*optimizer}:
        optimizer['fused'] = True
        yield f'fused {optimizer["type"]}'


def _loading(cfg: Config, device: Device) -> Iterator[str]:
    wanted = min(MOST_WORKERS, max(1, device.cores - 1))
    for split in ('train', 'val', 'test'):
        loader = cfg.get(f'{split}_dataloader')
        if not loader:
            continue
        loader.setdefault('pin_memory', True)
        before = loader.get('num_workers', 0)
        loader['num_workers'] = max(before, wanted)
        if before < wanted:
            yield f'{split}: {wanted} processes load data'

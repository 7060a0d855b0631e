"""What a config is given for the device that it runs on, where it does not say itself."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from mmengine.config import Config

from shg_xai.cores import cores as cores_here

MOST_WORKERS = 16  # processes that load data; more wait for each other's disk
LARGE_BATCH, LARGE_MEMORY = 128, 16  # persons; GB, of which even HRNet-W48 at 384 x 288 takes a small part
FUSED = ('Adam', 'AdamW', 'SGD')  # PyTorch has one kernel for a step of these
SETTING = 'choose_for_device'
STACKED = 'StackedPoseDataPreprocessor'


@dataclass(frozen=True)
class Device:
    """What decides about what is fast."""

    gpu: str | None  # its name
    bfloat16: bool  # whether it computes in bfloat16 faster than in float32
    cores: int  # for each process
    memory: float = 0.0  # of the GPU, GB

    @classmethod
    def here(cls) -> 'Device':
        """The one of this process."""
        if not torch.cuda.is_available():
            return cls(None, False, cores_here())
        processes = int(os.environ.get('LOCAL_WORLD_SIZE', 1))
        memory = torch.cuda.get_device_properties(torch.cuda.current_device()).total_memory / 1e9
        return cls(
            torch.cuda.get_device_name(), torch.cuda.is_bf16_supported(), max(1, cores_here() // processes), memory
        )


def choose(cfg: Config, device: Device) -> list[str]:
    """Set what is fast on a device and not said by the config, and return it in words; changes the config in place.

    Batches are stacked where they are loaded. On a GPU, besides: cuDNN tries its algorithms, float32 products in TF32,
    training in bfloat16 where the config asks for no other precision, testing in bfloat16 where it asks for half, an
    optimizer step in one kernel, and as many processes that load data as there are cores, into pinned memory. Nothing
    with ``choose_for_device=False``.
    """
    if not cfg.get(SETTING, True):
        return []
    said = [] if device.gpu is None else [device.gpu, *_precision(cfg, device), *_optimizer(cfg)]
    stacks = takes_stacked(cfg)
    if stacks:
        cfg.model.data_preprocessor['type'] = STACKED
    for split in ('train', 'val', 'test'):
        if reading := cfg.get(f'{split}_dataloader'):
            said += [f'{split}: {done}' for done in choose_loading(reading, device, stacks)]
    return said


def takes_stacked(cfg: Config) -> bool:
    """Whether a model takes batches of :func:`~shg_xai.datasets.batches.stacked_collate`, or can be made to."""
    own = (cfg.get('model') or {}).get('data_preprocessor') or {}
    return own.get('type') in ('PoseDataPreprocessor', STACKED)


def leave_out_stacking(cfg: Config) -> None:
    """Take back from a config what :func:`choose` has set for stacked batches.

    So that the config which a run leaves behind says nothing that only this plugin knows: MMPose's own tools read it.
    """
    own = (cfg.get('model') or {}).get('data_preprocessor') or {}
    if own.get('type') == STACKED:
        own['type'] = 'PoseDataPreprocessor'
    for split in ('train', 'val', 'test'):
        reading = cfg.get(f'{split}_dataloader') or {}
        if (reading.get('collate_fn') or {}).get('type') == 'stacked_collate':
            del reading['collate_fn']


def choose_loading(loader: dict[str, Any], device: Device, stacks: bool) -> Iterator[str]:
    """The part of :func:`choose` that is about one dataloader; ``stacks``: the model takes stacked batches."""
    if stacks and (loader.get('collate_fn') or {}).get('type', 'pseudo_collate') == 'pseudo_collate':
        loader['collate_fn'] = dict(type='stacked_collate')
        yield 'stacked batches'
    if device.gpu is None:
        return
    loader.setdefault('pin_memory', True)
    before, wanted = loader.get('num_workers', 0), min(MOST_WORKERS, max(1, device.cores - 1))
    if before < wanted:
        loader['num_workers'] = wanted
        yield f'{wanted} processes load data'


def _precision(cfg: Config, device: Device) -> Iterator[str]:
    if not (cfg.get('env_cfg') or {}).get('cudnn_benchmark'):
        cfg.merge_from_dict({'env_cfg.cudnn_benchmark': True})
        yield 'cuDNN autotuning'
    torch.set_float32_matmul_precision('high')
    torch.backends.cudnn.allow_tf32 = True
    yield 'TF32'
    wrapper = cfg.get('optim_wrapper')
    half = any((cfg.get(name) or {}).get('fp16') for name in ('val_cfg', 'test_cfg'))
    # For all of the process, so not where somebody trains in PyTorch's own float16, with its scaled loss.
    if half and device.bfloat16 and (wrapper or {}).get('type') != 'AmpOptimWrapper':
        torch.set_autocast_dtype('cuda', torch.bfloat16)  # float16 ends at 65,504
        yield 'testing in bfloat16'
    if wrapper and device.bfloat16 and wrapper.get('type', 'OptimWrapper') == 'OptimWrapper':
        wrapper['type'] = 'Bfloat16OptimWrapper'
        yield 'training in bfloat16'
    graph = wrapper and wrapper.get('type') == 'Bfloat16OptimWrapper' and _is_static(cfg)
    if graph and wrapper.setdefault('cuda_graph', True):
        yield 'a CUDA graph of the hourglass'


def _is_static(cfg: Config) -> bool:
    """Whether a training's backbone may be a graph: an hourglass that nobody compiles, stepping after each batch."""
    backbone = (cfg.get('model') or {}).get('backbone') or {}
    alone = cfg.optim_wrapper.get('accumulative_counts', 1) == 1 and not cfg.get('compile')
    return alone and backbone.get('type') == 'StackedHourglass'


def _optimizer(cfg: Config) -> Iterator[str]:
    optimizer = (cfg.get('optim_wrapper') or {}).get('optimizer') or {}
    if optimizer.get('type') in FUSED and not {'fused', 'foreach'} & {*optimizer}:
        optimizer['fused'] = True
        yield f'fused {optimizer["type"]}'


def evaluation_batch(own: int, device: Device) -> int:
    """Persons a batch where nothing is trained, so that their number changes no result: many, on a large GPU.

    Launching a network's kernels costs as much for one person as for a hundred.
    """
    return max(own, LARGE_BATCH) if device.memory >= LARGE_MEMORY else own

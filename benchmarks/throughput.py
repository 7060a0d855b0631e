"""How many images a second a training takes in, and what holds it up.

    python benchmarks/throughput.py --data-root data/coco [--seconds 8] [--config ...]

For each config, in a process of its own and with what the tools choose for this device unasked: what one process
decodes, augments and makes targets of, what all loading processes deliver, what the network takes of one batch that is
there already (forward, backward, optimizer), and both together. Where the last is well below the smaller of the two
before, loading and computing wait for each other.
"""

import argparse
import json
import multiprocessing
import platform
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mmengine.config import Config
    from mmengine.runner import Runner

CONFIGS = (
    'configs/shg_strong_coco.py',
    'mmpose::body_2d_keypoint/topdown_heatmap/coco/td-hm_hrnet-w32_8xb64-210e_coco-256x192.py',
    'mmpose::body_2d_keypoint/rtmpose/coco/rtmpose-m_8xb256-420e_coco-256x192.py',
)
DECODING, TARGETS = ('LoadImage',), ('LoadVisibility', 'GenerateTarget', 'PackPoseInputs')


@dataclass(frozen=True)
class Rates:
    """Images a second."""

    config: str
    device: str
    batch: int
    workers: int
    decode: float  # one process
    augment: float
    targets: float
    loaded: float  # all processes that load
    step: float  # one batch again and again
    together: float
    step_tflops: float | None  # of forward and backward; multiply and add count 2


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--data-root', required=True, help='persons in the layout of COCO')
    parser.add_argument('--config', nargs='+', default=CONFIGS, help='default: hourglass, HRNet-W32, RTMPose-m')
    parser.add_argument('--batch', type=int, default=32, help='images a step; default: %(default)s')
    parser.add_argument('--seconds', type=float, default=8, help='for each number; default: %(default)s')
    parser.add_argument('--workers', type=int, help='processes that load; default: what the tools choose')
    parser.add_argument('--device-settings', choices=('on', 'off'), default='on', help='choose_for_device')
    parser.add_argument('--no-graph', action='store_true', help='train in bfloat16 without a CUDA graph')
    parser.add_argument('--compile', action='store_true', help='torch.compile, as --cfg-options compile=True does')
    parser.add_argument('--json', metavar='FILE', help='also write the numbers here')
    return parser.parse_args()


def config_of(args: argparse.Namespace, name: str) -> 'Config':
    """A config, told where the persons are."""
    from mmengine.config import Config

    from shg_xai.runner.config import read_config

    cfg = read_config(Config._get_cfg_path(name, '')[0] if '::' in name else name)
    loader = cfg.train_dataloader
    loader.dataset.data_root, loader.batch_size = args.data_root, args.batch
    loader.dataset.ann_file = 'annotations/person_keypoints_train2017.json'
    if args.workers is not None:
        loader.num_workers, loader.persistent_workers = args.workers, args.workers > 0
    try:
        import albumentations  # noqa: F401
    except ImportError:
        loader.dataset.pipeline = [step for step in loader.dataset.pipeline if step['type'] != 'Albumentation']
    cfg.work_dir, cfg.choose_for_device = 'work_dirs/throughput', args.device_settings == 'on'
    # Weights of a backbone trained elsewhere change no speed.
    cfg.model.backbone.pop('init_cfg', None)
    cfg.compile, cfg.launcher = args.compile, 'none'
    if args.no_graph:
        cfg.optim_wrapper.update(type='Bfloat16OptimWrapper', cuda_graph=False)
    cfg.log_level = 'WARNING'
    for key in ('val_cfg', 'val_dataloader', 'val_evaluator', 'test_cfg', 'test_dataloader', 'test_evaluator'):
        cfg[key] = None
    cfg.custom_hooks = []
    return cfg


def per_second(work: Callable[[], int], seconds: float) -> float:
    """How many images a second a piece of work gets through; it says how many it did. The first call warms up."""
    work()
    start, done = time.perf_counter(), 0
    while (passed := time.perf_counter() - start) < seconds:
        done += work()
    return done / passed


def parts(runner: 'Runner', seconds: float) -> list[float]:
    """What one process decodes, augments and makes targets of, images a second."""
    dataset = runner.train_dataloader.dataset
    samples = [dataset.get_data_info(place) for place in range(min(64, len(dataset)))]
    groups: list[list[Any]] = [[], [], []]
    for step in dataset.pipeline.transforms:
        name = type(step).__name__
        groups[0 if name in DECODING else 2 if name in TARGETS else 1].append(step)
    rates = []
    for group in groups:
        made: list[Any] = []
        rates.append(per_second(partial(_one, group, cycle(samples), made), seconds / 4))
        samples = made[:64]
    return rates


def _one(transforms: Sequence[Callable[[Any], Any]], samples: Iterator[Any], made: list[Any]) -> int:
    sample = dict(next(samples))
    for transform in transforms:
        sample = transform(sample)
    if len(made) < 64:
        made.append(sample)
    return 1


def network(runner: 'Runner', batch: Any, seconds: float) -> tuple[Callable[[Any], int], float, float | None]:
    """A training step as a function of a batch, its images a second on one batch, and TFLOP/s."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    runner.model.train()
    cuda = next(runner.model.parameters()).is_cuda

    def step(batch: Any) -> int:
        runner.model.train_step(batch, optim_wrapper=runner.optim_wrapper)
        if cuda:
            torch.cuda.synchronize()
        return len(batch['inputs'])

    flops = None
    if not runner.cfg.get('compile'):
        with FlopCounterMode(display=False) as counter:
            step(batch)
        flops = counter.get_total_flops()
    rate = per_second(lambda: step(batch), seconds)
    return step, rate, None if flops is None else flops * rate / len(batch['inputs']) / 1e12


def measure(args: argparse.Namespace, name: str) -> Rates:
    """The rates of one config."""
    import shg_xai.compat

    shg_xai.compat.prepare()
    import torch

    from shg_xai import plugin  # noqa: F401
    from shg_xai.runner.building import build_runner

    runner = build_runner(config_of(args, name), None)
    runner.call_hook('before_run')
    # As the runner's own loop builds them, without the loop.
    runner._train_loop = runner.build_train_loop(runner._train_loop)
    runner.optim_wrapper = runner.build_optim_wrapper(runner.optim_wrapper)
    runner.optim_wrapper.initialize_count_status(runner.model, 0, 10**6)
    if args.compile:
        runner._maybe_compile('train_step')
    decode, augment, targets = parts(runner, args.seconds)
    batches = iter_epochs(runner)
    loaded = per_second(lambda: len(next(batches)['inputs']), args.seconds)
    step, rate, tflops = network(runner, next(batches), args.seconds)
    together = per_second(lambda: step(next(batches)), args.seconds)
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else f'{platform.machine()} processor'
    workers = runner.train_dataloader.num_workers
    return Rates(Path(name).stem, device, args.batch, workers, decode, augment, targets, loaded, rate, together, tflops)


def iter_epochs(runner: 'Runner') -> Iterator[Any]:
    """Batches without end."""
    while True:
        yield from runner.train_dataloader


def table(rates: Sequence[Rates]) -> str:
    """The rates as a Markdown table."""
    head = ['config', 'decode', 'augment', 'targets', 'loaded', 'step', 'together', 'TFLOP/s', 'processes']
    lines = [f'| {" | ".join(head)} |', '|---' * len(head) + '|']
    for own in rates:
        numbers = (own.decode, own.augment, own.targets, own.loaded, own.step, own.together)
        tflops = '–' if own.step_tflops is None else f'{own.step_tflops:.1f}'
        lines.append(f'| {own.config} | {" | ".join(f"{x:,.0f}" for x in numbers)} | {tflops} | {own.workers} |')
    return '\n'.join(lines)


def main() -> None:
    args = parse_args()
    found = []
    for name in args.config:
        print(f'  measuring {name}', file=sys.stderr, flush=True)
        with ProcessPoolExecutor(1, multiprocessing.get_context('spawn')) as pool:
            found.append(pool.submit(measure, args, name).result())
        print(table(found[-1:]).splitlines()[-1], file=sys.stderr, flush=True)
    print(f'\nImages a second, batches of {args.batch}, {found[0].device}\n\n{table(found)}')
    if args.json:
        Path(args.json).write_text(json.dumps([asdict(own) for own in found], indent=2) + '\n')


if __name__ == '__main__':
    main()

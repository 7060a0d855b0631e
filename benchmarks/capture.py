"""What storing latents costs: python benchmarks/capture.py DATA_ROOT [--rounds N]"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

LAYER = 'backbone.hourglasses.0.bottleneck_residuals'
DESCRIPTION = """Time a test of the study's full-size network (random weights) with and without
storing its latent, 256 x 4 x 4 in float16, and everything known of a person. Rounds with and
without take turns in one process; the ratio is taken within a round. Then the bytes on disk beside
the raw array and, with --memory, the peak memory of storing 1,000 and 10,000 persons with the
demo's network, each in a process of its own, and the bytes of their rows, 1024 persons a file.
DATA_ROOT is in the layout of COCO, as tools/make_people.py makes it; for --memory:

  tools/make_people.py /tmp/people --train 0 --val 0 --test 10000"""


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('data_root', type=Path)
    parser.add_argument('--rounds', type=int, default=7, help='default: %(default)s')
    parser.add_argument('--persons', type=int, default=64, help='a round; default: %(default)s')
    parser.add_argument('--split', default='test', help='train, val or test, whose persons; default: %(default)s')
    parser.add_argument('--amp', action='store_true', help='in bfloat16')
    parser.add_argument('--config', default='configs/shg_coco.py', help='default: %(default)s')
    parser.add_argument(
        '--memory',
        type=int,
        nargs='*',
        metavar='N',
        help='also measure peak memory for so many persons; alone: 1000 10000',
    )
    parser.add_argument('--worker', type=int, help=argparse.SUPPRESS)
    return parser.parse_args()


def read(args: argparse.Namespace, config: str) -> object:
    """The config, with persons of the split for those it tests."""
    from shg_xai.runner.config import read_config

    cfg = read_config(config)
    for name in ('val_dataloader', 'test_dataloader'):
        cfg[name].update(batch_size=16, num_workers=0, persistent_workers=False)
        cfg[name].dataset.update(
            data_root=str(args.data_root),
            data_prefix=dict(img=f'{args.split}2017/'),
            ann_file=f'annotations/person_keypoints_{args.split}2017.json',
        )
    cfg.test_cfg.fp16 = args.amp
    cfg.work_dir, cfg.load_from, cfg.resume = tempfile.mkdtemp(), None, False
    cfg.launcher, cfg.log_level = 'none', 'ERROR'
    return cfg


def measure_time(args: argparse.Namespace) -> None:
    """Print the overhead in time and in bytes."""
    import torch
    from mmengine.runner.amp import autocast

    from shg_xai.interventions import capture as dump
    from shg_xai.interventions.capture_options import DumpOptions
    from shg_xai.interventions.network import open_model
    from shg_xai.interventions.persons import build_loader, open_persons
    from shg_xai.runner.layers import LayerInfo

    cfg = read(args, args.config)
    model: Any = open_model(cfg, None).eval()

    def plainly() -> None:
        for batch in build_loader(cfg, open_persons(cfg, 'test', args.persons).dataset):
            with torch.no_grad(), autocast(enabled=args.amp):
                model.test_step(batch)

    def storing() -> None:
        with tempfile.TemporaryDirectory() as folder:
            options = DumpOptions(layers=(LAYER,), out=Path(folder) / 'store', split='test', limit=args.persons)
            dump.store_persons(model, cfg, None, options, [LayerInfo(LAYER, (256, 4, 4), 'float32', 1)])
            sizes.append(sum(file.stat().st_size for file in options.out.rglob('*.npy')))
            rows.append(sum(file.stat().st_size for file in options.out.rglob('*.parquet')))

    sizes: list[int] = []
    rows: list[int] = []
    plainly()
    storing()
    ratios = []
    for index in range(args.rounds):
        seconds = []
        # Which goes first changes from round to round.
        for run in (plainly, storing)[:: 1 if index % 2 else -1]:
            start = time.perf_counter()
            run()
            seconds.append(time.perf_counter() - start)
        plain, stored = seconds[:: 1 if index % 2 else -1]
        ratios.append(stored / plain)
        print(f'round {index + 1}: {plain:.2f} s without, {stored:.2f} s with', file=sys.stderr)
    raw = args.persons * 256 * 4 * 4 * 2
    print(
        f'time with / without: median {statistics.median(ratios):.3f} ({min(ratios):.3f} to '
        f'{max(ratios):.3f}), {args.rounds} rounds of {args.persons} persons'
    )
    print(
        f'bytes of the arrays / raw: {sizes[-1] / raw:.4f}; rows.parquet: '
        f'{rows[-1] / args.persons:.0f} bytes a person in a file of {args.persons}'
    )


def peak_gb() -> float:
    """The most memory this process has had at a time, in GB.

    Not getrusage's: of a process that another started it may be the other's.
    """
    lines = Path('/proc/self/status').read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith('VmHWM:')) * 1024 / 1e9


def measure_memory(args: argparse.Namespace) -> None:
    """Print the peak memory of storing more and more persons."""
    for persons in args.memory or (1000, 10000):
        done = subprocess.run(
            [sys.executable, '-W', 'ignore', __file__, str(args.data_root), '--worker', str(persons)],
            capture_output=True,
            text=True,
        )
        if done.returncode:
            sys.exit(done.stderr)
        print(done.stdout.splitlines()[-1])


def store_many(args: argparse.Namespace) -> None:
    """A worker: store so many persons and print the peak memory."""
    from shg_xai.interventions import capture as dump
    from shg_xai.interventions.capture_options import DumpOptions

    cfg = read(args, 'configs/demo/shg_people.py')
    with tempfile.TemporaryDirectory() as folder:
        options = DumpOptions(layers=(LAYER,), out=Path(folder) / 'store', split='test', limit=args.worker)
        stored = dump.dump_latents(cfg, None, options)
        rows = sum(file.stat().st_size for file in options.out.rglob('*.parquet'))
    if stored < args.worker:
        sys.exit(f'{args.data_root}: has {stored} test persons, not {args.worker}')
    print(f'{stored} persons: peak {peak_gb():.3f} GB; rows.parquet: {rows / stored:.0f} bytes a person')


def main() -> None:
    args = parse_args()
    if args.worker:
        store_many(args)
        return
    measure_time(args)
    if args.memory is not None:
        measure_memory(args)


if __name__ == '__main__':
    main()

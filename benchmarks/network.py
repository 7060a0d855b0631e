"""How fast the study's network runs: python benchmarks/network.py [--rounds N] [--device cuda]"""

import argparse
import json
import platform
import resource
import shlex
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

MMPOSE_HOURGLASS = 'mmpose::body_2d_keypoint/topdown_heatmap/coco/td-hm_hourglass52_8xb32-210e_coco-256x256.py'
STUDY = 'configs/shg_coco.py'


class Variant(NamedTuple):
    config: str
    ours: bool  # whether our settings are on
    bfloat16: bool = False
    compiled: bool = False


BASELINE, LAST = 'plain float32', 'MMPose HourglassNet, plain float32'
VARIANTS = {
    BASELINE: Variant(STUDY, False),
    'ours float32': Variant(STUDY, True),
    'ours bfloat16': Variant(STUDY, True, bfloat16=True),
    'ours bfloat16, compiled': Variant(STUDY, True, bfloat16=True, compiled=True),
    LAST: Variant(MMPOSE_HOURGLASS, False),
}

MODES = ('forward', 'training step')
DESCRIPTION = """Time one forward pass and one training step (forward, backward, RMSprop) of the
study's network, for each variant in a process of its own. The processes take turns, so that
whatever slows the machine slows all of them; ratios are taken within a round.

  plain    eager PyTorch as it comes: NCHW, nothing folded
  ours     what tools/train.py and tools/test.py use unasked: channels innermost, freed memory
           kept (CPU), cuDNN autotuning and TF32 (GPU), and, in the forward pass, normalisation
           folded into the convolutions, with less between them (GPU)
  bfloat16 the same with --amp; on a GPU a training step replays a CUDA graph
  compiled torch.compile instead of the graph (--compile)"""


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--rounds', type=int, default=9, help='default: %(default)s')
    parser.add_argument('--batch', type=int, default=4, help='default: %(default)s')
    parser.add_argument('--size', type=int, default=256, help='side of the images, in pixels; default: %(default)s')
    parser.add_argument('--device', default='cpu', help='cpu or cuda; default: %(default)s')
    parser.add_argument(
        '--compile', action='store_true', help='also torch.compile, which takes a minute or more to start'
    )
    parser.add_argument('--modes', nargs='+', choices=MODES, default=MODES, help='default: both')
    parser.add_argument('--json', metavar='FILE', help='also write the numbers here')
    parser.add_argument('--worker', nargs=2, metavar=('VARIANT', 'MODE'), help=argparse.SUPPRESS)
    return parser.parse_args()


def build_step(args: argparse.Namespace, variant: str, mode: str) -> tuple[Callable, dict]:
    """The computation to time, and what is known of it beforehand.

    Returns:
        A function that runs it once; the number of parameters, the FLOP of a forward pass over the batch and, for
        'forward', the heatmaps' deviation from plain float32.
    """
    import torch
    from mmcv.cnn import fuse_conv_bn
    from mmengine.config import Config
    from mmengine.registry import init_default_scope
    from mmpose.registry import MODELS
    from torch.utils.flop_counter import FlopCounterMode

    from shg_xai import plugin  # noqa: F401
    from shg_xai.memory import keep_freed_memory
    from shg_xai.models.folded import fuse
    from shg_xai.runner.cuda_graph import Graphs, replayed_backbone

    config, ours, bfloat16, compiled = VARIANTS[variant]
    if ours and args.device == 'cpu':
        keep_freed_memory()
    if ours and args.device != 'cpu':
        torch.backends.cudnn.benchmark = torch.backends.cudnn.allow_tf32 = True
        torch.set_float32_matmul_precision('high')
    init_default_scope('mmpose')
    cfg = Config.fromfile(
        f'configs/{config.split("/")[-1]}' if config == STUDY else Config._get_cfg_path(config, '')[0]
    )
    if config == STUDY:
        cfg.model.backbone.channels_last = ours
    torch.manual_seed(0)
    model = MODELS.build(cfg.model)
    images = torch.rand(args.batch, 3, args.size, args.size)
    targets = torch.rand(args.batch, 17, args.size // 4, args.size // 4)

    def heatmaps() -> torch.Tensor:
        output = model.head(model.backbone(images))
        return (output[-1] if isinstance(output, list) else output).float()

    model.to(args.device)
    images, targets = images.to(args.device), targets.to(args.device)
    facts = dict(parameters=sum(parameter.numel() for parameter in model.parameters()))
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        reference = heatmaps()
    facts['flop'] = counter.get_total_flops()
    autocast = torch.autocast(args.device, torch.bfloat16, enabled=bfloat16)
    if compiled:
        model.backbone.compile()
    graphs: Graphs | None = {} if ours and bfloat16 and not compiled else None
    if mode == 'forward':
        model.eval()
        with torch.no_grad():
            reference = heatmaps()  # of the untouched model, in evaluation mode
        if ours:
            fuse_conv_bn(model)
            if args.device != 'cpu':
                fuse(model, torch.bfloat16 if bfloat16 else torch.float32)

        def forward() -> torch.Tensor:
            with torch.no_grad(), autocast:
                return heatmaps()

        facts['deviation'] = float((forward() - reference).abs().max() / reference.abs().max())
        return forward, facts

    optimizer = torch.optim.RMSprop(model.parameters(), lr=2.5e-4, alpha=0.99)

    def step() -> torch.Tensor:
        optimizer.zero_grad()
        with autocast, replayed_backbone(model, graphs):
            output = heatmaps()
        torch.nn.functional.mse_loss(output, targets).backward()
        optimizer.step()
        return output

    return step, facts


def work(args: argparse.Namespace) -> None:
    """A worker: time one step for every line that comes in."""
    import torch

    step, facts = build_step(args, *args.worker)

    def timed() -> float:
        start = time.perf_counter()
        step()
        if args.device != 'cpu':
            torch.cuda.synchronize()
        return time.perf_counter() - start

    timed(), timed()
    print(json.dumps(facts), flush=True)
    for _ in sys.stdin:
        seconds = timed()
        peak = (
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
            if args.device == 'cpu'
            else torch.cuda.max_memory_allocated()
        )
        print(json.dumps(dict(seconds=seconds, peak=peak)), flush=True)


def measure(args: argparse.Namespace, mode: str) -> dict[str, dict]:
    """Run one worker a variant, in turns.

    Returns:
        For each variant its facts, ``seconds`` of every round, and ``peak``.
    """
    workers, facts, commands = {}, {}, {}
    print(f'  starting: {mode}', file=sys.stderr, flush=True)
    for variant, made in VARIANTS.items():
        if made.compiled and not args.compile:
            continue
        commands[variant] = [
            sys.executable,
            '-W',
            'ignore',
            __file__,
            '--batch',
            str(args.batch),
            '--size',
            str(args.size),
            '--device',
            args.device,
            '--worker',
            variant,
            mode,
        ]
        workers[variant] = subprocess.Popen(
            commands[variant], stdin=subprocess.PIPE, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
    for variant, worker in workers.items():  # which import and build side by side
        results_line = worker.stdout.readline()
        if not results_line:
            raise SystemExit(f'{variant}: failed; run it alone to see why: {shlex.join(commands[variant])}')
        facts[variant] = json.loads(results_line)
    results = {variant: dict(facts[variant], seconds=[]) for variant in workers}
    for index in range(args.rounds):
        print(f'  {mode}: round {index + 1} of {args.rounds}', file=sys.stderr, flush=True)
        for variant, worker in workers.items():
            worker.stdin.write('\n')
            worker.stdin.flush()
            answer = json.loads(worker.stdout.readline())
            results[variant]['seconds'].append(answer['seconds'])
            results[variant]['peak'] = answer['peak']
    for worker in workers.values():
        worker.stdin.close()
        worker.wait()
    return results


def print_table(mode: str, results: dict[str, dict]) -> None:
    """Print the results of one mode as a Markdown table."""
    passes = 1 if mode == 'forward' else 3  # the backward pass costs two forward passes
    print(
        f'\n| {mode} | median s (min to max) | times faster (min to max) | GFLOP/s | peak GB |'
        f'{" deviation |" if mode == "forward" else ""}'
    )
    print('|---' * (6 if mode == 'forward' else 5) + '|')
    for variant, result in results.items():
        seconds = result['seconds']
        ratios = [plain / own for plain, own in zip(results[BASELINE]['seconds'], seconds, strict=True)]
        median = statistics.median(seconds)
        line = (
            f'| {variant} | {median:.3f} ({min(seconds):.3f} to {max(seconds):.3f}) | '
            f'{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}) | '
            f'{passes * result["flop"] / median / 1e9:.0f} | {result["peak"] / 1e9:.2f} |'
        )
        print(line + (f' {result["deviation"]:.0e} |' if mode == 'forward' else ''), flush=True)


def main() -> None:
    args = parse_args()
    if args.worker:
        work(args)
        return
    print(
        f'{args.batch} images of {args.size} x {args.size}, {args.rounds} rounds, {args.device}, {platform.machine()}'
    )
    everything = {}
    for mode in args.modes:
        everything[mode] = results = measure(args, mode)
        print_table(mode, results)
    print()
    for variant in (BASELINE, LAST):
        facts = everything[args.modes[0]][variant]
        print(
            f'{VARIANTS[variant].config}: {facts["parameters"]:,} parameters, '
            f'{facts["flop"] / args.batch / 1e9:.1f} GFLOP an image (multiply and add count 2)'
        )
    if args.json:
        with open(args.json, 'w') as file:
            json.dump(everything, file, indent=2)


if __name__ == '__main__':
    main()

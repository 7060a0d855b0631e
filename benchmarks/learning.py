"""Where a network learns, and where it stays at an empty heatmap: python benchmarks/learning.py --data-root DIR ..."""

import argparse
import itertools
import json
import logging
import multiprocessing
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean
from typing import Any

DESCRIPTION = """Train for a few hundred steps for each combination of config, channels, sigma and rate, with several
seeds, and print the loss as a share of that of empty heatmaps: 1 is the plateau on which nothing is learned. A training
has left it at the first step from which on the mean of 20 steps stays below --left.

  benchmarks/learning.py --data-root data/lspet --config configs/demo/shg_people.py --channels 32 64 128
  benchmarks/learning.py --data-root data/lspet --channels 64 --sigma 1 1.5 2 --rate 1e-3 2.5e-4 --seeds 0 1 2 \\
      --out map.jsonl

A line of JSON for each training goes to --out, and what is there already is not trained again."""
SMOOTH = 20  # steps


@dataclass(frozen=True)
class Training:
    """One training, and how its loss went."""

    data_root: str
    config: str
    channels: int
    sigma: float | None  # heatmap pixels; None: the config's
    rate: float | None  # None: the config's
    seed: int
    options: tuple[str, ...]  # further --cfg-options
    steps: int

    @property
    def recipe(self) -> tuple[object, ...]:
        """What it shares with those of other seeds."""
        return self.config, self.options, self.channels, self.sigma, self.rate

    def ratios(self) -> list[float]:
        """Train, and return the loss of each step as a share of that of empty heatmaps."""
        import shg_xai.plugin  # noqa: F401
        from shg_xai.hooks.empty_heatmap import RATIO
        from shg_xai.runner.building import build_runner
        from shg_xai.runner.config import merge_overrides, read_config
        from shg_xai.runner.options import CommonOptions

        cfg = read_config(self.config)
        merge_overrides(cfg, CommonOptions(cfg_options=self.options), self.config)
        cfg.model.backbone.channels = cfg.model.head.in_channels = self.channels
        if self.sigma is not None:
            set_sigma(cfg, self.sigma)
        if self.rate is not None:
            cfg.optim_wrapper.optimizer.lr = self.rate
        cfg.train_dataloader.dataset.data_root = self.data_root
        cfg.train_dataloader.sampler = dict(type='InfiniteSampler', shuffle=True)
        cfg.train_cfg = dict(type='IterBasedTrainLoop', max_iters=self.steps)
        cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
        cfg.test_cfg = cfg.test_dataloader = cfg.test_evaluator = None
        cfg.param_scheduler = [one for one in _listed(cfg.param_scheduler) if one['type'] == 'LinearLR']  # a warm-up
        cfg.custom_hooks = [dict(type='EmptyHeatmapHook', interval=1)]
        cfg.default_hooks = dict(checkpoint=None, logger=None)
        cfg.randomness, cfg.launcher, cfg.log_level = dict(seed=self.seed), 'none', 'ERROR'
        with tempfile.TemporaryDirectory() as folder:
            cfg.work_dir, cfg.experiment_name = folder, Path(folder).name
            runner = build_runner(cfg, None)
            runner.train()
            found = runner.message_hub.get_scalar(RATIO).data[0].tolist()
            logging.shutdown()  # its log lies in the folder
        return found


def _listed(value: object) -> list:
    return list(value) if isinstance(value, list | tuple) else [value]


def set_sigma(cfg: Any, sigma: float) -> None:
    """Give every VisibilityHeatmap of a config one sigma for all joints; changed in place."""
    for node in cfg.values() if isinstance(cfg, dict) else cfg:
        if isinstance(node, dict) and node.get('type') == 'VisibilityHeatmap':
            node['sigma_visible'] = node['sigma_occluded'] = sigma
        elif isinstance(node, dict | list | tuple):
            set_sigma(node, sigma)


def smoothed(ratios: Sequence[float]) -> list[float]:
    """Means of the last 20 steps (of fewer at the start)."""
    return [mean(ratios[max(0, step + 1 - SMOOTH) : step + 1]) for step in range(len(ratios))]


def left_at(ratios: Sequence[float], below: float) -> int | None:
    """The first step from which on the smoothed ratio stays below a share; None where it does not."""
    above = [step for step, value in enumerate(smoothed(ratios)) if value >= below]
    step = above[-1] + 1 if above else 0
    return step if step < len(ratios) else None


def table(found: dict[Training, list[float]], below: float) -> Iterator[str]:
    """Recipes as lines of Markdown: the share at a few steps, mean of seeds, and when each seed left the plateau."""
    steps = max(map(len, found.values()))
    shown = [step for step in (50, 100, 200, 400, 800, 1600, 3200) if step < steps] + [steps]
    yield '| config | channels | sigma | rate | ' + ' | '.join(f'step {step}' for step in shown) + ' | left at |'
    yield '|---' * (5 + len(shown)) + '|'
    recipes = defaultdict[tuple, list[list[float]]](list)
    for training, ratios in found.items():
        recipes[training.recipe].append(ratios)
    for (config, options, channels, sigma, rate), seeds in recipes.items():
        name = ' '.join([Path(str(config)).stem, *map(str, options)])
        values = [mean(smoothed(ratios)[min(step, len(ratios)) - 1] for ratios in seeds) for step in shown]
        left = [left_at(ratios, below) for ratios in seeds]
        cells = [name, channels, 'its own' if sigma is None else sigma, 'its own' if rate is None else f'{rate:g}']
        cells += [f'{value:.3f}' for value in values]
        yield f'| {" | ".join(map(str, cells))} | {", ".join("-" if step is None else str(step) for step in left)} |'


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--data-root', required=True, help='COCO keypoint data: annotations/, train2017/')
    parser.add_argument('--config', nargs='+', default=['configs/demo/shg_people.py'], help='default: %(default)s')
    parser.add_argument('--channels', type=int, nargs='+', default=[32, 64], help='default: %(default)s')
    parser.add_argument('--sigma', type=float, nargs='+', default=[None], help='heatmap pixels; default: the config’s')
    parser.add_argument('--rate', type=float, nargs='+', default=[None], help='default: the config’s')
    parser.add_argument('--seeds', type=int, nargs='+', default=[0], help='default: %(default)s')
    parser.add_argument('--steps', type=int, default=400, help='default: %(default)s')
    parser.add_argument('--left', type=float, default=0.95, metavar='SHARE', help='default: %(default)s')
    parser.add_argument('--cfg-options', nargs='+', default=[], metavar='KEY=VALUE', help='into every config')
    parser.add_argument('--out', type=Path, help='file of trainings, a line of JSON each; it is gone on with')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    known: dict[Training, list[float]] = {}
    for line in args.out.read_text().splitlines() if args.out and args.out.is_file() else ():
        entry = json.loads(line)
        entry['training']['options'] = tuple(entry['training']['options'])
        known[Training(**entry['training'])] = entry['ratios']
    wanted = [
        Training(args.data_root, config, channels, sigma, rate, seed, tuple(args.cfg_options), args.steps)
        for config, channels, sigma, rate, seed in itertools.product(
            args.config, args.channels, args.sigma, args.rate, args.seeds
        )
    ]
    for place, training in enumerate(wanted, 1):
        if training in known:
            continue
        start = time.monotonic()
        # In a process of its own: MMEngine keeps loggers and visualizers from one training to the next.
        with ProcessPoolExecutor(1, multiprocessing.get_context('spawn')) as pool:
            known[training] = pool.submit(training.ratios).result()
        left, end = left_at(known[training], args.left), smoothed(known[training])[-1]
        said = f'left at {left}' if left is not None else 'has not left'
        print(f'{place}/{len(wanted)} {training.recipe} seed {training.seed}: {said}, {end:.3f} at the end, ', end='')
        print(f'{(time.monotonic() - start) / training.steps:.2f} s a step', flush=True)
        if args.out:
            with args.out.open('a') as file:
                file.write(json.dumps(dict(training=asdict(training), ratios=known[training])) + '\n')
    print()
    print('\n'.join(table({training: known[training] for training in wanted}, args.left)))


if __name__ == '__main__':
    main()

"""The autoencoder's options on stored latents: python benchmarks/autoencoder.py STORE"""

import argparse
import logging
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from shg_xai.cli import run

WIDTHS, NOISES = (8, 16, 50), (0.0, 0.1)
HIDDEN = (32, 32, 32)
CONFIG = Path(__file__).resolve().parent.parent / 'configs' / 'demo' / 'ae_people_latents.py'

DESCRIPTION = """Train the autoencoder with each combination of its options, one after the other,
and print what it explains of the variance of persons it was trained on and of held-out persons,
beside PCA of the same width. Recipe: configs/demo/ae_people_latents.py; seed 0.

The network without hidden layers, ReLUs and noise is linear; PCA is the best it can do on the
persons it was trained on."""


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('store', help='folder of a latent store of one layer (C, H, W)')
    parser.add_argument('--epochs', type=int, default=20, help='default: %(default)s')
    parser.add_argument('--quick', action='store_true', help='two combinations, to try it')
    return parser.parse_args()


@dataclass(frozen=True)
class Options:
    """One combination."""

    width: int
    hidden: bool
    code_relu: bool
    output_relu: bool
    noise: float

    def cells(self) -> list[str]:
        yes_no = {True: 'yes', False: 'no'}
        return [
            str(self.width),
            'convolutions' if self.hidden else 'none',
            yes_no[self.code_relu],
            yes_no[self.output_relu],
            f'{self.noise:g}',
        ]


def combinations(quick: bool) -> Iterator[Options]:
    """All combinations, those of one width together, the study's own first."""
    if quick:
        yield from (Options(8, True, True, True, 0.1), Options(8, False, False, False, 0.0))
        return
    relus = ((True, True), (True, False), (False, True), (False, False))
    for width, hidden, (code, output), noise in product(WIDTHS, (True, False), relus, NOISES[::-1]):
        yield Options(width, hidden, code, output, noise)


def config_of(args: argparse.Namespace, options: Options, folder: str) -> Any:
    """The demo's config with these options; validation once, at the end."""
    from mmengine.config import Config

    from shg_xai.latents import LatentStore

    store = LatentStore.open(args.store)
    shape = store.array(store.layers[0]).shape[1:]
    cfg = Config.fromfile(CONFIG)
    cfg.merge_from_dict(
        {
            'work_dir': folder,
            'experiment_name': Path(folder).name,
            'log_level': 'WARNING',
            'train_cfg.max_epochs': args.epochs,
            'train_cfg.val_interval': args.epochs + 1,
            'default_hooks.checkpoint.save_best': None,
            'default_hooks.checkpoint.interval': -1,
            'default_hooks.checkpoint.save_last': False,
            'model.neck.in_channels': shape[0],
            'model.neck.in_featuremap_size': shape[:0:-1],
            'model.neck.hidden_channels': HIDDEN if options.hidden else (),
            'model.neck.code_channels': options.width,
            'model.neck.code_relu': options.code_relu,
            'model.neck.output_relu': options.output_relu,
            'model.neck.noise': options.noise,
        }
    )
    for name in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        cfg[name].dataset.data_root = args.store
    cfg.visualizer = None  # or all runs would share the first one's
    # PCA is found once for all combinations, see pca_figures.
    cfg.custom_hooks = [hook for hook in cfg.custom_hooks if hook.type != 'PCAReferenceHook']
    return cfg


def trained(cfg: Any) -> dict[str, dict[str, float]]:
    """Metrics of held-out persons and of those trained on, after a training."""
    from mmengine.runner import Runner, TestLoop

    runner = Runner.from_cfg(cfg)
    runner.train()
    found = {}
    for part in ('held_out', 'train'):
        loader = cfg.val_dataloader.copy()
        loader.dataset.part = part
        found[part] = TestLoop(runner, loader, cfg.test_evaluator).run()
    return found


def pca_figures(store: str) -> dict[str, dict[int, float]]:
    """What PCA of each width explains of persons held out and of those it is found from."""
    from shg_xai.datasets.latent_dataset import LatentDataset
    from shg_xai.stats.executors import executor
    from shg_xai.stats.pca import fit_components, pca_explained

    parts = {part: LatentDataset(store, part=part).selection for part in ('held_out', 'train')}
    with executor() as pool:
        components = fit_components(parts['train'], pool)
        return {
            part: dict(zip(WIDTHS, pca_explained(components, own, WIDTHS, pool), strict=True))
            for part, own in parts.items()
        }


def main() -> None:
    args = parse_args()
    import torch

    import shg_xai.plugin  # noqa: F401

    pca = pca_figures(args.store)
    logging.disable(logging.WARNING)
    print(f'{args.epochs} epochs, {torch.get_num_threads()} threads\n')
    print(
        '| width | hidden layers | code ReLU | output ReLU | noise | trained on | held out | '
        'PCA, trained on | PCA, held out | dead units | s |'
    )
    print('|---' * 11 + '|', flush=True)
    for options in combinations(args.quick):
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            found = trained(config_of(args, options, folder))
            seconds = time.perf_counter() - start
        shares = [found[part]['latent/explained_variance_ratio'] for part in ('train', 'held_out')]
        shares += [pca[part][options.width] for part in ('train', 'held_out')]
        cells = [
            *options.cells(),
            *(f'{share:.3f}' for share in shares),
            str(found['held_out']['latent/dead_code_units']),
            f'{seconds:.0f}',
        ]
        print(f'| {" | ".join(cells)} |', flush=True)


if __name__ == '__main__':
    run(main)

"""Stages by kind: training, testing, dumping, analysing."""

from dataclasses import dataclass
from pathlib import Path

from shg_xai.study.configs import inherited
from shg_xai.study.costs import Costs
from shg_xai.study.settings import Settings
from shg_xai.study.stages import Stage


@dataclass(frozen=True)
class Maker:
    """Makes stages.

    Attributes:
        settings: What the study is about.
        costs: What persons, networks and stores cost.
    """

    settings: Settings
    costs: Costs

    def train(
        self, network: str, seed: int, epochs: int, plain: str | None = None, autoencoders: list[str] | None = None
    ) -> Stage:
        """A network's training."""
        s = self.settings
        config, run = s.config_of(network, seed), s.run_of(network, seed)
        options = []
        if plain:
            parts = ','.join(f'{{{pattern}}}' for pattern in autoencoders or [])
            options = [
                '--cfg-options',
                f'default_hooks.splice.plain={{{plain}}}',
                *([f'default_hooks.splice.autoencoders=[{parts}]'] if parts else []),
            ]
        launcher = ['tools/train.py']
        if s.processes > 1:
            launcher = ['-m', 'torch.distributed.run', '--nproc_per_node', str(s.processes), 'tools/train.py']
            options = ['--launcher', 'pytorch', *options]
        return self.stage(
            f'train {network} {seed}',
            (
                *launcher,
                str(config),
                '--work-dir',
                str(run),
                *self.data_options(),
                '--resume',
                *(['--amp'] if s.amp else []),
                *options,
            ),
            [
                str(config),
                *inherited(s.config),
                str(s.train_file),
                str(s.val_file),
                *([plain] if plain else []),
                *(autoencoders or []),
            ],
            run,
            self.costs.training(epochs),
        )

    def train_autoencoder(self, name: str, seed: int) -> Stage:
        """An autoencoder's training on stored latents."""
        s = self.settings
        config, run = s.work_dir / 'configs' / f'{name}.py', s.work_dir / 'runs' / name
        store = s.store_of('plain', seed)
        return self.stage(
            f'train {name}',
            ('tools/train.py', str(config), '--work-dir', str(run), '--data-root', str(store), '--resume'),
            [str(config), *inherited(s.autoencoder), str(store / 'manifest.json')],
            run,
            self.costs.training_autoencoder(s.autoencoder_epochs),
        )

    def test_autoencoder(self, name: str, seed: int) -> Stage:
        """An autoencoder's test on the persons of the store it was not trained on."""
        s = self.settings
        config = s.work_dir / 'configs' / f'{name}.py'
        best = str(s.work_dir / 'runs' / name / 'best_latent_explained_variance_ratio_epoch_*.pth')
        store, out = s.store_of('plain', seed), s.work_dir / 'tests' / f'{name}.json'
        return self.stage(
            f'test {name}',
            (
                'tools/test.py',
                str(config),
                f'{{{best}}}',
                '--work-dir',
                str(s.work_dir / 'runs' / f'test_{name}'),
                '--data-root',
                str(store),
                '--out',
                str(out),
            ),
            [best, str(config), str(store / 'manifest.json')],
            out,
            self.costs.training_autoencoder(),
        )

    def test(self, network: str, config: str, seed: int) -> Stage:
        """A network's test on the held-out persons."""
        s = self.settings
        best, out = s.best_of(network, seed), s.test_of(network, seed)
        return self.stage(
            f'test {network} {seed}',
            (
                'tools/test.py',
                str(s.config_of(config, seed)),
                f'{{{best}}}',
                '--work-dir',
                str(s.work_dir / 'runs' / f'test_{network}_{seed}'),
                *self.data_options(),
                '--out',
                str(out),
                '--persons',
                str(s.test_of(network, seed, 'parquet')),
            ),
            [best, str(s.config_of(config, seed)), str(s.test_file)],
            out,
            self.costs.testing(),
        )

    def dump(self, network: str, seed: int, layers: tuple[str, ...]) -> Stage:
        """A network's latents of the training persons."""
        s = self.settings
        store = s.store_of(network, seed)
        return self.stage(
            f'dump {network} {seed}',
            (
                'tools/dump_latents.py',
                str(s.config_of(network, seed)),
                f'{{{s.best_of(network, seed)}}}',
                *self.data_options(),
                '--split',
                'train',
                '--layers',
                *layers,
                '--out',
                str(store),
            ),
            [s.best_of(network, seed), str(s.train_file)],
            store,
            self.costs.dumping(len(layers)),
        )

    def analyse(self, name: str, stores: list[Path], layers: list[str], out: Path, *options: str) -> Stage:
        """An analysis of stores."""
        s = self.settings
        return self.stage(
            name,
            (
                'tools/analyze_latent.py',
                *map(str, stores),
                '--layers',
                *layers,
                '--bootstrap',
                str(s.bootstrap),
                '--confidence',
                str(s.confidence),
                '--out',
                str(out),
                *options,
            ),
            [str(store / 'manifest.json') for store in dict.fromkeys(stores)],
            out,
            self.costs.analysing(len(stores)),
        )

    def data_options(self) -> list[str]:
        """Where the data is, for a tool."""
        return ['--data-root', str(self.settings.data), *([] if self.settings.own_test else ['--held-out'])]

    def stage(
        self,
        name: str,
        command: tuple[str, ...],
        inputs: list[str],
        output: Path,
        cost: tuple[float | None, float | None],
    ) -> Stage:
        """A stage, its inputs without repeats."""
        return Stage(name, command, tuple(dict.fromkeys(inputs)), output, *cost)

"""The plan of a study: its stages in order, each a command of its own."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from shg_xai.study import configs
from shg_xai.study.configs import inherited
from shg_xai.study.costs import Cost, Costs
from shg_xai.study.interventions import intervention_files, intervention_stages
from shg_xai.study.process import ROOT
from shg_xai.study.settings import FILE, Settings
from shg_xai.study.stages import Stage

# People who differ by sitting or standing and by little else: the same size, seen from one side.
CONTROLLED = ['--two', 'posture=0,1', '--range', 'activity=0:0.2', '--range', 'yaw_deg=52:58'] + [
    word
    for fixed in ('scale=0.65', 'truncation=0', 'occluder=0', 'label_dropout=0', 'distractors=0', 'roll_deg=0')
    for word in ('--fix', fixed)
]
CONTROLLED_PEOPLE = 400
MOST_HELD_OUT = 5064  # the study's test set


@dataclass(frozen=True)
class Plan:
    """Puts the stages of a study in order.

    Attributes:
        settings: What the study is about.
        costs: What persons, networks and stores cost.
    """

    settings: Settings
    costs: Costs

    def stages(self) -> list[Stage]:
        """All stages, each after those it depends on."""
        s = self.settings
        found = [*self._data()]
        for seed in s.seeds:
            found += self._plain(seed)
        found += self._width()
        for seed in s.seeds:
            found += self._networks(seed)
        return [*found, *self._look_again(), *intervention_stages(self), *self._pictures(), self._collect()]

    def stage(self, name: str, command: Iterable[object], inputs: Iterable[object], output: Path, cost: Cost) -> Stage:
        """A stage, words and inputs as text, inputs without repeats."""
        return Stage(name, tuple(map(str, command)), tuple(dict.fromkeys(map(str, inputs))), output, *cost)

    def data_options(self) -> list[object]:
        """Where the data is, for a tool."""
        return ['--data-root', self.settings.data, *([] if self.settings.own_test else ['--held-out'])]

    def sampling_options(self) -> list[object]:
        """How intervals are drawn, for a tool."""
        return ['--bootstrap', self.settings.bootstrap, '--confidence', self.settings.confidence]

    # Stages by kind

    def _train(
        self, network: str, seed: int, epochs: int, plain: str | None = None, autoencoders: Sequence[str] = ()
    ) -> Stage:
        """A network's training, of a plain one or from random weights."""
        s = self.settings
        config, run = s.config_of(network, seed), s.run_of(network, seed)
        launcher, options = ['tools/train.py'], ['--amp'] * s.amp
        if s.processes > 1:
            launcher = ['-m', 'torch.distributed.run', '--nproc_per_node', str(s.processes), 'tools/train.py']
            options += ['--launcher', 'pytorch']
        if plain:
            options += ['--cfg-options', f'default_hooks.splice.plain={{{plain}}}']
        if autoencoders:
            parts = ','.join(f'{{{pattern}}}' for pattern in autoencoders)
            options.append(f'default_hooks.splice.autoencoders=[{parts}]')
        return self.stage(
            f'train {network} {seed}',
            [*launcher, config, '--work-dir', run, *self.data_options(), '--resume', *options],
            [config, *inherited(s.config), s.train_file, s.val_file, *([plain] if plain else []), *autoencoders],
            run,
            self.costs.training(epochs),
        )

    def _test(self, network: str, config: str, seed: int) -> Stage:
        """A network's test on the held-out persons."""
        s = self.settings
        best, out, path = s.best_of(network, seed), s.test_of(network, seed), s.config_of(config, seed)
        own = ['--work-dir', s.work_dir / 'runs' / f'test_{network}_{seed}']
        outputs = ['--out', out, '--persons', s.test_of(network, seed, 'parquet')]
        command = ['tools/test.py', path, f'{{{best}}}', *own, *self.data_options(), *outputs]
        return self.stage(f'test {network} {seed}', command, [best, path, s.test_file], out, self.costs.testing())

    def _autoencoder(self, name: str, seed: int) -> Iterator[Stage]:
        """An autoencoder's training on stored latents, and its test on persons it was not trained on."""
        s = self.settings
        config, runs, out = s.work_dir / 'configs' / f'{name}.py', s.work_dir / 'runs', s.work_dir / 'tests'
        store = s.store_of('plain', seed)
        data, manifest, best = ['--data-root', store], store / 'manifest.json', self._best_autoencoder(name)
        yield self.stage(
            f'train {name}',
            ['tools/train.py', config, '--work-dir', runs / name, *data, '--resume'],
            [config, *inherited(s.autoencoder), manifest],
            runs / name,
            self.costs.training_autoencoder(s.autoencoder_epochs),
        )
        own = ['--work-dir', runs / f'test_{name}', *data, '--out', out / f'{name}.json']
        yield self.stage(
            f'test {name}',
            ['tools/test.py', config, f'{{{best}}}', *own],
            [best, config, manifest],
            out / f'{name}.json',
            self.costs.training_autoencoder(),
        )

    def _best_autoencoder(self, name: str) -> str:
        return str(self.settings.work_dir / 'runs' / name / 'best_latent_explained_variance_ratio_epoch_*.pth')

    def _dump(self, network: str, seed: int, layers: Sequence[str]) -> Stage:
        """A network's latents of the training persons."""
        s = self.settings
        best, store = s.best_of(network, seed), s.store_of(network, seed)
        what = ['--split', 'train', '--layers', *layers, '--out', store]
        return self.stage(
            f'dump {network} {seed}',
            ['tools/dump_latents.py', s.config_of(network, seed), f'{{{best}}}', *self.data_options(), *what],
            [best, s.train_file],
            store,
            self.costs.dumping(len(layers)),
        )

    def _analyse(self, name: str, stores: Sequence[Path], layers: Sequence[str], out: Path, *options: str) -> Stage:
        """An analysis of stores."""
        how = [*self.sampling_options(), '--out', out, *options]
        return self.stage(
            name,
            ['tools/analyze_latent.py', *stores, '--layers', *layers, *how],
            [store / 'manifest.json' for store in stores],
            out,
            self.costs.analysing(len(stores)),
        )

    # Data

    def _data(self) -> Iterator[Stage]:
        s, costs = self.settings, self.costs
        annotations = s.data_root / 'annotations'
        if s.people:
            train, test = s.people
            yield self._people('make people', s.data, (train, test, test))
            if 'improved' in s.networks:
                controlled = ('--seed', '1', *CONTROLLED)
                counts = (0, 0, CONTROLLED_PEOPLE)
                yield self._people('make controlled people', s.work_dir / 'controlled', counts, controlled)
        else:
            yield self.stage(
                'data',
                ['-m', 'shg_xai.study.data', s.data_root, s.data, *([] if s.limit is None else [s.limit])],
                [annotations / f'person_keypoints_{split}2017.json' for split in ('train', 'val')],
                s.data,
                costs.reading(),
            )
            if not s.own_test and not (annotations / 'split_info.json').is_file():
                yield self.stage(
                    'split',
                    ['tools/split_coco.py', s.data, '--persons', costs.held_out, '--force'],
                    [s.data / 'annotations' / 'person_keypoints_train2017.json'],
                    s.data / 'annotations' / 'split_info.json',
                    costs.splitting(),
                )
        files, out = [s.train_file, s.test_file], s.work_dir / 'mean_pose.json'
        yield self.stage('mean pose', ['tools/mean_pose.py', *files, '--out', out], files, out, costs.reading())

    def _people(self, name: str, out: Path, counts: tuple[int, int, int], options: Sequence[str] = ()) -> Stage:
        command: list[object] = ['tools/make_people.py', out, '--force', *options]
        for split, count in zip(('train', 'val', 'test'), counts, strict=True):
            command += [f'--{split}', count]
        artist = sorted((ROOT / 'shg_xai' / 'datasets' / 'people').glob('*.py'))
        return self.stage(name, command, artist, out, self.costs.drawing(sum(counts)))

    # Networks

    def _plain(self, seed: int) -> Iterator[Stage]:
        s = self.settings
        yield self._train('plain', seed, s.epochs)
        yield self._test('plain', 'plain', seed)
        yield self._dump('plain', seed, s.layers)

    def _width(self) -> Iterator[Stage]:
        s = self.settings
        seed = s.seeds[0]
        best, store = s.best_of('plain', seed), s.store_of('plain', seed)
        yield self._analyse('analyse plain', [store] * s.stacks, s.layers, s.work_dir / 'analysis_plain', '--no-report')
        for stack, layer in enumerate(s.layers):
            latent = ['--store', store, '--layer', layer, *self.data_options(), '--split', 'val']
            how = ['--tolerance', s.tolerance, *self.sampling_options(), '--out', s.width_of(stack)]
            yield self.stage(
                f'keep components {stack}',
                ['tools/keep_components.py', s.config_of('plain', seed), f'{{{best}}}', *latent, *how],
                [best, store / 'manifest.json', s.val_file],
                s.width_of(stack),
                self.costs.keeping(),
            )
        if s.spliced or 'scratch' in s.networks:
            widths = [s.width_of(stack) for stack in range(s.stacks)]
            sources = [*inherited(s.config), *inherited(s.autoencoder), configs.__file__]
            yield self.stage(
                'choose width',
                ['-m', 'shg_xai.study.configs', s.work_dir],
                [*widths, s.work_dir / FILE, *sources],
                s.work_dir / 'widths' / 'chosen.json',
                (1, 0),
            )

    def _networks(self, seed: int) -> Iterator[Stage]:
        s = self.settings
        plain = s.best_of('plain', seed)
        if 'control' in s.networks:
            yield self._train('control', seed, s.more_epochs, plain)
            yield self._test('control', 'control', seed)
        for key, network in s.spliced.items():
            names = [s.autoencoder_name(key, seed, stack) for stack in range(s.stacks)]
            for name in names:
                yield from self._autoencoder(name, seed)
            yield self._train(network, seed, s.more_epochs, plain, [self._best_autoencoder(name) for name in names])
            yield self._test(network, network, seed)
            if key == 'suggested':
                yield self._test('spliced', 'improved', seed)
        for network, epochs in (('scratch', s.more_epochs), ('longer', s.more_epochs), ('noskip', 0)):
            if network in s.networks:
                yield self._train(network, seed, s.epochs + epochs)
                yield self._test(network, network, seed)

    # Reports

    def _look_again(self) -> Iterator[Stage]:
        """The latents of the improved network beside those of the plain one."""
        s = self.settings
        seed = s.seeds[0]
        if 'improved' not in s.networks:
            return
        codes = [s.code_layer(stack) for stack in range(s.stacks)]
        yield self._dump('improved', seed, [*s.layers, *codes])
        plain, improved = s.store_of('plain', seed), s.store_of('improved', seed)
        stores = [plain] * s.stacks + [improved] * 2 * s.stacks
        layers = [*s.layers, *s.layers, *codes]
        yield self._analyse('analyse both', stores, layers, s.work_dir / 'analysis_both', '--no-report')
        if s.people:
            yield from self._controlled(seed)

    def _controlled(self, seed: int) -> Iterator[Stage]:
        """The same of people who differ by sitting or standing and by little else."""
        s = self.settings
        data = s.work_dir / 'controlled'
        stores = []
        for network in ('plain', 'improved'):
            stores.append(s.work_dir / 'latents_controlled' / f'{network}_{seed}')
            best = s.best_of(network, seed)
            what = ['--data-root', data, '--split', 'test', '--layers', s.layer(0), '--out', stores[-1]]
            yield self.stage(
                f'dump {network} {seed} controlled',
                ['tools/dump_latents.py', s.config_of(network, seed), f'{{{best}}}', *what],
                [best, data / 'annotations' / 'person_keypoints_test2017.json'],
                stores[-1],
                self.costs.testing(),
            )
        yield self._analyse('analyse controlled', stores, [s.layer(0)], s.work_dir / 'report_controlled')

    def _pictures(self) -> Iterator[Stage]:
        s = self.settings
        seed = s.seeds[0]
        tests = [s.test_of(name, seed) for name in s.trained]
        runs, out = [s.run_of(name, seed) for name in s.trained], s.work_dir / 'curves.png'
        yield self.stage('curves', ['tools/plot_curves.py', *runs, '--out', out], tests, out, (5, 0))
        shown = [name for name in ('plain', 'control', 'improved') if name in s.trained]
        pairs = [part for name in shown for part in (s.config_of(name, seed), f'{{{s.best_of(name, seed)}}}')]
        out = s.work_dir / 'predictions.png'
        command = ['tools/draw_predictions.py', *pairs, '--data-root', s.data, '--out', out]
        yield self.stage('predictions', command, tests, out, (10, 0))

    def _collect(self) -> Stage:
        s = self.settings
        tests = [s.test_of(name, seed, kind) for name in s.tested for seed in s.seeds for kind in ('json', 'parquet')]
        tests += [
            s.work_dir / 'tests' / f'{s.autoencoder_name(key, seed, stack)}.json'
            for key in s.spliced
            for seed in s.seeds
            for stack in range(s.stacks)
        ]
        found = [s.analysis / 'results.json', s.work_dir / 'mean_pose.json', *map(s.width_of, range(s.stacks))]
        return self.stage(
            'report',
            ['-m', 'shg_xai.study.collect', s.work_dir],
            [*tests, *found, *intervention_files(s), s.work_dir / FILE],
            s.work_dir / 'report',
            (20, 20),
        )

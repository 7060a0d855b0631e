"""The plan of a study: its stages in order."""

from collections.abc import Iterator
from pathlib import Path

from shg_xai.study import configs
from shg_xai.study.configs import inherited
from shg_xai.study.interventions import intervention_files, intervention_stages
from shg_xai.study.maker import Maker
from shg_xai.study.process import ROOT
from shg_xai.study.stages import Stage

# People who differ by sitting or standing and by little else: the same size, seen from one side.
CONTROLLED = (
    '--two',
    'posture=0,1',
    '--range',
    'activity=0:0.2',
    '--range',
    'yaw_deg=52:58',
    '--fix',
    'scale=0.65',
    '--fix',
    'truncation=0',
    '--fix',
    'occluder=0',
    '--fix',
    'label_dropout=0',
    '--fix',
    'distractors=0',
    '--fix',
    'roll_deg=0',
)
CONTROLLED_PEOPLE = 400
MOST_HELD_OUT = 5064  # the study's test set


class Plan(Maker):
    """Puts the stages of a study in order."""

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

    # Data

    def _data(self) -> Iterator[Stage]:
        s, costs = self.settings, self.costs
        if s.people:
            train, test = s.people
            yield self._people('make people', s.data, (train, test, test), ())
            if 'improved' in s.networks:
                yield self._people(
                    'make controlled people',
                    s.work_dir / 'controlled',
                    (0, 0, CONTROLLED_PEOPLE),
                    ('--seed', '1', *CONTROLLED),
                )
        else:
            inputs = [
                str(s.data_root / 'annotations' / f'person_keypoints_{split}2017.json') for split in ('train', 'val')
            ]
            limit = () if s.limit is None else (str(s.limit),)
            yield self.stage(
                'data',
                ('-m', 'shg_xai.study.data', str(s.data_root), str(s.data), *limit),
                inputs,
                s.data,
                costs.reading(),
            )
            if not s.own_test and not (s.data_root / 'annotations' / 'split_info.json').is_file():
                yield self.stage(
                    'split',
                    ('tools/split_coco.py', str(s.data), '--persons', str(costs.held_out), '--force'),
                    [str(s.data / 'annotations' / 'person_keypoints_train2017.json')],
                    s.data / 'annotations' / 'split_info.json',
                    costs.splitting(),
                )
        yield self.stage(
            'mean pose',
            ('tools/mean_pose.py', str(s.train_file), str(s.test_file), '--out', str(s.work_dir / 'mean_pose.json')),
            [str(s.train_file), str(s.test_file)],
            s.work_dir / 'mean_pose.json',
            costs.reading(),
        )

    def _people(self, name: str, out: Path, counts: tuple[int, int, int], options: tuple[str, ...]) -> Stage:
        command = ['tools/make_people.py', str(out), '--force', *options]
        for split, count in zip(('train', 'val', 'test'), counts, strict=True):
            command += [f'--{split}', str(count)]
        artist = sorted(map(str, (ROOT / 'shg_xai' / 'datasets' / 'people').glob('*.py')))
        return self.stage(name, tuple(command), artist, out, self.costs.drawing(sum(counts)))

    # Networks

    def _plain(self, seed: int) -> Iterator[Stage]:
        s = self.settings
        yield self.train('plain', seed, s.epochs)
        yield self.test('plain', 'plain', seed)
        layers = tuple(s.layer(stack) for stack in range(s.num_stacks))
        yield self.dump('plain', seed, layers)

    def _width(self) -> Iterator[Stage]:
        s = self.settings
        seed = s.seeds[0]
        store = s.store_of('plain', seed)
        yield self.analyse(
            'analyse plain',
            [store] * s.num_stacks,
            [s.layer(stack) for stack in range(s.num_stacks)],
            s.work_dir / 'analysis_plain',
            '--no-report',
        )
        for stack in range(s.num_stacks):
            out = s.kept_of(stack)
            yield self.stage(
                f'keep components {stack}',
                (
                    'tools/keep_components.py',
                    str(s.config_of('plain', seed)),
                    f'{{{s.best_of("plain", seed)}}}',
                    '--store',
                    str(store),
                    '--layer',
                    s.layer(stack),
                    *self.data_options(),
                    '--split',
                    'val',
                    '--tolerance',
                    str(s.tolerance),
                    '--bootstrap',
                    str(s.bootstrap),
                    '--confidence',
                    str(s.confidence),
                    '--out',
                    str(out),
                ),
                [s.best_of('plain', seed), str(store / 'manifest.json'), str(s.val_file)],
                out,
                self.costs.keeping(),
            )
        if self._autoencoders() or 'scratch' in s.networks:
            kept = [str(s.kept_of(stack)) for stack in range(s.num_stacks)]
            yield self.stage(
                'choose width',
                ('-m', 'shg_xai.study.configs', str(s.work_dir)),
                [
                    *kept,
                    str(s.work_dir / 'settings.json'),
                    *inherited(s.config),
                    *inherited(s.autoencoder),
                    configs.__file__,
                ],
                s.work_dir / 'widths' / 'chosen.json',
                (1, 0),
            )

    def _autoencoders(self) -> dict[str, str]:
        """For each kind of autoencoder the network it is put into."""
        found = {'suggested': 'improved', 'study': 'improved_study'}
        return {key: network for key, network in found.items() if network in self.settings.networks}

    def _networks(self, seed: int) -> Iterator[Stage]:
        s = self.settings
        plain = s.best_of('plain', seed)
        if 'control' in s.networks:
            yield self.train('control', seed, s.more_epochs, plain)
            yield self.test('control', 'control', seed)
        for key, network in self._autoencoders().items():
            names = [s.autoencoder_name(key, seed, stack) for stack in range(s.num_stacks)]
            for name in names:
                yield self.train_autoencoder(name, seed)
                yield self.test_autoencoder(name, seed)
            best = [
                str(s.work_dir / 'runs' / name / 'best_latent_explained_variance_ratio_epoch_*.pth') for name in names
            ]
            yield self.train(network, seed, s.more_epochs, plain, best)
            yield self.test(network, network, seed)
            if key == 'suggested':
                yield self.test('spliced', 'improved', seed)
        for network in ('scratch', 'longer'):
            if network in s.networks:
                yield self.train(network, seed, s.epochs + s.more_epochs)
                yield self.test(network, network, seed)
        if 'noskip' in s.networks:
            yield self.train('noskip', seed, s.epochs)
            yield self.test('noskip', 'noskip', seed)

    # Reports

    def _look_again(self) -> Iterator[Stage]:
        """The latents of the improved network beside those of the plain one."""
        s = self.settings
        seed = s.seeds[0]
        if 'improved' not in s.networks:
            return
        latents = [s.layer(stack) for stack in range(s.num_stacks)]
        codes = [f'backbone.hourglasses.{stack}.bottleneck.encoder' for stack in range(s.num_stacks)]
        yield self.dump('improved', seed, (*latents, *codes))
        plain, improved = s.store_of('plain', seed), s.store_of('improved', seed)
        stores = [plain] * len(latents) + [improved] * (len(latents) + len(codes))
        yield self.analyse(
            'analyse both', stores, [*latents, *latents, *codes], s.work_dir / 'analysis_both', '--no-report'
        )
        if s.people:
            yield from self._controlled(plain, improved, seed)

    def _controlled(self, plain: Path, improved: Path, seed: int) -> Iterator[Stage]:
        """The same of people who differ by sitting or standing and by little else."""
        s = self.settings
        data = s.work_dir / 'controlled'
        annotations = str(data / 'annotations' / 'person_keypoints_test2017.json')
        stores = []
        for network in ('plain', 'improved'):
            stores.append(s.work_dir / 'latents_controlled' / f'{network}_{seed}')
            best = s.best_of(network, seed)
            yield self.stage(
                f'dump {network} {seed} controlled',
                (
                    'tools/dump_latents.py',
                    str(s.config_of(network, seed)),
                    f'{{{best}}}',
                    '--data-root',
                    str(data),
                    '--split',
                    'test',
                    '--layers',
                    s.layer(0),
                    '--out',
                    str(stores[-1]),
                ),
                [best, annotations],
                stores[-1],
                self.costs.testing(),
            )
        yield self.analyse('analyse controlled', stores, [s.layer(0)], s.work_dir / 'report_controlled')

    def _pictures(self) -> Iterator[Stage]:
        s = self.settings
        seed = s.seeds[0]
        names = ['plain', *(name for name in s.networks)]
        runs = [str(s.run_of(name, seed)) for name in names]
        tests = [str(s.test_of(name, seed)) for name in names]
        yield self.stage(
            'curves',
            ('tools/plot_curves.py', *runs, '--out', str(s.work_dir / 'curves.png')),
            tests,
            s.work_dir / 'curves.png',
            (5, 0),
        )
        shown = [name for name in ('plain', 'control', 'improved') if name in names]
        pairs = [part for name in shown for part in (str(s.config_of(name, seed)), f'{{{s.best_of(name, seed)}}}')]
        options = [option for option in self.data_options() if option != '--held-out']
        yield self.stage(
            'predictions',
            ('tools/draw_predictions.py', *pairs, *options, '--out', str(s.work_dir / 'predictions.png')),
            tests,
            s.work_dir / 'predictions.png',
            (10, 0),
        )

    def _collect(self) -> Stage:
        s = self.settings
        names = ['plain', *s.networks, *(['spliced'] if 'improved' in s.networks else [])]
        tests = [str(s.test_of(name, seed, kind)) for name in names for seed in s.seeds for kind in ('json', 'parquet')]
        tests += [
            str(s.work_dir / 'tests' / f'{s.autoencoder_name(key, seed, stack)}.json')
            for key in self._autoencoders()
            for seed in s.seeds
            for stack in range(s.num_stacks)
        ]
        source = 'analysis_both' if 'improved' in s.networks else 'analysis_plain'
        return self.stage(
            'report',
            ('-m', 'shg_xai.study.collect', str(s.work_dir)),
            [
                *tests,
                str(s.work_dir / source / 'results.json'),
                str(s.work_dir / 'mean_pose.json'),
                *(str(s.kept_of(stack)) for stack in range(s.num_stacks)),
                *map(str, intervention_files(s)),
                str(s.work_dir / 'settings.json'),
            ],
            s.work_dir / 'report',
            (20, 20),
        )

"""The plan of a study: its stages in order, each a command of its own."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, product
from pathlib import Path

from shg_xai.chapters.decoded_walk.options import BESIDE
from shg_xai.study import configs, width
from shg_xai.study.configs import inherited, read_config
from shg_xai.study.costs import Cost, Costs
from shg_xai.study.settings import FILE, Settings
from shg_xai.study.stages import Stage

# People who differ by sitting or standing and by little else: the same size, seen from one side.
FIXED = ('scale=0.65', 'truncation=0', 'occluder=0', 'label_dropout=0', 'distractors=0', 'roll_deg=0')
CONTROLLED = ['--two', 'posture=0,1', '--range', 'activity=0:0.2', '--range', 'yaw_deg=52:58']
CONTROLLED += [word for fixed in FIXED for word in ('--fix', fixed)]
CONTROLLED_PEOPLE = 400  # at most; no more than are trained on
MOST_HELD_OUT = 5064  # the study's test set
WALKED = (1, 2, 3, 10, 30, 50)  # of the study's components
CONCEPTS = ('facing_camera', 'labelled_share', 'standing')
WALKERS, RANDOM = 50, 199  # persons of a walk, random directions
FEW_RANDOM = 19  # beside directions of so few persons that nothing is found anyway
TESTED = 200  # persons that are enough to find redundancy
MANY = 200  # persons among whom both sides of a concept are met
PROJECTED = (0, 8, 50)  # components that the latent is projected on while all skips stay
SHARED = 100_000  # values of a layer from which on threads that share it pay: 64 channels of 64 x 64 are more
FILES = ('skips', 'walk', 'redundancy', 'misclassified')


def result_of(settings: Settings, name: str) -> Path:
    """Where a stage's answer is."""
    return settings.work_dir / 'interventions' / f'{name}.json'


def has_skips(settings: Settings) -> bool:
    """Whether the plain network has any skip connection that could be turned off."""
    flags = read_config(settings.config).model.backbone.get('skip_connections', True)
    return 'True' in str(flags) or '1' in str(flags)  # one flag, one a level, or one a stack


def intervention_files(settings: Settings) -> list[Path]:
    """The answers of all these stages."""
    return [result_of(settings, name) for name in FILES if name != 'skips' or has_skips(settings)]


def compared(settings: Settings) -> dict[tuple[str, str], Path]:
    """Pairs of networks that are compared person by person, and the file of each answer: what training on changed, the
    autoencoder, and to be without skips.
    """
    pairs = (('plain', 'control'), ('control', 'improved'), ('plain', 'noskip'))
    folder = settings.work_dir / 'interventions'
    return {
        (one, other): folder / f'{one}_{other}.json'
        for one, other in pairs
        if {one, other} <= {'plain', *settings.networks}
    }


@dataclass(frozen=True)
class Plan:
    """Puts the stages of a study in order: of what it is about, and what persons, networks and stores cost."""

    settings: Settings
    costs: Costs

    def stages(self) -> list[Stage]:
        """All stages, each after those it depends on."""
        s, found = self.settings, [*self._data()]
        for seed in s.seeds:
            found += [*self._train('plain', seed, s.epochs), self._dump('plain', seed, s.layers)]
        found += [
            *self._dump_baselines(),
            self._dump_unseen(),
            *self._width(),
            *chain.from_iterable(map(self._networks, s.seeds)),
        ]
        found += [*self._look_again(), *self._interventions(), *self._compared(), *self._pictures()]
        return [*found, self._collect()]

    def stage(
        self, name: str, command: Iterable[object], inputs: Iterable[object], output: Path, cost: Cost, *beside: Path
    ) -> Stage:
        """A stage, words and inputs as text, inputs without repeats; ``beside``: files it makes besides its output."""
        words, read = tuple(map(str, command)), tuple(dict.fromkeys(map(str, inputs)))
        return Stage(name, words, read, output, *cost, beside=beside)

    def network(self, name: str, seed: int) -> list[object]:
        """Config and best weights of a network, for a tool."""
        return [self.settings.config_of(name, seed), f'{{{self.settings.best_of(name, seed)}}}']

    def data_options(self) -> list[object]:
        """Where the data is, for a tool."""
        return ['--data-root', self.settings.data, *([] if self.settings.own_test else ['--held-out'])]

    def sampling_options(self) -> list[object]:
        """How intervals are drawn, for a tool."""
        return ['--bootstrap', self.settings.bootstrap, '--confidence', self.settings.confidence]

    def _train(self, network: str, seed: int, epochs: int, *starts: str) -> Iterator[Stage]:
        """A network's training, from random weights or a plain network's and its autoencoders', and its test."""
        s, command = self.settings, ['tools/train.py']
        config, run, options = s.config_of(network, seed), s.run_of(network, seed), ['--amp'] * s.amp
        if s.processes > 1:
            command = ['-m', 'torch.distributed.run', '--nproc_per_node', str(s.processes), *command]
            options += ['--launcher', 'pytorch']
        if starts:
            plain, *autoencoders = (f'{{{pattern}}}' for pattern in starts)
            options += ['--cfg-options', f'default_hooks.splice.plain={plain}']
            if autoencoders:
                options.append(f'default_hooks.splice.autoencoders=[{",".join(autoencoders)}]')
        whole = [*command, config, '--work-dir', run, *self.data_options(), '--resume', *options]
        inputs = [config, *inherited(s.config), s.annotations('train'), s.annotations('val'), *starts]
        stage = self.stage(f'train {network} {seed}', whole, inputs, run, self.costs.training(epochs))
        # One plain network, which all else starts from: what could run beside it takes seconds. A small one would wait
        # for its threads more than they help.
        alone = network == 'plain' and len(s.seeds) == 1 and not {'longer', 'noskip'} & {*s.networks}
        alone = alone and self.costs.layer >= SHARED
        yield replace(stage, alone=alone)
        yield self._test(network, seed)

    def _test(self, network: str, seed: int, config: str = '') -> Stage:
        """A network's test on the held-out persons, by its own config or another's."""
        s = self.settings
        best, out, path = s.best_of(network, seed), s.test_of(network, seed), s.config_of(config or network, seed)
        persons, name = s.test_of(network, seed, 'parquet'), f'test {network} {seed}'
        command = ['tools/test.py', path, f'{{{best}}}', '--work-dir', s.work_dir / 'runs' / f'test_{network}_{seed}']
        command += [*self.data_options(), '--out', out, '--persons', persons]
        inputs = [best, path, s.annotations('test')]
        return self.stage(name, command, inputs, out, self.costs.testing(), persons)

    def _autoencoder(self, name: str, seed: int) -> Iterator[Stage]:
        """An autoencoder's training on stored latents, and its test on persons it was not trained on."""
        s, costs = self.settings, self.costs
        config, runs, out = s.autoencoder_config(name), s.work_dir / 'runs', s.work_dir / 'tests'
        store, out, best = s.store_of('plain', seed), out / f'{name}.json', self._best_autoencoder(name)
        data, manifest = ['--data-root', store], store / 'manifest.json'
        command = ['tools/train.py', config, '--work-dir', runs / name, *data, '--resume']
        inputs, cost = [config, *inherited(s.autoencoder), manifest], costs.training_autoencoder(s.autoencoder_epochs)
        yield self.stage(f'train {name}', command, inputs, runs / name, cost)
        command = ['tools/test.py', config, f'{{{best}}}', '--work-dir', runs / f'test_{name}', *data, '--out', out]
        yield self.stage(f'test {name}', command, [best, config, manifest], out, costs.training_autoencoder())

    def _best_autoencoder(self, name: str) -> str:
        return str(self.settings.work_dir / 'runs' / name / 'best_latent_explained_variance_ratio_epoch_*.pth')

    def _dump(self, network: str, seed: int, layers: Sequence[str]) -> Stage:
        """A network's latents of the training persons."""
        s, store = self.settings, self.settings.store_of(network, seed)
        command = ['tools/dump_latents.py', *self.network(network, seed), *self.data_options(), '--split', 'train']
        command += ['--layers', *layers, '--out', store]
        inputs, cost = [s.best_of(network, seed), s.annotations('train')], self.costs.dumping(len(layers))
        return self.stage(f'dump {network} {seed}', command, inputs, store, cost)

    @property
    def _unseen(self) -> Path:
        """The store of the persons of test."""
        return self.settings.store_of('unseen', self.settings.seeds[0])

    def _dump_unseen(self) -> Stage:
        """The plain network's latents of the persons of test, of the first stack: whom does it fail on?"""
        s, seed = self.settings, self.settings.seeds[0]
        command = ['tools/dump_latents.py', *self.network('plain', seed), *self.data_options(), '--split', 'test']
        command += ['--layers', s.layers[0], '--out', self._unseen]
        inputs = [s.best_of('plain', seed), s.annotations('test')]
        return self.stage(f'dump unseen {seed}', command, inputs, self._unseen, self.costs.testing())

    @property
    def _baselines(self) -> dict[str, Path]:
        """Stores of what has learned nothing, by what stands for a checkpoint: random weights, the picture itself."""
        s = self.settings
        names = dict(none='untrained', pixels='pixels')
        return {word: s.store_of(name, s.seeds[0]) for word, name in names.items()}

    def _dump_baselines(self) -> Iterator[Stage]:
        """The same persons' latents before training, of the first stack, and their pictures."""
        s, seed = self.settings, self.settings.seeds[0]
        for word, store in self._baselines.items():
            command = ['tools/dump_latents.py', s.config_of('plain', seed), word, *self.data_options()]
            command += ['--split', 'train', '--layers', s.layers[0] if word == 'none' else 'backbone', '--out', store]
            inputs, cost = [s.config_of('plain', seed), s.annotations('train')], self.costs.dumping(1)
            yield self.stage(f'dump {store.name}', [*command, '--no-predictions'], inputs, store, cost)

    def _analyse(self, name: str, stores: Sequence[Path], layers: Sequence[str], out: Path, *options: str) -> Stage:
        """An analysis of stores; of training persons, beside what has learned nothing, and the last one also beside the
        first network's other trainings and persons whom it was not trained on.
        """
        s = self.settings
        command = ['tools/analyze_latent.py', *stores, '--layers', *layers, *self.sampling_options(), '--out', out]
        beside = [] if stores[0].parent.name == 'latents_controlled' else list(self._baselines.values())
        command += ['--baselines', *beside] if beside else []
        if out == s.analysis:
            trainings = [s.store_of('plain', seed) for seed in s.seeds[1:]]
            command += ['--trainings', *trainings] if trainings else []
            beside += trainings
        cost = self.costs.analysing(len(stores) + len(beside))
        if out == s.analysis:
            command += ['--unseen', self._unseen]
            beside.append(self._unseen)
        manifests = [store / 'manifest.json' for store in [*stores, *beside]]
        return self.stage(name, [*command, *options], manifests, out, cost)

    def _people(self, name: str, out: Path, counts: tuple[int, int, int], options: Sequence[str] = ()) -> Stage:
        command: list[object] = ['tools/make_people.py', out, '--force', *options]
        for split, count in zip(('train', 'val', 'test'), counts, strict=True):
            command += [f'--{split}', count]
        artist = sorted((Path(__file__).parents[1] / 'datasets' / 'people').glob('*.py'))
        return self.stage(name, command, artist, out, self.costs.drawing(sum(counts)))

    def _data(self) -> Iterator[Stage]:
        s, costs, linked = self.settings, self.costs, self.settings.data
        if s.people:
            train, test = s.people
            # It has a process a core itself, and all but the controlled people waits for it.
            yield replace(self._people('make people', s.data, (train, test, test)), alone=True)
            if 'improved' in s.networks:
                counts, options = (0, 0, min(train, CONTROLLED_PEOPLE)), ('--seed', '1', *CONTROLLED)
                yield self._people('make controlled people', s.work_dir / 'controlled', counts, options)
        else:
            source, limit = s.data_root / 'annotations', [] if s.limit is None else [s.limit]
            command = ['-m', 'shg_xai.study.data', s.data_root, linked, *limit]
            needed = [source / f'person_keypoints_{split}2017.json' for split in ('train', 'val')]
            yield self.stage('data', command, needed, linked, costs.reading())
            if not s.own_test and not (source / 'split_info.json').is_file():
                command = ['tools/split_coco.py', linked, '--persons', costs.test, '--force']
                train_file = linked / 'annotations' / 'person_keypoints_train2017.json'
                out, parts = train_file.with_name('split_info.json'), map(s.annotations, ('train', 'test'))
                yield self.stage('split', command, [train_file], out, costs.splitting(), *parts)
        files, out = [s.annotations('train'), s.annotations('test')], s.work_dir / 'mean_pose.json'
        yield self.stage('mean pose', ['tools/mean_pose.py', *files, '--out', out], files, out, costs.reading())

    def _width(self) -> Iterator[Stage]:
        s, seed = self.settings, self.settings.seeds[0]
        store = s.store_of('plain', seed)
        if 'improved' not in s.networks:  # else its latents are analysed beside the improved network's
            yield self._analyse('analyse plain', [store] * s.stacks, s.layers, s.analysis, '--no-report')
        inputs: list[object] = [s.best_of('plain', seed), store / 'manifest.json', s.annotations('val')]
        widths = [s.width_of(stack) for stack in range(s.stacks)]
        for stack, (layer, out) in enumerate(zip(s.layers, widths, strict=True)):
            command = ['tools/keep_components.py', *self.network('plain', seed), '--store', store, '--layer', layer]
            command += [*self.data_options(), '--split', 'val', '--tolerance', s.tolerance, *self.sampling_options()]
            yield self.stage(f'keep components {stack}', [*command, '--out', out], inputs, out, self.costs.keeping())
        if s.spliced or 'scratch' in s.networks:
            inputs = [*widths, s.work_dir / FILE, *inherited(s.config), *inherited(s.autoencoder)]
            inputs += [configs.__file__, width.__file__]
            command, out = ['-m', 'shg_xai.study.configs', s.work_dir], s.work_dir / 'widths' / 'chosen.json'
            yield self.stage('choose width', command, inputs, out, (1, 0), *configs.that_need_a_width(s))

    def _networks(self, seed: int) -> Iterator[Stage]:
        s, plain = self.settings, self.settings.best_of('plain', seed)
        if 'control' in s.networks:
            yield from self._train('control', seed, s.more_epochs, plain)
        for key, network in s.spliced.items():
            names = [s.autoencoder_name(key, seed, stack) for stack in range(s.stacks)]
            yield from chain.from_iterable(self._autoencoder(name, seed) for name in names)
            yield from self._train(network, seed, s.more_epochs, plain, *map(self._best_autoencoder, names))
            if key == 'suggested':
                yield self._test('spliced', seed, 'improved')
        for network, epochs in (('scratch', s.more_epochs), ('longer', s.more_epochs), ('noskip', 0)):
            if network in s.networks:
                yield from self._train(network, seed, s.epochs + epochs)

    def _look_again(self) -> Iterator[Stage]:
        """The latents of the improved network beside those of the plain one; also of people who differ by little."""
        s, seed = self.settings, self.settings.seeds[0]
        if 'improved' not in s.networks:
            return
        yield self._dump('improved', seed, [*s.layers, *s.codes])
        found = [s.store_of('plain', seed)] * s.stacks + [s.store_of('improved', seed)] * 2 * s.stacks
        layers = [*s.layers, *s.layers, *s.codes]
        yield self._analyse('analyse both', found, layers, s.analysis, '--no-report')
        if not s.people:
            return
        data, stores = s.work_dir / 'controlled', list[Path]()
        persons = data / 'annotations' / 'person_keypoints_test2017.json'
        for network in ('plain', 'improved'):
            stores.append(s.work_dir / 'latents_controlled' / f'{network}_{seed}')
            command = ['tools/dump_latents.py', *self.network(network, seed), '--data-root', data, '--split', 'test']
            command += ['--layers', s.layers[0], '--out', stores[-1]]
            inputs, cost = [s.best_of(network, seed), persons], self.costs.testing()
            yield self.stage(f'dump {network} {seed} controlled', command, inputs, stores[-1], cost)
        yield self._analyse('analyse controlled', stores, [s.layers[0]], s.work_dir / 'report_controlled')

    def _interventions(self) -> Iterator[Stage]:
        """Skips off, decoded walks, redundancy of all stages, misclassified persons: the first seed's plain network."""
        s, costs, seed = self.settings, self.costs, self.settings.seeds[0]
        store = s.store_of('plain', seed)
        stored = ['--store', store, '--layer', s.layers[0]]

        def stage(name: str, tool: str, options: Sequence[object], inputs: Sequence[object], cost: Cost) -> Stage:
            out, sources = result_of(s, name), [s.best_of('plain', seed), store / 'manifest.json', *inputs]
            command = [f'tools/{tool}.py', *self.network('plain', seed), *options, *self.data_options()]
            return self.stage(f'{name} {seed}', [*command, *self.sampling_options(), '--out', out], sources, out, cost)

        most = min(costs.dimensions, costs.train - 1)  # components along which that many persons can differ
        if has_skips(s):
            options = ['--split', 'test', '--store', store, '--ks', *(k for k in PROJECTED if k <= most)]
            inputs: list[object] = [s.annotations('test')]
            if 'noskip' in s.networks:
                options += ['--against', *self.network('noskip', seed)]
                inputs.append(s.best_of('noskip', seed))
            yield stage('skips', 'ablate_skips', options, inputs, costs.intervening(costs.test, 30))
        concepts = ['--concepts', *CONCEPTS] if costs.train >= MANY else []
        along = ['--components', *(component for component in WALKED if component <= most)]
        random = RANDOM if costs.train >= MANY else FEW_RANDOM
        options = [*stored, *along, *concepts, '--random', random, '--persons', WALKERS]
        # Ten directions or so, of six steps; random ones have two ends and fewer persons. The rest of the network is
        # half of it.
        cost = costs.intervening(WALKERS, (60 + 20 * random * BESIDE // WALKERS) // 2)
        yield stage('walk', 'walk_latent', options, [s.annotations('val')], cost)
        options, cost = ['--limit', TESTED, '--tolerance', s.tolerance], costs.intervening(min(TESTED, costs.val), 40)
        yield stage('redundancy', 'find_redundancy', options, [s.annotations('val'), s.annotations('train')], cost)
        options, inputs = [*stored, '--split', 'train'], [s.annotations('train')]
        yield stage('misclassified', 'move_persons', options, inputs, costs.intervening(TESTED, 2))

    def _compared(self) -> Iterator[Stage]:
        """The first seed's networks in pairs, on the persons of test; beside other trainings of the first of a pair."""
        s, seed = self.settings, self.settings.seeds[0]
        for (one, other), out in compared(s).items():
            files = [s.test_of(network, seed, 'parquet') for network in (one, other)]
            again = [s.test_of(one, more, 'parquet') for more in s.seeds[1:]]
            command = ['tools/compare_networks.py', *files, '--store', self._unseen, '--names', one, other]
            command += ['--again', *again] if again else []
            inputs = [*files, *again, self._unseen / 'manifest.json']
            whole = [*command, *self.sampling_options(), '--out', out]
            yield self.stage(f'compare {one} {other}', whole, inputs, out, (10, 1))

    def _pictures(self) -> Iterator[Stage]:
        s, seed = self.settings, self.settings.seeds[0]
        tests = [s.test_of(name, seed) for name in s.trained]
        runs, out = [s.run_of(name, seed) for name in s.trained], s.work_dir / 'curves.png'
        yield self.stage('curves', ['tools/plot_curves.py', *runs, '--out', out], tests, out, (5, 0))
        shown = [name for name in ('plain', 'control', 'improved') if name in s.trained]
        pairs, out = [part for name in shown for part in self.network(name, seed)], s.work_dir / 'predictions.png'
        command = ['tools/draw_predictions.py', *pairs, '--data-root', s.data, '--out', out]
        yield self.stage('predictions', command, tests, out, (10, 0))

    def _collect(self) -> Stage:
        s, folder = self.settings, self.settings.work_dir
        tests = [s.test_of(name, seed, kind) for name in s.tested for seed in s.seeds for kind in ('json', 'parquet')]
        alone = [s.autoencoder_name(*which) for which in product(s.spliced, s.seeds, range(s.stacks))]
        tests += [folder / 'tests' / f'{name}.json' for name in alone]
        found = [s.analysis / 'results.json', folder / 'mean_pose.json', *map(s.width_of, range(s.stacks))]
        inputs = [*tests, *found, *intervention_files(s), *compared(s).values(), folder / FILE]
        if s.people and 'improved' in s.networks:
            inputs.append(folder / 'report_controlled' / 'results.json')
        return self.stage('report', ['-m', 'shg_xai.study.collect', folder], inputs, folder / 'report', (20, 20))

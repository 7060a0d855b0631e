"""What a study is about: its data, networks, seeds, and where everything goes."""

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from tyro.conf import arg

from shg_xai.chapters.networks.options import NETWORKS, StudyOptions
from shg_xai.chapters.networks.results import Kind
from shg_xai.errors import InputError
from shg_xai.options import at_least, shown
from shg_xai.results_file import as_json
from shg_xai.study.processes import ROOT
from shg_xai.writing import write_aside

FILE = 'settings.json'
PUT_IN = 'the autoencoder of the suggested width inserted'
OWN = "the study's own autoencoder inserted (its width, its ReLUs)"
AS_LONG, FAIR = 'from random weights, for as many steps in all', 'what the one from scratch is fairly compared with'
# Title of each network, and what it is.
ABOUT = {
    'plain': ('plain', 'the network without an autoencoder'),
    'control': ('control', 'the plain network fine-tuned, for as many steps as the improved one'),
    'spliced': ('inserted', f'{PUT_IN}, before fine-tuning'),
    'improved': ('improved', f'{PUT_IN}, then all fine-tuned'),
    'improved_study': ("improved, the study's", f'{OWN}, then all fine-tuned'),
    'scratch': ('autoencoder, from scratch', f'the network with the autoencoder of the suggested width, {AS_LONG}'),
    'longer': ('plain, as long from scratch', f'the plain network {AS_LONG}: {FAIR}, whose rate falls as late'),
    'noskip': ('plain, no skips', 'the plain network without its skip connections, trained from random weights'),
}
# The networks that an autoencoder is put into.
SPLICED: dict[Kind, str] = {'suggested': 'improved', 'study': 'improved_study'}
# Configs below configs/, name of the work folder, networks.
Defaults = tuple[str, str, str, tuple[str, ...]]
DEMO: Defaults = ('demo/shg_people.py', 'demo/ae_people_latents.py', 'demo', ('control', 'improved'))
STUDY: Defaults = ('shg_strong_coco.py', 'ae_norelu_latents.py', 'study', ('all',))


@dataclass(frozen=True, kw_only=True)
class Settings(StudyOptions):
    """The options of a study, all of them known: paths absolute, the configs' numbers filled in."""

    work_dir: Path = field()  # takes the default away that the option has
    data_root: Path = field()
    config: Path = field()
    autoencoder: Path = field()
    epochs: int = field()
    more_epochs: int = field()
    autoencoder_epochs: int = field()
    stacks: int = 1
    processes: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.people is None and self.work_dir.is_relative_to(self.data_root):
            lies = 'lies in --data-root, where nothing is written; name another folder'
            raise InputError(f'--work-dir {self.work_dir}: {lies}')

    @property
    def trained(self) -> list[str]:
        """Networks that are trained, the plain one first."""
        return ['plain', *self.networks]

    @property
    def tested(self) -> list[str]:
        """Networks that are tested: with that of the autoencoder that was put in and not trained on."""
        return self.trained + ['spliced'] * ('improved' in self.networks)

    @property
    def spliced(self) -> dict[Kind, str]:
        """For each kind of autoencoder that is trained the network it is put into."""
        return {key: network for key, network in SPLICED.items() if network in self.networks}

    @property
    def analysis(self) -> Path:
        """The folder of the last analysis of latents."""
        return self.work_dir / ('analysis_both' if 'improved' in self.networks else 'analysis_plain')

    @property
    def data(self) -> Path:
        """The data as the stages see it."""
        return self.work_dir / 'data'

    @property
    def own_test(self) -> bool:
        """Whether the data has a test set with labels; else one is held out."""
        return self.people is not None or (self.data_root / 'annotations' / 'person_keypoints_test2017.json').is_file()

    def annotations(self, part: str) -> Path:
        """The file of those trained on (train), tested on, once (test), or that the best epoch is chosen on (val)."""
        part = part if self.own_test or part == 'val' else f'split_{part}'
        return self.data / 'annotations' / f'person_keypoints_{part}2017.json'

    def config_of(self, network: str, seed: int) -> Path:
        """The config a network is trained with."""
        return self.work_dir / 'configs' / f'{network}_{seed}.py'

    def run_of(self, network: str, seed: int) -> Path:
        """The work folder a network is trained in."""
        return self.work_dir / 'runs' / f'{network}_{seed}'

    def best_of(self, network: str, seed: int) -> str:
        """A pattern for a network's best checkpoint; MMEngine keeps one."""
        if network == 'spliced':
            return str(self.run_of('improved', seed) / 'spliced.pth')
        return str(self.run_of(network, seed) / 'best_pck_labelled_epoch_*.pth')

    def store_of(self, network: str, seed: int) -> Path:
        """The store of a network's latents."""
        return self.work_dir / 'latents' / f'{network}_{seed}'

    def test_of(self, network: str, seed: int, kind: str = 'json') -> Path:
        """The result of a network's test, or its persons (parquet)."""
        return self.work_dir / 'tests' / f'{network}_{seed}.{kind}'

    def width_of(self, stack: int) -> Path:
        """PCK against the components a stack's latent is projected on."""
        return self.work_dir / 'widths' / f'stack{stack}.json'

    def autoencoder_name(self, key: str, seed: int, stack: int) -> str:
        """Name of an autoencoder's config and run."""
        return f'ae_{key}_{seed}_stack{stack}'

    def autoencoder_config(self, name: str) -> Path:
        """The config an autoencoder is trained with."""
        return self.work_dir / 'configs' / f'{name}.py'

    @property
    def layers(self) -> list[str]:
        """The latent of each stack."""
        return [f'backbone.hourglasses.{stack}.bottleneck_residuals' for stack in range(self.stacks)]

    @property
    def codes(self) -> list[str]:
        """The code of the autoencoder in each stack."""
        return [f'backbone.hourglasses.{stack}.bottleneck.encoder' for stack in range(self.stacks)]


@dataclass(frozen=True, kw_only=True)
class CommandOptions(StudyOptions):
    """A study from its command line."""

    demo: bool = False  # small: make 5,000 people and train small networks on 4,000 of them
    dry_run: bool = False  # show the plan with its costs, and why a stage would run; write nothing
    jobs: Annotated[int | None, shown('N', 'one a GPU; without one, two cores each')] = None
    """stages that run side by side on this machine, which share its cores and GPUs"""
    dask: Annotated[str | None, arg(metavar='ADDRESS', help_behavior_hint='')] = None
    """run the stages on the workers of this Dask scheduler, which see the same folders (docs/cluster.md)"""
    no_trial: bool = False  # do not first walk all stages with a few persons
    launcher: Annotated[Literal['none', 'pytorch'], shown('NAME')] = 'none'
    """none, or pytorch: train in several processes, one a GPU"""

    def __post_init__(self) -> None:
        if not self.demo and self.data_root is None:
            raise InputError('--data-root is missing: name the folder of COCO 2017, or give --demo')
        if self.demo and (self.data_root or self.limit):
            raise InputError('--demo makes its own people; leave out --data-root and --limit')
        if self.people and not self.demo:
            raise InputError('--people goes with --demo only')
        if self.processes is not None and self.launcher == 'none':
            raise InputError('--processes goes with --launcher pytorch only')
        if self.dask and self.jobs:
            raise InputError('--jobs goes without --dask: there the workers decide')
        at_least(self, dict(jobs=1))
        super().__post_init__()

    def settings(self) -> Settings:
        """All options known: read from the configs what was not given; InputError where one is of another kind."""
        shg, autoencoder, name, chosen = DEMO if self.demo else STUDY
        config = (self.config or ROOT / 'configs' / shg).resolve()
        alone = (self.autoencoder or ROOT / 'configs' / autoencoder).resolve()
        work_dir = (self.work_dir or Path('work_dirs') / name).resolve()
        chosen, found = self.networks or chosen, _from_configs(config, alone)
        found |= {key: value for key in found if (value := getattr(self, key))}
        found['more_epochs'] = self.more_epochs or max(1, round(found['epochs'] / 3))
        found['processes'] = self.processes or 1
        if self.launcher == 'pytorch' and not self.processes:
            import torch

            found['processes'] = max(1, torch.cuda.device_count())
        given = {item.name: getattr(self, item.name) for item in fields(StudyOptions)} | found
        given['networks'] = tuple(network for network in NETWORKS if network in chosen or 'all' in chosen)
        given['people'] = (self.people or (4000, 500)) if self.demo else None
        given |= dict(config=config, autoencoder=alone, seeds=tuple(dict.fromkeys(self.seeds)), work_dir=work_dir)
        return Settings(**given | dict(data_root=(self.data_root or work_dir / 'data').resolve()))


def _from_configs(config: Path, autoencoder: Path) -> dict[str, int]:
    """Epochs and stacks of the plain config, and epochs of the autoencoder's."""
    from shg_xai.study.configs import read_config

    shg, alone = read_config(config), read_config(autoencoder)
    try:
        alone.model.neck  # noqa: B018  (the study puts other widths into it)
        stacks, epochs = shg.model.backbone.get('num_stacks', 1), shg.train_cfg.max_epochs
        return dict(epochs=epochs, stacks=stacks, autoencoder_epochs=alone.train_cfg.max_epochs)
    except (KeyError, AttributeError) as error:
        what = 'not configs of an hourglass and of an autoencoder on latents'
        raise InputError(f'{config}, {autoencoder}: {what} ({error})') from error


def write_settings(settings: Settings) -> None:
    """Into the work folder, so that its stages need no more."""
    write_aside(settings.work_dir / FILE, as_json(settings))


def read_settings(work_dir: Path) -> Settings:
    """Read them; InputError where they are not there, or of another version."""
    path = work_dir / FILE
    try:
        values = msgspec.json.decode(path.read_bytes(), type=dict)
        if set(values) != {item.name for item in fields(Settings)}:
            raise ValueError('keys of another version')
        return msgspec.convert(values, Settings, dec_hook=lambda kind, value: kind(value))
    except (OSError, ValueError) as error:
        raise InputError(f'{path}: no settings of a study ({error}); run tools/run_study.py first') from error

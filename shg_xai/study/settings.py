"""What a study is about: its data, networks, seeds, and where everything goes."""

from dataclasses import dataclass
from pathlib import Path

NETWORKS = ('control', 'improved', 'improved_study', 'scratch', 'longer', 'noskip')
ABOUT = {
    'plain': 'the network without an autoencoder',
    'control': 'the plain network trained on, for as many steps as the improved one',
    'spliced': 'the autoencoder of the suggested width put in, not trained on',
    'improved': 'the autoencoder of the suggested width put in, then all trained on',
    'improved_study': "the study's own autoencoder put in (its width, its ReLUs), then all trained on",
    'scratch': 'the network with the autoencoder of the suggested width, from random weights, for as many steps in all',
    'longer': 'the plain network from random weights, for as many steps in all: what the one from '
    'scratch is fairly compared with, whose rate falls as late',
    'noskip': 'the plain network without its skip connections, trained from random weights',
}
TITLES = {
    'plain': 'plain',
    'control': 'plain, trained on',
    'spliced': 'spliced',
    'improved': 'spliced, trained on',
    'improved_study': "the study's, trained on",
    'scratch': 'autoencoder, from scratch',
    'longer': 'plain, as long from scratch',
    'noskip': 'plain, no skips',
}
GROUPS = ('labelled', 'visible', 'occluded', 'limbs')


@dataclass(frozen=True)
class Settings:
    """What a study is about.

    Attributes:
        work_dir: Where everything goes, absolute.
        data_root: COCO's layout, absolute; made people have a test set of their own.
        config: The plain network's config, absolute.
        autoencoder: Config of an autoencoder on latents, absolute.
        networks: Which of ``NETWORKS`` are trained beside the plain one.
        seeds: Of the networks; the first one's latents are explained.
        epochs: Of the plain network.
        more_epochs: For which it, or the spliced network, is trained on.
        autoencoder_epochs: Of the autoencoder alone.
        num_stacks: Hourglasses.
        limit: At most so many persons of each annotation file.
        tolerance: Labelled PCK that the suggested width may cost.
        width: Width of the code instead of the suggested one.
        bootstrap: Resamples behind an interval.
        confidence: Of the intervals.
        people: Make people first: to train on, to validate and test on.
        processes: Processes of a training; 1: no launcher.
        amp: Train in bfloat16.
    """

    work_dir: Path
    data_root: Path
    config: Path
    autoencoder: Path
    networks: tuple[str, ...] = NETWORKS
    seeds: tuple[int, ...] = (0,)
    epochs: int = 100
    more_epochs: int = 50
    autoencoder_epochs: int = 100
    num_stacks: int = 1
    limit: int | None = None
    tolerance: float = 0.005
    width: int | None = None
    bootstrap: int = 1000
    confidence: float = 0.95
    people: tuple[int, int] | None = None
    processes: int = 1
    amp: bool = False

    @property
    def data(self) -> Path:
        """The data as the stages see it."""
        return self.work_dir / 'data'

    @property
    def own_test(self) -> bool:
        """Whether the data has a test set with labels; else one is held out."""
        return self.people is not None or (self.data_root / 'annotations' / 'person_keypoints_test2017.json').is_file()

    @property
    def train_file(self) -> Path:
        """Annotations that are trained on."""
        name = 'person_keypoints_train2017' if self.own_test else 'person_keypoints_split_train2017'
        return self.data / 'annotations' / f'{name}.json'

    @property
    def test_file(self) -> Path:
        """Annotations that are tested on, once, at the end."""
        name = 'person_keypoints_test2017' if self.own_test else 'person_keypoints_split_test2017'
        return self.data / 'annotations' / f'{name}.json'

    @property
    def val_file(self) -> Path:
        """Annotations that the best epoch and the width are chosen on."""
        return self.data / 'annotations' / 'person_keypoints_val2017.json'

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

    def kept_of(self, stack: int) -> Path:
        """PCK against kept components of a stack."""
        return self.work_dir / 'widths' / f'stack{stack}.json'

    def autoencoder_name(self, key: str, seed: int, stack: int) -> str:
        """Name of an autoencoder's config and run."""
        return f'ae_{key}_{seed}_stack{stack}'

    def layer(self, stack: int) -> str:
        """The latent of a stack."""
        return f'backbone.hourglasses.{stack}.bottleneck_residuals'

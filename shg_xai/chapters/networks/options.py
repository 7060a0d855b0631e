"""What decides about a study's numbers; imports no torch."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from shg_xai.errors import InputError
from shg_xai.options import at_least, shown

Chosen = Literal['control', 'improved', 'improved_study', 'scratch', 'longer', 'noskip', 'all']
NETWORKS: tuple[Chosen, ...] = ('control', 'improved', 'improved_study', 'scratch', 'longer', 'noskip')
THE_CONFIGS = "the config's"


@dataclass(frozen=True, kw_only=True)
class StudyOptions:
    """What a study is about; the configs, or a third of the epochs, decide about what is None."""

    data_root: Annotated[Path | None, shown('DIR')] = None  # COCO 2017 (annotations/, train2017/, ...), or made people
    work_dir: Annotated[Path | None, shown('DIR', 'work_dirs/study, or work_dirs/demo')] = None  # where everything goes
    seeds: Annotated[tuple[int, ...], shown('N [N ...]')] = (0,)
    """of the networks, the first one's latents are explained; several tell a network from luck"""
    networks: Annotated[tuple[Chosen, ...], shown('NAME [NAME ...]', 'all; with --demo two')] = ()
    """what is trained beside the plain network: control, improved, improved_study, scratch, longer, noskip, or all;
    with --demo control and improved unless named"""
    config: Annotated[Path | None, shown('FILE', 'configs/shg_strong_coco.py')] = None  # the plain network
    autoencoder: Annotated[Path | None, shown('FILE', 'configs/ae_norelu_latents.py')] = None  # on latents
    stacks: Annotated[int | None, shown('N', THE_CONFIGS)] = None  # hourglasses
    epochs: Annotated[int | None, shown('N', THE_CONFIGS)] = None  # of the plain network
    more_epochs: Annotated[int | None, shown('N', 'a third of --epochs')] = None
    """of training on, with the autoencoder or without"""
    autoencoder_epochs: Annotated[int | None, shown('N', THE_CONFIGS)] = None  # of the autoencoder alone
    width: Annotated[int | None, shown('N', 'as the analysis suggests')] = None  # of the code
    tolerance: Annotated[float, shown('PCK')] = 0.005  # what the suggested width may cost at most
    margin: Annotated[float, shown('PCK')] = 0.005  # two networks that differ by less count as equivalent
    limit: Annotated[int | None, shown('N')] = None  # at most N persons of each annotation file: to see that it runs
    people: Annotated[tuple[int, int] | None, shown('TRAIN TEST')] = None
    """with --demo: people to train on, and to validate and to test on"""
    bootstrap: Annotated[int, shown('N')] = 1000  # resamples behind each interval
    confidence: Annotated[float, shown('P')] = 0.95  # of the intervals
    processes: Annotated[int | None, shown('N', 'as many as there are GPUs')] = None
    """with --launcher pytorch: how many train side by side"""
    amp: bool = False  # train in bfloat16

    def __post_init__(self) -> None:
        positive = ('epochs', 'more_epochs', 'autoencoder_epochs', 'stacks', 'processes', 'limit', 'width')
        at_least(self, dict.fromkeys(positive, 1) | dict(bootstrap=10))  # the stages refuse fewer resamples
        if not self.seeds or min(self.seeds) < 0:
            raise InputError(f'--seeds {min(self.seeds, default="")}: give 0 or more')
        for name in ('tolerance', 'margin'):
            if not 0 <= (value := getattr(self, name)) < 1:
                raise InputError(f'--{name} {value}: give a PCK, 0 or more and below 1')
        if not 0 < self.confidence < 1:
            raise InputError(f'--confidence {self.confidence}: give a share between 0 and 1')
        if self.people and min(self.people) < 1:
            raise InputError(f'--people {self.people[0]} {self.people[1]}: give 1 or more')

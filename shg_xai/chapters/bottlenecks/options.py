"""Options of ``tools/compare_bottlenecks.py``; imports no torch."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, get_args

from shg_xai.errors import InputError
from shg_xai.options import at_least, between, shown
from shg_xai.runner.options import StoreOptions

Kind = Literal['linear', 'plain', 'topk', 'variational']


@dataclass(frozen=True, kw_only=True)
class BottlenecksOptions(StoreOptions):
    """Which bottlenecks are trained on stored latents, how, and what they are asked."""

    kinds: Annotated[tuple[Kind, ...], shown('KIND [KIND ...]')] = get_args(Kind)
    """beside principal components of the same width: linear, plain, topk (a sparse dictionary), variational"""
    width: Annotated[int, shown('D')] = 50  # units of each code
    active: Annotated[int, shown('K')] = 8  # units of the sparse dictionary that fire for a person
    hidden: Annotated[tuple[int, ...], shown('[C ...]', 'three of at most 64')] = ()
    """channels of the convolutions around the code of the plain and the variational one"""
    starts: Annotated[int, shown('S')] = 5  # trainings of each kind, from seeds that follow --seed
    steps: Annotated[int, shown('N')] = 2000  # of each training, with 32 persons each
    most: Annotated[int, shown('N')] = 10_000  # persons of the store, drawn by image
    measured: Annotated[float, shown('P')] = 0.4  # share of the images that are measured on and not trained on
    untrained: Annotated[Path | None, shown('STORE', 'none')] = None
    """latents of the same persons in the network before training (dump_latents.py CONFIG none); components and the
    dictionary are looked for there, too"""
    permutations: Annotated[int, shown('N')] = 199  # exchanges of images behind each p-value
    margin: Annotated[float, shown('R')] = 0.02  # difference of mean rank correlations that counts as none
    steered: Annotated[int, shown('N')] = 2  # units of each kind that are steered
    random: Annotated[int, shown('R')] = 99  # random directions beside each of them
    train_on: Annotated[int, shown('N')] = 0
    """epochs that the network trains on with each kind in it (first start), beside itself without one; takes as long
    as such trainings do, from the config's annotations, in --work-dir"""

    def __post_init__(self) -> None:
        super().__post_init__()
        low = dict(width=1, active=1, starts=1, steps=10, most=40, permutations=19, steered=0, random=1, train_on=0)
        at_least(self, low)
        between(self, 'measured', 0.1, 0.9, 'a share from 0.1 to 0.9')
        between(self, 'margin', 0, 1, 'a number from 0 to 1')
        for kind in (kind for kind in self.kinds if kind not in get_args(Kind)):
            raise InputError(f'--kinds {kind}: choose of {", ".join(get_args(Kind))}')
        if 'topk' in self.kinds and self.active > self.width:
            raise InputError(f'--active {self.active}: of {self.width} units; give at most --width')

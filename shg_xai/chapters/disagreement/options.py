"""Options of ``tools/compare_networks.py``; imports no torch."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from shg_xai.errors import InputError
from shg_xai.options import at_least, shown


@dataclass(frozen=True, kw_only=True)
class DisagreementOptions:
    """Two networks' scores of the same persons, and what is known of these."""

    first: Annotated[Positional[Path], arg(metavar='FIRST')]  # persons.parquet of a network (tools/test.py --persons)
    second: Annotated[Positional[Path], arg(metavar='SECOND')]  # of the other network, on the same persons
    store: Annotated[Path, arg(metavar='STORE')]  # a latent store of these persons, which knows their annotations
    again: Annotated[tuple[Path, ...], shown('[FILE ...]', 'none')] = ()
    """persons.parquet of other trainings (seeds) of the first network: how far apart are these?"""
    names: Annotated[tuple[str, str] | None, shown('FIRST SECOND', "the files' names")] = None
    bootstrap: Annotated[int, arg(metavar='N')] = 1000  # resamples of images behind each interval
    confidence: Annotated[float, arg(metavar='P')] = 0.95  # of the intervals
    seed: int = 0  # of everything drawn
    out: Annotated[Path, arg(metavar='FILE.json')]  # gets the results

    def __post_init__(self) -> None:
        at_least(self, dict(seed=0, bootstrap=10))
        if not 0 < self.confidence < 1:
            raise InputError(f'--confidence {self.confidence}: give a share between 0 and 1')

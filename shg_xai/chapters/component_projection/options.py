"""Options of ``tools/keep_components.py``, and those of whoever looks for a width; imports no torch."""

from dataclasses import dataclass
from typing import Annotated

from shg_xai.errors import InputError
from shg_xai.options import between, shown
from shg_xai.runner.options import MeasureOptions, StoreOptions


@dataclass(frozen=True, kw_only=True)
class WidthOptions(MeasureOptions):
    """A search for the smallest number of components that PCK is content with."""

    ks: Annotated[tuple[int, ...], shown('K [K ...]', '0, powers of two, all', name='k')] = ()
    """numbers of components; all of them are always measured too"""
    tolerance: Annotated[float, shown('P')] = 0.005  # drop of labelled PCK (0 to 1) that counts as none

    def __post_init__(self) -> None:
        super().__post_init__()
        between(self, 'tolerance', 0, 1, 'a number from 0 to 1')
        for k in (k for k in self.ks if k < 0):
            raise InputError(f'--k {k}: give numbers of components from 0 on')


@dataclass(frozen=True, kw_only=True)
class ComponentProjectionOptions(WidthOptions, StoreOptions):
    """A network whose latent is projected on the first k principal components of stored latents."""

    ks: Annotated[tuple[int, ...], shown('K [K ...]', '0, powers of two, 50, all', name='k')] = ()
    """numbers of components; all of them are always measured too"""

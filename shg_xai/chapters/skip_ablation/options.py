"""What a skip ablation measures, as options, checked before anything is read."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from shg_xai.errors import InputError
from shg_xai.options import at_least, shown
from shg_xai.runner.options import MeasureOptions

# Resampling first: it alone stays on the distribution of what the network has seen; zero is the farthest from it.
Replacement = Literal['donor', 'mean', 'zero']


@dataclass(frozen=True, kw_only=True)
class SkipAblationOptions(MeasureOptions):
    """A stacked hourglass with skips, and what is taken away from it."""

    against: Annotated[tuple[str, str] | None, shown('CONFIG CHECKPOINT')] = None
    """control, tested untouched on the same persons; --data-root, --cfg-options and the like are for both"""
    levels: Annotated[tuple[int, ...], shown('L [L ...]', 'all there are')] = ()  # levels to switch one by one
    replacements: tuple[Replacement, ...] = ('donor', 'mean', 'zero')  # what takes the place of skips and latents
    donor_seed: Annotated[int, shown('S')] = 0  # draws who gets whose skips
    store: Annotated[Path | None, shown('STORE')] = None  # the checkpoint's latents of training persons
    ks: Annotated[tuple[int, ...], shown('K [K ...]', '0 8 50')] = ()  # numbers of components

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, dict(donor_seed=0))
        if self.ks and self.store is None:
            raise InputError('--ks: needs --store, the latents components are computed from')
        for k in (k for k in self.ks if k < 0):
            raise InputError(f'--ks {k}: give numbers of components from 0 on')

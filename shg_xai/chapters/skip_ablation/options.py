"""What an ablation measures, as options, checked before anything is read."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from shg_xai.chapters.skip_ablation.conditions import REPLACEMENTS
from shg_xai.errors import InputError
from shg_xai.runner.measurement import check_numbers


@dataclass(frozen=True)
class AblationOptions:
    """What to measure.

    Attributes:
        split: Whose PCK: train, val or test.
        levels: Levels to switch one by one, 0 the finest; None: all.
        replacements: What takes the place of skips and latents.
        store: Latents of training persons, for projections on their components.
        ks: Numbers of components; None: those of 0, 8, 50 there are.
        limit: At most so many persons, the first of the data set.
        donor_seed: Draws who gets whose skips.
        bootstrap: Resamples of images behind each interval.
        confidence: Of the intervals.
        seed: Of the resamples.

    Raises:
        InputError: A value makes no sense.
    """

    split: str = 'val'
    levels: tuple[int, ...] | None = None
    replacements: tuple[str, ...] = REPLACEMENTS
    store: Path | None = None
    ks: tuple[int, ...] | None = None
    limit: int | None = None
    donor_seed: int = 0
    bootstrap: int = 1000
    confidence: float = 0.95
    seed: int = 0

    def __post_init__(self) -> None:
        check_numbers(self, dict(limit=1, donor_seed=0))
        if self.limit is not None:
            check_donors(self.limit, self.replacements, f'--limit {self.limit}')
        if self.ks is not None and self.store is None:
            raise InputError('--ks: needs --store, the latents components are computed from')
        for k in self.ks or ():
            if k < 0:
                raise InputError(f'--ks {k}: give numbers of components from 0 on')


def check_donors(persons: int, replacements: Sequence[str], what: str) -> None:
    """Refuse too few persons for donors.

    Raises:
        InputError: There is one person.
    """
    if persons < 2 and 'donor' in replacements:
        raise InputError(f'{what}: a donor needs another person; give 2 or more, or --replacements zero mean')

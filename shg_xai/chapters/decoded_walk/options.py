"""What is decoded, and for whom."""

import math
from dataclasses import dataclass
from typing import Annotated, Literal, get_args

from shg_xai.errors import InputError
from shg_xai.options import at_least, shown
from shg_xai.runner.options import StoreOptions

Start = Literal['mean', 'person']
Skips = Literal['own', 'none', 'mean', 'donor']
BESIDE = 10  # persons, for whom random directions are decoded
STEPS = (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0)


@dataclass(frozen=True, kw_only=True)
class DecodedWalkOptions(StoreOptions):
    """Directions to walk along, where from, and with which skips."""

    components: Annotated[tuple[int, ...] | None, shown('[K ...]', 'those of 1 2 3 10 30 50 that vary')] = None
    """principal components, from 1"""
    concepts: Annotated[tuple[str, ...], shown('[NAME ...]', 'none')] = ()
    """concepts of the store's persons, as tools/analyze_latent.py names them: from the mean latent of the lower third
    to that of the upper third (from 0 to 1 for a flag)"""
    random: Annotated[int, shown('R')] = 199  # random directions of the latents' covariance beside each
    steps: Annotated[tuple[float, ...], shown('C [C ...]', '-3 to 3')] = STEPS
    """c, in standard deviations along the direction; 0 is always there"""
    start: Start = 'mean'  # the mean latent or the person's own
    skips: Skips = 'own'  # the person's skips, zeros, the mean over the split, or a random person's of another image
    persons: Annotated[int, shown('N')] = 50  # so many persons, spread evenly over the split
    peak: Annotated[float | None, shown('P', 'half of the median peak of the untouched network')] = None
    """from which peak of its heatmap on a joint counts as labelled"""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, dict(random=1, persons=1))
        for key, value, known in (('skips', self.skips, get_args(Skips)), ('start', self.start, get_args(Start))):
            if value not in known:
                raise InputError(f'--{key} {value}: choose one of {", ".join(known)}')
        if not all(map(math.isfinite, self.steps)) or not any(self.steps):
            raise InputError(f'--steps {" ".join(map(str, self.steps))}: give numbers of sigmas, one of them not 0')
        if self.components == () and not self.concepts:
            raise InputError('--components: no direction to walk along; name components or --concepts')

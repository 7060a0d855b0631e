"""Moving misclassified persons: what to measure."""

from dataclasses import dataclass
from pathlib import Path

from shg_xai.chapters.cluster_shift.misclassified import AUTO
from shg_xai.errors import InputError
from shg_xai.runner.measurement import check_numbers

SPLITS = ('train', 'val', 'test')


@dataclass(frozen=True)
class MoveOptions:
    """What to measure.

    Attributes:
        store: Latents of persons, with their PCK.
        concept: Name of a concept, or ``auto``.
        clusters: K.
        layer: The layer; None where the store has one.
        analysis: Folder of an analysis to read clusters and concepts from; None to find them anew.
        name: Which analysis in that folder; None where it has one that fits.
        split: Whose data set has the store's persons; None: the store's own.
        limit: At most so many misclassified persons are moved, the first of the store.
        bootstrap: Resamples of images behind each interval.
        confidence: Of the intervals.
        seed: Of everything drawn.

    Raises:
        InputError: A value makes no sense.
    """

    store: Path
    concept: str = AUTO
    clusters: int = 2
    layer: str | None = None
    analysis: Path | None = None
    name: str | None = None
    split: str | None = None
    limit: int = 500
    bootstrap: int = 1000
    confidence: float = 0.95
    seed: int = 0

    def __post_init__(self) -> None:
        check_numbers(self, dict(limit=1))
        if not 2 <= self.clusters <= 255:
            raise InputError(f'--k-clusters {self.clusters}: give a number from 2 to 255')
        if self.split not in (None, *SPLITS):
            raise InputError(f'--split {self.split}: choose one of {", ".join(SPLITS)}')
        if self.name is not None and self.analysis is None:
            raise InputError(f'--name {self.name}: names an analysis of --analysis DIR, which is not given; add it')

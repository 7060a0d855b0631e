"""How to analyse, and what the reader of an analysis is warned of."""

from dataclasses import dataclass

from shg_xai.errors import InputError
from shg_xai.latents.selection import Selection

FEW = 200  # persons below which intervals are too wide to say much


@dataclass(frozen=True)
class Options:
    """How to analyse; the defaults are the study's.

    Attributes:
        seed: Of everything drawn.
        rows: Which persons: all, labelled or a condition.
        ks: Numbers of clusters.
        restarts: Restarts of K-Means for each.
        bootstrap: Resamples of images behind each interval.
        confidence: Of the intervals.
        tolerance: By how much a mean silhouette may be wrong at most.
        map: Persons in the map.

    Raises:
        InputError: A value makes no sense.
    """

    seed: int = 0
    rows: str = 'all'
    ks: tuple[int, ...] = tuple(range(2, 11))
    restarts: int = 10
    bootstrap: int = 1000
    confidence: float = 0.95
    tolerance: float = 1e-3
    map: int = 2000

    def __post_init__(self) -> None:
        for key, least in (('seed', 0), ('restarts', 1), ('bootstrap', 10), ('map', 0)):
            if getattr(self, key) < least:
                raise InputError(f'--{key} {getattr(self, key)}: give {least} or more')
        if not 0 < self.confidence < 1:
            raise InputError(f'--confidence {self.confidence}: give a share between 0 and 1')
        if not 0 <= self.tolerance <= 1:
            raise InputError(f'--tolerance {self.tolerance}: give a number from 0 to 1')
        for k in self.ks:
            if not 2 <= k <= 255:
                raise InputError(f'--k {k}: give numbers of clusters from 2 to 255')


def check(selection: Selection, options: Options) -> None:
    """Refuse what cannot be clustered, before any long work.

    Raises:
        InputError: A number of clusters is not below that of the persons.
    """
    count = len(selection)
    for k in options.ks:
        if k >= count:
            raise InputError(
                f'--k {k}: {count} persons of {selection.store.folder} cannot be '
                f'judged in {k} clusters; give numbers below {count} with --k'
            )


def warnings_of(selection: Selection, constant: int) -> list[str]:
    """Sentences for the reader about what these latents cannot tell.

    Args:
        selection: N persons.
        constant: How many of the D values are the same for all of them.
    """
    count, dimensions, store = len(selection), selection.dimensions, selection.store
    warnings = []
    if constant:
        warnings.append(f'{constant:,} of {dimensions:,} values are the same for all persons and carry no variance.')
    if count <= dimensions:
        warnings.append(
            f'{count:,} persons are no more than {dimensions:,} dimensions: the '
            f'spectrum has at most {count - 1:,} components, and says more about who '
            'was drawn than about the network.'
        )
    if count < FEW:
        warnings.append(f'{count:,} persons are few: most intervals are too wide to conclude anything.')
    if not store.complete:
        warnings.append(f'The store has {len(store):,} of {store.manifest.rows:,} persons; its dump was cut off.')
    return warnings

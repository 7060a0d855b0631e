"""How to analyse, and what the reader of an analysis is warned of; quick to import."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
from numpy.typing import NDArray
from tyro.conf import Positional, arg

from shg_xai.errors import InputError
from shg_xai.latents.schema import CALLS
from shg_xai.options import at_least, between, shown

if TYPE_CHECKING:
    from shg_xai.latents.selection import Selection

FEW_IMAGES = 20  # below which a bootstrap of images has too few different resamples, or too few images in each
HEAVY, TYPICAL = 0.1, 20  # share of all variance, and so many times a person's mean share, that is too much for one
FEW = 200  # persons below which intervals are too wide to say much
MOST_CLUSTERS = 255


@dataclass(frozen=True, kw_only=True)
class Options:
    """What decides about the numbers of an analysis; the defaults are the study's."""

    rows: Annotated[str, arg(metavar='all|labelled|EXPR')] = 'all'
    """which persons: all, labelled (all joints are), or a condition as in 'num_labelled >= 10 and pck > 0.5'"""
    ks: Annotated[tuple[int, ...], shown('K [K ...]', '2 to 10', 'k')] = tuple(range(2, 11))  # numbers of clusters
    restarts: Annotated[int, arg(metavar='N')] = 10  # of K-Means for each K
    bootstrap: Annotated[int, arg(metavar='N')] = 1000  # resamples of images behind each interval
    permutations: Annotated[int, arg(metavar='N')] = 499  # exchanges of images behind each p-value
    confidence: Annotated[float, arg(metavar='P')] = 0.95  # of the intervals
    tolerance: Annotated[float, arg(metavar='E')] = 1e-3
    """by how much a mean silhouette may be wrong at most; 0 keeps all dimensions, larger is faster"""
    seed: int = 0  # of everything drawn
    map: Annotated[int, arg(metavar='N')] = 2000  # persons in the interactive map and the atlas

    def __post_init__(self) -> None:
        object.__setattr__(self, 'ks', tuple(sorted(set(self.ks))))
        at_least(self, dict(seed=0, restarts=1, bootstrap=10, permutations=99, map=0))
        if not 0 < self.confidence < 1:
            raise InputError(f'--confidence {self.confidence}: give a share between 0 and 1')
        between(self, 'tolerance', 0, 1, 'a number from 0 to 1')
        for k in self.ks:
            if not 2 <= k <= MOST_CLUSTERS:
                raise InputError(f'--k {k}: give numbers of clusters from 2 to {MOST_CLUSTERS}')


@dataclass(frozen=True, kw_only=True)
class AnalyzeOptions(Options):
    """From stores to a folder of results."""

    stores: Annotated[Positional[tuple[Path, ...]], arg(metavar='STORE [STORE ...]', help_behavior_hint='(required)')]
    """latent stores; several are compared on the persons all of them have"""
    out: Annotated[Path, arg(metavar='DIR')]  # a new folder, or one of an earlier analysis, which is replaced
    layers: Annotated[tuple[str, ...], arg(metavar='NAME [NAME ...]', help_behavior_hint='')] = ()
    """one layer for all stores or one for each; needed where a store has several; name a store twice to compare two of
    its layers"""
    baselines: Annotated[tuple[Path, ...], shown('[STORE ...]', 'none')] = ()
    """stores of the same persons from what has learned nothing, of one layer each: the network before training
    (dump_latents.py CONFIG none) and the picture itself (dump_latents.py CONFIG pixels); concepts that probes tell no
    better than from these were not learned"""
    trainings: Annotated[tuple[Path, ...], shown('[STORE ...]', 'none')] = ()
    """stores of the same persons and layers from other trainings (seeds) of the first store's network: what they say,
    too, and which components are found again"""
    unseen: Annotated[Path | None, shown('STORE', 'none')] = None
    """store of persons whom the first store's network was not trained on, of the same layer (dump_latents.py --split
    test): kinds of error, when it will be wrong and where it fails are told of these"""
    images: Annotated[Path | None, shown('DIR', 'where the dump found them')] = None  # folder of the photos
    report: Annotated[bool, arg(help_behavior_hint='')] = True
    """whether the page is written, too; without it python -m shg_xai.report DIR draws the numbers later"""
    threads: Annotated[int | None, shown('N', 'all cores')] = None  # how many compute side by side
    dask: Annotated[str | None, arg(metavar='ADDRESS', help_behavior_hint='')] = None
    """compute on the workers of a Dask cluster instead, which must see the store and DIR under the same paths, e.g.
    tcp://10.0.0.1:8786"""


def check(selection: 'Selection', options: Options) -> None:
    """Refuse, before any long work, numbers of clusters that are not below that of the persons, by an InputError."""
    count = len(selection)
    if many := [k for k in options.ks if k >= count]:
        few = f'{count} persons of {selection.store.folder} cannot be judged in {many[0]} clusters'
        raise InputError(f'{few}; give numbers of clusters below {count}')


def warnings_of(selection: 'Selection', constant: int) -> list[str]:
    """Sentences for the reader about what latents cannot tell, of whose values so many are the same for everybody."""
    count, dimensions, store = len(selection), selection.dimensions, selection.store
    images = len(np.unique(selection.image_ids))
    calls = (store.manifest.environment.get(CALLS) or {}).get(selection.layer, 1)
    warnings = {
        f'{constant:,} of {dimensions:,} values are the same for all persons and carry no variance.': constant > 0,
        f'{count:,} persons are no more than {dimensions:,} dimensions: the spectrum has at most {count - 1:,} '
        'components, and says more about who was drawn than about the network.': count <= dimensions,
        f'{count:,} persons are few: most intervals are too wide to conclude anything.': count < FEW,
        'All persons are of one image: there are no intervals, which are drawn over images.': images == 1,
        f'All persons are of {images} images, and intervals are drawn over images: from so few they are too narrow and '
        'mean little.': 1 < images < FEW_IMAGES,
        f'The layer fires {calls} times in one pass; these are its outputs at the first call.': calls > 1,
        f'The store has {len(store):,} of {store.manifest.rows:,} persons; its dump was cut off.': not store.complete,
    }
    return [text for text, applies in warnings.items() if applies]


def outlier_warnings(selection: 'Selection', norms: NDArray[np.float64]) -> list[str]:
    """A sentence about persons who make much of the variance alone, by squared distances to the mean (N,)."""
    share = norms / (float(norms.sum()) or 1.0)  # of latents that are all the same nobody has a share
    heavy = np.flatnonzero(share > max(HEAVY, TYPICAL / len(share)))
    if not len(heavy):
        return []
    ids = selection.annotation_ids[heavy[np.argsort(-share[heavy])]].tolist()
    rows = ' and '.join(f'annotation_id != {number}' for number in ids)
    who = f'annotation{"s" if len(ids) > 1 else ""} {", ".join(map(str, ids))}'
    said = f'{len(ids)} of {len(share):,} persons ({who}) make {100 * share[heavy].sum():.3g} % of the variance'
    return [
        f'{said}: components and clusters are about them, and what the others differ in may be missed. Look at their '
        f"pictures, and analyse the others with --rows '{rows}'."
    ]

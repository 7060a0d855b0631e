"""What of a store's latents a photo's is set beside, and where that is kept: a second photo need not look at all again.

A covariance of all persons takes minutes for a large store, what is made of it a few MB. It is kept in the store's
folder, in ``explain_image-<which persons>.npz``, with a digest of all that it was made of. What is damaged, or was made
of something else, is made again, and a folder that cannot be written to keeps nothing. No pickle is read.

Shapes: N stored persons, D values of a latent, M leading components, R references.
"""

import hashlib
import json
import zipfile
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.npyio import NpzFile

import shg_xai
from shg_xai.chapters.failure_prediction.measure import distances, novelty_of
from shg_xai.errors import InputError
from shg_xai.explain.decomposition import Times, decompose, working
from shg_xai.explain.options import Options
from shg_xai.latents.schema import MANIFEST
from shg_xai.latents.selection import Selection
from shg_xai.latents.shards import ROWS
from shg_xai.runner.measurement import timed
from shg_xai.stats.arrays import Float, Float32, Floats, Int, Ints, NDArray, Singles
from shg_xai.stats.novelty import NAMES, Novelty
from shg_xai.writing import aside

FORMAT = 1  # one more where what is kept is computed otherwise
DIGEST = 'digest'


@dataclass(frozen=True)
class Surroundings:
    """Of N persons: the mean, the leading components, what distances are measured from, how far out each person is by
    each of :data:`~shg_xai.stats.novelty.NAMES`, and everybody's scores.
    """

    mean: Float[Floats, ' D']
    vectors: Float32[Singles, 'D M']
    variances: Float[Floats, ' M']
    references: Float32[Singles, 'R M']
    images: Int[Ints, ' R']
    others: Float32[Singles, 'N 3']
    scores: Float32[Singles, 'N M']

    @property
    def novelty(self) -> Novelty:
        """What distances are measured from."""
        return Novelty(self.variances, self.references, self.images)


def surroundings(selection: Selection, seed: int, times: Times) -> Surroundings:
    """What was kept of these persons, or what is computed and kept now; the seed draws references.

    InputError where the store's latents cannot be analysed (``stats.moments.look``).
    """
    file, digest = place(selection, seed), digest_of(selection, seed)
    with timed(times, 'kept'):
        found = read(file, digest, selection)
    if found is None:
        found = computed(selection, seed, times)
        with suppress(InputError), aside(file) as part, part.open('wb') as handle:
            np.savez(handle, **{DIGEST: np.array(digest)}, **vars(found))
    return found


def computed(selection: Selection, seed: int, times: Times) -> Surroundings:
    """Look at all latents."""
    with working(selection, Options(seed=seed), times=times) as work:
        found = decompose(work)
        novelty = novelty_of(work, found)
        leading = len(novelty.variances)
        others = distances(work, found.projections, novelty)
        scores = found.projections.scores.first(leading)
    # In float32, as the scores were projected.
    vectors = found.components.vectors[:, :leading].astype(np.float32)
    mean, variances = found.components.mean, np.array(novelty.variances)
    return Surroundings(mean, vectors, variances, novelty.references, novelty.images, others, scores)


def place(selection: Selection, seed: int) -> Path:
    """Where it is kept: a file each for a layer, its persons and a seed."""
    which = hashlib.sha256(json.dumps([selection.layer, seed]).encode())
    which.update(np.ascontiguousarray(selection.rows, dtype='<i8').tobytes())
    return selection.store.folder / f'explain_image-{which.hexdigest()[:16]}.npz'


def digest_of(selection: Selection, seed: int) -> str:
    """SHA-256 of what decides: the store's manifest, size and time of each file that is read, and this version."""
    store = selection.store
    [own] = [layer.file for layer in store.manifest.layers if layer.name == selection.layer]
    files = [shard.folder / name for shard in store.shards() for name in (ROWS, own)]
    facts = [(file.parent.name, file.name, (about := file.stat()).st_size, about.st_mtime_ns) for file in files]
    made = [FORMAT, shg_xai.__version__, place(selection, seed).name, facts]
    return hashlib.sha256((store.folder / MANIFEST).read_bytes() + json.dumps(made).encode()).hexdigest()


def read(file: Path, digest: str, selection: Selection) -> Surroundings | None:
    """What is kept in a file; None where there is none, or it was made of something else or is damaged."""
    try:
        # NumPy checks the checksum of what it reads to the end.
        with file.open('rb') as handle:
            arrays = np.load(handle, allow_pickle=False)
            if not isinstance(arrays, NpzFile) or str(arrays[DIGEST]) != digest:
                return None
            found = Surroundings(**{name: arrays[name] for name in Surroundings.__dataclass_fields__})
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        return None
    return found if _fits(vars(found), selection) else None


def _fits(arrays: Mapping[str, NDArray[Any]], selection: Selection) -> bool:
    """Whether all have the shapes that these persons ask for."""
    persons, dimensions, leading = len(selection), selection.dimensions, len(arrays['variances'])
    references = len(arrays['images'])
    shapes = dict(mean=(dimensions,), vectors=(dimensions, leading), variances=(leading,), images=(references,))
    shapes |= dict(references=(references, leading), others=(persons, len(NAMES)), scores=(persons, leading))
    return {name: own.shape for name, own in arrays.items()} == shapes

"""Where one latent lies among those of a store: how far out, and beside whom.

The distances, and from whom they are measured, are those of the chapter failure_prediction, so that its regressions can
be applied to them. Shapes: N stored persons, D values of a latent, M leading components.
"""

from dataclasses import dataclass

import numpy as np

from shg_xai.latents.selection import BLOCK, Selection
from shg_xai.photo.results import Among, FarOut, NearPerson
from shg_xai.photo.surroundings import Surroundings
from shg_xai.stats.arrays import Float, Floats, Int, Ints, Singles
from shg_xai.stats.novelty import NAMES

PERSON = ('annotation_id', 'image_id', 'dataset', 'file_name')


@dataclass(frozen=True)
class Located:
    """A latent among N: the mean of all; how far out it is, and they are, by each of :data:`NAMES`; and the numbers of
    the nearest persons in the selection, and how far these are.
    """

    mean: Float[Floats, ' D']
    components: int
    own: Float[Floats, ' 3']
    others: Float[Singles, 'N 3']
    nearest: Int[Ints, ' n']
    apart: Float[Floats, ' n']

    @property
    def by_name(self) -> dict[str, float]:
        """The latent's own distances; NaN for one that cannot be measured."""
        return dict(zip(NAMES, self.own.tolist(), strict=True))


def locate(latent: Float[Floats, ' D'], around: Surroundings, count: int) -> Located:
    """Find a latent's place, and at most ``count`` nearest persons."""
    centred = latent - around.mean
    scores = (centred.astype(np.float32) @ around.vectors)[None]
    own = around.novelty.distances(scores, np.array([centred @ centred]), None)[0]
    nearest, apart = _nearest(scores, around.scores, count)
    return Located(around.mean, len(around.variances), own, around.others, nearest, apart)


def _nearest(own: Float[Singles, '1 M'], scores: Float[Singles, 'N M'], count: int) -> tuple[Ints, Floats]:
    """Who is nearest along M components, and how far, the nearest first; of ties who comes first."""
    blocks = (scores[start : start + BLOCK] for start in range(0, len(scores), BLOCK))
    apart = np.concatenate([np.linalg.norm(block.astype(np.float64) - own, axis=1) for block in blocks])
    first = np.argsort(apart, kind='stable')[:count]
    return first, apart[first]


def told(located: Located, selection: Selection, rows: str) -> Among:
    """The place as results; ``rows`` says which of the store's persons the selection has."""
    table = selection.table(PERSON).take(located.nearest).to_pylist()
    source = selection.store.manifest.source
    return Among(
        persons=len(selection),
        images=len(np.unique(selection.image_ids)),
        rows=rows,
        split=(source.get('dataset') or {}).get('split'),
        components=located.components,
        distances=[_far_out(*one) for one in zip(NAMES, located.own, located.others.T, strict=True)],
        nearest=[NearPerson(**row, distance=float(apart)) for row, apart in zip(table, located.apart, strict=True)],
    )


def _far_out(name: str, own: float, others: Float[Singles, ' N']) -> FarOut:
    known = others[np.isfinite(others)]
    if not len(known) or not np.isfinite(own):
        return FarOut(name=name, value=None, median=None, beyond=None)
    beyond = float((known < own).mean())
    return FarOut(name=name, value=float(own), median=float(np.median(known)), beyond=beyond)

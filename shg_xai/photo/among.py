"""Where one latent lies among those of a store: how far out, and beside whom.

The distances, and from whom they are measured, are those of the chapter failure_prediction, so that its regressions can
be applied to them. Shapes: N stored persons, D values of a latent, M leading components.
"""

from dataclasses import dataclass

import numpy as np

from shg_xai.chapters.failure_prediction.measure import distances, novelty_of
from shg_xai.explain.decomposition import Times, decompose, working
from shg_xai.explain.options import Options
from shg_xai.latents.selection import BLOCK, Selection
from shg_xai.photo.results import Among, FarOut, NearPerson
from shg_xai.stats.arrays import Float, Floats, Int, Ints, Singles
from shg_xai.stats.novelty import NAMES
from shg_xai.stats.projection import Scores

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


def locate(latent: Float[Floats, ' D'], selection: Selection, seed: int, count: int, times: Times) -> Located:
    """Find a latent's place, and at most ``count`` nearest persons; the seed draws whom neighbours are sought among.

    InputError where the store's latents cannot be analysed (``stats.moments.look``).
    """
    with working(selection, Options(seed=seed), times=times) as work:
        found = decompose(work)
        novelty = novelty_of(work, found)
        leading, centred = len(novelty.variances), latent - found.components.mean
        # In float32, as those of the store were projected.
        scores = (centred.astype(np.float32) @ found.components.vectors[:, :leading].astype(np.float32))[None]
        own = novelty.distances(scores, np.array([centred @ centred]), None)[0]
        others = distances(work, found.projections, novelty)
        nearest, apart = _nearest(scores, found.projections.scores, count)
    return Located(found.components.mean, leading, own, others, nearest, apart)


def _nearest(own: Float[Singles, '1 M'], scores: Scores, count: int) -> tuple[Ints, Floats]:
    """Who is nearest along M components, and how far, the nearest first; of ties who comes first."""
    blocks = (scores.read(*block, own.shape[1]) for block in scores.blocks(BLOCK))
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

"""How sure it is that a concept goes with anything at all: one family of tests for the whole chapter.

Thirty concepts beside ten components and the clusters are hundreds of looks, and the best of hundreds looks good. Here
all of them are one family: images exchange the values of all concepts, as often as asked, and each look is judged by
the largest of all that such an exchange gives (``shg_xai.stats.permutation``). What is looked at:

- the share of the variance of a concept's midranks that the span of the leading components explains (R squared), which
  asks for no single axis; as its cube root, which is nearly normal (Wilson and Hilferty, PNAS 17, 1931);
- the rank correlation of each component with each concept;
- the share of the ranks' variance between clusters, as a cube root; of two clusters the signed correlation with being
  in the second, which is the test of the AUC.

A concept that is not known of everybody takes its gaps along. So that no permutation has to rank anew, components are
ranked once among all persons, and their correlation with the concept is Pearson's of these ranks over the persons whom
a value of it has come to. What was seen is computed in the same way, so the test is exact all the same; rho as it is
reported ranks both among the known.

The probes are the chapter's other family; each has half of the level, so p-values here are twice those of the family.

Shapes: N persons, M components, C concepts that vary, U patterns of who is known.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array
from scipy.stats import rankdata

from shg_xai.chapters.concepts.results import LEVEL
from shg_xai.latents.concepts import Concept
from shg_xai.stats.arrays import Bools, Float, Floats, Int, Ints, Labels, Singles
from shg_xai.stats.bootstrap import Bootstrap
from shg_xai.stats.multiple import familywise, least_found
from shg_xai.stats.permutation import Exchange, permuted

FEWEST_PERSONS = 8
FAMILIES = 2  # this one, and the probes
SINGLE = 1e-5  # relative; statistics are computed in float32
LabelsByK = Mapping[int, Int[Labels, ' N']]  # by K the cluster of each person, 0 to K - 1
# 'span' and how many components, 'component' and its number, or 'clusters' and K; then a concept.
Look = tuple[str, int, str]


class Chance(NamedTuple):
    """The corrected p-value of a look, how large what was looked at is (R squared, a correlation, the ranks' variance
    between clusters; without sign), and how large it has to be to be claimed; NaN where permutations are too few.
    """

    p: float
    seen: float
    least: float


def varies(known: Floats) -> bool:
    """Whether a concept is known of enough persons (n,), and not the same of everybody."""
    return len(known) >= FEWEST_PERSONS and bool(known.min() < known.max())


def corrected(p: float) -> float:
    """A p-value of one of the chapter's families, for the chapter as a whole (Bonferroni)."""
    return min(1.0, FAMILIES * p)


@dataclass(frozen=True)
class Family:
    """Everything that is looked at: latents, which stay where they are, and concepts, which change places.

    Ranks and scores of components are of mean 0 and variance 1, ranks of concepts of length 1, and 0 where not known.
    Of scores and ranks sums and products over the known are wanted, too: ``moments`` has the scores, their products by
    pairs, the ranks and their squares, so that one multiplication tells.
    """

    ranks: Float[Singles, 'M N']
    scores: Float[Singles, 'M N']
    moments: Float[Singles, 'Q N']
    members: tuple[csr_array, ...]  # for each K who is in which cluster, (K, N)
    concept_ranks: Float[Singles, 'N C']
    known: Float[Singles, 'N U']
    pattern: Int[Ints, ' C']

    @classmethod
    def of(cls, scores: Singles, labels: LabelsByK, values: Float[Floats, 'C N']) -> 'Family':
        """Rank everything once."""
        mask = np.isfinite(values)
        patterns, pattern = np.unique(mask, axis=0, return_inverse=True)
        ranks = np.zeros(values.shape[::-1], np.float32)
        for place, (rows, own) in enumerate(zip(mask, values, strict=True)):
            centred = rankdata(own[rows]) - (rows.sum() + 1) / 2
            ranks[rows, place] = centred / np.linalg.norm(centred)
        ones = np.ones(values.shape[1], np.float32)
        members = [csr_array((ones, (own, np.arange(len(own)))), (k, len(own))) for k, own in labels.items()]
        own, order = _scaled(scores.T), _scaled(np.array(list(map(rankdata, scores.T))))
        left, right = np.triu_indices(len(own))
        moments = np.concatenate([own, own[left] * own[right], order, order**2])
        return cls(order, own, moments, tuple(members), ranks, patterns.T.astype(np.float32), pattern)

    @property
    def signed(self) -> Bools:
        """Which statistics have a sign that counts for nothing."""
        parts = [False, *[True] * len(self.ranks), *(member.shape[0] == 2 for member in self.members)]
        return np.repeat(parts, self.concept_ranks.shape[1])

    def statistics(self, source: Int[Ints, ' N']) -> Float[Floats, ' T']:
        """By look, then by concept: span, components, clusters. NaN where one of the two does not vary."""
        concepts, known = self.concept_ranks[source], self.known[source]
        count, width = known.sum(0, dtype=float), len(self.ranks)
        moments = (self.moments @ known).astype(float)
        scores, products, ranks, squares = np.split(moments, np.cumsum([width, width * (width + 1) // 2, width]))
        found = [np.cbrt(self._explained(concepts, scores, products, count))[None]]
        found.append((self.ranks @ concepts) / _root(squares - ranks**2 / count)[:, self.pattern])
        for member in self.members:
            sums, sizes = np.asarray(member @ concepts, float), np.asarray(member @ known, float)[:, self.pattern]
            if len(sums) == 2:
                found.append((sums[1] / _root(sizes.prod(0) / count[self.pattern]))[None])
            else:
                share = (sums**2 / np.maximum(sizes, 1)).sum(0)
                found.append(np.cbrt(np.where((sizes > 0).sum(0) > 1, share, np.nan))[None])
        return np.concatenate(found).ravel()

    def _explained(self, concepts: Singles, sums: Floats, products: Floats, count: Floats) -> Float[Floats, ' C']:
        """R squared of each concept's ranks on the scores of the persons it is known of."""
        left, right = np.triu_indices(len(sums))
        inner = np.empty((len(count), len(sums), len(sums)))
        inner[:, left, right] = inner[:, right, left] = (products - sums[left] * sums[right] / count).T
        inverse = np.linalg.pinv(inner, rcond=1e-5, hermitian=True)[self.pattern]
        cross = (self.scores @ concepts).T.astype(float)
        return np.einsum('ci,cij,cj->c', cross, inverse, cross)


def _scaled(rows: Floats | Singles) -> Singles:
    """Rows of mean 0 and variance 1, or 0 where they do not vary."""
    apart = rows - rows.mean(1, keepdims=True, dtype=float)
    spread = apart.std(1, keepdims=True)
    return np.asarray(apart / np.where(spread > 0, spread, np.inf), np.float32)


def _root(values: Floats | Singles) -> Floats:
    """Square roots, NaN of what is not above 0."""
    return np.sqrt(np.where(values > 1e-6, values, np.nan))


def chances(
    scores: Float[Singles, 'N M'],
    labels: LabelsByK,
    concepts: Sequence[Concept],
    bootstrap: Bootstrap,
    permutations: int,
    executor: Executor,
) -> dict[Look, Chance]:
    """The chance of each look that can be judged, over exchanges of whole images."""
    chosen = [concept for concept in concepts if varies(concept.known)]
    if not chosen:
        return {}
    family = Family.of(scores, labels, np.array([concept.values for concept in chosen]))
    exchange = Exchange.of(bootstrap.groups)
    drawn = permuted(family.statistics, exchange, permutations, bootstrap.seed, executor)
    found = familywise(drawn, family.signed, SINGLE)
    least = least_found(drawn, LEVEL / FAMILIES, family.signed, SINGLE)
    # Shares were judged by their cube root.
    seen, least = (np.where(family.signed, np.abs(own), own**3) for own in (drawn[0], least))
    told = zip(_looks(scores.shape[1], labels, chosen), found.tolist(), seen.tolist(), least.tolist(), strict=True)
    return {look: Chance(corrected(p), own, limit) for look, p, own, limit in told if np.isfinite(p)}


def _looks(components: int, labels: LabelsByK, concepts: Sequence[Concept]) -> Iterator[Look]:
    """What is looked at, in the order of the statistics."""
    kinds = [('span', components), *(('component', at + 1) for at in range(components))]
    for (kind, which), concept in product([*kinds, *(('clusters', k) for k in labels)], concepts):
        yield kind, which, concept.name

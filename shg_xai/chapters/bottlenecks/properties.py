"""What is asked of a code besides single units and concepts: how sparse, how alike between starts, how pure.

Shapes: N persons, n of them, W units, C concepts, D values of a latent, k units chosen.
"""

from collections.abc import Sequence
from itertools import permutations

import numpy as np

from shg_xai.chapters.bottlenecks.reading import correlations
from shg_xai.stats.arrays import Bools, Float, Floats, Singles

ACTIVE_VARIANCE = 0.01  # of a variational code's mean, whose prior has 1 (Burda and others, "IWAE", 2016, section 5.1)
STILL = 1e-6  # of the largest standard deviation of a unit
KS = (1, 2, 5)  # units of a sparse probe


def dead_units(codes: Float[Singles, 'N W'], kind: str) -> Bools:
    """Which units say nothing of these persons: one of a sparse dictionary fires for none, a variational one's mean has
    a variance below 0.01, another is the same for all.
    """
    if kind == 'topk':
        return np.asarray((codes <= 0).all(0))
    spread = codes.std(0, dtype=float)
    return spread**2 < ACTIVE_VARIANCE if kind == 'variational' else spread <= STILL * spread.max()


def active_units(codes: Float[Singles, 'N W']) -> float:
    """How many units are not 0 for a person on average, L0."""
    return float((codes != 0).sum(1).mean())


def probe_shares(
    codes: Float[Singles, 'N W'], concepts: Float[Floats, 'N C'], fitted: Bools, ks: Sequence[int] = KS
) -> list[Float[Floats, 'm 2*C']]:
    """k-sparse probing (Gurnee and others, "Finding Neurons in a Haystack", 2023, section 3): for each k, of each
    measured person and concept the squared error of a linear probe on k units, then the squared distance to the mean;
    0 where the concept is not known. Sums over persons give R squared.

    Units are chosen one after the other among the persons trained on, each the one that explains most of what is left
    (orthogonal matching pursuit; Pati, Rezaiifar and Krishnaprasad 1993).
    """
    found = [np.zeros((int((~fitted).sum()), 2 * concepts.shape[1])) for _ in ks]
    units = np.asarray(codes, float)
    for concept, values in enumerate(concepts.T):
        known = np.isfinite(values)
        train, test = known & fitted, (known & ~fitted)[~fitted]
        steps = pursuit(units[train], values[train], max(ks))
        measured, truth = units[~fitted][test], values[~fitted][test]
        spread = (truth - truth.mean()) ** 2
        for table, k in zip(found, ks, strict=True):
            chosen, weights = steps[min(k, len(steps)) - 1] if steps else ([], np.array([values[train].mean()]))
            told = weights[0] + measured[:, chosen] @ weights[1:]
            table[test, concept], table[test, concepts.shape[1] + concept] = (truth - told) ** 2, spread
    return found


def pursuit(units: Float[Floats, 'n W'], values: Float[Floats, ' n'], most: int) -> list[tuple[list[int], Floats]]:
    """The units chosen, and intercept and weights of least squares on them, after each of ``most`` steps; fewer where
    nothing is left to choose.
    """
    chosen: list[int] = []
    steps = []
    left = values - values.mean()
    for _ in range(min(most, units.shape[1])):
        size = np.abs(correlations(units, left[:, None])[:, 0])
        size[chosen] = -1
        if size.max() <= 0:
            break
        chosen.append(int(size.argmax()))
        inputs = np.column_stack([np.ones(len(units)), units[:, chosen]])
        weights = np.linalg.lstsq(inputs, values, rcond=None)[0]
        left = values - inputs @ weights
        steps.append((list(chosen), weights))
    return steps


def described(concepts: Float[Floats, 'N C']) -> Float[Floats, 'N C']:
    """Each person as a vector of length 1 of its concepts in ranks, 0 where one is not known; 0 of nobody known."""
    scaled = np.nan_to_num(concepts / np.nanstd(concepts, axis=0))
    length = np.linalg.norm(scaled, axis=1, keepdims=True)
    return scaled / np.where(length > 0, length, 1)


def monosemanticity(
    codes: Float[Singles, 'N W'], persons: Float[Floats, 'N C'], alive: Bools, signed: bool
) -> float | None:
    """Mean over living units of the similarity of two persons, weighted by the product of both activations (Pach and
    others, "Sparse Autoencoders Learn Monosemantic Features in Vision-Language Models", 2025, section 3.2). None
    without a unit that is on for two persons.

    ``persons`` are vectors of length 1, see :func:`described`; activations are scaled from 0 to 1. A unit that has a
    sign is two: how far it is above its median, and how far below.
    """
    units = np.asarray(codes[:, alive], float)
    if signed:
        apart = units - np.median(units, axis=0)
        units = np.maximum(np.hstack([apart, -apart]), 0)
    units = units / np.where(units.max(0) > 0, units.max(0), 1)
    itself, norms = (units**2).T @ (persons**2).sum(1), (units**2).sum(0)
    alike = ((units.T @ persons) ** 2).sum(1) - itself
    weight = units.sum(0) ** 2 - norms
    told = weight > 1e-9
    return float((alike[told] / weight[told]).mean()) if told.any() else None


def agreement(codes: Sequence[Float[Floats | Singles, 'N W']]) -> float | None:
    """How like a unit is to the one most like it in another start: the largest absolute correlation, mean over living
    units and ordered pairs of starts; None of a single one.
    """
    scaled = [_scaled(np.asarray(own, float)) for own in codes]
    return _mean_largest(scaled)


def cosines(directions: Sequence[Float[Floats, 'D W']]) -> float | None:
    """The same of what units add to a latent: the largest absolute cosine."""
    lengths = [np.linalg.norm(own, axis=0) for own in directions]
    kept = [own[:, length > 0] / length[length > 0] for own, length in zip(directions, lengths, strict=True)]
    return _mean_largest(kept)


def _scaled(columns: Floats) -> Floats:
    """Columns that vary, of mean 0 and length 1."""
    apart = columns - columns.mean(0)
    length = np.linalg.norm(apart, axis=0)
    varies = length > 1e-9 * max(length.max(initial=0), 1e-300)
    return apart[:, varies] / length[varies]


def _mean_largest(columns: Sequence[Floats]) -> float | None:
    pairs = [(a, b) for a, b in permutations(columns, 2) if a.shape[1] and b.shape[1]]
    return float(np.mean([np.abs(a.T @ b).max(1).mean() for a, b in pairs])) if pairs else None

"""How principal components go with concepts: rank correlation, plain and with others held fixed.

Spearman's rho is Pearson's correlation of midranks (Spearman, American Journal of Psychology 15, 1904; ties: Kendall,
Rank Correlation Methods, 1948, chapter 3). The partial rho of component and concept given controls is Pearson's
correlation of what is left of their midranks after least squares on the controls' midranks (Kendall, Biometrika 32,
1942; Conover, Practical Nonparametric Statistics, 1999, section 5.4).

Each pair uses the persons whose concept is known, ranked among themselves; a partial one those whose controls are known
too. Intervals come from resamples of images (``shg_xai.stats.bootstrap``), in each of which everything is ranked and
adjusted again (``shg_xai.stats.ranks``).

Shapes: N persons, M components, C concepts, S resamples.
"""

import math
from collections.abc import Sequence
from concurrent.futures import Executor
from functools import partial
from itertools import product

import numpy as np

from shg_xai.chapters.concepts.results import Correlation
from shg_xai.latents.concepts import Concept
from shg_xai.random_streams import stream
from shg_xai.results import Estimate
from shg_xai.stats.arrays import Bools, Float, Floats, Singles
from shg_xai.stats.bootstrap import Bootstrap, estimated
from shg_xai.stats.executors import ordered
from shg_xai.stats.ranks import Ranker, partial_correlations, rank_correlations

# What moves many pixels, and so a component, without being the pose: size, labels, truncation, shape of the box.
CONTROLS = ('torso_in_crop', 'labelled_share', 'border_sides', 'box_aspect')
FEWEST_PERSONS = 8
Found = dict[int, list[Estimate]]


def associate(
    scores: Float[Floats | Singles, 'N M'],
    concepts: Sequence[Concept],
    bootstrap: Bootstrap,
    executor: Executor,
    permutations: int = 200,
) -> tuple[list[str], list[Correlation]]:
    """Rank correlation of each component (N, M) with each concept: names of the controls (those of CONTROLS that are
    known and vary), and the correlations, by component.

    There is no value with fewer than 8 persons (beyond the number of controls, for ``partial``), of a column that never
    varies, or of one that the controls determine. ``shuffled`` is what chance gives: mean and percentiles of rho with
    values dealt anew so often to the persons they are known of.
    """
    names, leading = [concept.name for concept in concepts], range(scores.shape[1])
    controls = [names.index(name) for name in CONTROLS if name in names and varies(concepts[names.index(name)].known)]
    values = np.array([concept.values for concept in concepts]).reshape(len(names), len(scores))
    rho, adjusted, shuffled = Found(), Found(), Found()
    for mask, (plain, held) in _plan(np.isfinite(values), controls).items():
        # These persons are ranked once, for all concepts wanted of them.
        rows = np.flatnonzero(np.frombuffer(mask, bool))
        chosen = sorted({*plain, *held, *(controls if held else ())})
        place = {one: len(leading) + at for at, one in enumerate(chosen)}
        columns = [*scores[rows].T, *values[np.ix_(np.array(chosen), rows)]]
        rankers = list(ordered(executor, Ranker.of, columns))
        drawn = rank_correlations(rankers, rows, bootstrap, executor)
        rho |= {one: bootstrap.estimates(drawn[:, leading, place[one]], len(rows)) for one in plain}
        for one in held:
            others = [place[control] for control in controls if control != one]
            partials = partial_correlations(drawn, leading, place[one], others)
            adjusted[one] = bootstrap.estimates(partials, len(rows))
        shuffle = partial(_shuffled, rankers[: len(leading)], permutations, bootstrap.seed)
        dealt = ordered(executor, shuffle, [(one, rankers[place[one]]) for one in plain])
        about = bootstrap.confidence, permutations
        for one, samples in zip(plain, dealt, strict=True):
            shuffled[one] = [estimated(own.mean(), own, *about, 'permutations') for own in samples.T]
    found = []
    for at, (one, concept) in product(leading, enumerate(concepts)):
        whole = rho[one][at] if one in rho else Estimate(value=None, n=len(concept.known))
        part = adjusted[one][at] if one in adjusted else Estimate(value=None)
        chance = shuffled[one][at] if one in shuffled else Estimate(value=None, over='permutations')
        found.append(Correlation(component=at + 1, concept=concept.name, rho=whole, partial=part, shuffled=chance))
    return [names[control] for control in controls], found


def varies(known: Floats) -> bool:
    """Whether a concept is known of enough persons (n,), and not the same of everybody."""
    return len(known) >= FEWEST_PERSONS and bool(known.min() < known.max())


def _plan(known: Bools, controls: Sequence[int]) -> dict[bytes, tuple[list[int], list[int]]]:
    """By persons (a mask's bytes): concepts whose rho is over them, and whose partial rho is; ``known`` is (C, N)."""
    plan: dict[bytes, tuple[list[int], list[int]]] = {}
    for one, mask in enumerate(known):
        if mask.sum() >= FEWEST_PERSONS:
            plan.setdefault(mask.tobytes(), ([], []))[0].append(one)
        others = [control for control in controls if control != one]
        mask = mask & known[others].all(0)
        if others and mask.sum() >= FEWEST_PERSONS + len(others):
            plan.setdefault(mask.tobytes(), ([], []))[1].append(one)
    return plan


def _shuffled(components: Sequence[Ranker], permutations: int, seed: int, task: tuple[int, Ranker]) -> Floats:
    """Rho of M components with a concept whose values are dealt anew, (permutations, M)."""
    one, concept = task
    ones = np.ones(len(concept.order), np.int64)
    ranks = np.array([ranker.ranks(ones) for ranker in [*components, concept]], float)
    size = np.linalg.norm(ranks, axis=1, keepdims=True)
    ranks /= np.where(size > 0, size, math.nan)
    random = stream(seed, 'rank_shuffles', one)
    return np.array([ranks[:-1] @ random.permutation(ranks[-1]) for _ in range(permutations)])

"""How principal components go with concepts: all leading ones together, then each by rank correlation.

**Together.** The share of the variance of a concept's midranks that a linear fit on the span of the leading components
explains (R squared) asks for no single axis, so it does not matter how components share it out. Chance explains a share
q of whatever is left to explain, the larger the fewer images, and in a resample once more: 1 less the mean over
resamples is (1 - q) of 1 less the value. What is left is divided by 1 - q in the value, as degrees of freedom do it in
the adjusted R squared, and by its square in the resamples (the bias of the bootstrap: Efron and Tibshirani, An
Introduction to the Bootstrap, 1993, section 10.3). R squared is never below 0, so of a concept that no component goes
with an interval starts at 0, and holds that in at least 97.5 % and not in 95 %.

**Each.** Spearman's rho is Pearson's correlation of midranks (Spearman, American Journal of Psychology 15, 1904; ties:
Kendall, Rank Correlation Methods, 1948, chapter 3). The partial rho of component and concept given controls is that of
what is left of their midranks after least squares on the controls' midranks (Kendall, Biometrika 32, 1942; Conover,
Practical Nonparametric Statistics, 1999, section 5.4). Not every control is a good one: one that follows from the
concept, or is nearly the same, takes away what was asked for (Cinelli, Forney and Pearl, Sociological Methods and
Research 53, 2022), so each concept has its own, by :func:`controls_of`.

Each pair uses the persons whose concept is known, ranked among themselves; a partial one those whose controls are known
too. Intervals come from resamples of images (``shg_xai.stats.bootstrap``), in each of which axes are fitted again
(``shg_xai.stats.axes``) and everything is ranked and adjusted again (``shg_xai.stats.ranks``). An axis that turns may
lose its concept or win that of its neighbour. Where it can only lose, the value is too small and resamples are smaller
still, so that their mirror image about the value is the interval (the basic one; Davison and Hinkley, Bootstrap Methods
and their Application, 1997, section 5.2); where it goes either way their percentiles are. Which it is nobody knows, so
an interval holds both. What axes lose to directions beyond the leading components is not in it.

Shapes: N persons, M components, C concepts, S resamples, P columns.
"""

import math
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from itertools import product

import numpy as np
from scipy.stats import spearmanr

from shg_xai.chapters.concepts.chosen import allowed_for
from shg_xai.chapters.concepts.family import FEWEST_PERSONS, Chance, Look, varies
from shg_xai.chapters.concepts.results import Axis, Correlation, Span
from shg_xai.latents.concepts import Concept
from shg_xai.results import Estimate
from shg_xai.stats.arrays import Bools, Float, Floats, Ints, Singles
from shg_xai.stats.axes import refitted
from shg_xai.stats.bootstrap import Bootstrap
from shg_xai.stats.executors import ordered
from shg_xai.stats.ranks import Present, Ranker, explained, partial_correlations

# What moves many pixels, and so a component, without being the pose: size, labels, truncation, shape of the box.
CONTROLS = ('torso_in_crop', 'labelled_share', 'border_sides', 'box_aspect')
# Controls that a concept brings about by how either is defined: a cut person has fewer labels and another box, of which
# the crop is made; a box is as wide and high as the pose.
CUT = ('torso_in_crop', 'labelled_share', 'box_aspect')
POSE = ('torso_in_crop', 'box_aspect')
CONSEQUENCES = {
    'border_sides': CUT,
    'factor_truncation': (*CUT, 'border_sides'),
    'factor_labelled_joints': ('labelled_share',),
    'factor_label_dropout': ('labelled_share',),
    **dict.fromkeys(('standing', 'limb_spread', 'torso_tilt'), POSE),
    **dict.fromkeys(('factor_posture', 'factor_activity', 'factor_roll_deg'), POSE),
    **dict.fromkeys(('facing_camera', 'facing_right', 'factor_yaw_cos', 'factor_yaw_sin'), ('box_aspect',)),
}
COPY = 0.8  # a control that goes with a concept more than that, in rank, is nearly the same
TINY = 1e-9  # of a share
BLOCK = 25  # resamples a task; fixed, so that nothing depends on the number of workers
TOGETHER = 2_000_000  # values that are ranked at a time: 16 MB


@dataclass(frozen=True)
class Association:
    """What is found: names of the controls there are, how firm the axes are, and what goes with what."""

    controls: list[str]
    axes: list[Axis]
    span: list[Span]
    components: list[Correlation]


def controls_of(at: int, names: Sequence[str], values: Float[Floats, 'C N']) -> list[int]:
    """Which concepts are held fixed for one of them: those of CONTROLS that are known and vary, but the concept itself,
    what follows from it by definition (CONSEQUENCES), and what goes with it at a rho beyond 0.8 either way.
    """
    found = []
    for control in (names.index(name) for name in CONTROLS if name in names):
        both = np.isfinite(values[[at, control]]).all(0)
        follows = control == at or names[control] in CONSEQUENCES.get(names[at], ())
        if follows or not (varies(values[at, both]) and varies(values[control, both])):
            continue
        if abs(spearmanr(values[at, both], values[control, both]).statistic) <= COPY:
            found.append(control)
    return found


def associate(
    scores: Float[Floats | Singles, 'N M'],
    concepts: Sequence[Concept],
    bootstrap: Bootstrap,
    executor: Executor,
    chances: dict[Look, Chance],
) -> Association:
    """Each concept beside the first M components, together and one by one, and by what chance; the intervals
    of what is claimed allow for its having been chosen.

    There is no value with fewer than 8 persons (beyond the number of controls or components), of a column that never
    varies, or of one that the controls determine.
    """
    names, width = [concept.name for concept in concepts], scores.shape[1]
    values = np.array([concept.values for concept in concepts]).reshape(len(names), len(scores))
    known, leading = np.isfinite(values), range(width)
    held = [controls_of(at, names, values) for at in range(len(names))]
    plan = _plan(known, held)
    cosines, drawn = _drawn(Sample(scores, values, [(mask, plan[mask]) for mask in plan]), bootstrap, executor)
    rho, adjusted, shares = dict[int, list[Estimate]](), dict[int, list[Estimate]](), dict[int, Estimate]()
    for (mask, chosen), found in zip(plan.items(), drawn, strict=True):
        count = int(np.frombuffer(mask, bool).sum())
        place = {one: 2 * width + at for at, one in enumerate(chosen)}
        for one in (one for one in chosen if known[one].tobytes() == mask):
            rho[one] = _estimates(found[:, leading, place[one]], count, bootstrap)
            if count >= FEWEST_PERSONS + width and varies(values[one, known[one]]):
                shares[one] = _share(explained(found, place[one], range(width, 2 * width)), count, width, bootstrap)
        for one in (one for one in chosen if held[one] and _with_controls(known, one, held[one]).tobytes() == mask):
            if count < FEWEST_PERSONS + len(held[one]):
                continue  # ranked for themselves, and too few to hold anything fixed
            others = [place[control] for control in held[one]]
            adjusted[one] = _estimates(partial_correlations(found, leading, place[one], others), count, bootstrap)
    span, pairs = [], []
    for one, name in enumerate(names):
        share = shares.get(one, Estimate(value=None, n=int(known[one].sum())))
        chance = chances.get(('span', width, name))
        told = allowed_for(share, chance, bootstrap.confidence)
        span.append(Span(concept=name, components=width, explained=told, p=chance and chance.p))
    for at, (one, name) in product(leading, enumerate(names)):
        chance = chances.get(('component', at + 1, name))
        plain = rho[one][at] if one in rho else Estimate(value=None, n=int(known[one].sum()))
        pairs.append(
            Correlation(
                component=at + 1,
                concept=name,
                rho=allowed_for(plain, chance, bootstrap.confidence),
                partial=adjusted[one][at] if one in adjusted else Estimate(value=None),
                held=[names[control] for control in held[one]] if one in adjusted else [],
                p=chance and chance.p,
            )
        )
    used = [name for name in CONTROLS if any(name == names[control] for own in held for control in own)]
    return Association(used, _axes(cosines, bootstrap), span, pairs)


def _estimates(found: Float[Floats, '1+S M'], count: int, bootstrap: Bootstrap) -> list[Estimate]:
    """Correlations with axes that turn: the interval holds both the percentiles of the resamples and their mirror image
    about the value, on Fisher's scale.
    """
    with np.errstate(divide='ignore', invalid='ignore'):
        mirrored = np.tanh(2 * np.arctanh(found[:1]) - np.arctanh(found))
    ways = zip(bootstrap.estimates(found, count), bootstrap.estimates(mirrored, count), strict=True)
    both = [(one, (one.ends, other.ends)) for one, other in ways]
    for one, (ends, others) in both:
        if ends and others:
            one.low, one.high = min(ends[0], others[0]), max(ends[1], others[1])
    return [one for one, _ in both]


def _share(found: Float[Floats, ' 1+S'], count: int, width: int, bootstrap: Bootstrap) -> Estimate:
    """R squared without what chance adds to it, which resamples tell, or else degrees of freedom; at least 0."""
    value, samples = float(found[0]), found[1:]
    if not len(samples):
        return Estimate(value=max(1 - (1 - value) * (count - 1) / (count - 1 - width), 0.0), n=count)
    left = max(1 - value, TINY)
    kept = max(1 - float(np.nanmean(samples)), TINY) / left  # 1 - q
    return bootstrap.estimate(max(1 - left / kept, 0.0), np.maximum(1 - (1 - samples) / kept**2, 0), count)


def _axes(cosines: Float[Floats, 'S M'], bootstrap: Bootstrap) -> list[Axis]:
    """How firm each axis is: median and interval of its cosine with the axis fitted in a resample."""
    medians = np.median(cosines, axis=0) if len(cosines) else np.full(cosines.shape[1], math.nan)
    about = zip(medians.tolist(), cosines.T, strict=True)
    return [Axis(component=at, cosine=bootstrap.estimate(*own)) for at, own in enumerate(about, 1)]


def _with_controls(known: Bools, one: int, held: Sequence[int]) -> Bools:
    """Who is known, with the controls of a concept."""
    together: Bools = known[[one, *held]].all(0)
    return together


def _plan(known: Bools, held: Sequence[Sequence[int]]) -> dict[bytes, list[int]]:
    """By persons (a mask's bytes): the concepts to be ranked among them, controls too; ``known`` is (C, N)."""
    plan: dict[bytes, set[int]] = {}
    for one, own in enumerate(held):
        for controls in ((), own) if own else ((),):
            mask = _with_controls(known, one, controls)
            if mask.sum() >= FEWEST_PERSONS + len(controls):
                plan.setdefault(mask.tobytes(), set()).update([one, *controls])
    return {mask: sorted(chosen) for mask, chosen in plan.items()}


@dataclass(frozen=True)
class Sample:
    """What is resampled: for each set of persons (a mask's bytes) the concepts that are ranked among them."""

    scores: Float[Floats | Singles, 'N M']
    values: Float[Floats, 'C N']
    plan: Sequence[tuple[bytes, Sequence[int]]]


def _drawn(sample: Sample, bootstrap: Bootstrap, executor: Executor) -> tuple[Floats, list[Floats]]:
    """Cosines of axes in the resamples (S, M), and for each set of persons the correlations (1 + S, P, P), without
    resampling first: ranks of components, scores along all, ranks of concepts.
    """
    rankers = list(ordered(executor, Ranker.of, np.nan_to_num(sample.values)))
    count = bootstrap.resamples
    parts = [range(start, min(start + BLOCK, count)) for start in range(0, count, BLOCK)]
    found = list(ordered(executor, partial(_some, sample, rankers, bootstrap), [None, *parts]))
    cosines = [own for some, _ in found[1:] for own in some]
    together = [np.array([own[at] for _, some in found for own in some]) for at in range(len(sample.plan))]
    return np.array(cosines).reshape(-1, sample.scores.shape[1]), together


def _some(
    sample: Sample, rankers: Sequence[Ranker], bootstrap: Bootstrap, part: range | None
) -> tuple[list[Floats], list[list[Floats]]]:
    """Cosines and correlations in some resamples; None stands for the persons as they are."""
    scores, cosines, found = sample.scores, [], []
    draws = iter([np.ones(len(scores), np.int64)]) if part is None else bootstrap.weights(part)
    for weights in draws:
        present = Present.of(weights)
        own = scores[present.there]
        axes = np.eye(scores.shape[1]) if part is None else refitted(own, weights[present.there])
        cosines.append(axes.diagonal())
        turned = own if part is None else own @ axes
        components = list(map(Ranker.of, np.ascontiguousarray(turned.T)))
        found.append(list(_correlations(sample, own.T, components, rankers, weights, present)))
    return cosines, found


def _correlations(
    sample: Sample,
    scores: Float[Floats | Singles, 'M m'],
    components: Sequence[Ranker],
    concepts: Sequence[Ranker],
    weights: Ints,
    present: Present,
) -> Iterator[Floats]:
    """Correlations (P, P) among each set of persons, NaN of a column without variance; scores and components are those
    of who is present.
    """
    width, here = len(components), weights[present.there].astype(float)
    everybody = Present.of(here)
    # Several sets at a time, as many as memory is meant to hold.
    most = max(TOGETHER // max(len(here) * (2 * width + len(concepts)), 1), 1)
    for start in range(0, len(sample.plan), most):
        plan = sample.plan[start : start + most]
        sets = np.array([np.frombuffer(mask, bool)[present.there] for mask, _ in plan]) * here
        roots = np.sqrt(sets)
        columns = [np.empty((2 * width + len(chosen), len(here))) for _, chosen in plan]
        for place, ranker in enumerate(components):
            for own, ranks in zip(columns, ranker.ranks_among(everybody, sets), strict=True):
                own[place] = ranks
        for one in sorted({one for _, chosen in plan for one in chosen}):
            within = [at for at, (_, chosen) in enumerate(plan) if one in chosen]
            for at, ranks in zip(within, concepts[one].ranks_among(present, sets[within]), strict=True):
                columns[at][2 * width + plan[at][1].index(one)] = ranks
        for own, root, persons in zip(columns, roots, sets, strict=True):
            own[width : 2 * width] = scores - (scores @ persons)[:, None] / max(persons.sum(), 1)
            own *= root
            products = own @ own.T
            size = np.sqrt(np.where(products.diagonal() > 0, products.diagonal(), math.nan))
            yield products / size / size[:, None]

"""Set a layer of one training beside the same layer of others, on the same persons."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from itertools import combinations
from math import nan, sqrt

import numpy as np
from scipy.stats import t as student

from shg_xai.chapters.concepts.association import associate
from shg_xai.chapters.concepts.measure import enough
from shg_xai.chapters.concepts.results import Span
from shg_xai.chapters.trainings.results import ConceptNumber, Match, Number, Overlap, Pair, Trainings
from shg_xai.explain.decomposition import KEPT, Decomposition, Work, decompose
from shg_xai.latents.selection import Selection
from shg_xai.results import Estimate
from shg_xai.stats.arrays import Float32, Int, Ints, Singles
from shg_xai.stats.bootstrap import Bootstrap, number
from shg_xai.stats.cka import Latents, linear_cka
from shg_xai.stats.draws import at_least, beside
from shg_xai.stats.matching import Exchanged, in_resamples, lower_ends, match, with_refitted
from shg_xai.stats.multiple import familywise
from shg_xai.stats.overlap import held_out_share
from shg_xai.stats.pca import SHARES, components_for, participation_ratio
from shg_xai.stats.permutation import Exchange, permuted

WIDER = 2 * KEPT  # components within which axes are fitted again
FEWEST_TRAININGS = 3  # that say how far another one may be
SINGLE = 1e-5  # relative; correlations of exchanged scores are computed in float32


@dataclass(frozen=True)
class Training:
    """One training: its latents, scores along the first components, and what these explain of the concepts."""

    latents: Latents
    scores: Float32[Singles, 'N B']
    span: list[Span]


def of_layer(of: str, work: Work, found: Decomposition) -> Trainings | None:
    """The trainings side by side; None where there is one alone."""
    if not work.trainings:
        return None
    bootstrap = replace(work.bootstrap, resamples=enough(work.options.bootstrap, len(work.selection)))
    with work.stage('trainings') as pool:
        found_too = [_other(work, selection, bootstrap) for selection in work.trainings.values()]
        own = [_training(work, found, work, bootstrap), *found_too]
        named = dict(zip([of, *work.trainings], own, strict=True))
        values = [one.latents.eigenvalues for one in own]
        most = min(KEPT, *(one.scores.shape[1] for one in own))
        half = work.selection.halves(work.options.seed)
        first, others = own[0].scores[:, :most], dict(list(named.items())[1:])
        shares = {name: held_out_share(first, one.scores[:, :most], half) for name, one in others.items()}
        return Trainings(
            of=of,
            confidence=bootstrap.confidence,
            persons=len(work.selection),
            images=len(np.unique(bootstrap.groups)),
            names=list(named),
            components=most,
            participation_ratio=across(list(map(participation_ratio, values)), bootstrap.confidence),
            components_for_90=across([components_for(one, SHARES[0]) for one in values], bootstrap.confidence),
            concepts=list(_concepts([one.span for one in own], bootstrap.confidence)),
            pairs=list(_pairs(named, pool)),
            overlaps=[Overlap(training=name, share=share) for name, share in shares.items()],
            matches=list(matches(named, most, bootstrap, work.options.permutations, pool)),
            permutations=work.options.permutations,
        )


def _other(work: Work, selection: Selection, bootstrap: Bootstrap) -> Training:
    """Another training, decomposed as the first was."""
    file = work.file.with_name(f'training-{work.file.name}')
    own = replace(work, selection=selection, file=file)
    training = _training(own, decompose(own), work, bootstrap)
    file.unlink()
    return training


def _training(own: Work, found: Decomposition, first: Work, bootstrap: Bootstrap) -> Training:
    """What is kept of a training; concepts are those of the first, whose persons they all have."""
    latents = Latents(own.selection, found.components.mean, found.components.eigenvalues)
    span = associate(found.leading, first.concepts, bootstrap, own.pool, {}).span
    return Training(latents, found.projections.scores.first(WIDER), span)


def across(values: Sequence[float | None], confidence: float) -> Number:
    """A number of T trainings: mean, spread, and Student's interval for the mean of trainings drawn as these were.

    Two say next to nothing of a third, so they get no interval. Trainings differ by their random weights and by the
    order of persons, and are taken to be independent of each other, their numbers to be normal.
    """
    known = np.array([value for value in values if value is not None], dtype=float)
    count = len(known)
    mean, sd = (float(known.mean()) if count else nan), (float(known.std(ddof=1)) if count > 1 else nan)
    reach = student.ppf((1 + confidence) / 2, count - 1) * sd / sqrt(count) if count >= FEWEST_TRAININGS else nan
    estimate = Estimate(value=number(mean), low=number(mean - reach), high=number(mean + reach), n=count, over='seeds')
    return Number(values=list(values), mean=estimate, sd=number(sd))


def _concepts(spans: Sequence[Sequence[Span]], confidence: float) -> Iterator[ConceptNumber]:
    for one in zip(*spans, strict=True):
        explained = across([span.explained.value for span in one], confidence)
        low, high = explained.mean.low, explained.mean.high
        if low is not None and high is not None:  # of a share
            explained.mean.low, explained.mean.high = max(low, 0.0), min(high, 1.0)
        yield ConceptNumber(concept=one[0].concept, explained=explained)


def _pairs(named: Mapping[str, Training], pool: Executor) -> Iterator[Pair]:
    for (first, own), (second, other) in combinations(named.items(), 2):
        yield Pair(first=first, second=second, cka=linear_cka(own.latents, other.latents, pool))


def matches(
    named: Mapping[str, Training], most: int, bootstrap: Bootstrap, permutations: int, pool: Executor
) -> Iterator[Match]:
    """The first components of the first training and their partners in the others."""
    (_, own), *others = named.items()
    scores = [other.scores for _, other in others]
    partners = _partners(own.scores, scores, most)
    drawn = [in_resamples(own.scores, other, most, bootstrap, pool) for other in scores]
    images = len(np.unique(bootstrap.groups))
    least = lower_ends(np.concatenate(drawn, axis=1), images, bootstrap.confidence)
    exchanged = Exchanged.of(own.scores, scores, most)
    exchange = Exchange.of(bootstrap.groups)
    chance = permuted(exchanged.matched, exchange, permutations, bootstrap.seed, pool)
    p, p_corrected = at_least(chance), familywise(chance, rounding=SINGLE)
    for place, partner in enumerate(partners):
        yield Match(
            training=others[place // most][0],
            component=place % most + 1,
            partner=int(partner) + 1,
            correlation=beside(chance[:, place], float(p[place]), float(p_corrected[place])),
            least=number(float(least[place])),
        )


def _partners(scores: Singles, others: Sequence[Singles], most: int) -> Int[Ints, ' T*K']:
    """Which component each is matched with, of persons as they are."""
    once = np.ones(len(scores), np.int64)
    return np.concatenate([match(with_refitted(scores, other, most, once))[1] for other in others])

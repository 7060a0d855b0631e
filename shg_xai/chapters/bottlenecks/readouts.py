"""What bottlenecks say of persons, kind by kind, and which is the more readable; of codes alone, without a network.

Shapes: N persons, n of them measured, W units, C concepts, E ends of them, S starts, D values of a latent.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from itertools import product
from typing import TypeVar

import numpy as np

from shg_xai.chapters.bottlenecks import properties
from shg_xai.chapters.bottlenecks.extremes import told_ends
from shg_xai.chapters.bottlenecks.reading import FAMILIES, Chosen, Pairs, chances, pairs_of
from shg_xai.chapters.bottlenecks.results import By, Chance, Compared, Latents, Name, Readout, Than, ToldConcept
from shg_xai.chapters.networks.differences import compare
from shg_xai.latents.concepts import Concept
from shg_xai.random_streams import stream
from shg_xai.results import Curve, Estimate, Over
from shg_xai.stats.arrays import Bools, Float, Floats, Ints, Singles
from shg_xai.stats.bootstrap import Bootstrap, number
from shg_xai.stats.crossed import crossed
from shg_xai.stats.draws import LEVEL
from shg_xai.stats.permutation import Exchange
from shg_xai.stats.ratios import image_weights, ratios, sums_in_resamples

Key = tuple[Name, Latents]
T = TypeVar('T')


@dataclass(frozen=True)
class People:
    """Persons whose codes are read: the C concepts of each, placed among the persons trained on, at which E ends each
    is, and who was trained on.
    """

    concepts: Sequence[Concept]
    placed: Float[Floats, 'N C']
    ends: Float[Floats, 'N E']
    fitted: Bools
    bootstrap: Bootstrap  # of the measured


@dataclass(frozen=True)
class Start:
    """One training of a kind: codes of all persons, squared errors of each, and what a unit adds to a latent."""

    codes: Float[Singles, 'N W']
    errors: Float[Floats, ' N']
    directions: Float[Floats, 'D W']


@dataclass(frozen=True)
class Read:
    """A kind with its starts, and of each the units chosen and how they go with their concepts."""

    starts: Sequence[Start]
    chosen: Sequence[Chosen]
    pairs: Sequence[Pairs]
    ends: Float[Floats, 'S n']  # what each measured person makes of the mean 2 AUC - 1 over ends

    @classmethod
    def of(cls, starts: Sequence[Start], people: People) -> 'Read':
        """Choose the units of each start."""
        found = [pairs_of(start.codes, people.placed, people.fitted) for start in starts]
        ends = np.stack([told_ends(start.codes, people.ends, people.fitted).mean(1) for start in starts])
        return cls(starts, [chosen for chosen, _ in found], [pairs for _, pairs in found], ends)

    @property
    def ranks(self) -> Float[Floats, 'S n']:
        """What each measured person makes of the mean correlation over concepts."""
        return np.stack([pairs.influence().mean(1) for pairs in self.pairs])

    def scores(self, by: By) -> Float[Floats, 'S n']:
        """On either scale."""
        return self.ranks if by == 'ranks' else self.ends


def share_of(part: Floats, whole: Floats, bootstrap: Bootstrap) -> Estimate:
    """Sums of columns (N, V) over sums of others, mean over columns, with its interval."""
    weights, image_of = image_weights(bootstrap)
    sums = sums_in_resamples([(image_of, np.hstack([part, whole]).astype(np.float32))], weights)
    found = ratios(*np.split(sums, 2, axis=1)).mean(1)
    return bootstrap.estimate(float(found[0]), found[1:], len(part))


def comparisons(read: Mapping[Key, Read], bootstrap: Bootstrap, margin: float) -> tuple[list[Compared], float]:
    """Each kind against the principal components, and all against themselves on untrained latents; with intervals of
    which all hold together, and the confidence of each (Bonferroni).
    """
    asked: list[tuple[Name, Than]] = []
    for name, latents in read:
        if latents == 'untrained':
            asked.append((name, 'untrained'))
        elif name != 'components':
            asked.append((name, 'components'))
    scales: tuple[By, ...] = ('ranks', 'ends')
    each = 1 - (1 - bootstrap.confidence) / FAMILIES / max(1, len(asked) * len(scales))
    alone, found = replace(bootstrap, confidence=each), []
    for by, (name, than) in product(scales, asked):
        own = read[name, 'trained'].scores(by)
        against = read['components', 'trained'] if than == 'components' else read[name, 'untrained']
        other = against.scores(by)
        # Components are the same in every start.
        starts = 2 if name == 'components' else len(own)
        a, b = (list(np.broadcast_to(scores, (starts, scores.shape[1]))) for scores in (own, other))
        found.append(Compared(name=name, than=than, by=by, difference=compare(a, b, alone, margin)))
    return found, each


def p_values(
    read: Mapping[Key, Read], bootstrap: Bootstrap, count: int, executor: Executor
) -> dict[Key, list[Float[Floats, ' C']]]:
    """Of each kind and start, how often chance gives as much as each concept's unit, corrected for all of them."""
    found = iter(chances([own for one in read.values() for own in one.pairs], bootstrap, count, executor))
    return {key: [next(found) for _ in one.pairs] for key, one in read.items()}


def readout(
    name: Name, read: Read, people: People, deviations: Float[Floats, ' n'], p: Sequence[Float[Floats, ' C']]
) -> Readout:
    """What is said of one kind; ``deviations`` are the measured persons' squared distances from the mean latent."""
    measured, bootstrap = ~people.fitted, people.bootstrap
    errors = np.mean([start.errors[measured] for start in read.starts], axis=0)
    codes = [start.codes[measured] for start in read.starts]
    dead = [properties.dead_units(own, name) for own in codes]
    return Readout(
        explained=share_of((deviations - errors)[:, None], deviations[:, None], bootstrap),
        active=float(np.mean([properties.active_units(own) for own in codes])),
        dead=float(np.mean([own.mean() for own in dead])),
        readability=_mean(read.ranks, bootstrap),
        ends=_mean(read.ends, bootstrap),
        told=[int((own < LEVEL).sum()) for own in p],
        concepts=_told(read, people.concepts, p[0]),
        probes=_probes(read.starts, people),
        monosemanticity=_monosemanticity(codes, dead, people, name != 'topk'),
        agreement=_agreement(codes, bootstrap),
        directions=_alike(read.starts),
    )


def _mean(scores: Float[Floats, 'S n'], bootstrap: Bootstrap) -> Estimate:
    """The mean over starts and persons, with its interval over both."""
    found = crossed(scores, bootstrap.groups)
    reach = found.reach(bootstrap.confidence)
    low, high = number(found.mean - reach), number(found.mean + reach)
    over: Over = 'seeds and images' if found.seeds > 1 else 'images'
    return Estimate(value=number(found.mean), low=low, high=high, n=scores.shape[1], over=over)


def _told(read: Read, concepts: Sequence[Concept], p: Float[Floats, ' C']) -> list[ToldConcept]:
    rho, units = read.pairs[0].rho(), read.chosen[0].units
    return [
        ToldConcept(
            concept=concept.name,
            title=concept.title,
            unit=int(units[at]) + 1,
            rho=float(rho[at]),
            p=float(p[at]) if np.isfinite(p[at]) else None,
        )
        for at, concept in enumerate(concepts)
    ]


def _probes(starts: Sequence[Start], people: People) -> Curve:
    """R squared with k units, mean over concepts and starts."""
    tables = [properties.probe_shares(start.codes, people.placed, people.fitted) for start in starts]
    found = []
    for per_k in zip(*tables, strict=True):
        errors, spread = np.split(np.mean(per_k, axis=0), 2, axis=1)
        found.append(share_of(spread - errors, spread, people.bootstrap))
    return Curve(x=[float(k) for k in properties.KS], y=found)


def _monosemanticity(codes: Sequence[Singles], dead: Sequence[Bools], people: People, signed: bool) -> Chance:
    """Mean over starts, and where persons of other images stand for each."""
    persons = properties.described(people.placed[~people.fitted])
    others = persons[_exchanged(people.bootstrap)]

    def mean(described: Floats) -> float | None:
        found = [
            properties.monosemanticity(own, described, ~gone, signed) for own, gone in zip(codes, dead, strict=True)
        ]
        known = [value for value in found if value is not None]
        return float(np.mean(known)) if known else None

    return Chance(value=mean(persons), chance=mean(others))


def _agreement(codes: Sequence[Singles], bootstrap: Bootstrap) -> Chance:
    source = _exchanged(bootstrap)
    found = [properties.agreement([one, other]) for one, other in _neighbours(codes)]
    chance = [properties.agreement([one, other[source]]) for one, other in _neighbours(codes)]
    return Chance(value=_average(found), chance=_average(chance))


def _alike(starts: Sequence[Start]) -> Chance:
    """Of directions; chance: directions whose covariance is that of what the units add up to."""
    found = [properties.cosines([one.directions, other.directions]) for one, other in _neighbours(starts)]
    random = stream(0, 'bottleneck_directions')
    chance = []
    for one, other in _neighbours(starts):
        scale = other.codes.std(0, dtype=float)[:, None]
        drawn = (other.directions * scale.T) @ random.standard_normal((len(scale), len(scale)))
        chance.append(properties.cosines([one.directions, drawn]))
    return Chance(value=_average(found), chance=_average(chance))


def _neighbours(values: Sequence[T]) -> list[tuple[T, T]]:
    return [(one, other) for place, one in enumerate(values) for other in values[place + 1 :]]


def _average(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def _exchanged(bootstrap: Bootstrap) -> Ints:
    return Exchange.of(bootstrap.groups).source(stream(bootstrap.seed, 'bottleneck_exchange'))

"""Judge groups: single conditions by everybody, pairs in the half of the images where they were not sought.

Where a single condition cuts does not depend on how persons are met: nothing was sought, so nothing is lost by judging
it by all persons, and a group of 200 is as sure as 200 are and not as 100. All single conditions share one part of the
chance of a false alarm evenly (Bonferroni). Of so many pairs only the clearest are judged, so these are sought in one
half of the images and judged in the other, by persons who had no say in what they are; each half is once the one and
once the other. The pairs of a half share its part by how clear each was where it was found (weighted Bonferroni with
weights from other data: Genovese, Roeder and Wasserman, False discovery control with p-value weighting, Biometrika 93,
2006). What stood out there mostly does so here, so this finds more than equal parts would.

An interval has two ends, and only the lower one decides anything here. It gets nine tenths of what the interval may
miss by, and the upper one the rest: together they hold as often as equal parts would.

Shapes: N persons.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from msgspec import structs

from shg_xai.chapters.weak_spots.columns import Column
from shg_xai.chapters.weak_spots.conditions import conditions_of, least
from shg_xai.chapters.weak_spots.gaps import Gap, gap_of
from shg_xai.chapters.weak_spots.results import Candidate
from shg_xai.chapters.weak_spots.search import Found, Group, Search
from shg_xai.stats.arrays import Bools, Float, Floats, Int, Ints
from shg_xai.stats.bootstrap import number

SINGLES = 0.7  # share of the chance of a false alarm that single conditions get; each half's pairs get half of the rest
LOWER = 0.9  # share of the chance of a false alarm that the lower end of an interval gets
CLEAR = 1e-3  # chance where it was found below which a group is clear; no clearer one gets more than it
SHOWN = 5  # single conditions, and pairs of a half, that are listed, confirmed or not
MARGIN = 0.005  # of PCK, as in the verdicts of networks: less is nothing to act upon
ADDS = 0.05  # p below which a condition adds to the other one; both have to, so it is not corrected
OVERLAP = 0.5  # of the smaller of two groups; beyond it they are one spot


@dataclass(frozen=True)
class Persons:
    """All N persons, and what is known of them; PCK is NaN where there is none."""

    pck: Float[Floats, ' N']
    image_of: Int[Ints, ' N']
    first: Bools  # who is in the first half of the images
    columns: Sequence[Column]

    def half(self, which: int) -> Bools:
        """Who is in a half, 1 or 2, or in either, 0, and has a PCK."""
        known = np.isfinite(self.pck)
        return known if which == 0 else (self.first if which == 1 else ~self.first) & known


@dataclass(frozen=True)
class Judged:
    """A group, what came of it, and who of those by whom it was judged is in it and among the others: masks (N,)."""

    group: Group
    candidate: Candidate
    inside: Bools
    others: Bools
    errors: float  # how many standard errors its mean is below that of the others


def weights(found: Sequence[Found]) -> Float[Floats, ' F']:
    """Which share of what the pairs of a half get each of F gets."""
    chances = np.exp(np.clip([one.log_chance for one in found], math.log(CLEAR), None))
    shares: Floats = (1 / chances) / (1 / chances).sum()
    return shares


def judge(persons: Persons, group: Group, found_in: int, rank: int, share: float, confidence: float) -> Judged:
    """A group that came out at this rank, from 1, in one half, judged in the other, or of 0 by everybody; it gets this
    share of the chance of a false alarm.
    """
    where, judged = persons.half(found_in), persons.half(3 - found_in if found_in else 0)
    inside, others = group.sides(persons.columns, judged)
    gap = gap_of(persons.pck, inside, others, persons.image_of)
    miss = (1 - confidence) * share
    estimate = gap.estimate(miss * LOWER, miss * (1 - LOWER))
    enough = gap.persons >= least(int(judged.sum()))
    conditions = [own.told(persons.columns[own.column], persons.columns[own.column].values[where])
                  for own in group.conditions]  # fmt: skip
    candidate = Candidate(
        conditions=conditions,
        found_in=found_in,
        rank=rank,
        persons_found=int(group.sides(persons.columns, where)[0].sum()) if found_in else 0,
        persons=gap.persons,
        images=gap.images,
        share=gap.share,
        pck=number(gap.group),
        pck_others=number(gap.others),
        gap=estimate,
        p_corrected=number(min(1.0, gap.p / (share * LOWER))),
        confirmed=enough and estimate.low is not None and estimate.low > MARGIN and adds(persons, group, judged),
    )
    return Judged(group, candidate, inside, others, gap.value / gap.error if gap.error > 0 else 0.0)


def adds(persons: Persons, group: Group, judged: Bools) -> bool:
    """Whether a pair is worse than what is left of each of its conditions; one condition has nothing to add to."""
    if len(group.conditions) == 1:
        return True
    inside, others = group.sides(persons.columns, judged)
    rest = [others & own.met(persons.columns[own.column].values) for own in group.conditions]
    return all(_p(gap_of(persons.pck, inside, one, persons.image_of)) < ADDS for one in rest)


def _p(gap: Gap) -> float:
    return gap.p if np.isfinite(gap.p) else 1.0


def candidates(persons: Persons, confidence: float) -> list[Judged]:
    """Every single condition judged by everybody, the clearest first, and the pairs that are found in either half,
    judged in the other.
    """
    singles = [Group((own,)) for own in conditions_of(persons.columns, persons.half(0))]
    every = [judge(persons, own, 0, 0, SINGLES / len(singles), confidence) for own in singles]
    found = [ranked(one, rank) for rank, one in enumerate(sorted(every, key=lambda one: -one.errors), 1)]
    for half in (1, 2):
        search = Search(persons.columns, persons.half(half))
        pairs = [one for one in search.groups(persons.pck[search.some]) if len(one.group.conditions) > 1]
        part = (1 - SINGLES) / 2
        for rank, (one, share) in enumerate(zip(pairs, weights(pairs), strict=True), 1):
            found.append(judge(persons, one.group, half, rank, part * float(share), confidence))
    return found


def ranked(one: Judged, rank: int) -> Judged:
    """The same at a place in the order."""
    return replace(one, candidate=structs.replace(one.candidate, rank=rank))


def told(found: Sequence[Judged], persons: Persons) -> list[Judged]:
    """Confirmed groups, the most costly first, without those that overlap a better one or are worse only by those of
    better ones who are in them.

    Better is what concepts define, then what one condition does, then the clearer.
    """

    def quality(one: Judged) -> tuple[bool, int, float]:
        return one.candidate.is_latent, len(one.group.conditions), -one.errors

    everybody, kept = np.isfinite(persons.pck), list[tuple[Judged, Bools]]()
    covered = ~everybody
    for one in sorted((one for one in found if one.candidate.confirmed), key=quality):
        inside = one.group.sides(persons.columns, everybody)[0]
        if any((inside & other).sum() > OVERLAP * min(inside.sum(), other.sum()) for _, other in kept):
            continue
        rest = gap_of(persons.pck, one.inside & ~covered, one.others & ~covered, persons.image_of)
        if rest.value > MARGIN and _p(rest) < ADDS:
            kept.append((one, inside))
            covered |= inside
    return sorted((one for one, _ in kept), key=lambda one: -one.candidate.cost)


def listed(found: Sequence[Judged]) -> list[Judged]:
    """The first single conditions, the first pairs of each half, and whatever else is confirmed."""
    return [one for one in found if one.candidate.confirmed or one.candidate.rank <= SHOWN]

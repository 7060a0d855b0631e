"""Numbers of two results that stand at the same place."""

import copy

import msgspec

from shg_xai.chapters.networks.results import Networks
from shg_xai.chapters.spectrum.results import Spectrum
from shg_xai.report.pairing import Pair, answers_of_both, excluding, pairs
from shg_xai.results import Estimate, Verdict
from tests.helpers.made_networks import networks
from tests.helpers.made_results import among, made_results


def test_entries_are_paired_by_what_names_them_not_by_their_place() -> None:
    one, other = networks(), networks()
    other.comparisons.reverse()
    found = {pair.place: pair for pair in pairs(one, other) if isinstance(pair.one, Estimate)}
    assert len(found) > 20 and all(pair.one == pair.other for pair in found.values())
    del other.comparisons[0]
    assert len({pair.place for pair in pairs(one, other) if isinstance(pair.one, Estimate)}) < len(found)


def test_intervals_that_do_not_touch_and_those_on_two_sides_of_zero() -> None:
    """By hand: 0.1 to 0.2 touches 0.2 to 0.3; it lies apart from 0.21 to 0.3, and opposite to -0.2 to -0.1."""
    low, touching, higher, below = (
        Estimate(value=(a + b) / 2, low=a, high=b) for a, b in ((0.1, 0.2), (0.2, 0.3), (0.21, 0.3), (-0.2, -0.1))
    )
    cases = [(low, touching, False, False), (low, higher, True, False), (below, low, True, True)]
    for one, other, apart, opposed in cases:
        for pair in (Pair('', one, other), Pair('', other, one)):
            assert (pair.apart, pair.opposed) == (apart, opposed)
    assert Pair('.components[1].rho', low, low).of_an_axis and not Pair('.pck', low, low).of_an_axis


def test_only_what_cannot_both_hold_excludes_the_other() -> None:
    def clash(one: Verdict, other: Verdict) -> bool:
        return excluding(Pair('', one, other))

    assert clash(Verdict.BETTER, Verdict.WORSE) and clash(Verdict.EQUIVALENT, Verdict.BETTER)
    assert not clash(Verdict.UNDECIDED, Verdict.BETTER) and not clash(Verdict.WORSE, Verdict.WORSE)


def test_answers_are_paired_by_name_or_where_each_has_one() -> None:
    results = made_results()
    found = answers_of_both(results, copy.deepcopy(results))
    assert [(one.of, type(one)) for one, _ in found] == sorted(
        ((one.of, type(one)) for one in results.answers),
        key=lambda told: [type(own) for own in results.answers].index(told[1]),
    )
    one, other = networks(), networks()
    other.of = 'another study'
    assert answers_of_both(among(one), among(other)) == [(one, other)]
    spectra = results.all(Spectrum)
    strange = [msgspec.structs.replace(own, of='other') for own in spectra]
    assert len(spectra) > 1 and answers_of_both(among(*spectra), among(*strange)) == []
    assert all(isinstance(own, Networks) for own, _ in answers_of_both(among(one), among(one)))

"""Kinds side by side, of made codes: which is more readable, and what is said of each."""

import numpy as np
import pytest

from shg_xai.chapters.bottlenecks.extremes import ends_of
from shg_xai.chapters.bottlenecks.reading import all_placed
from shg_xai.chapters.bottlenecks.readouts import Key, People, Read, Start, comparisons, p_values, readout, share_of
from shg_xai.latents.concepts import Concept
from shg_xai.results import Verdict
from shg_xai.stats.bootstrap import Bootstrap
from shg_xai.stats.executors import executor

PERSONS, CONCEPTS = 400, 6


def people(random: np.random.Generator) -> tuple[People, np.ndarray]:
    """Persons of as many images and what is known of them."""
    values, fitted = random.normal(size=(PERSONS, CONCEPTS)), np.arange(PERSONS) < 240
    known = [Concept(f'c{at}', f'concept {at}', '', '-', 'number', own) for at, own in enumerate(values.T)]
    bootstrap = Bootstrap(np.arange(PERSONS)[~fitted], 100)
    placed = all_placed(values, fitted)
    return People(known, placed, ends_of(placed, fitted), fitted, bootstrap), values


def start(codes: np.ndarray, directions: np.ndarray | None = None) -> Start:
    own = np.eye(codes.shape[1]) if directions is None else directions
    return Start(codes.astype(np.float32), np.full(len(codes), 0.25), own)


def made(random: np.random.Generator, told: float) -> tuple[People, dict[Key, Read]]:
    """Components that mix the concepts; a dictionary of five starts whose units are the concepts, so much of them."""
    who, values = people(random)
    turned = np.linalg.qr(random.normal(size=(CONCEPTS, CONCEPTS)))[0]

    def noise() -> np.ndarray:
        return random.normal(size=values.shape)

    units = [start(told * values + noise()) for _ in range(5)]
    read: dict[Key, Read] = {
        ('components', 'trained'): Read.of([start(told * values @ turned + noise())], who),
        ('topk', 'trained'): Read.of(units, who),
        ('components', 'untrained'): Read.of([start(noise())], who),
        ('topk', 'untrained'): Read.of([start(noise()) for _ in range(5)], who),
    }
    return who, read


def test_units_that_are_the_concepts_are_more_readable() -> None:
    who, read = made(np.random.default_rng(0), 2.0)
    found, each = comparisons(read, who.bootstrap, 0.02)
    assert [(one.name, one.than, one.by) for one in found] == [
        (name, than, by)
        for by in ('ranks', 'ends')
        for name, than in (('topk', 'components'), ('components', 'untrained'), ('topk', 'untrained'))
    ]
    assert each == pytest.approx(1 - 0.05 / 2 / 6)
    assert [one.difference.verdict for one in found] == [Verdict.BETTER] * 6
    own, other = (
        np.mean([pairs.rho().mean() for pairs in read[name, 'trained'].pairs]) for name in ('topk', 'components')
    )
    assert found[0].difference.difference.value == pytest.approx(own - other)


def test_of_nothing_nothing_is_found() -> None:
    who, read = made(np.random.default_rng(1), 0.0)
    found, _ = comparisons(read, who.bootstrap, 0.02)
    assert not {one.difference.verdict for one in found} & {Verdict.BETTER, Verdict.WORSE}
    with executor(threads=1) as pool:
        p = p_values(read, who.bootstrap, 99, pool)
    assert min(own.min() for kind in p.values() for own in kind) > 0.05


def test_what_is_said_of_a_kind() -> None:
    who, read = made(np.random.default_rng(2), 3.0)
    with executor(threads=1) as pool:
        p = p_values(read, who.bootstrap, 99, pool)
    deviations = np.ones(int((~who.fitted).sum()))
    found = readout('topk', read['topk', 'trained'], who, deviations, p['topk', 'trained'])
    assert found.explained.value == pytest.approx(0.75)  # 1 - 0.25 / 1
    assert found.active == CONCEPTS and found.dead == 0
    assert found.told == [CONCEPTS] * 5
    assert [one.unit for one in found.concepts] == [1, 2, 3, 4, 5, 6]
    assert found.readability.ends and found.readability.ends[0] > 0.85
    assert found.ends.value == pytest.approx(0.9, abs=0.07)
    assert found.agreement.value is not None and found.agreement.chance is not None
    assert found.agreement.value > 0.8 > 0.3 > found.agreement.chance
    assert found.directions.value == pytest.approx(1)
    assert found.probes.x == [1, 2, 5] and found.probes.y[0].value == pytest.approx(0.9, abs=0.05)


def test_a_single_start_says_nothing_of_another() -> None:
    who, read = made(np.random.default_rng(3), 2.0)
    found = readout('components', read['components', 'trained'], who, np.ones(160), [np.full(CONCEPTS, np.nan)])
    assert found.agreement.value is found.directions.value is None
    assert found.readability.over == 'images' and {one.p for one in found.concepts} == {None}
    alone: dict[Key, Read] = {
        ('components', 'trained'): read['components', 'trained'],
        ('topk', 'trained'): Read.of(read['topk', 'trained'].starts[:1], who),
    }
    assert comparisons(alone, who.bootstrap, 0.02)[0][0].difference.verdict is Verdict.UNDECIDED


def test_a_share_is_of_sums() -> None:
    part, whole = np.array([[1.0, 0], [2.0, 3.0]]), np.array([[4.0, 2.0], [4.0, 2.0]])
    found = share_of(part, whole, Bootstrap(np.arange(2), 20))
    assert found.value == pytest.approx((3 / 8 + 3 / 4) / 2)

"""Single units and concepts: places, choice and influence by hand and against scipy, and what noise gives."""

import math

import numpy as np
import pytest
from scipy.stats import pearsonr, spearmanr

from shg_xai.chapters.bottlenecks.reading import (
    Pairs,
    all_placed,
    chances,
    choose,
    correlations,
    pairs_of,
    placed,
    usable,
)
from shg_xai.stats.bootstrap import Bootstrap
from shg_xai.stats.executors import executor


def test_places_among_others_by_hand() -> None:
    among = np.array([1.0, 2.0, 2.0, 4.0, math.nan])
    found = placed(np.array([0.0, 1.0, 2.0, 3.0, 9.0, math.nan]), among)
    # Of four: below all; half of the first; 1 below and 2 equal; 3 below; above all.
    np.testing.assert_allclose(found, [-0.5, 0.5 / 4 - 0.5, 2 / 4 - 0.5, 3 / 4 - 0.5, 0.5, math.nan])


def test_correlations_over_who_is_known() -> None:
    random = np.random.default_rng(0)
    units, concepts = random.normal(size=(30, 3)) + 100, random.normal(size=(30, 2))
    units[:, 2] = 7.0
    concepts[:10, 1] = math.nan
    found = correlations(units, concepts)
    for unit in range(2):
        assert found[unit, 0] == pytest.approx(pearsonr(units[:, unit], concepts[:, 0])[0])
        assert found[unit, 1] == pytest.approx(pearsonr(units[10:, unit], concepts[10:, 1])[0])
    assert found[2].tolist() == [0, 0]


def test_the_unit_that_goes_with_it_best_is_chosen_with_its_sign() -> None:
    concept = np.array([[0.0], [1.0], [2.0], [3.0]])
    units = np.array([[0.0, 3.0], [2.0, 2.0], [1.0, 1.0], [3.0, 0.0]])
    chosen = choose(units, concept)
    assert (chosen.units.tolist(), chosen.signs.tolist()) == ([1], [-1.0])


def test_a_pair_is_measured_among_the_others() -> None:
    """Trained on the first half; there unit 1 is the concept turned round, and unit 0 noise."""
    random = np.random.default_rng(1)
    fitted, concept = np.arange(80) < 40, random.normal(size=80)
    codes = np.column_stack([random.normal(size=80), -concept + 0.5 * random.normal(size=80)])
    chosen, pairs = pairs_of(codes.astype(np.float32), all_placed(concept[:, None], fitted), fitted)
    assert (chosen.units.tolist(), chosen.signs.tolist()) == ([1], [-1.0])
    places = [placed(column, column[:40])[40:] for column in (codes[:, 1].astype(np.float32).astype(float), concept)]
    assert pairs.rho()[0] == pytest.approx(-pearsonr(*places)[0])
    assert pairs.rho()[0] == pytest.approx(-spearmanr(codes[40:, 1], concept[40:])[0], abs=0.05)


def test_the_mean_of_the_influence_is_the_correlation_and_its_error_that_of_the_jackknife() -> None:
    random = np.random.default_rng(2)
    units, concepts = random.normal(size=(200, 2)), random.normal(size=(200, 2))
    concepts += units
    concepts[:50, 1] = math.nan
    pairs = Pairs(units, concepts, np.array([0, 1]))
    influence = pairs.influence()
    np.testing.assert_allclose(influence.mean(0), pairs.rho())
    assert (influence[:50, 1] == 0).all()
    without = np.array([pearsonr(*np.delete((units[:, 0], concepts[:, 0]), at, axis=1))[0] for at in range(200)])
    jackknife = math.sqrt(199 / 200 * ((without - without.mean()) ** 2).sum())
    assert influence[:, 0].std() / math.sqrt(200) == pytest.approx(jackknife, rel=0.03)


def test_a_unit_that_says_the_same_of_all_goes_with_nothing() -> None:
    pairs = Pairs(np.zeros((20, 1)), np.arange(20.0)[:, None], np.array([0]))
    assert pairs.rho().tolist() == [0.0] and not pairs.influence().any()


def test_what_is_known_of_too_few_or_never_varies_is_left_out() -> None:
    fitted = np.arange(60) < 30
    values = np.tile(np.arange(60.0), (4, 1))
    values[1] = 5.0
    values[2, 30:45] = math.nan  # 15 of the measured are known
    values[3, :30] = 1.0
    assert usable(values, fitted).tolist() == [True, False, False, False]


def test_chance_is_judged_over_all_and_halved_for_the_other_family() -> None:
    random = np.random.default_rng(3)
    concepts = random.normal(size=(120, 3))
    units = random.normal(size=(120, 3))
    units[:, 1] = concepts[:, 1] + random.normal(size=120)
    pairs, bootstrap = Pairs(units, concepts, np.arange(3)), Bootstrap(np.arange(120))
    with executor(threads=1) as pool:
        alone, again = chances([pairs, pairs], bootstrap, 99, pool)
    assert alone.tolist() == again.tolist()
    # The largest of all is reached by none of the 99 exchanges: 2 families of 1 / 100.
    assert alone[1] == pytest.approx(0.02) and alone[[0, 2]].min() > 0.05

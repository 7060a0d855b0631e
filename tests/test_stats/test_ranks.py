"""Ranks under weights against scipy on repeated rows."""

import numpy as np
import pytest
from scipy.stats import rankdata

from shg_xai.stats.ranks import Present, Ranker, explained, partial_correlations

RANDOM = np.random.default_rng(0)
TIED = RANDOM.integers(0, 6, 40).astype(float)
PLAIN = RANDOM.normal(size=40)


@pytest.mark.parametrize('values', [TIED, PLAIN, np.zeros(40)])
def test_ranks_are_those_of_repeated_rows(values: np.ndarray):
    for weights in (np.ones(40, int), RANDOM.integers(0, 4, 40)):
        ranks = Ranker.of(values).ranks(weights)
        total = weights.sum()
        assert np.array_equal(np.repeat(ranks, weights), 2 * rankdata(np.repeat(values, weights)) - (total + 1))


@pytest.mark.parametrize('values', [TIED, PLAIN, np.zeros(40)])
def test_ranks_under_many_weights_are_those_under_each(values: np.ndarray) -> None:
    weights, ranker = RANDOM.integers(0, 4, 40), Ranker.of(values)
    sets = np.array([weights, np.where(values > 0, weights, 0), np.zeros(40, int)])
    present = Present.of(weights)
    found = ranker.ranks_among(present, sets[:, weights > 0].astype(float))
    assert np.array_equal(found, [ranker.ranks(own)[weights > 0] for own in sets])


@pytest.mark.parametrize('values', [TIED, PLAIN, np.zeros(40)])
def test_the_marked_win_and_lose_as_counted(values: np.ndarray) -> None:
    weights, marked = RANDOM.integers(0, 4, (40, 3)), RANDOM.random(40) < 0.4
    signs = np.sign(values[:, None] - values)  # each against each
    wins = [own[marked] @ signs[marked][:, ~marked] @ own[~marked] for own in weights.T]
    assert Ranker.of(values).less_below(weights.astype(float), marked).tolist() == wins


def test_ranks_by_hand():
    # 5 5 7 9 9 9 has midranks 1.5 1.5 3 5 5 5, mean 3.5.
    ranks = Ranker.of(np.array([7, 5, 9.0])).ranks(np.array([1, 2, 3]))
    assert ranks.tolist() == [-1, -4, 3]


def test_ranks_lie_in_the_memory_that_is_given():
    work = np.empty((3, 40), np.int64)
    for values in (TIED, PLAIN):
        ranks = Ranker.of(values).ranks(np.ones(40, np.int64), work)
        assert np.shares_memory(ranks, work[2])
        assert np.array_equal(ranks, 2 * rankdata(values) - 41)


def rank_correlations(columns: list[np.ndarray]) -> np.ndarray:
    """Correlations of midranks, (1, P, P), NaN of a column without variance."""
    with np.errstate(invalid='ignore'):
        return np.corrcoef(rankdata(columns, axis=1))[None]


def test_explained_agrees_with_least_squares():
    columns = np.array([PLAIN, TIED, PLAIN + RANDOM.normal(size=40), TIED])
    ranks = rankdata(columns, axis=1).T
    design = np.column_stack([np.ones(40), ranks[:, 1:3]])
    rest = ranks[:, 0] - design @ np.linalg.lstsq(design, ranks[:, 0], rcond=None)[0]
    value = 1 - rest.var() / ranks[:, 0].var()
    # A column that is there twice explains no more than once.
    for others in ([1, 2], [1, 2, 3]):
        assert explained(rank_correlations([*columns]), 0, others) == pytest.approx([value])


def test_partial_correlation_agrees_with_least_squares_on_ranks():
    controls = RANDOM.normal(size=(3, 200))
    left = RANDOM.normal(size=(2, 200)) + controls[0] - controls[1]
    right = left[0] + controls.sum(0) + RANDOM.normal(size=200)
    columns = [*left, right, *controls]
    found = partial_correlations(rank_correlations(columns), [0, 1], 2, [3, 4, 5])
    ranks = rankdata(columns, axis=1)
    design = np.column_stack([np.ones(200), *ranks[3:]])
    rest = ranks.T - design @ np.linalg.lstsq(design, ranks.T, rcond=None)[0]
    assert found == pytest.approx(np.corrcoef(rest[:, :3].T)[2:, :2])


def test_what_controls_determine_is_not_known():
    columns = [PLAIN, TIED, PLAIN**3, np.zeros(40), TIED]
    drawn = rank_correlations(columns)
    assert np.isnan(partial_correlations(drawn, [0], 1, [2])).all()
    assert np.isnan(partial_correlations(drawn, [0], 1, [1])).all()
    assert partial_correlations(drawn, [0], 1, [3]) == pytest.approx(drawn[:, :1, 1])
    assert np.isnan(drawn[0, 3]).all()
    # Controls that say the same twice hold no more than one of them.
    once = partial_correlations(drawn[:, :3, :3], [0], 1, [1])
    assert np.isnan(once).all()

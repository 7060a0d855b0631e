"""Images that change places, and p-values of the largest statistic, against counts by hand."""

from concurrent.futures import ThreadPoolExecutor
from itertools import permutations

import numpy as np
import pytest
from scipy.stats import permutation_test

from shg_xai.stats.multiple import familywise
from shg_xai.stats.permutation import Exchange, permuted

GROUPS = np.array([7, 3, 3, 7, 5, 9, 9, 9, 4, 8, 8])  # pairs 7, 3 and 8; three in 9; 4 and 5 alone
RANDOM = np.random.default_rng(0)


def sources(exchange: Exchange, count: int) -> np.ndarray:
    return np.array([exchange.source(np.random.default_rng([number])) for number in range(count)])


def test_images_change_places_whole_and_keep_the_order_of_their_persons() -> None:
    drawn = sources(Exchange.of(GROUPS), 400)
    pairs = {(0, 3), (1, 2), (9, 10)}
    for source in drawn:
        assert sorted(source) == list(range(11))
        assert {tuple(source[list(pair)].tolist()) for pair in pairs} == pairs
        assert source[5:8].tolist() == [5, 6, 7]  # no other image has three
        assert {int(source[4]), int(source[8])} == {4, 8}
    # Three pairs have six arrangements, each as likely.
    seen = [tuple(source[[0, 1, 9]].tolist()) for source in drawn]
    counts = [seen.count(order) for order in permutations((0, 1, 9))]
    assert sum(counts) == 400 and min(counts) > 40


def test_one_image_leaves_nothing_to_exchange() -> None:
    assert Exchange.of(np.zeros(4)).tables == ()
    assert sources(Exchange.of(np.zeros(4)), 2).tolist() == [[0, 1, 2, 3]] * 2


class Product:
    """The product of one column with another that changes places."""

    def __init__(self, fixed: np.ndarray, moved: np.ndarray) -> None:
        self.fixed, self.moved = fixed, moved

    def __call__(self, source: np.ndarray) -> np.ndarray:
        return np.array([self.fixed @ self.moved[source]])


def test_p_agrees_with_scipy() -> None:
    fixed = RANDOM.normal(size=40)
    moved = 0.2 * fixed + RANDOM.normal(size=40)
    with ThreadPoolExecutor(2) as pool:
        drawn = permuted(Product(fixed, moved), Exchange.of(np.arange(40)), 1999, 0, pool)
    assert drawn.shape == (2000, 1) and drawn[0, 0] == pytest.approx(fixed @ moved)
    theirs = permutation_test(
        (moved,),
        lambda values: fixed @ values,
        permutation_type='pairings',
        n_resamples=1999,
        alternative='greater',
        rng=np.random.default_rng(1),
    )
    assert 0.02 < theirs.pvalue < 0.5
    assert familywise(drawn, np.array([False])) == pytest.approx(theirs.pvalue, abs=0.035)


def test_the_number_of_workers_changes_nothing() -> None:
    task = Product(RANDOM.normal(size=12), RANDOM.normal(size=12)), Exchange.of(np.arange(12) // 2), 50, 3
    found = []
    for threads in (1, 3):
        with ThreadPoolExecutor(threads) as pool:
            found.append(permuted(*task, pool))
    assert np.array_equal(found[0], found[1])

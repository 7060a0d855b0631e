"""Properties of codes worked out by hand, or against scikit-learn."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, OrthogonalMatchingPursuit

from shg_xai.chapters.bottlenecks.properties import (
    active_units,
    agreement,
    cosines,
    dead_units,
    described,
    monosemanticity,
    probe_shares,
    pursuit,
)


def singles(*rows: list[float]) -> np.ndarray:
    return np.array(rows, np.float32)


def test_dead_is_what_says_nothing() -> None:
    codes = singles([0, 1, 0.5], [0, 2, 0.5], [0, 0, 0.5])
    assert dead_units(codes, 'topk').tolist() == [True, False, False]  # the third fires for all
    assert dead_units(codes, 'plain').tolist() == [True, False, True]
    small = singles([0.1, 1, 0], [-0.05, -1, 0])  # variances 0.0056, 1 and 0
    assert dead_units(small, 'variational').tolist() == [True, False, True]


def test_active_units_are_counted() -> None:
    assert active_units(singles([0, 1, 2], [0, 0, 3], [0, 0, 0])) == 1.0


def test_pursuit_chooses_as_scikit_learn_does() -> None:
    random = np.random.default_rng(0)
    units = random.normal(size=(200, 6))
    values = 3 * units[:, 4] - 2 * units[:, 1] + random.normal(size=200)
    steps = pursuit(units, values, 2)
    assert [chosen for chosen, _ in steps] == [[4], [4, 1]]
    scaled = (units - units.mean(0)) / units.std(0)
    peer = OrthogonalMatchingPursuit(n_nonzero_coefs=2).fit(scaled, values)
    assert np.flatnonzero(peer.coef_).tolist() == [1, 4]
    line = LinearRegression().fit(units[:, [4, 1]], values)
    np.testing.assert_allclose(steps[1][1], [line.intercept_, *line.coef_])


def test_a_probe_is_fitted_on_some_and_judged_on_others() -> None:
    random = np.random.default_rng(1)
    codes, fitted = random.normal(size=(100, 5)).astype(np.float32), np.arange(100) < 60
    concept = codes[:, 2] + 0.5 * codes[:, 3] + 0.1 * random.normal(size=100)
    concept[[5, 70]] = np.nan
    one, two = probe_shares(codes, concept[:, None].astype(float), fitted, (1, 2))
    assert one.shape == (40, 2) and one[10].tolist() == [0, 0]
    known = np.isfinite(concept)
    for table, units in ((one, [2]), (two, [2, 3])):
        line = LinearRegression().fit(codes[known & fitted][:, units], concept[known & fitted])
        expected = line.score(codes[known & ~fitted][:, units], concept[known & ~fitted])
        assert 1 - table[:, 0].sum() / table[:, 1].sum() == pytest.approx(expected, rel=1e-4)


def test_persons_are_described_by_what_is_known() -> None:
    found = described(np.array([[1.0, np.nan], [-1.0, 2.0], [np.nan, np.nan], [1.0, -2.0]]))
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), [1, 1, 0, 1])
    assert found[0].tolist() == [1, 0]


def test_monosemantic_by_hand() -> None:
    """Similarities of three persons: 1 and 2 alike (1), 3 at right angles to both (0)."""
    persons = np.array([[1.0, 0], [1.0, 0], [0, 1.0]])
    alive = np.array([True])
    # Pairs: 1 * 0.5 weighs 1, 1 * 0.5 and 0.5 * 0.5 weigh 0: 0.5 / (0.5 + 0.5 + 0.25).
    codes = singles([2], [1], [1])
    assert monosemanticity(codes, persons, alive, signed=False) == pytest.approx(0.5 / 1.25)
    assert monosemanticity(singles([2], [1], [0]), persons, alive, signed=False) == pytest.approx(1)
    assert monosemanticity(singles([2], [0], [0]), persons, alive, signed=False) is None
    assert monosemanticity(codes, persons, ~alive, signed=False) is None


def test_a_unit_with_a_sign_is_looked_at_on_both_sides() -> None:
    """Two persons above the median are alike, two below are not."""
    persons = np.array([[1.0, 0], [1.0, 0], [1.0, 0], [0, 1.0], [0.6, 0.8]])
    codes = singles([3], [3], [0], [-2], [-2])
    # Above: the pair (1, 2), similarity 1; below: the pair (4, 5), similarity 0.8.
    assert monosemanticity(codes, persons, np.array([True]), signed=True) == pytest.approx((1 + 0.8) / 2)


def test_agreement_finds_units_in_another_order() -> None:
    random = np.random.default_rng(2)
    codes = random.normal(size=(50, 3))
    assert agreement([codes, -2 * codes[:, ::-1] + 5]) == pytest.approx(1)
    other = random.normal(size=(50, 2))
    between = np.abs(np.corrcoef(codes.T, other.T)[:3, 3:])
    expected = (between.max(1).mean() + between.max(0).mean()) / 2
    assert agreement([codes, np.column_stack([other, np.ones(50)])]) == pytest.approx(expected)
    assert agreement([codes]) is None


def test_cosines_of_directions_by_hand() -> None:
    one = np.array([[1.0, 0, 0], [0, 2.0, 0]])  # (1, 0), (0, 2) and one of length 0
    other = np.array([[3.0], [4.0]])  # (0.6, 0.8)
    # From the first: 0.6 and 0.8, mean 0.7; from the other: 0.8.
    assert cosines([one, other]) == pytest.approx((0.7 + 0.8) / 2)

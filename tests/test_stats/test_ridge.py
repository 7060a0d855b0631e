"""Ridge regression from sums, against scikit-learn."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, Ridge

from shg_xai.stats.ridge import STRENGTHS, fit, products, unpacked

RANDOM = np.random.default_rng(0)
INPUTS = RANDOM.normal(size=(90, 6)) * [3, 2, 1, 1, 0.5, 0.1] + 1
TARGETS = np.column_stack(
    [INPUTS[:, 0] - INPUTS[:, 4] + RANDOM.normal(size=90), RANDOM.normal(size=90), 2 + INPUTS[:, 1]]
)


def fitted(inputs: np.ndarray, targets: np.ndarray, sizes: list[int]) -> np.ndarray:
    """Weights from the sums of two blocks."""
    wide = np.column_stack([np.ones(len(inputs)), inputs])
    blocks = [(wide[rows], targets[rows]) for rows in (slice(40), slice(40, None))]
    return fit(
        np.sum([products(x) for x, _ in blocks], 0),
        np.sum([x.T @ y for x, y in blocks], 0),
        np.sum([(y**2).sum(0) for _, y in blocks], 0),
        sizes,
    )


def test_triangle_of_a_matrix():
    inputs = RANDOM.normal(size=(5, 4))
    assert unpacked(products(inputs)) == pytest.approx(inputs.T @ inputs)


@pytest.mark.parametrize('size', [1, 3, 6])
def test_weights_are_those_of_the_ridge_with_the_least_generalised_error(size: int):
    found = fitted(INPUTS, TARGETS, [1, 3, 6])[:, [1, 3, 6].index(size)]
    inputs = INPUTS[:, :size]
    centred = inputs - inputs.mean(0)
    scale = (centred**2).sum() / size
    for target, weights in zip(TARGETS.T, found, strict=True):
        tried = []
        for strength in STRENGTHS:
            model = Ridge(strength * scale).fit(inputs, target)
            hat = centred @ np.linalg.solve(centred.T @ centred + strength * scale * np.eye(size), centred.T)
            error = ((target - model.predict(inputs)) ** 2).sum()
            tried.append((error / (len(target) - 1 - np.trace(hat)) ** 2, model))
        model = min(tried, key=lambda pair: pair[0])[1]
        assert weights[1 : size + 1] == pytest.approx(model.coef_, abs=1e-9)
        assert weights[0] == pytest.approx(model.intercept_)
        assert not weights[size + 1 :].any()


def test_many_persons_need_next_to_no_ridge_and_noise_needs_much():
    inputs = RANDOM.normal(size=(5000, 4))
    targets = np.column_stack([inputs @ [1, -2, 3, 0.5] + RANDOM.normal(size=5000), RANDOM.normal(size=5000)])
    found = fitted(inputs, targets, [4])[:, 0]
    plain = LinearRegression().fit(inputs, targets)
    assert found[0, 1:] == pytest.approx(plain.coef_[0], rel=2e-3)
    assert np.abs(found[1, 1:]).sum() < 0.1 * np.abs(plain.coef_[1]).sum() + 0.01


def test_inputs_that_never_vary_give_the_mean():
    found = fitted(np.ones((20, 2)), TARGETS[:20], [1, 2])
    assert found[:, :, 0] == pytest.approx(np.tile(TARGETS[:20].mean(0)[:, None], 2))
    assert not found[:, :, 1:].any()

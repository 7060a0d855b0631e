"""Log-likelihoods of places under heatmaps, worked out by hand."""

import math

import numpy as np
import pytest
import torch

from shg_xai.evaluation.place_likelihood import FLOOR, cells_of, log_likelihood


def under(heatmap: list[list[float]], x: int, y: int) -> float:
    return float(log_likelihood(torch.tensor([[heatmap]]), np.array([[[x, y]]]))[0, 0])


def test_it_is_the_logarithm_of_the_share_in_the_cell() -> None:
    heatmap = [[0.0, 3.0, -7.0], [0.0, 0.0, 1.0]]
    assert under(heatmap, 1, 0) == pytest.approx(math.log(0.99 * 3 / 4 + 0.01 / 6))
    assert under(heatmap, 2, 1) == pytest.approx(math.log(0.99 / 4 + 0.01 / 6))
    # What is below zero is no mass, and nothing is ever impossible.
    assert under(heatmap, 2, 0) == under(heatmap, 0, 0) == pytest.approx(math.log(FLOOR / 6))


def test_a_factor_changes_nothing_and_an_empty_heatmap_says_nothing() -> None:
    heatmap = torch.rand(2, 3, 4, 5)
    cells = np.array([[[0, 0], [4, 3], [2, 1]]] * 2)
    assert log_likelihood(heatmap, cells) == pytest.approx(log_likelihood(9 * heatmap, cells), abs=1e-6)
    assert log_likelihood(-heatmap, cells) == pytest.approx(math.log(1 / 20))
    assert log_likelihood(heatmap.bfloat16(), cells) == pytest.approx(log_likelihood(heatmap, cells), abs=0.05)


def test_places_round_to_cells_as_codecs_draw_them() -> None:
    places = np.array([[0, 0], [5.9, 6.1], [255.9, 255.9], [256, 3], [3, -0.1], [np.nan, 3]])
    cells, inside = cells_of(places, (256, 256), (64, 64))
    assert inside.tolist() == [True, True, True, False, False, False]
    assert cells[:3].tolist() == [[0, 0], [1, 2], [63, 63]]  # 5.9 / 4 = 1.475, 6.1 / 4 = 1.525
    # H is not W, and UDP's factor is (w - 1) / (W - 1).
    assert cells_of(np.array([100.0, 100.0]), (192, 256), (64, 48))[0].tolist() == [25, 25]
    assert cells_of(np.array([128.0, 255.0]), (256, 256), (64, 64), 255 / 63)[0].tolist() == [32, 63]

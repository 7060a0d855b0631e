"""Maxima of heatmaps, against MMPose's one by one in NumPy."""

import numpy as np
import pytest
import torch

import shg_xai.plugin  # noqa: F401

from mmpose.codecs import MSRAHeatmap  # isort: skip
from mmpose.codecs.utils import get_heatmap_maximum, refine_keypoints  # isort: skip

from shg_xai.codecs import VisibilityHeatmap
from shg_xai.heatmaps import distances, maxima, moved_to_second, spreads


@pytest.fixture
def heatmaps() -> torch.Tensor:
    """Peaks in every row and column, borders too, among flat and negative ones; wider than high."""
    made = torch.rand(120, 5, 10, 12, generator=torch.Generator().manual_seed(0)) * 0.5
    made.view(120, 5, -1)[torch.arange(120), 0, torch.arange(120)] = 1
    made[:, 1] = -made[:, 1]
    made[:, 2] = 0
    made[::2, 3] = 0.25  # all the same: the first of many
    made[7, 4, 3, 3] = np.nan
    return made


def test_places_and_heights_are_mmposes(heatmaps: torch.Tensor) -> None:
    places, heights = maxima(heatmaps)
    expected, values = get_heatmap_maximum(heatmaps.numpy())
    np.testing.assert_array_equal(places, expected)
    np.testing.assert_array_equal(heights, values)


def test_the_quarter_of_a_pixel_is_mmposes(heatmaps: torch.Tensor) -> None:
    places, _ = maxima(heatmaps)
    moved = moved_to_second(heatmaps, places)
    expected = [refine_keypoints(p[None].copy(), h)[0] for p, h in zip(places.numpy(), heatmaps.numpy(), strict=True)]
    np.testing.assert_array_equal(moved, np.stack(expected))
    assert set((moved - places).abs().unique().tolist()) == {0.0, 0.25}


def test_a_batch_is_decoded_as_its_persons(heatmaps: torch.Tensor) -> None:
    codec = VisibilityHeatmap((48, 30), (12, 10), 1.0, 1.0, unit_peak=True)
    keypoints, scores = codec.batch_decode(heatmaps)
    one_by_one = [MSRAHeatmap.decode(codec, heatmap) for heatmap in heatmaps.numpy()]
    np.testing.assert_array_equal(keypoints, [found for found, _ in one_by_one])
    np.testing.assert_array_equal(scores, [found for _, found in one_by_one])
    assert keypoints.dtype == one_by_one[0][0].dtype
    assert codec.support_batch_decoding


def test_dark_decodes_one_by_one() -> None:
    codec = VisibilityHeatmap((48, 30), (12, 10), 1.0, 1.0, unit_peak=True, unbiased=True)
    assert not codec.support_batch_decoding


def test_a_spread_is_the_share_of_the_cells_that_count() -> None:
    made = torch.zeros(1, 6, 4, 5)
    made[0, 0, 1, 2] = 0.3  # one cell
    made[0, 1, 0, 0] = made[0, 1, 3, 4] = 0.3  # two alike
    made[0, 2] = 0.3  # all alike
    made[0, 3, 1, 1], made[0, 3, 1, 2] = 2, 1  # squares 4 and 1: 25 / 17 cells
    made[0, 4] = made[0, 3] * 1e-15  # as small as it may be
    made[0, 4, 3, 3] = -7  # what is below 0 does not count
    assert spreads(made)[0].tolist() == pytest.approx([1 / 20, 2 / 20, 1, 25 / 17 / 20, 25 / 17 / 20, 1])


def test_a_low_floor_hardly_spreads_a_peak() -> None:
    y, x = torch.meshgrid(torch.arange(64.0), torch.arange(48.0), indexing='ij')
    peak = torch.exp(-((x - 20) ** 2 + (y - 30) ** 2) / (2 * 2**2))
    alone, floor, two = (float(spreads(own[None, None])) for own in (peak, peak + 0.01, peak + peak.roll(20, 1)))
    # Squares of a Gaussian of deviation s sum up to pi s^2, their squares to half of it.
    assert alone * peak.numel() == pytest.approx(2 * np.pi * 2**2, rel=1e-3)
    assert floor == pytest.approx(alone, rel=0.1) and two == pytest.approx(2 * alone, rel=0.02)


def test_a_distance_is_in_longer_sides(heatmaps: torch.Tensor) -> None:
    first, second = torch.zeros(1, 2, 10, 12), torch.zeros(1, 2, 10, 12)
    first[0, 0, 4, 4] = second[0, 0, 7, 8] = 1
    first[0, 1, 2, 5] = -1  # the first of those that are highest: 0, 0
    second[0, 1, 0, 6] = 1
    assert distances(first, second)[0].tolist() == pytest.approx([5 / 12, 6 / 12])
    assert not distances(heatmaps[:7], heatmaps[:7]).any()

"""Maxima of heatmaps, against MMPose's one by one in NumPy."""

import numpy as np
import pytest
import torch

import shg_xai.plugin  # noqa: F401

from mmpose.codecs import MSRAHeatmap  # isort: skip
from mmpose.codecs.utils import get_heatmap_maximum, refine_keypoints  # isort: skip

from shg_xai.codecs import VisibilityHeatmap
from shg_xai.heatmaps import maxima, moved_to_second


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

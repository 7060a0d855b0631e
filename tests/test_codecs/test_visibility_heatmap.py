"""Targets and their way back, against SciPy's filter, Gaussians by hand and MMPose's codec."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from mmpose.codecs import MSRAHeatmap
from scipy.ndimage import gaussian_filter

import shg_xai.plugin  # noqa: F401
from shg_xai.codecs import VisibilityHeatmap

SIZES: dict[str, Any] = dict(input_size=(256, 256), heatmap_size=(64, 64))


def encode(codec: VisibilityHeatmap, points: Sequence[tuple[float, float]], v: list[int]) -> dict:
    return codec.encode(np.array([points], dtype=np.float32), np.array([v], dtype=np.float32))


# In the middle, beside an edge, on the edges and in all four corners; in pixels of the heatmap.
@pytest.mark.parametrize(
    'column, row', [(31, 20), (2, 40), (0, 33), (63, 5), (30, 0), (17, 63), (0, 0), (63, 0), (0, 63), (63, 63), (1, 62)]
)
@pytest.mark.parametrize('v, sigma', [(2, 0.5), (1, 1.0)])
def test_target_is_scipys_filter_of_a_one_hot_map(column: int, row: int, v: int, sigma: float) -> None:
    encoded = encode(VisibilityHeatmap(**SIZES), [(4 * column, 4 * row)], [v])
    one_hot = np.zeros((64, 64))
    one_hot[row, column] = 1
    expected = gaussian_filter(one_hot, sigma, mode='nearest', truncate=4.0)
    assert encoded['heatmaps'].dtype == np.float32
    np.testing.assert_allclose(encoded['heatmaps'][0], expected, rtol=0, atol=1e-6)
    assert encoded['keypoint_weights'] == 1


def test_peaks_are_the_squared_middle_of_a_kernel_that_sums_to_one() -> None:
    encoded = encode(VisibilityHeatmap(**SIZES), [(120, 80), (120, 80)], [2, 1])
    for heatmap, sigma, radius, peak in zip(encoded['heatmaps'], (0.5, 1.0), (2, 4), (0.6187, 0.1592), strict=True):
        kernel_sum = sum(np.exp(-(k**2) / (2 * sigma**2)) for k in range(-radius, radius + 1))
        assert heatmap[20, 30] == heatmap.max() == pytest.approx(kernel_sum**-2, abs=1e-6)
        assert heatmap.max() == pytest.approx(peak, abs=1e-4)
        assert heatmap.sum() == pytest.approx(1, abs=1e-5)


def test_occluded_joints_are_drawn_wider_than_visible_ones() -> None:
    visible, occluded = encode(VisibilityHeatmap(**SIZES), [(120, 80)] * 2, [2, 1])['heatmaps']
    columns = np.arange(64)
    for heatmap, variance in ((visible, 0.25), (occluded, 1.0)):
        # The kernel's own variance; a little less than sigma squared, or more, for being sampled.
        spread = (heatmap.sum(axis=0) * (columns - 30) ** 2).sum()
        assert spread == pytest.approx(variance, abs=0.05)


def test_positions_round_to_the_nearest_pixel() -> None:
    points = [(121.9, 82.1), (122.1, 81.9), (118.1, 77.9)]
    heatmaps = encode(VisibilityHeatmap(**SIZES), points, [2, 2, 2])['heatmaps']
    peaks = [np.unravel_index(heatmap.argmax(), (64, 64)) for heatmap in heatmaps]
    assert peaks == [(21, 30), (20, 31), (19, 30)]


def test_the_last_half_pixel_belongs_to_the_last_pixel() -> None:
    encoded = encode(VisibilityHeatmap(**SIZES), [(255.9, 255.9)], [2])
    assert encoded['heatmaps'][0].argmax() == 64 * 64 - 1
    assert encoded['keypoint_weights'] == 1


@pytest.mark.parametrize('unit_peak', [False, True])
def test_unlabelled_joints_and_joints_outside_are_empty(unit_peak: bool) -> None:
    points: list[tuple[float, float]] = [(100, 100), (-0.1, 100), (100, -3), (256, 100), (100, 256), (0, 0)]
    encoded = encode(VisibilityHeatmap(**SIZES, unit_peak=unit_peak), points, [0, 2, 1, 2, 1, 2])
    assert not encoded['heatmaps'][:5].any()
    assert encoded['heatmaps'][5].any()
    assert encoded['keypoint_weights'].tolist() == [[0, 0, 0, 0, 0, 1]]


def test_occluded_weight_is_the_target_weight() -> None:
    encoded = encode(VisibilityHeatmap(**SIZES, occluded_weight=0.25), [(99, 99)] * 3, [2, 1, 0])
    assert encoded['keypoint_weights'].tolist() == [[1, 0.25, 0]]
    assert encoded['heatmaps'][1].sum() == pytest.approx(1, abs=1e-5)


def test_occluded_weight_zero_leaves_occluded_joints_out() -> None:
    encoded = encode(VisibilityHeatmap(**SIZES, occluded_weight=0), [(100, 100)] * 2, [2, 1])
    assert encoded['keypoint_weights'].tolist() == [[1, 0]]
    assert encoded['heatmaps'][0].any()
    assert not encoded['heatmaps'][1].any()


def test_unit_peak_is_a_gaussian_of_height_one() -> None:
    codec = VisibilityHeatmap(**SIZES, sigma_visible=2.0, sigma_occluded=3.0, unit_peak=True)
    visible, occluded = encode(codec, [(121, 80), (121, 80)], [2, 1])['heatmaps']
    assert visible[20, 30] == occluded[20, 30] == 1
    # Three columns and one row away: exp(-10 / 8) and exp(-10 / 18).
    assert visible[21, 33] == pytest.approx(0.2865048, abs=1e-6)
    assert occluded[21, 33] == pytest.approx(0.5737534, abs=1e-6)


def test_unbiased_centres_between_pixels() -> None:
    codec = VisibilityHeatmap(**SIZES, sigma_visible=2.0, unit_peak=True, unbiased=True)
    heatmap = encode(codec, [(121, 82)], [2])['heatmaps'][0]
    # At column 30.25, row 20.5: squared distances 0.3125 and 0.8125 over 2 * 2**2.
    assert heatmap[20, 30] == pytest.approx(np.exp(-0.3125 / 8), abs=1e-6)
    assert heatmap[21, 31] == pytest.approx(np.exp(-0.8125 / 8), abs=1e-6)


def test_unit_peak_equals_mmposes_unbiased_heatmaps() -> None:
    keypoints = np.random.default_rng(0).uniform(30, 220, (1, 17, 2)).astype(np.float32)
    ours = VisibilityHeatmap(**SIZES, sigma_visible=2.0, unit_peak=True, unbiased=True)
    theirs = MSRAHeatmap(**SIZES, sigma=2.0, unbiased=True)
    np.testing.assert_allclose(ours.encode(keypoints)['heatmaps'], theirs.encode(keypoints)['heatmaps'], atol=1e-5)


def round_trip_error(codec: MSRAHeatmap, keypoints: np.ndarray) -> float:
    """Largest distance a keypoint moves when encoded and decoded, in input pixels."""
    decoded, scores = codec.decode(codec.encode(keypoints)['heatmaps'])
    assert decoded.shape == keypoints.shape
    assert (scores > 0).all()
    return float(np.linalg.norm(decoded - keypoints, axis=-1).max())


@pytest.mark.parametrize('unbiased', [False, True])
def test_round_trip_errs_no_more_than_mmposes(unbiased: bool) -> None:
    # Away from the border, where MMPose's codec draws no joint.
    keypoints = np.random.default_rng(1).uniform(30, 220, (1, 200, 2)).astype(np.float32)
    ours = VisibilityHeatmap(**SIZES, sigma_visible=2.0, unit_peak=True, unbiased=unbiased)
    theirs = MSRAHeatmap(**SIZES, sigma=2.0, unbiased=unbiased)
    error, reference = round_trip_error(ours, keypoints), round_trip_error(theirs, keypoints)
    assert error <= reference + 1e-3
    assert error < (0.1 if unbiased else 4)


def test_round_trip_of_the_studys_targets_stays_within_rounding() -> None:
    keypoints = np.random.default_rng(2).uniform(0, 253.9, (1, 200, 2)).astype(np.float32)
    # At most half a heatmap pixel, 2 input pixels, along each axis.
    assert round_trip_error(VisibilityHeatmap(**SIZES), keypoints) <= 2 * 2**0.5 + 1e-4


def test_non_square_sizes_are_width_then_height() -> None:
    codec = VisibilityHeatmap(input_size=(192, 256), heatmap_size=(48, 64))
    encoded = encode(codec, [(188, 100), (100, 200), (200, 100)], [2, 2, 2])
    assert encoded['heatmaps'].shape == (3, 64, 48)
    assert encoded['heatmaps'][0].argmax() == 25 * 48 + 47
    assert encoded['heatmaps'][1].argmax() == 50 * 48 + 25
    assert encoded['keypoint_weights'].tolist() == [[1, 1, 0]]
    decoded, _ = codec.decode(encoded['heatmaps'][:2])
    np.testing.assert_allclose(decoded[0], [(188, 100), (100, 200)], atol=1.01)


def test_all_joints_are_visible_when_nobody_says_otherwise() -> None:
    keypoints = np.array([[(40.0, 60.0), (80.0, 20.0)]])
    codec = VisibilityHeatmap(**SIZES)
    given = codec.encode(keypoints, np.full((1, 2), 2))
    np.testing.assert_array_equal(codec.encode(keypoints)['heatmaps'], given['heatmaps'])


def test_encode_and_decode_leave_their_arguments_alone() -> None:
    codec = VisibilityHeatmap(**SIZES)
    keypoints = np.array([[(100.3, 50.2), (-4, 12), (255.9, 3)]], dtype=np.float32)
    v = np.array([[2, 1, 2]], dtype=np.float32)
    before = keypoints.copy(), v.copy()
    heatmaps = codec.encode(keypoints, v)['heatmaps']
    np.testing.assert_array_equal(keypoints, before[0])
    np.testing.assert_array_equal(v, before[1])
    kept = heatmaps.copy()
    codec.decode(heatmaps)
    np.testing.assert_array_equal(heatmaps, kept)


def test_more_than_one_person_is_refused() -> None:
    with pytest.raises(ValueError, match='one instance at a time, got 2'):
        VisibilityHeatmap(**SIZES).encode(np.zeros((2, 17, 2)))


def test_a_joint_of_whom_nobody_knows_is_drawn_as_visible() -> None:
    codec = VisibilityHeatmap((64, 64), (16, 16))
    points = np.array([[[20.0, 30], [40, 50]]])
    unknown, seen = (codec.encode(points, np.array([v])) for v in ([3, 1], [2, 1]))
    for key, values in seen.items():
        np.testing.assert_array_equal(unknown[key], values)


@pytest.mark.parametrize('v', [4, -1, 0.5, float('nan')])
def test_flags_coco_does_not_know_are_refused(v: float) -> None:
    with pytest.raises(ValueError, match='v must be 0, 1, 2 or 3'):
        VisibilityHeatmap(**SIZES).encode(np.zeros((1, 1, 2)), np.array([[v]]))


@pytest.mark.parametrize(
    'arguments, message',
    [
        (dict(sigma_visible=0), 'sigma_visible and sigma_occluded must be > 0'),
        (dict(sigma_occluded=-1), 'sigma_visible and sigma_occluded must be > 0'),
        (dict(unbiased=True), 'needs unit_peak=True'),
    ],
)
def test_arguments_that_do_not_fit_are_refused(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        VisibilityHeatmap(**SIZES, **arguments)

"""UDP's decoding of flat heatmaps: MMPose's own where that ends well, joint by joint where it does not."""

import numpy as np
import pytest
from mmpose.codecs import udp_heatmap
from mmpose.codecs.utils import refine_keypoints_dark_udp

import shg_xai.codecs  # noqa: F401

H, W, KERNEL = 16, 12, 3


def flat(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Heatmaps (2, H, W), a peak and one that is flat but for a rounding error or two, and their maxima (1, 2, 2)."""
    rows, columns = np.mgrid[:H, :W]
    peak = np.exp(-((columns - 5.3) ** 2 + (rows - 6.6) ** 2) / 8)
    noise = 1e-8 * np.random.default_rng(seed).normal(size=(H, W))
    maps = np.stack([peak, 0.0444 + noise]).astype(np.float32)
    places = [np.unravel_index(one.argmax(), one.shape) for one in maps]
    return maps, np.array([[(x, y) for y, x in places]], float)


def test_a_joint_that_cannot_be_refined_stays_at_its_maximum() -> None:
    failed = 0
    for seed in range(60):
        maps, maxima = flat(seed)
        ours = udp_heatmap.refine_keypoints_dark_udp(maxima.copy(), maps.copy(), KERNEL)
        try:
            plain = refine_keypoints_dark_udp(maxima.copy(), maps.copy(), KERNEL)
        except np.linalg.LinAlgError:
            failed += 1
            peak = refine_keypoints_dark_udp(maxima[:, :1].copy(), maps[:1].copy(), KERNEL)
            plain = np.concatenate([peak, maxima[:, 1:]], axis=1)
        assert np.array_equal(ours, plain)
        assert ours[0, 0] == pytest.approx([5.3, 6.6], abs=0.2)
    assert 0 < failed < 60

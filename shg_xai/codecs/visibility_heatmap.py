"""Heatmaps whose width says whether a joint is seen or hidden."""

import numpy as np
from mmpose.codecs import MSRAHeatmap
from mmpose.registry import KEYPOINT_CODECS
from scipy.ndimage import gaussian_filter1d

from shg_xai.visibility import OCCLUDED, VISIBLE


def filtered_profiles(positions: np.ndarray, size: int, sigma: float) -> np.ndarray:
    """One-hot vectors (K, L) blurred by a Gaussian filter whose kernel sums to 1.

    The filter is SciPy's, with its nearest edges and its truncation at 4 sigma. It is separable, so the outer product
    of two profiles equals ``scipy.ndimage.gaussian_filter`` of a one-hot map.

    Args:
        positions: Where the 1 stands, in pixels, shape (K,); rounded.
        size: Length L of a vector.
        sigma: Standard deviation of the Gaussian, in pixels.
    """
    one_hot = np.zeros((len(positions), size))
    # A joint in the last half pixel rounds to `size`; it still belongs to the last pixel.
    index = np.clip(np.rint(positions).astype(int), 0, size - 1)
    one_hot[np.arange(len(positions)), index] = 1
    return gaussian_filter1d(one_hot, sigma, axis=1, mode='nearest', truncate=4.0)


def peak_profiles(positions: np.ndarray, size: int, sigma: float) -> np.ndarray:
    """Gaussians (K, L) of height 1 around each of K positions, which are not rounded here; in pixels."""
    distance = np.arange(size) - positions[:, None]
    return np.exp(-(distance**2) / (2 * sigma**2))


@KEYPOINT_CODECS.register_module()
class VisibilityHeatmap(MSRAHeatmap):
    """Heatmaps with a width of their own for visible and for occluded joints.

    Visibility v is COCO's: 0 not labelled, 1 labelled but occluded, 2 labelled and visible; :class:`LoadVisibility`
    brings it. Decoding is :class:`mmpose.codecs.MSRAHeatmap`'s.

    Note:

        - instance number: N, always 1 (top-down)
        - keypoint number: K
        - keypoint dimension: D, always 2
        - image size: [w, h]
        - heatmap size: [W, H]

    Encoded:

        - heatmaps: (K, H, W); all zero where v = 0 or where the joint lies outside the image
        - keypoint_weights: target weights (N, K), for a masked loss: 0 where the heatmap is empty, ``occluded_weight``
          where v = 1, else 1

    Args:
        input_size: Image size in [w, h].
        heatmap_size: Heatmap size in [W, H].
        sigma_visible: Standard deviation for v = 2, in heatmap pixels.
        sigma_occluded: Standard deviation for v = 1, in heatmap pixels.
        unit_peak: ``False``: a one-hot map blurred by a filter that sums to 1, as in the study, so the peak falls with
            sigma (about 0.62 at 0.5, 0.16 at 1.0). ``True``: Gaussians of height 1.
        unbiased: Centre the Gaussian between pixels and decode with DARK (see MSRAHeatmap) instead of rounding; needs
            ``unit_peak``.
        occluded_weight: Target weight of occluded joints. With 0 they get an empty heatmap too, so that only visible
            joints are trained.
        blur_kernel_size: DARK's kernel, see MSRAHeatmap.

    Raises:
        ValueError: A sigma that is not positive, or ``unbiased`` without ``unit_peak``.
    """

    def __init__(
        self,
        input_size: tuple[int, int],
        heatmap_size: tuple[int, int],
        sigma_visible: float = 0.5,
        sigma_occluded: float = 1.0,
        unit_peak: bool = False,
        unbiased: bool = False,
        occluded_weight: float = 1.0,
        blur_kernel_size: int = 11,
    ) -> None:
        if min(sigma_visible, sigma_occluded) <= 0:
            raise ValueError(
                'VisibilityHeatmap: sigma_visible and sigma_occluded must be > 0, '
                f'got {sigma_visible} and {sigma_occluded}'
            )
        if unbiased and not unit_peak:
            raise ValueError('VisibilityHeatmap: unbiased=True needs unit_peak=True')
        super().__init__(
            input_size, heatmap_size, sigma=sigma_visible, unbiased=unbiased, blur_kernel_size=blur_kernel_size
        )
        self.sigma_visible = sigma_visible
        self.sigma_occluded = sigma_occluded
        self.unit_peak = unit_peak
        self.occluded_weight = occluded_weight

    def encode(self, keypoints: np.ndarray, keypoints_visible: np.ndarray | None = None) -> dict:
        """Draw the target heatmaps (K, H, W) and their weights (N, K), float32.

        Args:
            keypoints: Coordinates in the input image, shape (N, K, D).
            keypoints_visible: v in {0, 1, 2}, shape (N, K); all 2 if omitted.

        Raises:
            ValueError: More than one instance, or a v outside {0, 1, 2}.
        """
        if keypoints.shape[0] != 1:
            raise ValueError(f'VisibilityHeatmap encodes one instance at a time, got {keypoints.shape[0]}')
        v = np.full(keypoints.shape[:2], VISIBLE) if keypoints_visible is None else keypoints_visible
        if not np.isin(v, (0, OCCLUDED, VISIBLE)).all():
            raise ValueError(
                f'VisibilityHeatmap: v must be 0, 1 or 2, got {np.unique(v)}; add LoadVisibility to the pipeline'
            )
        inside = ((keypoints >= 0) & (keypoints < self.input_size)).all(axis=-1)
        positions = keypoints[0] / self.scale_factor

        width, height = self.heatmap_size
        heatmaps = np.zeros((keypoints.shape[1], height, width), dtype=np.float32)
        weights = np.zeros(v.shape, dtype=np.float32)
        for flag, sigma, weight in (
            (VISIBLE, self.sigma_visible, 1.0),
            (OCCLUDED, self.sigma_occluded, self.occluded_weight),
        ):
            chosen = (v == flag) & inside
            if weight > 0 and chosen.any():
                heatmaps[chosen[0]] = self._draw(positions[chosen[0]], sigma)
                weights[chosen] = weight
        return dict(heatmaps=heatmaps, keypoint_weights=weights)

    def _draw(self, positions: np.ndarray, sigma: float) -> np.ndarray:
        """Heatmaps (k, H, W) of k joints at ``positions`` (k, 2), in heatmap pixels."""
        profiles = peak_profiles if self.unit_peak else filtered_profiles
        if self.unit_peak and not self.unbiased:
            positions = np.rint(positions)
        width, height = self.heatmap_size
        x, y = profiles(positions[:, 0], width, sigma), profiles(positions[:, 1], height, sigma)
        return y[:, :, None] * x[:, None, :]

"""Heatmaps whose width says whether a joint is seen or hidden."""

import numpy as np
from mmpose.codecs import MSRAHeatmap
from mmpose.registry import KEYPOINT_CODECS
from scipy.ndimage import gaussian_filter1d
from torch import Tensor

from shg_xai.coco import LABELLED, OCCLUDED, UNLABELLED, VISIBLE
from shg_xai.heatmaps import maxima, moved_to_second


def filtered_profiles(positions: np.ndarray, size: int, sigma: float) -> np.ndarray:
    """One-hot vectors (K, L) blurred by a Gaussian filter whose kernel sums to 1; the 1 stands at a rounded position.

    The filter is SciPy's, with its nearest edges and its truncation at 4 sigma. It is separable, so the outer product
    of two profiles equals ``scipy.ndimage.gaussian_filter`` of a one-hot map.
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
    brings it. 3, labelled and nobody knows, is drawn as 2. Decoding is :class:`mmpose.codecs.MSRAHeatmap`'s.

    Shapes: N persons, always 1 (top-down), K keypoints of D = 2 coordinates, images [w, h], heatmaps [W, H].

    Encoded:

        - heatmaps: (K, H, W); all zero where v = 0 or where the joint lies outside the image
        - keypoint_weights: target weights (N, K), for a masked loss: 0 where the heatmap is empty, ``occluded_weight``
          where v = 1, else 1

    Args:
        input_size: [w, h].
        heatmap_size: [W, H].
        sigma_visible: Standard deviation for v = 2, in heatmap pixels.
        sigma_occluded: That for v = 1.
        unit_peak: ``False``: a one-hot map blurred by a filter that sums to 1, as in the study, so the peak falls with
            sigma (about 0.62 at 0.5, 0.16 at 1.0). ``True``: Gaussians of height 1.
        unbiased: Centre the Gaussian between pixels and decode with DARK instead of rounding; needs ``unit_peak``.
        occluded_weight: Target weight for v = 1; with 0 the heatmap is empty too, only visible joints are trained.
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
            got = f'got {sigma_visible} and {sigma_occluded}'
            raise ValueError(f'VisibilityHeatmap: sigma_visible and sigma_occluded must be > 0, {got}')
        if unbiased and not unit_peak:
            raise ValueError('VisibilityHeatmap: unbiased=True needs unit_peak=True')
        super().__init__(input_size, heatmap_size, sigma_visible, unbiased, blur_kernel_size)
        self.sigma_visible, self.sigma_occluded = sigma_visible, sigma_occluded
        self.unit_peak, self.occluded_weight = unit_peak, occluded_weight

    def encode(self, keypoints: np.ndarray, keypoints_visible: np.ndarray | None = None) -> dict:
        """Draw the target heatmaps (K, H, W) and their weights (N, K), float32.

        ``keypoints`` (N, K, D) are in the input image, ``keypoints_visible`` (N, K) are v, all 2 if omitted; ValueError
        for more than one instance or another v.
        """
        if keypoints.shape[0] != 1:
            raise ValueError(f'VisibilityHeatmap encodes one instance at a time, got {keypoints.shape[0]}')
        v = np.full(keypoints.shape[:2], VISIBLE) if keypoints_visible is None else keypoints_visible
        if not np.isin(v, (UNLABELLED, OCCLUDED, VISIBLE, LABELLED)).all():
            mend = 'put LoadVisibility into the pipeline, behind KeypointConverter'
            raise ValueError(f'VisibilityHeatmap: v must be 0, 1, 2 or 3, got {np.unique(v)}; {mend}')
        v = np.where(v == LABELLED, VISIBLE, v)
        inside = ((keypoints >= 0) & (keypoints < self.input_size)).all(axis=-1)
        positions = keypoints[0] / self.scale_factor
        heatmaps = np.zeros((keypoints.shape[1], *self.heatmap_size[::-1]), dtype=np.float32)
        weights = np.zeros(v.shape, dtype=np.float32)
        profiles = peak_profiles if self.unit_peak else filtered_profiles
        if self.unit_peak and not self.unbiased:
            positions = np.rint(positions)
        kinds = (VISIBLE, self.sigma_visible, 1.0), (OCCLUDED, self.sigma_occluded, self.occluded_weight)
        for flag, sigma, weight in kinds:
            chosen = (v == flag) & inside
            if weight > 0 and chosen.any():
                x, y = (
                    profiles(at, size, sigma)
                    for at, size in zip(positions[chosen[0]].T, self.heatmap_size, strict=True)
                )
                heatmaps[chosen[0]] = y[:, :, None] * x[:, None, :]
                weights[chosen] = weight
        return dict(heatmaps=heatmaps, keypoint_weights=weights)

    @property
    def support_batch_decoding(self) -> bool:
        """Whether :meth:`batch_decode` may take the place of ``decode``: not where DARK decodes."""
        return not self.unbiased

    def batch_decode(self, heatmaps: Tensor) -> tuple[np.ndarray, np.ndarray]:
        """``decode`` of heatmaps (B, K, H, W) at once, on their device: keypoints (B, N, K, D), scores (B, N, K)."""
        places, scores = maxima(heatmaps)
        keypoints = moved_to_second(heatmaps, places).cpu().numpy() * self.scale_factor
        return keypoints[:, None], scores.cpu().numpy()[:, None]

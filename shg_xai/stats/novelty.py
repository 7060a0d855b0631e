"""How far a person's latent is from those of the others, without any label.

Three distances, in the basis of the principal components, of which the first M are called leading:

- **Mahalanobis**: from the mean, along the leading components, each in units of its own standard deviation (Lee, Lee,
  Lee and Shin, A Simple Unified Framework for Detecting Out-of-Distribution Samples, NeurIPS 2018, section 2.1, here
  without classes). It takes the latents to be one cloud.
- **k-th neighbour**: how far the k-th nearest person of another image is, within the leading components; it asks for
  no shape (Sun, Ming, Zhu and Li, Out-of-Distribution Detection with Deep Nearest Neighbors, ICML 2022, section 3).
- **Residual**: what the leading components leave of the distance from the mean, the error of a reconstruction from
  them (Wang, Li, Feng and Zhang, ViM: Out-of-Distribution with Virtual-logit Matching, CVPR 2022, section 4).

Shapes: n persons, R references, M leading components.
"""

from dataclasses import dataclass

import numpy as np

from shg_xai.stats.arrays import Float, Float32, Floats, Int, Ints, Singles

NEIGHBOUR, FEWEST_A_NEIGHBOUR = 10, 10  # k; of few references a smaller one, a tenth of them
NAMES = ('mahalanobis', 'neighbour', 'residual')


@dataclass(frozen=True)
class Novelty:
    """What distances are measured from: the variances of the leading components, and references along them on images.

    Scores, of references and of who is measured, are along these components, from the mean.
    """

    variances: Float[Floats, ' M']
    references: Float32[Singles, 'R M']
    images: Int[Ints, ' R']

    def distances(
        self, scores: Float32[Singles, 'n M'], norms: Float[Floats, ' n'], images: Int[Ints, ' n'] | None
    ) -> Float[Floats, 'n 3']:
        """Mahalanobis, k-th neighbour and residual, see :data:`NAMES`. ``norms`` are squared distances from the mean
        over all dimensions; references of a person's own image do not count; None: of no image of theirs. NaN for the
        neighbour where there are too few references.
        """
        squares = np.square(scores, dtype=np.float64)
        told = self.variances > 0
        far = np.sqrt((squares[:, told] / self.variances[told]).sum(1))
        left = np.sqrt(np.maximum(norms - squares.sum(1), 0))
        return np.stack([far, self._neighbour(scores, images), left], axis=1)

    def _neighbour(self, scores: Singles, images: Ints | None) -> Float[Floats, ' n']:
        others = np.square(self.references).sum(1)
        apart = scores @ (-2 * self.references.T)
        apart += others
        if images is not None:
            apart[images[:, None] == self.images] = np.inf
        k = min(NEIGHBOUR, max(1, len(self.references) // FEWEST_A_NEIGHBOUR))
        if k > len(self.references):
            return np.full(len(scores), np.nan)
        apart.partition(k - 1, axis=1)
        square = apart[:, k - 1].astype(np.float64) + np.square(scores, dtype=np.float64).sum(1)
        return np.where(np.isfinite(square), np.sqrt(np.maximum(square, 0)), np.nan)

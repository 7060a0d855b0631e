"""What a network predicted for persons, as arrays.

Shapes: N persons, K keypoints.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from shg_xai.evaluation.person_scores import person_scores, sample_distances

if TYPE_CHECKING:
    from shg_xai.interventions.network import Network


@dataclass(frozen=True)
class Predictions:
    """Predictions for N persons.

    Attributes:
        keypoints: In pixels of the image, float64, (N, K, 2).
        scores: Height of each joint's heatmap, float64, (N, K).
        distances: To the truth, in units of the normaliser, (N, K); NaN for a person that has none.
        v: Flags of the joints, 0 unlabelled, 1 occluded, 2 visible, (N, K).
        center: Of each crop, pixels of the image, float64, (N, 2).
        scale: Width and height of each crop, float64, (N, 2).
    """

    keypoints: NDArray[np.float64]
    scores: NDArray[np.float64]
    distances: NDArray[np.float64]
    v: NDArray[np.int64]
    center: NDArray[np.float64]
    scale: NDArray[np.float64]

    @classmethod
    def of(cls, samples: Sequence[Any], network: 'Network') -> 'Predictions':
        """Copied from MMPose's samples.

        Raises:
            InputError: Boxes come from a detector, so that nobody knows who a person is.
        """
        judged = [sample_distances(sample.to_dict(), list(network.names), network.normaliser) for sample in samples]
        found = [sample.pred_instances for sample in samples]
        return cls(
            np.stack([np.asarray(one.keypoints)[0, :, :2] for one in found]).astype(float),
            np.stack([np.asarray(one.keypoint_scores)[0] for one in found]).astype(float),
            np.stack([distances for distances, _ in judged]),
            np.stack([v for _, v in judged]),
            np.array([sample.input_center for sample in samples], dtype=float),
            np.array([sample.input_scale for sample in samples], dtype=float),
        )

    @classmethod
    def joined(cls, parts: Sequence['Predictions']) -> 'Predictions':
        """Predictions for the persons of all parts, in order."""
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))

    def pck(self, network: 'Network') -> dict[str, NDArray[np.float64]]:
        """For each person the share of joints that are correct, by group of joints, (N,); NaN without such a joint."""
        return person_scores(self.distances, self.v, network.names, network.thr)

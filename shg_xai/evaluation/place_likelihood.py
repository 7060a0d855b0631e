"""How much of a heatmap lies where the joint truly is: a measure without a threshold, beside PCK.

PCK asks whether the maximum is near enough, and sees nothing of a heatmap that blurs, splits or fades as long as it is.
The log-likelihood of the true place sees it: the heatmap is read as a distribution over its H x W cells, and the cell
of the labelled joint has a probability p in it. Interventions on networks are best told by such a continuous measure
beside a thresholded one (Zhang and Nanda, Towards Best Practices of Activation Patching in Language Models, 2024,
section 4; Heimersheim and Nanda, How to use and interpret activation patching, 2024, section 3).

With the heatmap's negative values taken as 0, h >= 0, and M = H W cells::

    p = (1 - FLOOR) h[cell] / sum(h) + FLOOR / M        log p in nats

The uniform part keeps log p finite, as in mixtures with a share of outliers: a heatmap that is sure of a wrong place
costs log(FLOOR / M), -12.9 nats of 64 x 64 cells, and not infinity. A heatmap without any mass says nothing and is
uniform, log(1 / M), -8.3 nats; 0 nats is all mass in the right cell. A factor on the heatmap changes nothing.
"""

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

FLOOR = 0.01  # share of the mass that is spread evenly


def log_likelihood(heatmaps: Tensor, cells: NDArray[np.int64]) -> NDArray[np.float64]:
    """Log-likelihood in nats (N, K) of cells [x, y] (N, K, 2) under heatmaps (N, K, H, W)."""
    mass, width = heatmaps.float().clamp(min=0).flatten(2), heatmaps.shape[-1]
    chosen = torch.from_numpy(cells[..., 1] * width + cells[..., 0]).to(mass.device)
    own, total = (part.double().cpu().numpy() for part in (mass.gather(2, chosen[..., None])[..., 0], mass.sum(2)))
    even = 1 / mass.shape[2]
    share = np.divide(own, total, out=np.full_like(own, even), where=total != 0)
    found: NDArray[np.float64] = np.log((1 - FLOOR) * share + FLOOR * even)
    return found


def cells_of(
    places: NDArray[np.float64], size: ArrayLike, shape: tuple[int, int], factor: ArrayLike | None = None
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The cells [x, y] of places (..., 2) in an input image of size [w, h], and which places are inside of it at all.

    ``shape`` is (H, W) of the heatmap; ``factor`` the codec's pixels of the input a cell, [w / W, h / H] unless given.
    A place rounds to the nearest cell, and in the last half of one still belongs to it, as codecs draw their targets.
    """
    most = np.array(shape[::-1])
    inside = ((places >= 0) & (places < np.asarray(size))).all(axis=-1)
    cells = np.rint(np.where(inside[..., None], places, 0) / (np.asarray(size) / most if factor is None else factor))
    return np.clip(cells, 0, most - 1).astype(np.int64), inside

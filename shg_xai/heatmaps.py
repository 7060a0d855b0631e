"""Where heatmaps are highest, for a batch at once and on its device."""

import torch
from torch import Tensor


def maxima(heatmaps: Tensor) -> tuple[Tensor, Tensor]:
    """The place (N, K, 2) and height (N, K) of each maximum of heatmaps (N, K, H, W), in float32; places are x, y.

    As MMPose's ``get_heatmap_maximum``: the first of several, and -1, -1 where nothing is above 0.
    """
    width = heatmaps.shape[-1]
    flat = heatmaps.flatten(2).float()
    heights, cells = flat.max(-1)
    places = torch.stack([cells % width, cells // width], -1).float()
    return torch.where((heights <= 0)[..., None], -1.0, places), heights


def moved_to_second(heatmaps: Tensor, places: Tensor) -> Tensor:
    """Places (N, K, 2) of maxima, moved by a quarter of a pixel towards the higher neighbour along each axis.

    As MMPose's ``refine_keypoints`` (Newell et al., arxiv.org/abs/1603.06937, section 4.1), which leaves a maximum in
    the first two or the last column or row where it is along that axis.
    """
    height, width = heatmaps.shape[2:]
    flat, at = heatmaps.flatten(2), places.long()
    x, y = at.unbind(-1)
    moves = []
    for own, step, ahead, across, size in ((x, 1, width, y, height), (y, width, height, x, width)):
        # The very first column may be another axis' border, which refine_keypoints leaves too.
        inside = (own > 1) & (own < ahead - 1) & (across > 0) & (across < size)
        cell = torch.where(inside, y * width + x, step)  # anywhere that has both neighbours
        slope = flat.gather(2, (cell + step)[..., None]) - flat.gather(2, (cell - step)[..., None])
        moves.append(torch.where(inside, slope[..., 0].sign(), 0))
    return places + 0.25 * torch.stack(moves, -1).float()

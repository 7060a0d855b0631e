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


def spreads(heatmaps: Tensor) -> Tensor:
    """Over what share of its cells each of the heatmaps (N, K, H, W) spreads, (N, K) in float32, above 0 and at most 1.

    It is the participation ratio of the squared heights p above 0, (sum p)^2 / sum p^2, over H W: 1 / (H W) where one
    cell has all, 1 where all cells are alike, and twice as much for two equal peaks as for one. Squared, because a low
    floor under a peak, which every trained heatmap has, says little of where the joint is. One that is nowhere above 0
    says nothing of it, as one that is flat: 1.
    """
    flat = heatmaps.flatten(2).float().clamp(min=0)
    highest = flat.amax(-1, keepdim=True)
    flat.div_(torch.where(highest > 0, highest, 1)).square_()  # divided, so that no fourth power is too small
    cells = flat.sum(-1).square_() / torch.linalg.vector_norm(flat, dim=-1).square_()
    return torch.where(highest[..., 0] > 0, cells / flat.shape[-1], 1.0)


def distances(first: Tensor, second: Tensor) -> Tensor:
    """How far the highest places of two stacks of heatmaps (N, K, H, W) lie apart, (N, K), in their longer side.

    To a quarter of a cell, see :func:`moved_to_second`. What is nowhere above 0 has a highest place, too.
    """
    places = []
    for own in (first, second):
        cells = own.flatten(2).argmax(-1)
        places.append(moved_to_second(own, torch.stack([cells % own.shape[-1], cells // own.shape[-1]], -1)))
    return (places[0] - places[1]).norm(dim=-1) / max(first.shape[2:])

"""What heatmaps say of how sure a joint is, beside how high they are: how far they spread, and whether the picture and
its mirror image put the joint at the same place.

Both are made of the heatmaps while they are on their device, for a batch at once; nothing but a number a joint leaves
it. Heads without heatmaps (SimCC, regression) say neither.

Shapes: N persons, K joints, heatmaps H by W.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from shg_xai.heatmaps import distances, spreads
from shg_xai.latents.schema import FLIPS, SPREADS  # named for MMPose, which picks joints in fields called keypoint_*
from shg_xai.tracing.lending import lent


@contextmanager
def doubted(model: nn.Module) -> Iterator[None]:
    """While it is open, predictions of a model with heatmaps say of each joint how far its heatmap spreads (1, K),
    :func:`~shg_xai.heatmaps.spreads`; in a flip test also how far the picture's own maximum is from that of the mirror
    image, mirrored back, in longer sides of the crop.

    MMPose hands the mean of the two to ``head.decode`` alone; twice that less the first is the second.
    """
    head: Any = getattr(model, 'head', None)
    if not (hasattr(head, 'forward') and hasattr(head, 'decode')):
        yield
        return
    forward, decode = head.forward, head.decode
    passes: list[Any] = []

    def remembered(*args: Any, **kwargs: Any) -> Any:
        passes.append(forward(*args, **kwargs))
        return passes[-1]

    def decoded(heatmaps: Any, *args: Any, **kwargs: Any) -> Any:
        flips = (getattr(model, 'test_cfg', None) or {}).get('flip_test', False)
        first = passes[0] if flips and len(passes) == 2 else None
        passes.clear()
        told = _doubts(heatmaps, first)  # on its way while the poses are decoded
        found = decode(heatmaps, *args, **kwargs)
        _tell(found, told)
        return found

    with lent(head, forward=remembered, decode=decoded):
        yield


def _doubts(heatmaps: Any, first: Any) -> dict[str, Tensor]:
    """What is known of the heatmaps (N, K, H, W) that are decoded, the mean of ``first`` and of the mirror image's."""
    if not isinstance(heatmaps, Tensor) or heatmaps.ndim != 4:
        return {}
    told = {SPREADS: spreads(heatmaps)}
    if isinstance(first, Tensor) and first.shape == heatmaps.shape:
        own = first.float()
        told[FLIPS] = distances(own, torch.lerp(own, heatmaps.float(), 2.0))
    return told


def _tell(found: Sequence[Any], told: dict[str, Tensor]) -> None:
    """Put it to each person's predictions, but where heatmaps are not one a joint, as UDP's with offsets."""
    if not told or any(one.keypoints.shape[:2] != (1, told[SPREADS].shape[1]) for one in found):
        return
    values = torch.stack([*told.values()]).cpu().numpy()
    for name, each in zip(told, values, strict=True):
        for one, own in zip(found, each, strict=True):
            one.set_field(own[None], name)


def told_of(predicted: Any) -> dict[str, NDArray[np.float32] | None]:
    """What one person's predictions say of it, (K,) by name of a store's column; None where they do not."""
    return {name: np.asarray(predicted[name])[0] if name in predicted else None for name in (SPREADS, FLIPS)}

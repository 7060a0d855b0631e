"""A backbone that has learned nothing: the picture itself, coarsely."""

from mmpose.models.backbones.base_backbone import BaseBackbone
from mmpose.registry import MODELS
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d


@MODELS.register_module()
class PooledPixels(BaseBackbone):
    """The mean colours of a grid of cells, (N, 3, H, W) -> (N, 3, size, size).

    What a linear probe tells from these a network need not have learned: how much of a person the crop shows, how light
    it is, whether it fills the frame. The baseline beside a network's latents, with the same network before training
    (Adebayo et al., "Sanity checks for saliency maps", NeurIPS 2018, arxiv.org/abs/1810.03292).

    Args:
        size: Cells a side.
        init_cfg: Taken because every backbone of MMEngine's has it; there is nothing to start.
    """

    def __init__(self, size: int = 16, init_cfg: dict | None = None) -> None:
        super().__init__(init_cfg)
        self.size = size

    def forward(self, x: Tensor) -> Tensor:
        """Mean of each cell."""
        return adaptive_avg_pool2d(x, self.size)

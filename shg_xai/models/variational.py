"""A variational autoencoder as a bottleneck: a code that is a distribution, and no wider than it has to be.

Each person's code is drawn from a Gaussian about its mean; what a unit tells costs its divergence from the standard
normal distribution, so that a unit that is not worth it says nothing (its mean is 0 for everybody: "collapsed"), and
neighbouring codes have to decode alike. Kingma and Welling, "Auto-Encoding Variational Bayes" (2014,
arxiv.org/abs/1312.6114), section 3 and appendix B.

Shapes: N persons, C channels, H x W the resolution, D units of the code.
"""

import math
from collections.abc import Sequence
from typing import ClassVar

import torch
from mmpose.registry import MODELS
from torch import Tensor, nn

from shg_xai.models.autoencoder import AutoencoderNeck

START = -6.0  # log of a code's variance before training


def divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Of Gaussians (N, D) from the standard normal one, in nats, summed over units, mean over persons (appendix B)."""
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1).mean()


@MODELS.register_module()
class VariationalNeck(AutoencoderNeck):
    """AutoencoderNeck without ReLUs at its ends, whose code is drawn in training; in tests it is the mean.

    How much the divergence weighs against the squared error depends on the variance of what is reconstructed, which
    nobody knows beforehand: it is the mean squared error itself, the value under which the error is most likely
    (Rybkin, Daniilidis and Levine, "Simple and Effective VAE Training with Calibrated Decoders", 2021, section 3.2).
    Between the layers of a network that trains on, codes are drawn, and its own loss alone trains them.

    Args:
        in_channels: C.
        in_featuremap_size: [W, H].
        hidden_channels: Of the convolutions, as AutoencoderNeck's.
        code_channels: D.
        beta: Factor of the divergence; above 1 units tell less (Higgins et al., "beta-VAE", 2017).
        init_cfg: Glorot normal unless given.

    Raises:
        InputError: As AutoencoderNeck.
    """

    SETTINGS: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        in_channels: int = 256,
        in_featuremap_size: tuple[int, int] = (4, 4),
        hidden_channels: Sequence[int] = (192, 128, 64),
        code_channels: int = 50,
        beta: float = 1.0,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(
            in_channels,
            in_featuremap_size,
            hidden_channels,
            code_channels,
            code_relu=False,
            output_relu=False,
            noise=0.0,
            init_cfg=init_cfg,
        )
        self.beta = beta
        width, height = in_featuremap_size
        self.log_variance = nn.Linear((in_channels, *hidden_channels)[-1] * height * width, code_channels)

    def init_weights(self) -> None:
        """As ``init_cfg`` says; every code starts with a small variance, the same for all: with a large one the decoder
        learns nothing from the code before the divergence has emptied it.
        """
        super().init_weights()
        nn.init.zeros_(self.log_variance.weight)
        nn.init.constant_(self.log_variance.bias, START)

    def reconstruct(self, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Reconstruct a feature map (N, C, H, W); in training from codes that are drawn, with their divergence."""
        if not self.training:
            return self.decode(self.encode(x)), {}
        self.check_shape(x)
        features = self.encoder[:-2](x)
        mean, log_variance = self.encoder[-2](features), self.log_variance(features).clamp(-20, 20)
        made = self.decode(mean + (log_variance / 2).exp() * torch.randn_like(mean))
        # Of error / (2 variance) + divergence, times what makes a mean squared error of the first part.
        variance = (made - x).detach().float().square().mean()
        scale = 2 * variance / math.prod(self.in_shape)
        return made, dict(loss_divergence=self.beta * scale * divergence(mean.float(), log_variance.float()))
